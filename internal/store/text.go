package store

import (
	"strings"
	"unicode/utf8"
)

// clean makes a string fit to be stored: valid UTF-8 without control
// characters, which become U+FFFD, and at most limit bytes, cut at a character.
// What it cleans describes what happened; losing the end of an absurd model
// name is better than losing the record.
func clean(s string, limit int) string {
	if len(s) > limit+utf8.UTFMax {
		s = s[:limit+utf8.UTFMax] // no more work than the limit
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
	for len(s) > limit {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

// known reports whether s can be something stored: a look-up of anything else
// finds nothing, without asking.
func known(s string) bool { return s != "" && len(s) <= 128 && clean(s, 128) == s }
