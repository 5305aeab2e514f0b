package binomial

import "math"

// Wilson is the interval of Wilson, "Probable inference, the law of succession, and
// statistical inference" (1927), for k of n, which need not be whole: n may be what
// dependent trials are worth. As in [Interval] each bound has the given confidence by
// itself: 0.975 for an interval of 95 %. No trials give 0 and 1; the share k/n is
// always inside.
//
// It is the shorter one and holds on average over shares, where that of [Interval]
// holds for each.
func Wilson(k, n, confidence float64) (low, high float64) {
	if !(n > 0) {
		return 0, 1
	}
	return WilsonAt(k/n, n, Normal(confidence))
}

// WilsonAt is Wilson's interval around the share p of n trials, which is above 0, at
// so many standard errors.
func WilsonAt(p, n, z float64) (low, high float64) {
	centre := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(max(0, p*(1-p)/n)+z*z/(4*n*n))
	return max(0, min(p, centre-half)), min(1, max(p, centre+half))
}

// Paired bounds the difference between the shares of two on the same n trials, of
// which up speak for the second alone and down for the first alone: Agresti and Min,
// "Simple improved confidence intervals for comparing matched proportions" (2005).
// Each bound has the given confidence by itself. No trials give -1 and 1.
func Paired(up, down, n, confidence float64) (low, high float64) {
	if !(n > 0) {
		return -1, 1
	}
	value, z := (up-down)/n, Normal(confidence)
	up, down, n = up+0.5, down+0.5, n+2
	d := (up - down) / n
	half := z * math.Sqrt(max(0, up+down-(up-down)*(up-down)/n)) / n
	return max(-1, min(value, d-half)), min(1, max(value, d+half))
}

// McNemar is the chance of so uneven a split of the trials on which two differ, if
// both were equally good: McNemar's test, exact and two-sided. It takes trials for
// independent.
func McNemar(up, down int) float64 {
	sum := 0.0
	for i := range min(up, down) + 1 {
		sum += exactly(i, up+down, 0.5)
	}
	return min(1, 2*sum)
}
