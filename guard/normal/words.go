package normal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// words folds what only a word tells: letters standing alone, look-alikes,
// digits for letters. changed says that anything was folded.
func (u *undoer) words(p piece, h hints) (out piece, changed bool) {
	out = p
	// Indic letters with their signs do not count as single ones.
	if h.single >= minJoin-1 || strings.IndexByte(p.text, indicLead) >= 0 {
		if joined, ok := u.join(out); ok {
			out, changed = joined, true
		}
	}
	if h.digits || h.symbols || h.foreign {
		folded, beside := u.fold(out)
		if beside {
			folded, _ = u.fold(folded)
		}
		if folded.from != out.from {
			out, changed = folded, true
		}
	}
	if h.foreign {
		if bare, ok := u.accents(out); ok {
			out, changed = bare, true
		}
	}
	return out, changed
}

// fold folds look-alikes and digits for letters. beside says that it folded a
// look-alike in one word with digits, which may now be seen to stand for letters.
func (u *undoer) fold(p piece) (_ piece, beside bool) {
	f := wordFold{u: u, text: p.text, b: newBuilder(len(p.text))}
	f.fold()
	if !f.changed {
		return p, false
	}
	return f.b.done(p.from), f.beside
}

// wordFold is one pass over the words of a text.
type wordFold struct {
	u       *undoer
	text    string
	b       *builder
	changed bool
	beside  bool // a look-alike was folded in one word with digits or signs
	leet    bool // a word with digits for letters came before
	small   bool // a word in small capitals came before

	// The stretch that was weighed last: where it ends, and whether it is
	// leetspeak.
	weighed    int
	throughout bool

	// Which alphabets have letters in the text that show no Latin one.
	surveyed bool
	strange  [otherScript + 1]bool
	latin    bool // the text is Latin but for a few letters
	woven    bool // its words are written in Latin and other letters at once
}

// maxWord is the longest word, in bytes, that is folded.
const maxWord = 128

func (f *wordFold) fold() {
	text, from := f.text, 0
	for i := 0; i < len(text); {
		if class[text[i]]&cWord == 0 {
			i++
			continue
		}
		start, all := i, uint8(0)
		for i < len(text) {
			c := class[text[i]]
			if c&cWord == 0 {
				break
			}
			all |= c
			i++
		}
		if all&(cDigit|cLeet|cForeign) == 0 || i-start > maxWord {
			continue
		}
		from = f.word(start, i, from, all)
	}
	if f.changed {
		f.b.copy(text, from, len(text))
	}
}

// word folds text[start:end], of bytes of the classes all, and returns up to
// where the text is written.
func (f *wordFold) word(start, end, from int, all uint8) int {
	word, ok := "", false
	switch {
	case all&cForeign != 0:
		if all&cDigit != 0 {
			if from, ok = f.leetAccented(start, end, from); ok {
				f.u.res.Signals.Leet++
				return from
			}
		}
		written := f.foreign(start, end, from)
		f.beside = f.beside || written != from && all&(cDigit|cLeet) != 0
		return written
	case all == cDigit|cRun:
		word, ok = f.leetNumber(start, end)
	case all&cLetter != 0:
		start, end, word, ok = f.leetWord(start, end)
	}
	if !ok {
		return from
	}
	f.b.copy(f.text, from, start)
	f.spell(start, end, word)
	f.u.res.Signals.Leet++
	return end
}

// spell writes word, of as many bytes as characters, for text[s:e].
func (f *wordFold) spell(s, e int, word string) {
	f.changed = true
	for i := 0; i < len(word); i++ {
		_, size := utf8.DecodeRuneInString(f.text[s:e])
		f.b.replaceByte(word[i], s, s+size)
		s += size
	}
}

// foreign folds the words in text[start:end], which has characters outside
// ASCII, and returns up to where the text is written.
func (f *wordFold) foreign(start, end, from int) int {
	for i := start; i < end; {
		r, size := utf8.DecodeRuneInString(f.text[i:])
		if !letterOrMark(r) {
			i += size
			continue
		}
		j := i
		for j < end {
			r, size := utf8.DecodeRuneInString(f.text[j:])
			if !letterOrMark(r) {
				break
			}
			j += size
		}
		if word, ok := f.plainWord(f.text[i:j]); ok {
			f.b.copy(f.text, from, i)
			if len(word) == utf8.RuneCountInString(f.text[i:j]) {
				f.spell(i, j, word)
			} else {
				f.changed = true
				f.b.replace(word, i, j)
			}
			from = j
		}
		i = j
	}
	return from
}

