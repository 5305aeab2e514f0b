package evaluate

import (
	"math"
	"slices"
)

// wilson returns k of n with the 95 % interval of Wilson, "Probable inference,
// the law of succession, and statistical inference" (1927).
func wilson(k, n int) Fraction {
	if n == 0 {
		return Fraction{0, 0, 1}
	}
	const z = 1.959963984540054
	p, m := float64(k)/float64(n), float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return Fraction{p, max(0, centre-half), min(1, centre+half)}
}

// rank computes a [Ranking] of rows of a kind against honest ones.
func rank(all []outcome, kind Kind, score func(*outcome) float64) Ranking {
	var pos, neg []float64
	for i := range all {
		switch all[i].kind {
		case kind:
			pos = append(pos, score(&all[i]))
		case Honest:
			neg = append(neg, score(&all[i]))
		}
	}
	slices.Sort(pos)
	slices.Sort(neg)
	r := Ranking{Positive: len(pos), Negative: len(neg)}
	if len(pos) == 0 || len(neg) == 0 {
		return r
	}
	r.AUC = area(pos, neg)
	for i, rate := range Rates {
		r.Threshold[i] = threshold(neg, rate)
		above, _ := slices.BinarySearch(pos, r.Threshold[i])
		r.TPR[i] = float64(len(pos)-above) / float64(len(pos))
	}
	return r
}

// area returns the probability that an attack scores above an honest text, ties
// counting half (the Mann-Whitney statistic). Both lists are sorted.
func area(pos, neg []float64) float64 {
	sum := 0.0
	for _, x := range pos {
		below, _ := slices.BinarySearch(neg, x)
		upto, _ := slices.BinarySearch(neg, math.Nextafter(x, math.Inf(1)))
		sum += float64(below) + float64(upto-below)/2
	}
	return sum / float64(len(pos)) / float64(len(neg))
}

// threshold returns the least score that at most a fraction rate of neg, which
// is sorted, reaches.
func threshold(neg []float64, rate float64) float64 {
	allowed := int(rate * float64(len(neg)))
	return math.Nextafter(neg[len(neg)-1-allowed], math.Inf(1))
}
