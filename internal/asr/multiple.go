package asr

import (
	"cmp"
	"slices"
)

// Holm adjusts the p-values of several tests: of those that are then at most a level,
// none is a false alarm, with a probability of one minus that level, however the tests
// depend on each other. For gates. What is no p-value counts as 1.
func Holm(ps []float64) []float64 {
	out, order := ascending(ps)
	least := 0.0
	for i, at := range order {
		least = max(least, min(1, out[at]*float64(len(ps)-i)))
		out[at] = least
	}
	return out
}

// BenjaminiHochberg adjusts the p-values of several tests: of those that are then at
// most a level, no more than that share is false, on average, if tests are independent
// or depend positively on each other. For discovery: where to look next. What is no
// p-value counts as 1.
func BenjaminiHochberg(ps []float64) []float64 {
	out, order := ascending(ps)
	most := 1.0
	for i, at := range slices.Backward(order) {
		most = min(most, out[at]*float64(len(ps))/float64(i+1))
		out[at] = most
	}
	return out
}

// ascending returns a copy of p-values and their places from the least up.
func ascending(ps []float64) (copied []float64, order []int) {
	copied = slices.Clone(ps)
	for i, p := range copied {
		if !(p >= 0 && p <= 1) {
			copied[i] = 1
		}
		order = append(order, i)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(copied[a], copied[b]) })
	return copied, order
}
