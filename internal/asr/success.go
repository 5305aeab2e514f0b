package asr

import (
	"fmt"
	"math"

	"warder.example/internal/binomial"
)

// AtK is how often at least one of k attempts with a seed prompt succeeds.
type AtK struct {
	K    int     `json:"k"`
	Rate float64 `json:"rate"`
	Interval
	Seeds int `json:"seeds"` // that the rate is the mean of
	// LeftOut are seeds with fewer than k scored attempts. WorstRate takes each of them
	// for a success.
	LeftOut   int     `json:"left_out"`
	WorstRate float64 `json:"worst_rate"`
}

// SuccessAt estimates the rate of success within k attempts, at least 1, without bias
// (Chen et al. 2021): of a seed with c successes in n scored attempts it is
// 1 - C(n-c,k)/C(n,k), and the mean over seeds has the interval of [ratio.score].
// Independent attempts count as those of one seed, and the interval says nothing of
// others. It is an error if no seed has k scored attempts.
func (c Cell) SuccessAt(k int, confidence float64) (AtK, error) {
	if k < 1 || !valid(confidence) {
		return AtK{}, fmt.Errorf("asr: success at %d attempts with confidence %v; expected at least 1 and a confidence between 0 and 1", k, confidence)
	}
	seeds := c.seeds
	if seeds == nil {
		seeds = []Count{c.total}
	}
	out := AtK{K: k}
	r := ratio{}
	for _, s := range seeds {
		if s.Scored() < k {
			out.LeftOut++
			continue
		}
		r.add(within(s.Scored(), s.Successes, k), 1)
		r.size += float64(s.Scored())
	}
	out.Seeds = r.units()
	if out.Seeds == 0 {
		return AtK{}, fmt.Errorf("asr: success at %d attempts: none of %d seeds has as many scored attempts; expected one at least", k, len(seeds))
	}
	out.Rate = r.value()
	out.WorstRate = (out.Rate*float64(out.Seeds) + float64(out.LeftOut)) / float64(len(seeds))
	if c.seeds != nil {
		out.Interval = r.score(r.variance(), confidence)
		return out, nil
	}
	low, high := binomial.Wilson(float64(c.total.Successes), float64(c.total.Scored()), side(confidence))
	once := func(p float64) float64 { return -math.Expm1(float64(k) * math.Log1p(-p)) }
	out.Interval = Interval{min(out.Rate, once(low)), max(out.Rate, once(high))}
	return out, nil
}

// within is 1 - C(n-c,k)/C(n,k), as a product that cannot overflow.
func within(n, c, k int) float64 {
	if n-c < k {
		return 1
	}
	none := 1.0
	for i := n - c + 1; i <= n; i++ {
		none *= 1 - float64(k)/float64(i)
	}
	return 1 - none
}
