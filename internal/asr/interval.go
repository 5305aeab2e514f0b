package asr

import (
	"math"

	"warder.example/internal/binomial"
	"warder.example/internal/bootstrap"
)

// Interval is where a rate, or a difference of rates, is.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// anything is the interval of a rate of which nothing is known.
var anything = Interval{0, 1}

// valid reports whether a confidence, level or share is one.
func valid(p float64) bool { return p > 0 && p < 1 }

// side is the confidence of each bound of an interval.
func side(confidence float64) float64 { return (1 + confidence) / 2 }

// Wilson is the interval of the rate if attempts are independent.
func (c Cell) Wilson(confidence float64) Interval {
	if !valid(confidence) {
		return anything
	}
	low, high := binomial.Wilson(float64(c.total.Successes), float64(c.total.Scored()), side(confidence))
	return Interval{low, high}
}

// Exact is the interval of the rate if attempts are independent that covers it with
// at least the given confidence, whatever it is.
func (c Cell) Exact(confidence float64) Interval {
	if !valid(confidence) {
		return anything
	}
	low, high := binomial.Interval(c.total.Successes, c.total.Scored(), side(confidence))
	return Interval{low, high}
}

// resamples is how often seeds are drawn anew: enough for a standard error to within
// 3 % of what endless draws give.
const resamples = 1000

// Bootstrap is the interval of the rate over further seeds. Of a cell of independent
// attempts it is [Cell.Wilson]. The same random seed gives the same interval. Where
// all seeds fared alike each counts as one attempt, since nothing then says how much
// seeds differ.
func (c Cell) Bootstrap(confidence float64, random uint64) Interval {
	if c.seeds == nil {
		return c.Wilson(confidence)
	}
	r := c.ratio()
	b := bootstrap.New(len(r.y), resamples, random)
	d := b.Watch(1, func(w []uint8, out []float64) { out[0] = r.weighted(w) })
	b.Run()
	return r.score(spread(d.Values[0])*r.few(), confidence)
}

// Upper bounds the rate from above with the given confidence. Of 0 successes in n
// independent attempts it is the exact 1 - (1-confidence)^(1/n), near to
// [RuleOfThree] for 95 %. Over m seeds it is never below that of 0 in m.
func (c Cell) Upper(confidence float64) float64 {
	if !valid(confidence) {
		return 1
	}
	if c.seeds == nil {
		_, high := binomial.Interval(c.total.Successes, c.total.Scored(), confidence)
		return high
	}
	n, m := c.worth(confidence)
	if m < 2 {
		return 1
	}
	k := c.Rate() * n
	if n-k < 1e-9 {
		return 1
	}
	return max(noSuccess(m, confidence), binomial.Quantile(k+1, n-k, confidence))
}

// RuleOfThree is the upper bound of 95 % for a rate of which n independent attempts
// showed no success, as one can do it in one's head: 3/n. It is a little above the
// exact bound from 3 attempts on.
func RuleOfThree(n int) float64 { return min(1, 3/math.Max(0, float64(n))) }
