package detect

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// wordTrie finds whole words and phrases, case folded.
type wordTrie struct {
	nodes   []trieNode
	firsts  [utf8.RuneSelf]bool // folded ASCII that begins an entry
	high    bool                // an entry begins with another character
	longest int                 // bytes a match may take, with what decides its end
}

type trieNode struct {
	next map[rune]int32
	id   int // of the entry that ends here; -1
}

func newWordTrie() *wordTrie { return &wordTrie{nodes: []trieNode{{id: -1}}} }

// add enters a word; of equal words the first keeps its id.
func (t *wordTrie) add(word string, id int) {
	word = strings.Join(strings.Fields(word), " ")
	at, size := int32(0), utf8.UTFMax
	for i, r := range word {
		r = simpleFold(r)
		if i == 0 {
			if r < utf8.RuneSelf {
				t.firsts[r] = true
			} else {
				t.high = true
			}
		}
		size += utf8.UTFMax
		if r == ' ' {
			size += maxDenySpace * utf8.UTFMax
		}
		if t.nodes[at].next == nil {
			t.nodes[at].next = map[rune]int32{}
		}
		to, ok := t.nodes[at].next[r]
		if !ok {
			to = int32(len(t.nodes))
			t.nodes[at].next[r] = to
			t.nodes = append(t.nodes, trieNode{id: -1})
		}
		at = to
	}
	if t.nodes[at].id < 0 {
		t.nodes[at].id = id
	}
	t.longest = max(t.longest, size)
}

// find returns the first, then longest, entry in text[from:] and its id; or id
// -1 and live, as a [finder] does.
func (t *wordTrie) find(text string, from int, end bool) (start, stop, id, live int) {
	for i := from; i < len(text); {
		r, w := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, w = utf8.DecodeRuneInString(text[i:])
		}
		if f := simpleFold(r); (f < utf8.RuneSelf && t.firsts[f] || f >= utf8.RuneSelf && t.high) && wordEdge(before(text, i), r) {
			stop, id, more := t.at(text, i, end)
			if more {
				return 0, 0, -1, i
			}
			if id >= 0 {
				return i, stop, id, i
			}
		}
		i += w
	}
	return 0, 0, -1, len(text)
}

// at returns the longest entry that stands at text[i:]; more says that the text
// ended before that was certain.
func (t *wordTrie) at(text string, i int, end bool) (stop, id int, more bool) {
	id = -1
	node, last := int32(0), rune(0)
	for {
		if n := t.nodes[node]; n.id >= 0 {
			if i == len(text) && !end {
				return 0, -1, true
			}
			if i == len(text) || wordEdge(last, after(text, i)) {
				stop, id = i, n.id
			}
		}
		if t.nodes[node].next == nil {
			return stop, id, false
		}
		if i == len(text) {
			return stop, id, !end
		}
		r, w := utf8.DecodeRuneInString(text[i:])
		f := simpleFold(r)
		if unicode.IsSpace(r) {
			f = ' '
			w = spaces(text[i:])
			if w == 0 {
				return stop, id, false
			}
			if _, ok := t.nodes[node].next[' ']; ok && i+w == len(text) && !end {
				return 0, -1, true
			}
		}
		to, ok := t.nodes[node].next[f]
		if !ok {
			return stop, id, false
		}
		node, last, i = to, r, i+w
	}
}

// spaces returns the length in bytes of the white space at the start of s, 0 if
// it is longer than one space of a phrase may be.
func spaces(s string) int {
	n := 0
	for i, r := range s {
		if !unicode.IsSpace(r) {
			return i
		}
		if n++; n > maxDenySpace {
			return 0
		}
	}
	return len(s)
}

// before returns the character before text[i], -1 at the start.
func before(text string, i int) rune {
	if i == 0 {
		return -1
	}
	if b := text[i-1]; b < utf8.RuneSelf {
		return rune(b)
	}
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return r
}

// after returns the character at text[i].
func after(text string, i int) rune {
	r, _ := utf8.DecodeRuneInString(text[i:])
	return r
}

// wordEdge reports whether a word may end or begin between two characters; -1
// stands for the start of a text.
func wordEdge(a, b rune) bool {
	return !wordRune(a) || !wordRune(b) || unspaced(a) || unspaced(b)
}

// wordRune reports whether r is part of words.
func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 0 && is(byte(r), classWord)
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.M)
}

// unspaced reports whether r is of a script in which words run on.
func unspaced(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// simpleFold returns the smallest character that differs from r in case only.
func simpleFold(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}
	low := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		low = min(low, f)
	}
	if 'A' <= low && low <= 'Z' {
		low += 'a' - 'A' // the Kelvin sign and the long s
	}
	return low
}
