package asr

import (
	"fmt"
	"math"
)

// Decision is what a [Sequence] has shown so far.
type Decision int

// Decisions. Going on is the zero value.
const (
	Continue Decision = iota
	Below             // the rate is below the limit: enough attempts were made
	Above             // the rate is above the limit
)

// Sequence decides attempt by attempt whether a rate is below or above a limit. It may
// be asked after each attempt and the run stopped for any reason: the chance that its
// interval ever misses the rate is at most alpha, and so is that of a wrong decision.
//
// An observation is one attempt, or one seed with the share of its attempts that
// succeeded: the bound holds for whatever lies in 0 to 1, since a likelihood ratio of
// coins is at most what it would be for the coin with the same mean. It needs that
// the rate is the same throughout: what is attempted next must not depend on what
// succeeded. The zero value never decides. One goroutine may use it at a time.
type Sequence struct {
	limit, alpha float64
	n            float64
	low, high    float64 // successes, with unscored ones as failures and as successes
}

// NewSequence begins a test against a limit, with an error of alpha in all, both
// between 0 and 1.
func NewSequence(limit, alpha float64) (*Sequence, error) {
	if !valid(limit) || !valid(alpha) {
		return nil, fmt.Errorf("asr: a sequential test of the limit %v at level %v; expected both between 0 and 1", limit, alpha)
	}
	return &Sequence{limit: limit, alpha: alpha}, nil
}

// Add takes an observation from 0, no success, to 1, success.
func (s *Sequence) Add(share float64) error {
	if !(share >= 0 && share <= 1) {
		return fmt.Errorf("asr: an observation of %v; expected 0 to 1", share)
	}
	s.n++
	s.low += share
	s.high += share
	return nil
}

// AddUnscored takes an attempt without a verdict: a success where the rate is bounded
// from above, a failure where it is from below.
func (s *Sequence) AddUnscored() {
	s.n++
	s.high++
}

// Decision is what has been shown. A caller stops at the first that is not Continue.
func (s *Sequence) Decision() Decision {
	threshold := -math.Log(s.alpha)
	switch {
	case s.high < s.limit*s.n && s.evidence(s.high, s.limit) >= threshold:
		return Below
	case s.low > s.limit*s.n && s.evidence(s.low, s.limit) >= threshold:
		return Above
	}
	return Continue
}

// Interval covers the rate at all times at once with a confidence of 1 - alpha.
func (s *Sequence) Interval() Interval {
	if s.n == 0 || !valid(s.alpha) {
		return anything
	}
	threshold := -math.Log(s.alpha)
	edge := func(k, outside float64) float64 {
		inside := k / s.n
		for range 60 {
			if mid := (inside + outside) / 2; s.evidence(k, mid) < threshold {
				inside = mid
			} else {
				outside = mid
			}
		}
		return outside
	}
	return Interval{edge(s.low, 0), edge(s.high, 1)}
}

// evidence is the logarithm of the mixture of likelihoods over rates, with weights by
// the beta distribution of mean limit that is worth one observation, over the
// likelihood of the rate p.
func (s *Sequence) evidence(k, p float64) float64 {
	a, b := s.limit, 1-s.limit
	return logBeta(a+k, b+s.n-k) - logBeta(a, b) - times(k, math.Log(p)) - times(s.n-k, math.Log1p(-p))
}

// times is a product in which nothing times infinity is nothing.
func times(k, x float64) float64 {
	if k <= 0 {
		return 0
	}
	return k * x
}

func logBeta(a, b float64) float64 {
	x, _ := math.Lgamma(a)
	y, _ := math.Lgamma(b)
	xy, _ := math.Lgamma(a + b)
	return x + y - xy
}
