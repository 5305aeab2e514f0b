package normal

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// bit is an invisible character that may stand for a bit.
type bit struct {
	r  rune
	at int
}

// minBits is how many invisible characters can carry a text.
const minBits = 24

// bitText reads invisible characters of two kinds as the bits of bytes, of
// seven or eight bits each, or of any length up to eight where a third kind
// parts them. It returns nothing when no reading gives language.
func bitText(bits []bit, from *mapping) piece {
	if len(bits) < minBits {
		return piece{}
	}
	kinds := bitKinds(bits)
	if len(kinds) < 2 || len(kinds) > 3 {
		return piece{}
	}
	var parts rune
	if len(kinds) == 3 {
		parts, kinds = kinds[2], kinds[:2]
	}
	for _, one := range kinds {
		for _, width := range []int{8, 7} {
			if p := bitBytes(bits, one, parts, width, from); readable(p.text) {
				return p
			}
			if parts != 0 {
				break
			}
		}
	}
	return piece{}
}

// bitKinds returns the kinds of characters, the most frequent first.
func bitKinds(bits []bit) []rune {
	var kinds []rune
	count := map[rune]int{}
	for _, b := range bits {
		if count[b.r]++; count[b.r] == 1 {
			kinds = append(kinds, b.r)
			if len(kinds) > 3 {
				return kinds
			}
		}
	}
	slices.SortFunc(kinds, func(a, b rune) int { return cmp.Or(count[b]-count[a], int(a-b)) })
	if len(kinds) == 2 && kinds[0] > kinds[1] {
		kinds[0], kinds[1] = kinds[1], kinds[0]
	}
	return kinds
}

func bitBytes(bits []bit, one, parts rune, width int, from *mapping) piece {
	var b builder
	value, n, start := 0, 0, 0
	flush := func(end int) {
		if n > 0 {
			b.replaceByte(byte(value), start, end)
		}
		value, n = 0, 0
	}
	for _, x := range bits {
		if x.r == parts && parts != 0 {
			flush(x.at)
			continue
		}
		if n == 0 {
			start = x.at
		}
		value <<= 1
		if x.r == one {
			value |= 1
		}
		if n++; n == width {
			flush(x.at + utf8.RuneLen(x.r))
		}
	}
	if parts != 0 && n > 0 {
		last := bits[len(bits)-1]
		flush(last.at + utf8.RuneLen(last.r))
	}
	return b.done(from)
}
