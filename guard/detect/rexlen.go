package detect

import (
	"regexp/syntax"
	"unicode/utf8"
)

// maxMatchLen is beyond every limit in use; longer means unbounded.
const maxMatchLen = 1 << 20

// matchLengths returns the shortest and the longest match of re in bytes; the
// longest is -1 when there is none.
func matchLengths(re *syntax.Regexp) (low, high int) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			l, h := utf8.RuneLen(r), utf8.RuneLen(r)
			if re.Flags&syntax.FoldCase != 0 {
				l, h = 1, max(h, 3) // k folds to the 3 bytes of U+212A
			}
			low, high = low+l, high+h
		}
		return low, high
	case syntax.OpCharClass:
		if len(re.Rune) == 0 {
			return 0, 0
		}
		return utf8.RuneLen(re.Rune[0]), utf8.RuneLen(re.Rune[len(re.Rune)-1])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1, utf8.UTFMax
	case syntax.OpCapture:
		return matchLengths(re.Sub[0])
	case syntax.OpStar:
		return 0, -1
	case syntax.OpPlus:
		low, _ = matchLengths(re.Sub[0])
		return low, -1
	case syntax.OpQuest:
		_, high = matchLengths(re.Sub[0])
		return 0, high
	case syntax.OpRepeat:
		low, high = matchLengths(re.Sub[0])
		return low * re.Min, times(high, re.Max)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			l, h := matchLengths(sub)
			low, high = low+l, plus(high, h)
		}
		return low, high
	case syntax.OpAlternate:
		for i, sub := range re.Sub {
			l, h := matchLengths(sub)
			if i == 0 {
				low, high = l, h
				continue
			}
			low = min(low, l)
			if high >= 0 && (h < 0 || h > high) {
				high = h
			}
		}
		return low, high
	}
	return 0, 0 // assertions and the like
}

// plus adds lengths where -1 is endless.
func plus(a, b int) int {
	if a < 0 || b < 0 || a+b > maxMatchLen {
		return -1
	}
	return a + b
}

// times multiplies a length by a repetition count where -1 is endless.
func times(a, n int) int {
	if a < 0 || n < 0 || a*n > maxMatchLen {
		return -1
	}
	return a * n
}
