package search

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/strategy"
)

// Bounds of a bandit.
const (
	MaxArms = 64
	// negligible is a density that decides nothing.
	negligible = 1e-15
	// explore is how much of the probability all arms share alike, so that none
	// falls below explore/MaxArms, which is above asr.LeastPropensity.
	explore = 0.1
	// grid is how many points the distributions of rates are computed at.
	grid = 256
)

// Bandit proposes one of several strategies, the more often the more likely it
// is the best: by Thompson sampling with a uniform prior, mixed with a tenth of plain
// chance. The probability that an arm is the best is computed on a grid, and the arm
// is drawn from these very numbers, which are so its propensities, without error. A
// partial success counts half.
type Bandit struct {
	arms   []arm
	rng    *rand.Rand
	ledger ledger[int]
	stale  bool
	chance []float64 // of each arm; as of the last proposal
}

// arm is a strategy, and what is believed of its rate: Beta(won+1, lost+1).
type arm struct {
	spec      string
	won, lost float64
	density   [grid]float64 // adds up to 1
	below     [grid]float64 // logarithm of the probability of the rate being at most the point
}

// NewBandit returns a bandit over 2 to [MaxArms] different strategies that makes up to
// most proposals, 1 to [MaxAttempts].
func NewBandit(specs []string, most int, seed uint64) (*Bandit, error) {
	if len(specs) < 2 || len(specs) > MaxArms || most < 1 || most > MaxAttempts {
		return nil, fmt.Errorf("bandit over %d strategies with %d attempts; expected 2 to %d and 1 to %d", len(specs), most, MaxArms, MaxAttempts)
	}
	b := &Bandit{rng: source(seed), ledger: ledger[int]{most: most}, stale: true, arms: make([]arm, len(specs)), chance: make([]float64, len(specs))}
	for i, spec := range specs {
		if _, err := strategy.Find(spec); err != nil {
			return nil, fmt.Errorf("bandit: %w", err)
		}
		if slices.Contains(specs[:i], spec) {
			return nil, fmt.Errorf("bandit: strategy %q is given twice", spec)
		}
		b.arms[i].spec = spec
		b.arms[i].update()
	}
	return b, nil
}

// Next proposes a strategy.
func (b *Bandit) Next() (Proposal, bool) {
	if b.stale {
		b.weigh()
		b.stale = false
	}
	u, chosen := b.rng.Float64(), len(b.arms)-1
	for i, p := range b.chance {
		if u -= p; u < 0 {
			chosen = i
			break
		}
	}
	number, ok := b.ledger.open(chosen)
	if !ok {
		return Proposal{}, false
	}
	return Proposal{Number: number, Strategy: b.arms[chosen].spec, Seed: b.rng.Uint64(), Propensity: b.chance[chosen]}, true
}

// Observe learns from an outcome.
func (b *Bandit) Observe(p Proposal, o probe.Outcome) {
	i, ok := b.ledger.settle(p.Number)
	w, verdict := worth(o)
	if !ok || !verdict {
		return
	}
	b.arms[i].won += w
	b.arms[i].lost += 1 - w
	b.arms[i].update()
	b.stale = true
}

// update computes what is believed of the rate at the middles of the grid.
func (a *arm) update() {
	most := math.Inf(-1)
	for k := range grid {
		x := (float64(k) + 0.5) / grid
		a.density[k] = a.won*math.Log(x) + a.lost*math.Log1p(-x)
		most = max(most, a.density[k])
	}
	sum := 0.0
	for k := range grid {
		a.density[k] = math.Exp(a.density[k] - most)
		sum += a.density[k]
	}
	below := 0.0
	for k := range grid {
		a.density[k] /= sum
		// Half of the point itself: of two arms at one point either may be the better.
		a.below[k] = math.Log(max(below+a.density[k]/2, math.SmallestNonzeroFloat64))
		below += a.density[k]
	}
}

// weigh computes how likely each arm is the best, by the density of its rate times the
// probability that all others are below.
func (b *Bandit) weigh() {
	var all [grid]float64
	for i := range b.arms {
		for k, l := range b.arms[i].below {
			all[k] += l
		}
	}
	sum := 0.0
	for i := range b.arms {
		a, p := &b.arms[i], 0.0
		for k := range grid {
			if a.density[k] > negligible {
				p += a.density[k] * math.Exp(all[k]-a.below[k])
			}
		}
		b.chance[i] = p
		sum += p
	}
	for i := range b.chance {
		best := 1 / float64(len(b.arms))
		if sum > 0 {
			best = b.chance[i] / sum
		}
		b.chance[i] = explore/float64(len(b.arms)) + (1-explore)*best
	}
}
