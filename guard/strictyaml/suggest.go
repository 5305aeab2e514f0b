package strictyaml

import (
	"slices"
	"strings"
)

// suggest returns the end of an error about an unknown word: the nearest known
// one, or all of them when none is near.
func suggest(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return "; did you mean " + quote(near)
	}
	known = slices.Sorted(slices.Values(known))
	return "; expected one of " + strings.Join(known, ", ")
}

// Nearest returns the known word that word was probably meant to be: the one
// with the fewest letters to insert, delete, replace or swap, if those are at
// most a third of it. Empty when there is none.
func Nearest(word string, known []string) string {
	best, at := "", max(1, len(word)/3)+1
	if len(word) > 64 {
		return ""
	}
	for _, k := range known {
		if d := distance(strings.ToLower(word), k); d < at {
			best, at = k, d
		}
	}
	return best
}

// distance is the optimal string alignment distance in bytes: Levenshtein's,
// with the swap of neighbours as one step.
func distance(a, b string) int {
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}
