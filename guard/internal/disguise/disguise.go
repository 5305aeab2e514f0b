// Package disguise writes texts the way attackers hide them. It holds what the
// tests of several packages of the guard need, and is linked by tests only. The
// practice target has its own, so that it does not share mistakes with the guard.
package disguise

import (
	"fmt"
	"slices"
	"strings"
)

// EveryByte writes each byte of s by the format, which takes one integer.
func EveryByte(format, s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

// Rot13 moves the Latin letters of s by 13 places.
func Rot13(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return 'a' + (r-'a'+13)%26
		case r >= 'A' && r <= 'Z':
			return 'A' + (r-'A'+13)%26
		}
		return r
	}, s)
}

// Reverse writes the characters of s backwards.
func Reverse(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}
