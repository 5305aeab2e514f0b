package pseudonym

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxFollow is how many bytes behind a token decide.
const maxFollow = 8

// follows reports whether s, the text behind a token, ends the word that the
// token is, so that nothing behind it makes it a part of an address. wait says
// that more text is needed to tell.
func follows(s string, end bool) (ends, wait bool) {
	for i := 0; i < maxFollow; {
		if i == len(s) {
			return end, !end
		}
		if !end && !utf8.FullRuneInString(s[i:]) {
			return false, true
		}
		c, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case strings.ContainsRune(".:?_\u3002\uff0e\uff61", c):
			i += n // ends the word if a space comes, goes on if a letter does
		case c == '\\': // in JSON, a line break or a quotation mark
			if i+1 == len(s) {
				return false, !end
			}
			return strings.IndexByte(`ntr"`, s[i+1]) >= 0, false
		case c < utf8.RuneSelf:
			return strings.ContainsRune(" \t\r\n,;!)]\"'*|<}", c), false
		default:
			return unicode.IsSpace(c) || unicode.IsPunct(c) || unicode.IsSymbol(c) ||
				unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai), false
		}
	}
	return false, false
}
