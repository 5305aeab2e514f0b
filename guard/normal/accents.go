package normal

import (
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// accented leads from Latin letters with accents to those without.
var accented = func() *runeTable[byte] {
	t := map[rune]byte{'ø': 'o', 'Ø': 'O', 'đ': 'd', 'Đ': 'D', 'ł': 'l', 'Ł': 'L', 'ħ': 'h', 'Ħ': 'H', 'ŧ': 't', 'Ŧ': 'T', 'ı': 'i', 'ŋ': 'n', 'Ŋ': 'N'}
	for _, span := range [][2]rune{{0xC0, 0x24F}, {0x1E00, 0x1EFF}} {
		for r := span[0]; r <= span[1]; r++ {
			if form := norm.NFD.String(string(r)); form[0] < utf8.RuneSelf && len(form) > 1 {
				t[r] = form[0]
			}
		}
	}
	return tableOf(t)
}()

// accents takes the accents off a text that is English beneath them: one in
// which at least half of the accented words, and two different ones, come out as
// words of the lexicon that have five letters and that no language accents.
func (u *undoer) accents(p piece) (piece, bool) {
	text := p.text
	hits, plain, first, distinct := 0, 0, "", false
	eachAccented(text, func(start, end, marks int) {
		word, ok := bare(text[start:end])
		if !ok || len(word) < 5 || !known(word) || borrowed[word] {
			plain++
			return
		}
		hits++
		if first == "" {
			first = word
		}
		distinct = distinct || word != first || marks >= 3
	})
	if !distinct || plain > hits {
		return p, false
	}
	b := newBuilder(len(text))
	from, count := 0, 0
	for i, r := range text {
		if c := accented.at(r); r >= utf8.RuneSelf && c != 0 {
			b.copy(text, from, i)
			from = i + utf8.RuneLen(r)
			b.replaceByte(c, i, from)
			count++
		}
	}
	b.copy(text, from, len(text))
	u.res.Signals.Marks += count
	return b.done(p.from), true
}

// borrowed are words of the lexicon that other languages write with accents.
var borrowed = map[string]bool{
	"precedentes": true, "anteriores": true, "ignorez": true, "instrucoes": true, "contrasena": true, "secret": true, "secrets": true,
	"general": true, "credit": true, "report": true, "detail": true, "details": true, "recipe": true, "april": true, "operator": true,
	"message": true, "messages": true, "evening": true, "segreto": true, "segredo": true, "virus": true, "limite": true, "reveal": true,
	"version": true, "execute": true, "executed": true, "video": true, "table": true, "february": true, "mobile": true, "code": true, "autumn": true,
}

// eachAccented calls f for every word of Latin letters with accents.
func eachAccented(text string, f func(start, end, marks int)) {
	for i, after := 0, 0; i < len(text); {
		if !latinLead[text[i]] {
			i++
			continue
		}
		start, marks := i, 0
		for start > after && class[text[start-1]]&cLetter != 0 {
			start--
		}
		for i < len(text) {
			if class[text[i]]&cLetter != 0 {
				i++
				continue
			}
			if !latinLead[text[i]] {
				break
			}
			r, size := utf8.DecodeRuneInString(text[i:])
			if accented.at(r) == 0 {
				if marks == 0 {
					i += size
				}
				break
			}
			marks++
			i += size
		}
		if after = i; marks > 0 {
			f(start, i, marks)
		}
	}
}

// latinLead marks the bytes that begin a Latin letter outside ASCII.
var latinLead = func() (t [256]bool) {
	for c := 0xC3; c <= 0xC9; c++ {
		t[c] = true
	}
	t[0xE1] = true
	return t
}()

func bare(word string) (string, bool) {
	var out [32]byte
	n := 0
	for _, r := range word {
		if n == len(out) {
			return "", false
		}
		if r < utf8.RuneSelf {
			out[n] = byte(r) | 0x20
		} else {
			out[n] = accented.at(r) | 0x20
		}
		n++
	}
	return string(out[:n]), true
}
