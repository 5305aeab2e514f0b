package textmodel

import (
	"golang.org/x/text/unicode/norm"
)

// Small words that are written with the next one.
const (
	maxClitic  = 3 // letters of Arabic and Hebrew
	maxElision = 6 // letters before an apostrophe: dell', aujourd' is longer
)

// isClitic reports whether a folded letter may be a small word by itself, or part
// of one, in Arabic or Hebrew.
func isClitic(c uint64) bool {
	switch c {
	case 'و', 'ف', 'ب', 'ل', 'ك', 'ا', 'س', 'ו', 'ה', 'ב', 'ל', 'מ', 'ש', 'כ':
		return true
	}
	return false
}

// plain returns the letter that a lower-case letter counts as: people leave
// accents out, and write some letters in more than one way.
func plain(r rune) rune {
	switch {
	case r < 0x250:
		return plainLatin[r]
	case r >= 0x1e00 && r < 0x1f00:
		return base(r)
	case r >= 0x370 && r < 0x400, r >= 0x1f00 && r < 0x2000:
		if r == 'ς' {
			return 'σ'
		}
		return base(r)
	}
	switch r {
	case 'ё':
		return 'е'
	case 'أ', 'إ', 'آ', 'ٱ':
		return 'ا'
	case 'ى', 'ی', 'ې':
		return 'ي'
	case 'ة', 'ە', 'ۀ':
		return 'ه'
	case 'ک':
		return 'ك'
	case 'ך':
		return 'כ'
	case 'ם':
		return 'מ'
	case 'ן':
		return 'נ'
	case 'ף':
		return 'פ'
	case 'ץ':
		return 'צ'
	}
	return r
}

// plainLatin is [base] of the Latin letters.
var plainLatin = func() (out [0x250]rune) {
	for r := range out {
		out[r] = base(rune(r))
	}
	out['ı'], out['ø'], out['ł'], out['đ'] = 'i', 'o', 'l', 'd'
	return out
}()

// base returns a letter without its marks.
func base(r rune) rune {
	var b [8]byte
	for _, d := range string(norm.NFD.Append(b[:0], []byte(string(r))...)) {
		return d
	}
	return r
}
