package normal

import (
	"slices"
	"unicode/utf8"
)

// turnedRound turns stretches round that read better so: as a whole, and each
// word by itself.
func (u *undoer) turnedRound(p piece, r reading, found []stretch) {
	var all, words gather
	for _, s := range merged(p.text, found) {
		if s.start = max(s.start, all.end); s.end <= s.start {
			continue
		}
		s = s.grown(p.text, all.end, slices.Reverse)
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
	for i, g := range []*gather{&all, &words} {
		to := r.to([]string{"reverse", "reverse-words"}[i], Decoded)
		to.ciphered = true
		u.follow(g.done(p), to)
	}
}

// turnsWell reports whether the words of text, turned round, are language and
// the words as they stand are not.
func turnsWell(text string) bool {
	turned := make([]byte, 0, len(text))
	for i := len(text) - 1; i >= 0; i-- {
		turned = append(turned, text[i])
	}
	return language(string(turned)) && countWords(string(turned)).knownLetters > 2*countWords(text).knownLetters
}

// writeTurned appends text[start:end] with its characters in reverse order.
func writeTurned(b *builder, text string, start, end int) {
	b.segs = append(b.segs, seg(len(b.buf), start, end, reversed))
	for end > start {
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