func letterOrMark(r rune) bool {
	if r < utf8.RuneSelf {
		return class[r]&cLetter != 0
	}
	return scriptOf(r) != noScript || unicode.IsMark(r)
}

// plainWord returns the word that a word with look-alikes shows.
func (f *wordFold) plainWord(word string) (string, bool) {
	var n [otherScript + 1]int // letters by script
	var odd [otherScript + 1]int
	ascii, near, small, foreign, smallFits := 0, 0, 0, 0, true
	var shown [maxWord]byte
	k := 0
	for _, r := range word {
		s := scriptOf(r)
		n[s]++
		if r < utf8.RuneSelf {
			ascii++
			shown[k] = byte(r)
			k++
			continue
		}
		foreign++
		if c := smallCaps.at(r); c != 0 {
			small++
			shown[k] = c
			k++
			continue
		}
		smallFits = false
		l, ok := lookalikeOf(r)
		if !ok {
			odd[s]++
			continue
		}
		if l.near {
			near++
		}
		shown[k] = l.to
		k++
	}
	if foreign == 0 {
		return "", false
	}
	show := string(shown[:k])
	if small > 0 && smallFits && (small >= 3 || f.small && small*2 >= k) && small*2 >= k {
		f.small = true
		f.u.res.Signals.Compat += small
		return show, true
	}
	oddly := 0
	for _, c := range odd {
		oddly += c
	}
	if oddly > 0 {
		if n[cyrillicScript] > 0 && ascii > 0 && n[latinScript] == ascii && n[latinScript]+n[cyrillicScript] == ascii+foreign {
			return f.cyrillic(word, ascii)
		}
		if k >= 2 && near == 0 && oddly == odd[latinScript] && n[latinScript] < k+oddly {
			return f.accented(word)
		}
		return "", false
	}
	other := foreign - (n[latinScript] - ascii)
	fold := false
	switch {
	case other == 0: // Latin letters with extensions
		fold = ascii > 0 && k >= 4 && known(show) || ascii >= 3 && justScript(word) && plausibleWord(show)
	case n[latinScript] > 0: // mixed
		fold = near == 0 && (k >= 3 || n[greekScript] == 0) ||
			near > 0 && k >= 4 && (known(show) || ascii*2 >= k && k >= 5 && plausibleWord(show))
		if !fold && n[cyrillicScript]+ascii == k {
			return f.cyrillic(word, ascii)
		}
	case k >= 2:
		fold = f.whole(n, near, show)
	case k == 1 && near == 0 && n[decorScript] == 0:
		fold = f.whole(n, near, show) && f.woven
	}
	if fold {
		f.u.res.Signals.Confusables += foreign
	}
	return show, fold
}

// accented returns a word of Latin letters, some of which show no other one, and of
// look-alikes, with these as what they show.
func (f *wordFold) accented(word string) (string, bool) {
	var b strings.Builder
	for _, r := range word {
		if l, ok := lookalikeOf(r); ok && scriptOf(r) != latinScript {
			r = rune(l.to)
			f.u.res.Signals.Confusables++
		}
		b.WriteRune(r)
	}
	return b.String(), true
}

// justScript reports whether the only letters outside ASCII are script a and g.
func justScript(word string) bool {
	for _, r := range word {
		if r >= utf8.RuneSelf && r != 'ɑ' && r != 'ɡ' {
			return false
		}
	}
	return true
}

// plausibleWord reports whether a word looks English.
func plausibleWord(word string) bool {
	mean, _ := english(word)
	return known(word) || mean < 17
}

// cyrillic writes the Latin letters of a Cyrillic word with their look-alikes.
func (f *wordFold) cyrillic(word string, ascii int) (string, bool) {
	out := make([]rune, 0, len(word))
	for _, r := range word {
		if r < utf8.RuneSelf {
			if r = toCyrillic[r]; r == 0 {
				return "", false
			}
		}
		out = append(out, r)
	}
	if ascii*2 > len(out) {
		return "", false
	}
	f.u.res.Signals.Confusables += ascii
	return string(out), true
}
