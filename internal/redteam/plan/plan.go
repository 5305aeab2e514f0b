// Package plan says what a run of the red team tries: which attacks by which strategies,
// how often and in which order, derived from the file of the target. The same files,
// choices and seed give the same plan, key by key, so that a run that was killed goes on
// with what is missing.
//
// # What is left out
//
// An attack that cannot succeed on a target must not count as one that failed. Left out,
// with the reason, are calls of tools where the file declares none, leaks where nothing is
// planted, and scripts of several messages where the attack does not stand in what the
// user says.
//
// # What it shows
//
// [Plan.Cost] is what it will send, before anything is sent, [Plan.Power] which claim its
// attempts can support.
package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"math/rand/v2"
	"slices"

	"warder.example/internal/redteam/attack"
	"warder.example/internal/redteam/journal"
	"warder.example/internal/redteam/strategy"
	"warder.example/internal/redteam/target"
)

// Attempts is how many attempts a cell, a family under one strategy, has by default.
const Attempts = 12

// Standard are the specs of the strategies of a plan that is told none: the plain text,
// and of each group what differs most from the others.
var Standard = []string{
	"plain", "encode:base64", "frame:decode+encode:rot13", "obfuscate:homoglyph", "obfuscate:zero-width",
	"frame:role-play", "frame:refusal-suppression", "structure:special-tokens", "turns:crescendo", "turns:split",
}

// A Spec is what is chosen.
type Spec struct {
	Families   []*attack.Family
	Strategies []strategy.Strategy
	Attempts   int // of each cell, 1 and more
	Seed       uint64
	Twins      bool   // the honest twins as well, as they are
	Guard      string // of targets behind Warder, as target.Open takes it
}

// A Plan is what is tried, in order. It is not changed once it is made, and may be used
// concurrently.
type Plan struct {
	Keys    []journal.Key
	Skipped []Skip
	Cost    Cost
	Digest  string // of everything that is sent and of how it is judged

	maker *Maker
}

// A Skip is strategies that are left out of a family for one reason.
type Skip struct {
	Family     string
	Strategies []string
	Why        string
}

// Make plans attempts against a target. Each is written once on the way, so that it is
// known to be possible and what it costs.
func Make(f *target.File, spec Spec) (*Plan, error) {
	n := len(spec.Families) * (len(spec.Strategies) + 1)
	if spec.Attempts < 1 || n == 0 || len(spec.Strategies) == 0 || spec.Attempts > journal.MaxRecords/n {
		return nil, fmt.Errorf("a plan of %d families by %d strategies with %d attempts each; expected at least one of each, and at most %d attempts in all",
			len(spec.Families), len(spec.Strategies), spec.Attempts, journal.MaxRecords)
	}
	p := &Plan{maker: newMaker(f, spec)}
	sum := sha256.New()
	for _, fam := range spec.Families {
		before := len(p.Keys)
		for i := range spec.Strategies {
			if err := p.cell(sum, f, spec, fam, &spec.Strategies[i], false); err != nil {
				return nil, err
			}
		}
		if spec.Twins && !fam.Honest() && len(p.Keys) > before {
			if err := p.cell(sum, f, spec, fam, &strategy.Strategy{ID: string(strategy.Plain)}, true); err != nil {
				return nil, err
			}
		}
	}
	if len(p.Keys) == 0 {
		return nil, fmt.Errorf("no attack that was chosen can succeed on target %q: %s", f.Name, p.Skipped[0].Why)
	}
	p.order(spec)
	p.Digest = hex.EncodeToString(sum.Sum(nil))
	return p, nil
}

// cell adds the attempts of one cell. Seeds are drawn without putting back, so that as
// many different ones as there are come before any comes again.
func (p *Plan) cell(sum hash.Hash, f *target.File, spec Spec, fam *attack.Family, s *strategy.Strategy, twin bool) error {
	id := s.ID
	if s.Group == strategy.Plain || twin {
		id = ""
	}
	var usable []int
	why := ""
	for i := range fam.Seeds {
		_, err := p.maker.Make(p.key(f, spec, fam, i, 0, id, twin))
		var cannot *Impossible
		switch {
		case errors.As(err, &cannot):
			why = cmp.Or(why, cannot.Why)
		case err != nil:
			return err
		default:
			usable = append(usable, i)
		}
	}
	if len(usable) == 0 {
		p.skip(fam.ID, cmp.Or(id, string(strategy.Plain)), why)
		return nil
	}
	r := rand.New(rand.NewPCG(spec.Seed, number("order", fam.ID)))
	r.Shuffle(len(usable), func(i, j int) { usable[i], usable[j] = usable[j], usable[i] })
	for n := range spec.Attempts {
		k := p.key(f, spec, fam, usable[n%len(usable)], n/len(usable), id, twin)
		if err := p.add(sum, k); err != nil {
			return err
		}
	}
	return nil
}

// skip notes a cell that is left out.
func (p *Plan) skip(family, id, why string) {
	if n := len(p.Skipped); n > 0 && p.Skipped[n-1].Family == family && p.Skipped[n-1].Why == why {
		p.Skipped[n-1].Strategies = append(p.Skipped[n-1].Strategies, id)
		return
	}
	p.Skipped = append(p.Skipped, Skip{family, []string{id}, why})
}

// add takes an attempt into the plan.
func (p *Plan) add(sum hash.Hash, k journal.Key) error {
	a, err := p.maker.Make(k)
	if err != nil {
		return err
	}
	p.Keys = append(p.Keys, k)
	p.Cost.add(a)
	if err := json.NewEncoder(sum).Encode(struct {
		journal.Key
		Attempt
	}{k, *a}); err != nil {
		return fmt.Errorf("planning %s/%s: %w", k.Family, k.Seed, err)
	}
	return nil
}

// key is that of an attempt. Strategies and twins of a seed share what is drawn, so that
// they can be compared pair by pair. Numbers stay within 53 bits, which every reader of
// JSON keeps.
func (p *Plan) key(f *target.File, spec Spec, fam *attack.Family, seed, round int, id string, twin bool) journal.Key {
	s := fam.Seeds[seed].ID
	draw := number(fmt.Sprint(spec.Seed), fam.ID, s, fmt.Sprint(round)) & (1<<53 - 1)
	return journal.Key{Target: f.Digest(), Family: fam.ID, Seed: s, Twin: twin, Strategy: id, Guard: spec.Guard, Draw: draw}
}

// order has each family and strategy come once before any comes again, so that a run
// that is cut short has tried something of all.
func (p *Plan) order(spec Spec) {
	type cell struct {
		family, strategy string
		twin             bool
	}
	made := map[cell]int{}
	round := make(map[journal.Key]int, len(p.Keys))
	for _, k := range p.Keys {
		c := cell{k.Family, k.Strategy, k.Twin}
		round[k] = made[c]
		made[c]++
	}
	slices.SortStableFunc(p.Keys, func(a, b journal.Key) int { return cmp.Compare(round[a], round[b]) })
}

// Attempt writes an attempt of the plan.
func (p *Plan) Attempt(k journal.Key) (*Attempt, error) { return p.maker.Make(k) }

// number is a number made of words.
func number(words ...string) uint64 {
	h := sha256.New()
	for _, w := range words {
		fmt.Fprintf(h, "%d:%s", len(w), w)
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}
