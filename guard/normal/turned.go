package normal

import (
	"slices"
	"unicode/utf8"
)

// turnedRound turns stretches round that read better so: as a whole, and each
// word by itself.
func (u *undoer) turnedRound(p piece, r reading, found, explained []stretch) {
	var all, words gather
	for _, s := range merged(p.text, found) {
		if s.start = max(s.start, all.end); s.end <= s.start {
			continue
		}
		var after, before int
		after, before, explained = s.between(p.text, all.end, explained)
		s = s.grown(p.text, after, before, slices.Reverse)
		if !turnsWell(p.text[s.start:s.end]) {
			continue
		}
		all.begin(s.start)
		writeTurned(&all.b, p.text, s.start, s.end)
		all.end = s.end
		words.begin(s.start)
		writeTurnedWords(&words.b, p.text, s)
		words.end = s.end
	}
	u.followCipher(&all, p, r, "reverse")
	u.followCipher(&words, p, r, "reverse-words")
}

// turnsWell reports whether the words of text, turned round, are language and
// the words as they stand are not.
func turnsWell(text string) bool {
	turned := make([]byte, 0, len(text))
	for i := len(text) - 1; i >= 0; i-- {
		turned = append(turned, text[i])
	}
	ok, then := languageWords(string(turned))
	return ok && then.knownLetters > 2*countWords(text).knownLetters
}

// writeTurned appends text[start:end] with its characters in reverse order.
func writeTurned(b *builder, text string, start, end int) {
	b.mark(start, end, reversed)
	for end > start {
		if c := text[end-1]; c < utf8.RuneSelf {
			b.buf = append(b.buf, c)
			end--
			continue
		}
		_, size := utf8.DecodeLastRuneInString(text[start:end])
		b.buf = append(b.buf, text[end-size:end]...)
		end -= size
	}
}

func writeTurnedWords(b *builder, text string, s stretch) {
	for i := s.start; i < s.end; {
		j := i
		for j < s.end && text[j] > ' ' {
			j++
		}
		if j > i {
			writeTurned(b, text, i, j)
		}
		i = j
		for j < s.end && text[j] <= ' ' {
			j++
		}
		b.copy(text, i, j)
		i = j
	}
}
