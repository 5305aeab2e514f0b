// Package binomial bounds shares: how often something happens, from how often it was
// seen to happen in independent trials. [Interval] and what decides about few trials
// are exact, whatever the share is: approximations by the normal distribution say
// nothing of rare events. [Wilson] and [Paired] are approximate, for display and for
// trials that are worth fewer than they are; the distributions they and others need
// are here, too.
package binomial

import "math"

// Interval is the one of Clopper and Pearson (1934) for k of n: the share is at
// least low, and at most high, each by itself with the given confidence. Nothing
// is known of nothing: no trials give 0 and 1.
func Interval(k, n int, confidence float64) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	if k > 0 {
		low = bisect(func(p float64) bool { return 1-AtMost(k-1, n, p) < 1-confidence })
	}
	if k == n {
		return low, 1
	}
	return low, bisect(func(p float64) bool { return AtMost(k, n, p) > 1-confidence })
}

// bisect returns the end of the stretch from 0 on where holds is true.
func bisect(holds func(p float64) bool) float64 {
	lo, hi := 0.0, 1.0
	for range 60 {
		if mid := (lo + hi) / 2; holds(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// AtMost is the probability of at most k in n at a share of p, between 0 and 1.
func AtMost(k, n int, p float64) float64 {
	switch {
	case k < 0:
		return 0
	case k >= n:
		return 1
	}
	return Beta(float64(n-k), float64(k+1), 1-p)
}

// exactly is the probability of i in n at a share of p.
func exactly(i, n int, p float64) float64 {
	all, _ := math.Lgamma(float64(n + 1))
	a, _ := math.Lgamma(float64(i + 1))
	b, _ := math.Lgamma(float64(n - i + 1))
	return math.Exp(all - a - b + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
}

// Fewest is how many trials of which k succeed show with the given confidence
// that the share is at most budget.
func Fewest(k int, budget, confidence float64) int {
	lo, hi := k, 1<<30
	for lo+1 < hi {
		if mid := (lo + hi) / 2; AtMost(k, mid, budget) > 1-confidence {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// Allowed is the most successes in n trials that show with the given confidence
// that the share is at most budget; -1 when not even none would.
func Allowed(n int, budget, confidence float64) int {
	sum := 0.0
	for k := 0; k < n; k++ {
		if sum += exactly(k, n, budget); sum > 1-confidence {
			return k - 1
		}
	}
	return n - 1
}

// Critical is the least number of successes in n trials that a share of at most
// budget reaches with a probability of at most alpha; n+1 if no number is that
// unlikely. A count that reaches it within n trials, however early, is a one-sided
// test at level alpha: counts only grow.
func Critical(n int, budget, alpha float64) int {
	sum := 0.0
	for k := 0; k <= n; k++ {
		if 1-sum <= alpha {
			return k
		}
		sum += exactly(k, n, budget)
	}
	return n + 1
}
