package normal

import (
	"strings"
)

// commonSep returns what most often parts the letters of a chain.
func commonSep(text string, chain []single) string {
	var seps [4]string
	var counts [4]int
	for k := range chain[:len(chain)-1] {
		sep := chain[k].sep(text)
		for i := range seps {
			if counts[i] == 0 || seps[i] == sep {
				seps[i] = sep
				counts[i]++
				break
			}
		}
	}
	best := 0
	for i := range counts {
		if counts[i] > counts[best] {
			best = i
		}
	}
	return seps[best]
}

// minSpaced is how many words joined show that a text is written letter by letter.
const minSpaced = 3

// Shortest chains that are joined for how they are parted alone.
const (
	minSyllables = 8  // of characters that may be words by themselves
	minApart     = 12 // of letters of any language, in words further apart
)

// joinable reports whether the joined letters are words, which are not asked for their
// meaning in a text in which enough of them were joined before.
func joinable(text string, chain []single, sep string, spaced int) bool {
	if !parting(sep) {
		return false
	}
	var buf [2 * maxChain]byte
	shown := buf[:0]
	foreign, digits, syllables, groups := 0, 0, 0, 1
	for i, s := range chain {
		if s.syllable {
			syllables++
		}
		if s.shows == 0 {
			foreign++
		} else {
			shown = append(shown, s.shows)
			if s.digit {
				digits++
			}
		}
		if i+1 < len(chain) && s.sep(text) != sep {
			groups++
			shown = append(shown, ' ')
		}
	}
	if len(chain)*2 < groups*5 {
		return false // columns and lists rather than words
	}
	if syllables > 0 {
		return len(chain) >= minSyllables && len(sep) == 1
	}
	if foreign > 0 && len(chain) >= minApart && groups >= minSpaced && len(sep) == 1 {
		return true
	}
	if foreign*2 > len(chain) {
		return len(chain) >= 5 && len(sep) == 1
	}
	if foreign > 0 || digits*2 > len(chain) {
		return false
	}
	return spaced >= minSpaced && len(chain) > minJoin || joinedWords(string(shown))
}

// parting reports whether sep parts letters of a word: one sign, or spaces.
func parting(sep string) bool {
	switch len(sep) {
	case 1:
		return strings.Contains(" .-_*/|,~:+\n\t", sep)
	case 2, 3:
		return strings.Trim(sep, " ") == "" || sep == "·" || sep == "•" || sep == " - " || sep == " . " || sep == "\u00a0" || sep == "--" || sep == "**"
	}
	return false
}

// joinedWords reports whether joined letters read as words: most are of the
// lexicon or of the vocabulary, or fall apart into words of the lexicon, or look English.
func joinedWords(text string) bool {
	w := countWords(text)
	if w.letters < minJoin {
		return false
	}
	if w.longest >= 3 && w.knownLetters*2 >= w.letters {
		return true
	}
	mean, n := english(text)
	if n >= 6 && mean < 15.5 {
		return true
	}
	found, spelt := 0, 0
	for i := 0; i < len(text); {
		j := i
		for j < len(text) && text[j] != ' ' {
			j++
		}
		if vocab().has([]byte(text[i:j])) {
			spelt += j - i
		}
		_, k := parts(text[i:j])
		found += k
		i = j + 1
	}
	return n >= 6 && max(spelt, found)*4 >= n*3
}

// parts cuts glued letters into words of the lexicon, preferring long ones. It
// returns where words begin and how many letters are in known ones.
func parts(glued string) (begins []bool, found int) {
	n := len(glued)
	if n > maxChain {
		return nil, 0
	}
	var best [maxChain + 1]int32
	var step [maxChain + 1]int16
	for i := n - 1; i >= 0; i-- {
		best[i], step[i] = best[i+1], 1
		at := uint16(0)
		for j := i; j < n; j++ {
			c := glued[j] | 0x20 - 'a'
			if c > 25 {
				break
			}
			if at = lexicon[at].child[c]; at == 0 {
				break
			}
			size := int32(j - i + 1)
			if sum := size*size + best[j+1]; lexicon[at].word && size > 1 && sum > best[i] {
				best[i], step[i] = sum, int16(size)
			}
		}
	}
	begins = make([]bool, n+1)
	for i, last := 0, int16(0); i < n; {
		if step[i] > 1 {
			begins[i] = true
			found += int(step[i])
		} else if last != 1 || i == 0 {
			begins[i] = true
		}
		last = step[i]
		i += int(step[i])
	}
	return begins, found
}
