package normal

import (
	"strings"
	"unicode/utf8"
)

// A text is written in leetspeak where words with digits inside follow one
// another: each weighs leetGain, or wordGain if what it is written for is in the
// vocabulary, and what is no such word takes its part away.
// A stretch begins with a word that has digits and ends where the balance falls
// to leetFloor. It is leetspeak if the balance once reached leetEnough, which
// takes two words and more, a third of all and more. There, and nowhere else,
// words are folded whatever their language.
const (
	leetGain   = 2
	wordGain   = 4
	plainLoss  = 1
	codeLoss   = 4
	leetEnough = 4 * leetGain // and no more is counted, so that a stretch ends
	leetFloor  = -2
)

// maxLeetMean is the mean cost from which on the letters of a fold tell nothing
// about their text. Most words of most languages in Latin letters stay below
// it, one in ten of letters and digits at random does.
const maxLeetMean = 24

// cWord is what words are made of.
const cWord = cLetter | cDigit | cLeet | cForeign

// leetThroughout reports whether the word at start stands in a stretch of
// leetspeak. It is asked from left to right, so that each byte is weighed once.
func (f *wordFold) leetThroughout(start int) bool {
	if f.weighed <= start {
		f.weigh(start)
	}
	return f.throughout
}

// weigh looks from the word at i on for where the stretch ends that begins with
// it, which is behind that word at the earliest.
func (f *wordFold) weigh(i int) {
	text, balance, last := f.text, 0, ""
	f.throughout = false
	for i < len(text) {
		if class[text[i]]&cWord == 0 {
			i++
			continue
		}
		start, all := i, uint8(0)
		for i < len(text) && class[text[i]]&cWord != 0 {
			all |= class[text[i]]
			i++
		}
		if all&(cLetter|cForeign) == 0 || i-start < 3 {
			continue // a number, a sign, a letter or two
		}
		gain := -plainLoss
		if all&(cDigit|cLeet) != 0 {
			word := text[start:i]
			gain = evidence(word, all&cForeign != 0)
			if gain > 0 {
				if len(last) >= 3 && word[:3] == last[:3] {
					gain = 0 // codes of one kind begin alike
				}
				last = word
			}
		}
		if balance = min(balance+gain, leetEnough); balance <= leetFloor {
			break
		}
		f.throughout = f.throughout || balance == leetEnough
	}
	f.weighed = i
}

// evidence says what a word with digits or signs adds to the balance.
func evidence(word string, foreign bool) int {
	for word != "" && class[word[len(word)-1]]&cLeet != 0 {
		word = word[:len(word)-1] // the end of a sentence
	}
	if len(word) > maxLeet || foreign && !latinWord(word) {
		return -plainLoss
	}
	s, ok := shapeOf(word)
	switch {
	case s.letters == len(word):
		return -plainLoss
	case !ok || s.camel:
		return -codeLoss
	case ordinal(word):
		return 0
	}
	if gain := s.spelt(word); gain > 0 {
		return gain
	}
	switch {
	case len(word) < 5 || s.letters < 2 || s.digits == 0 || s.digits > 3*s.letters || s.longest > 3 || s.hexadecimal || s.signs > 0 && s.leads:
		return 0
	case s.inner == 0 && (!s.leads || s.groups < 2): // a unit, a version, a name with a number
		return 0
	case s.capitals: // a plate, a formula
		return -plainLoss
	case leetMean(word) >= maxLeetMean:
		return -plainLoss
	}
	return leetGain
}

// spelt is the evidence of a word whose digits and signs stand for letters of a word
// of the vocabulary; 0 if they do not, or may as well be a number.
func (s *shape) spelt(word string) int {
	if s.trails || s.hexadecimal || s.digits == 0 || s.letters == 1 && s.groups < 2 {
		return 0
	}
	if s.letters == 2 && s.groups == 1 && s.longest > 1 {
		return 0 // the number counts letters left out: l10n
	}
	var buf [maxLeet]byte
	if _, ok := unleet(&buf, word, s.ones); !ok {
		return 0
	}
	if len(word) >= 4 && (s.inner > 0 || s.groups > 1) {
		return wordGain
	}
	return leetGain
}

