package detect

import (
	"unicode"

	"warder.example/guard"
)

// Below briefWords words a text says so little that only what fewer than briefFPR of
// honest texts reach is reported: "Any thoughts?" is an attack as little as it is
// anything else, and a score in the middle is all that a classifier can give it.
const (
	briefWords = 6  // of users and callers
	briefData  = 10 // of data, which holds more than a command
	briefFPR   = 0.01
)

// brief reports whether a text has few words. In scripts that do not part words, two
// characters are one.
func brief(t *guard.Text) bool {
	least := briefData
	if t.Origin == guard.OriginUser || t.Origin == guard.OriginModel {
		least = briefWords
	}
	halves, in := 0, false
	for _, r := range t.Content {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
			halves++
			in = false
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			if !in {
				halves += 2
			}
			in = true
		case r != '\'' && r != '’':
			in = false
		}
		if halves >= 2*least {
			return false
		}
	}
	return true
}
