package asr

import (
	"fmt"

	"warder.example/internal/binomial"
)

// LeastPropensity is the least probability with which a search may choose a cell if
// its attempts are to be reweighted: below, single attempts decide everything.
const LeastPropensity = 0.001

// Draw is one attempt of an adaptive search over cells.
type Draw struct {
	// Share is that of the attempt's cell in the mixture that the rate is of, such as
	// one over the number of cells; shares of all cells add up to 1.
	Share float64
	// Propensity is the probability with which the search chose the cell then, given
	// what it had seen: from [LeastPropensity] to 1.
	Propensity float64
	Success    bool
	Unscored   bool // no verdict; Success is not looked at
}

// Mixture is the rate over a mixture of cells.
type Mixture struct {
	Count
	// HorvitzThompson is unbiased but may leave 0 to 1; Rate is Hájek's, which may
	// not, and is less variable.
	HorvitzThompson float64 `json:"horvitz_thompson"`
	Rate            float64 `json:"rate"`
	Interval
	// Effective is how many attempts of equal weight the weights are worth (Kish).
	Effective float64 `json:"effective"`
	// Worst is the interval with every unscored attempt taken for a success.
	Worst Interval `json:"worst"`
}

// Reweighted estimates the rate over a mixture of cells from attempts that an adaptive
// search spread over them: each attempt is weighted by its cell's share over its
// propensity, so that cells which the search preferred count no more than others. The
// interval is Wilson's on as many attempts as have the linear variance of the
// estimate; a search whose propensities fall far makes it wide.
func Reweighted(draws []Draw, confidence float64) (Mixture, error) {
	if !valid(confidence) || len(draws) > MaxAttempts {
		return Mixture{}, fmt.Errorf("asr: %d attempts reweighted with confidence %v; expected at most %d and one between 0 and 1", len(draws), confidence, MaxAttempts)
	}
	out := Mixture{Rate: 1, HorvitzThompson: 1, Interval: anything, Worst: anything}
	var scored, worst ratio
	total := 0.0
	for i, d := range draws {
		if !(d.Propensity >= LeastPropensity && d.Propensity <= 1) || !(d.Share > 0 && d.Share <= 1) {
			return Mixture{}, fmt.Errorf("asr: attempt %d has propensity %v and share %v; expected %g to 1 and above 0 to 1", i, d.Propensity, d.Share, LeastPropensity)
		}
		out.Attempts++
		w, y := d.Share/d.Propensity, 0.0
		if d.Unscored {
			out.Unscored++
			worst.add(w, w)
			continue
		}
		if d.Success {
			out.Successes++
			y = w
		}
		total += y
		scored.add(y, w)
		worst.add(y, w)
	}
	if out.Scored() == 0 {
		return out, nil
	}
	out.HorvitzThompson = total / float64(out.Scored())
	out.Rate = scored.value()
	out.Effective = scored.kish()
	out.Interval = scored.weightedScore(confidence)
	out.Worst = worst.weightedScore(confidence)
	return out, nil
}

// kish is how many units of equal weight those are worth.
func (r ratio) kish() float64 {
	var sum, squares float64
	for _, x := range r.x {
		sum += x
		squares += x * x
	}
	return sum * sum / squares
}

// weightedScore is the interval of a ratio whose units are single attempts with
// weights: where all fared alike they are worth Kish's number.
func (r ratio) weightedScore(confidence float64) Interval {
	n := r.kish()
	if n <= 1 {
		return anything
	}
	t := binomial.Student(side(confidence), n-1)
	if v := r.variance(); !r.alike(v) {
		r.size = float64(r.units())
		n = r.effective(v)
	}
	low, high := binomial.WilsonAt(r.value(), n, t)
	return Interval{low, high}
}
