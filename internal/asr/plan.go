package asr

import (
	"fmt"
	"math"
	"sort"

	"warder.example/internal/binomial"
)

// Design is how attempts are to be made and judged, for planning how many.
type Design struct {
	Confidence float64 // of the bound or interval; the level of a test is one minus it
	// Power is the probability with which attempts that were planned suffice.
	Power float64
	Judge *Judge // nil for one that does not err
	// PerSeed is how many attempts share a seed prompt; 0 is 1.
	PerSeed int
	// Correlation is how alike attempts with one seed are, from 0 to 1, which is that
	// all fare as the first: measured ([Cell.DesignEffect]), or assumed.
	Correlation float64
}

// Need is what a claim takes.
type Need struct {
	Attempts int `json:"attempts"`
	Seeds    int `json:"seeds"` // different seed prompts, with as many attempts each
}

func (d Design) perSeed() int { return max(1, d.PerSeed) }

// Effect is the design effect: how many times as many attempts it takes because they
// share seeds (Kish 1965).
func (d Design) Effect() float64 { return 1 + float64(d.perSeed()-1)*d.Correlation }

// check refuses designs and rates that cannot be.
func (d Design) check(rates ...float64) error {
	if !valid(d.Confidence) || !valid(d.Power) || d.PerSeed < 0 || d.PerSeed > MaxAttempts || !(d.Correlation >= 0 && d.Correlation <= 1) {
		return fmt.Errorf("asr: a plan with confidence %v, power %v, %d attempts a seed and correlation %v; expected the first two between 0 and 1, at most %d and 0 to 1",
			d.Confidence, d.Power, d.PerSeed, d.Correlation, MaxAttempts)
	}
	for _, r := range rates {
		if !(r >= 0 && r <= 1) {
			return fmt.Errorf("asr: a plan for a rate of %v; expected 0 to 1", r)
		}
	}
	if d.Judge == nil {
		return nil
	}
	return d.Judge.Check()
}

// HalfWidth is how many attempts give an interval that reaches no further than half
// to each side, on average, if the rate is as given.
func (d Design) HalfWidth(rate, half float64) (Need, error) {
	if err := d.check(rate, half); err != nil {
		return Need{}, err
	}
	return d.least(fmt.Sprintf("an interval of %g to each side", half), func(seeds int) bool {
		low, high := d.bounds(d.apparent(rate), d.worth(seeds, side(d.Confidence)), binomial.Normal(side(d.Confidence)))
		return high-low <= 2*half
	})
}

// UpperBelow is how many attempts bound the rate from above by limit, with the
// probability Power, if it is as given.
func (d Design) UpperBelow(rate, limit float64) (Need, error) {
	if err := d.check(rate, limit); err != nil {
		return Need{}, err
	}
	return d.least(fmt.Sprintf("a rate of %g below %g", rate, limit), func(seeds int) bool {
		n := d.worth(seeds, d.Confidence)
		trials := int(n)
		p := d.apparent(rate)
		k := sort.Search(trials, func(k int) bool { return binomial.AtMost(k, trials, p) >= d.Power })
		return max(noSuccess(seeds, d.Confidence), d.upper(float64(k), n)) <= limit
	})
}

// PairedChange is how many attempts in both of two runs show, with the probability
// Power, that their rates differ, if so large a share of attempts succeeds in both, in
// the base alone and in the other alone (Connor, "Sample size for testing differences
// in proportions for the paired-sample design", 1987). A judge is taken to err in each
// run by itself.
func (d Design) PairedChange(both, onlyBase, onlyOther float64) (Need, error) {
	if err := d.check(both, onlyBase, onlyOther, both+onlyBase+onlyOther); err != nil {
		return Need{}, err
	}
	change, differ := onlyOther-onlyBase, onlyOther+onlyBase
	if j := d.Judge; j != nil {
		se, sp := j.Sensitivity(), j.Specificity()
		change *= se + sp - 1
		differ = 2*both*se*(1-se) + 2*(1-both-differ)*sp*(1-sp) + differ*(se*sp+(1-se)*(1-sp))
	}
	if change == 0 {
		return Need{}, fmt.Errorf("asr: a plan for runs whose rates are the same; expected a change to look for")
	}
	root := binomial.Normal(side(d.Confidence))*math.Sqrt(differ) + binomial.Normal(d.Power)*math.Sqrt(differ-change*change)
	return d.least(fmt.Sprintf("a change of %g", onlyOther-onlyBase), func(seeds int) bool {
		return d.worth(seeds, side(d.Confidence)) >= root*root/(change*change)
	})
}

// apparent is the rate that the judge sees.
func (d Design) apparent(rate float64) float64 {
	if d.Judge == nil {
		return rate
	}
	return rate*d.Judge.Sensitivity() + (1-rate)*(1-d.Judge.Specificity())
}

// worth is how many independent attempts those with so many seeds are worth.
func (d Design) worth(seeds int, confidence float64) float64 {
	n := float64(seeds*d.perSeed()) / d.Effect()
	if d.perSeed() == 1 {
		return n
	}
	return n * fewUnits(seeds, confidence)
}

// bounds are those of the rate where a share p of n attempts seems to succeed.
func (d Design) bounds(p, n, z float64) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	if d.Judge != nil {
		return d.Judge.bounds(p, n, z)
	}
	return binomial.WilsonAt(p, n, z)
}

// upper bounds the rate from above, as [Cell.Upper] and [Judge.Upper] do.
func (d Design) upper(k, n float64) float64 {
	if n-k < 1e-9 {
		return 1
	}
	if d.Judge == nil {
		return binomial.Quantile(k+1, n-k, d.Confidence)
	}
	_, high := d.Judge.bounds(k/n, n, binomial.Normal(d.Confidence))
	return high
}

// least is the number of seeds from which on a claim holds; what holds of some number
// is taken to hold of more.
func (d Design) least(claim string, holds func(seeds int) bool) (Need, error) {
	most := MaxAttempts / d.perSeed()
	seeds := 1
	for seeds < most && !holds(seeds) {
		seeds = min(most, 2*seeds)
	}
	if !holds(seeds) {
		return Need{}, fmt.Errorf("asr: %d attempts do not show %s; expected a claim that is further from the rate, or a judge with more labels or fewer errors", most*d.perSeed(), claim)
	}
	seeds = seeds/2 + 1 + sort.Search(seeds-seeds/2-1, func(i int) bool { return holds(seeds/2 + 1 + i) })
	return Need{seeds * d.perSeed(), seeds}, nil
}
