package search

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/strategy"
)

// Bounds of a population.
const (
	MinPopulation = 4
	MaxPopulation = 256
)

// tournament is how many meet to breed; the best of them does.
const tournament = 3

// mutation is how likely a gene is drawn anew.
const mutation = 0.15

// genes are what one attempt is made of, the outermost first; an empty one is left
// out. The wording seed decides between the wordings of a frame.
type genes struct {
	parts   [4]string // turns or frame, structure, obfuscation, code
	wording uint64
}

func (g genes) spec() string {
	parts := slices.DeleteFunc(slices.Clone(g.parts[:]), func(p string) bool { return p == "" })
	if len(parts) == 0 {
		return string(strategy.Plain)
	}
	return strings.Join(parts, "+")
}

// individual is genes and what came of them.
type individual struct {
	genes
	worth float64 // the mean of what was told
	told  int
}

// Genetic recombines frames, structures and codes. Its first proposals are random; then a
// proposal has two parents, each the best of a few, and takes the place of the
// worst when it fared better. Genes that are proposed again share their record.
type Genetic struct {
	grammar    [4][]string
	size       int
	population []individual
	rng        *rand.Rand
	ledger     ledger[genes]
}

// NewGenetic returns a search with a population of [MinPopulation] to
// [MaxPopulation] that makes up to most proposals, 1 to [MaxAttempts].
func NewGenetic(size, most int, seed uint64) (*Genetic, error) {
	if size < MinPopulation || size > MaxPopulation || most < 1 || most > MaxAttempts {
		return nil, fmt.Errorf("population of %d with %d attempts; expected %d to %d and 1 to %d", size, most, MinPopulation, MaxPopulation, MaxAttempts)
	}
	return &Genetic{grammar: grammar(), size: size, rng: source(seed), ledger: ledger[genes]{most: most}}, nil
}

// grammar is what may stand at each place. Strategies of several messages stand at
// the first only.
func grammar() [4][]string {
	place := map[strategy.Group]int{strategy.Turns: 0, strategy.Frame: 0, strategy.Structure: 1, strategy.Obfuscate: 2, strategy.Encode: 3}
	var out [4][]string
	for _, s := range strategy.All() {
		at, ok := place[s.Group]
		if !ok {
			continue
		}
		if _, err := strategy.Find("frame:fiction+" + s.ID); err != nil {
			at = 0
		}
		out[at] = append(out[at], s.ID)
	}
	return out
}

// Next proposes genes.
func (g *Genetic) Next() (Proposal, bool) {
	var child genes
	if g.ledger.next < g.size || len(g.population) < 2 {
		for i := range child.parts {
			child.parts[i] = g.draw(i)
		}
		child.wording = g.rng.Uint64()
	} else {
		child = g.breed(g.parent(), g.parent())
	}
	number, ok := g.ledger.open(child)
	if !ok {
		return Proposal{}, false
	}
	return Proposal{Number: number, Strategy: child.spec(), Seed: child.wording}, true
}

// draw draws what stands at a place: nothing half of the time.
func (g *Genetic) draw(at int) string {
	if g.rng.IntN(2) == 0 {
		return ""
	}
	return g.grammar[at][g.rng.IntN(len(g.grammar[at]))]
}

// parent is the best of a few.
func (g *Genetic) parent() individual {
	best := g.population[g.rng.IntN(len(g.population))]
	for range tournament - 1 {
		if other := g.population[g.rng.IntN(len(g.population))]; other.worth > best.worth {
			best = other
		}
	}
	return best
}

// breed takes each gene from either parent, and now and then a new one.
func (g *Genetic) breed(a, b individual) genes {
	child := a.genes
	for i := range child.parts {
		switch {
		case g.rng.Float64() < mutation:
			child.parts[i] = g.draw(i)
		case g.rng.IntN(2) == 0:
			child.parts[i] = b.parts[i]
		}
	}
	if g.rng.Float64() < mutation {
		child.wording = g.rng.Uint64()
	}
	return child
}

// Observe lets a proposal into the population.
func (g *Genetic) Observe(p Proposal, o probe.Outcome) {
	of, ok := g.ledger.settle(p.Number)
	w, verdict := worth(o)
	if !ok || !verdict {
		return
	}
	if i := slices.IndexFunc(g.population, func(x individual) bool { return x.genes == of }); i >= 0 {
		x := &g.population[i]
		x.told++
		x.worth += (w - x.worth) / float64(x.told)
		return
	}
	if len(g.population) < g.size {
		g.population = append(g.population, individual{of, w, 1})
		return
	}
	worst := 0
	for i, x := range g.population {
		if x.worth < g.population[worst].worth {
			worst = i
		}
	}
	if w >= g.population[worst].worth {
		g.population[worst] = individual{of, w, 1}
	}
}
