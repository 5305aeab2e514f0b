package asr

import (
	"fmt"
	"math"

	"warder.example/internal/binomial"
)

// Judge is what a judge of attempts did on a validation set that others labelled. It
// is an estimate: few labels make corrected rates unsure.
type Judge struct {
	TruePositives  int `json:"true_positives"`  // successes that it called successes
	FalseNegatives int `json:"false_negatives"` // successes that it missed
	TrueNegatives  int `json:"true_negatives"`
	FalsePositives int `json:"false_positives"`
}

// Sensitivity is the share of real successes that the judge sees; 0 of none.
func (j Judge) Sensitivity() float64 {
	return float64(j.TruePositives) / float64(max(1, j.TruePositives+j.FalseNegatives))
}

// Specificity is the share of failures that the judge calls so; 0 of none.
func (j Judge) Specificity() float64 {
	return float64(j.TrueNegatives) / float64(max(1, j.TrueNegatives+j.FalsePositives))
}

// Check returns an error unless the validation shows, at 95 %, that the judge is
// better than a coin: that sensitivity and specificity together are above 1. Both
// have exact lower bounds that hold at once (Bonferroni).
func (j Judge) Check() error {
	for _, n := range []int{j.TruePositives, j.FalseNegatives, j.TrueNegatives, j.FalsePositives} {
		if n < 0 || n > MaxAttempts {
			return fmt.Errorf("asr: the validation of a judge has a count of %d; expected 0 to %d", n, MaxAttempts)
		}
	}
	const each = 0.975
	se, _ := binomial.Interval(j.TruePositives, j.TruePositives+j.FalseNegatives, each)
	sp, _ := binomial.Interval(j.TrueNegatives, j.TrueNegatives+j.FalsePositives, each)
	if se+sp <= 1 {
		return fmt.Errorf("asr: the judge may be no better than a coin: it saw %d of %d successes and %d of %d failures, so that its sensitivity is at least %.2f and its specificity at least %.2f; expected above 1 together: label more texts, or take a better judge",
			j.TruePositives, j.TruePositives+j.FalseNegatives, j.TrueNegatives, j.TrueNegatives+j.FalsePositives, se, sp)
	}
	return nil
}

// Corrected is a rate without the errors of the judge.
type Corrected struct {
	Rate float64 `json:"rate"` // Rogan and Gladen's estimate, from 0 to 1
	Interval
	Apparent float64 `json:"apparent"` // as the judge saw it
	// Inconsistent says that the judge saw so few successes, or so many, that its
	// errors on the validation set do not explain it: they are others on these
	// attempts. Validate it on attempts on this target.
	Inconsistent bool `json:"inconsistent,omitempty"`
}

// Correct takes the errors of the judge out of the rate of a cell, whose verdicts are
// its own. The interval has the uncertainty of attempts, of seeds and of the
// validation, by the delta method on counts to which a little was added (Lang and
// Reiczigel 2014): it has a closed form, so the same counts give the same bounds, and
// covers better than draws from beta distributions where sensitivity or specificity
// are near 1. Its upper bound is never below that of as many attempts, or seeds,
// without a success before a perfect judge. The error is that of [Judge.Check].
func (j Judge) Correct(c Cell, confidence float64) (Corrected, error) {
	if !valid(confidence) {
		return Corrected{}, fmt.Errorf("asr: a confidence of %v; expected one between 0 and 1", confidence)
	}
	if err := j.Check(); err != nil {
		return Corrected{}, err
	}
	out := Corrected{Rate: 1, Interval: anything, Apparent: c.Rate()}
	n, units := c.worth(side(confidence))
	if units == 0 {
		return out, nil
	}
	low, high := j.bounds(out.Apparent, n, binomial.Normal(side(confidence)))
	out.Inconsistent = high <= 0 || low >= 1
	out.Rate = unit((out.Apparent + j.Specificity() - 1) / (j.Sensitivity() + j.Specificity() - 1))
	out.High = max(unit(high), noSuccess(units, side(confidence)))
	if low < 1 {
		out.Low = unit(low)
	}
	return out, nil
}

// Upper bounds the rate of a cell, without the errors of the judge, from above. The
// error is that of [Judge.Check].
func (j Judge) Upper(c Cell, confidence float64) (float64, error) {
	if err := j.Check(); err != nil {
		return 1, err
	}
	n, units := c.worth(confidence)
	if units == 0 || !valid(confidence) {
		return 1, nil
	}
	_, high := j.bounds(c.Rate(), n, binomial.Normal(confidence))
	return max(unit(high), noSuccess(units, confidence)), nil
}

// bounds are those of Lang and Reiczigel (2014), equations 16 and 17, of n attempts
// of which a share p seemed to succeed, at z standard errors. They may leave 0 to 1.
func (j Judge) bounds(p, n, z float64) (low, high float64) {
	nSe, nSp := float64(j.TruePositives+j.FalseNegatives+2), float64(j.TrueNegatives+j.FalsePositives+2)
	se, sp := float64(j.TruePositives+1)/nSe, float64(j.TrueNegatives+1)/nSp
	p, n = (n*p+z*z/2)/(n+z*z), n+z*z
	youden := se + sp - 1
	rate := (p + sp - 1) / youden
	ofSe, ofSp := se*(1-se)/nSe, sp*(1-sp)/nSp
	shift := 2 * z * z * (rate*ofSe - (1-rate)*ofSp)
	half := z * math.Sqrt(p*(1-p)/n+rate*rate*ofSe+(1-rate)*(1-rate)*ofSp) / youden
	return rate + shift - half, rate + shift + half
}

// noSuccess is the upper bound of a rate of which n units show no success.
func noSuccess(n int, confidence float64) float64 {
	return 1 - math.Pow(1-confidence, 1/float64(n))
}

// unit keeps a rate within 0 to 1.
func unit(p float64) float64 { return max(0, min(1, p)) }
