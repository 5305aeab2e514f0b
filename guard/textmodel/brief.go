package textmodel

import (
	"unicode"

	"warder.example/guard"
)

// Below these numbers of words a text is brief: it says so little that scores are
// drawn towards what little there is.
const (
	briefWords = 12 // of users and callers
	briefData  = 20 // of data, which holds more than a command
)

// briefness returns how far a text is from saying enough to be judged: 1 up to half
// the words below which it is brief, falling to 0 there. Of scripts that do not part
// words two characters are one. It reads no more of the text than that many words.
func briefness(text string, o guard.Origin) float32 {
	most := briefData
	if o == guard.OriginUser || o == guard.OriginModel {
		most = briefWords
	}
	halves, in := 0, false
	for _, r := range text {
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
		if halves >= 2*most {
			return 0
		}
	}
	return min(1, float32(2*most-halves)/float32(most))
}
