package normal

import (
	"unicode"
	"unicode/utf8"
)

// whole decides on a word that is all look-alikes of one other alphabet: it is
// folded when no word of the text needs that alphabet.
func (f *wordFold) whole(n [otherScript + 1]int, near int, show string) bool {
	f.survey()
	for s, count := range n {
		if count > 0 && script(s) != noScript && f.strange[s] {
			return false
		}
	}
	if n[decorScript] == len(show) {
		return len(show) >= 3 && plausibleWord(show) || known(show)
	}
	return near == 0 && (f.latin || f.woven) || known(show) && len(show) >= 3
}

// minWoven is how many words of Latin and other letters show that look-alikes stand
// for Latin letters throughout, where a fifth of the letters is Latin.
const minWoven = 2

// survey looks once through the text for words of letters that show no Latin one.
// What stands in one word with Latin letters tells nothing about its alphabet.
func (f *wordFold) survey() {
	if f.surveyed {
		return
	}
	f.surveyed = true
	var odd [otherScript + 1]bool // in the word so far
	latin, other, woven := 0, 0, 0
	inLatin, inOther := 0, 0 // letters of the word so far
	end := func() {
		if inLatin > 0 {
			woven++
		}
		for s := range odd {
			f.strange[s] = f.strange[s] || odd[s] && inLatin == 0
		}
		odd = [otherScript + 1]bool{}
		latin, other = latin+inLatin, other+inOther
		inLatin, inOther = 0, 0
	}
	for _, r := range f.text {
		switch s := scriptOf(r); {
		case s == latinScript:
			inLatin++
		case s != noScript:
			inOther++
			if l, ok := lookalikeOf(r); !ok || l.near && s != decorScript {
				odd[s] = true
			}
		case r < utf8.RuneSelf && class[r]&cDigit != 0 || r >= utf8.RuneSelf && unicode.IsMark(r):
		case inOther > 0:
			end()
		default:
			latin, inLatin = latin+inLatin, 0
		}
	}
	if inOther > 0 {
		end()
	}
	latin += inLatin
	total := latin + other
	f.latin = latin*4 >= total*3
	f.woven = woven >= minWoven && latin*5 >= total
}