// ordinal reports whether word is a number that counts places: 1st.
func ordinal(word string) bool {
	n := len(word)
	if n < 3 || class[word[n-3]]&cDigit == 0 {
		return false
	}
	switch strings.ToLower(word[n-2:]) {
	case "st", "nd", "rd", "th":
		return strings.Trim(word[:n-2], "0123456789") == ""
	}
	return false
}

// latinWord reports whether all letters of a word are Latin.
func latinWord(word string) bool {
	for _, r := range word {
		if r >= utf8.RuneSelf && scriptOf(r) != latinScript {
			return false
		}
	}
	return true
}

// leetSymbol is symbol, with the digits and signs as what they are drawn for.
var leetSymbol = func() (t [256]uint8) {
	t = symbol
	for i, l := range leetLetter {
		if l != 0 {
			t[i] = symbol[l]
		}
	}
	return t
}()

// leetMean is the mean cost of the letters that a word is written for.
func leetMean(word string) float64 {
	prev, sum := uint8(boundary), 0
	for i := 0; i < len(word); i++ {
		s := leetSymbol[word[i]]
		sum += int(cost[uint(prev)<<5|uint(s)])
		prev = s
	}
	return float64(sum+int(cost[uint(prev)<<5|boundary])) / float64(len(word)+1)
}

// fitsThroughout reports whether a word of a stretch of leetspeak is folded:
// not names in camel case, long hexadecimal numbers, numbers with units and
// names with a number at the end.
func (s *shape) fitsThroughout(core string, word []byte, spelt bool) bool {
	switch {
	case ordinal(core):
		return false
	case spelt && len(core) >= 4:
		return true
	case s.camel, s.longest > 4, s.digits > 4*s.letters, s.signs > 0 && s.leads, s.hexadecimal && len(core) > 6:
		return false
	case spelt:
		return true
	case len(core) == 2:
		return strings.Contains("0134", core[1:]) // de, la, mi, no
	case s.leads && s.groups == 1 && s.digits > 1 && s.letters < 3:
		return false
	}
	return !s.trails || !strings.ContainsAny(core, "aeiostAEIOST")
}

// leetNumber returns the word that text[start:end], digits alone, is written for
// in a stretch of leetspeak.
func (f *wordFold) leetNumber(start, end int) (string, bool) {
	if end-start < 3 || end-start > 7 || f.dashed(start, end) {
		return "", false
	}
	for i := start; i < end; i++ {
		if leetLetter[f.text[i]] == 0 {
			return "", false
		}
	}
	var buf [maxLeet]byte
	core := f.text[start:end]
	if word, _ := unleet(&buf, core, strings.Contains(core, "1")); known(word) {
		return strings.ToLower(string(word)), f.leetThroughout(start)
	}
	return "", false
}

// dashed reports whether text[start:end] stands beside a dash, as the parts of
// ids and of numbers do.
func (f *wordFold) dashed(start, end int) bool {
	return start > 0 && f.text[start-1] == '-' || end < len(f.text) && f.text[end] == '-'
}

// leetAccented folds the digits of text[start:end], a word with letters outside
// ASCII in a stretch of leetspeak, and returns up to where the text is written.
func (f *wordFold) leetAccented(start, end, from int) (int, bool) {
	core := f.text[start:end]
	s, ok := shapeOf(core)
	if !ok || len(core) > maxLeet || !latinWord(core) || !f.leetThroughout(start) {
		return from, false
	}
	var buf [maxLeet]byte
	word, spelt := unleet(&buf, core, s.ones)
	if !s.fitsThroughout(core, word, spelt) {
		return from, false
	}
	for i := start; i < end; i++ {
		if class[f.text[i]]&cDigit != 0 {
			f.b.copy(f.text, from, i)
			f.b.replaceByte(word[i-start], i, i+1)
			from = i + 1
		}
	}
	f.changed = true
	return from, true
}
