package detect

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
)

// keywords finds many short ASCII strings at once, whatever their case. It looks
// three bytes ahead at every position and asks a 4 KB bit set whether any keyword
// begins so; only then it compares. On prose that is about one nanosecond a byte,
// and building it costs microseconds, which an automaton of the same keywords
// does not. It is safe for concurrent use once built.
type keywords struct {
	bits    [1 << 15 / 64]uint64
	ranks   [1 << 15 / 64]uint16 // bits set before each word of bits
	buckets [][]keyword          // one for each bit that is set, in order
	firsts  [256]bool            // first bytes, folded
	sorted  []string
	longest int
}

// keyword is one string and the numbers that the builder gave it.
type keyword struct {
	text string
	ids  []int
}

// hash3 folds three bytes into 15 bits; case folds with it, and some other bytes
// do too, so a hit must be compared.
func hash3(a, b, c byte) uint16 {
	return uint16(a&31)<<10 | uint16(b&31)<<5 | uint16(c&31)
}

// newKeywords builds the finder. A keyword has at least three bytes, is ASCII
// and in lower case.
func newKeywords(ids map[string][]int) (*keywords, error) {
	k, buckets := &keywords{}, map[uint16][]keyword{}
	for text, at := range ids {
		if len(text) < 3 || strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 || 'A' <= r && r <= 'Z' }) {
			return nil, fmt.Errorf("keyword %q: expected three or more lower-case ASCII bytes", text)
		}
		h := hash3(text[0], text[1], text[2])
		k.bits[h/64] |= 1 << (h % 64)
		buckets[h] = append(buckets[h], keyword{text, at})
		k.firsts[text[0]] = true
		k.sorted = append(k.sorted, text)
		k.longest = max(k.longest, len(text))
	}
	for _, h := range slices.Sorted(maps.Keys(buckets)) {
		b := buckets[h]
		slices.SortFunc(b, func(a, b keyword) int { return cmp.Or(len(b.text)-len(a.text), strings.Compare(a.text, b.text)) })
		k.buckets = append(k.buckets, b)
	}
	for i := 1; i < len(k.bits); i++ {
		k.ranks[i] = k.ranks[i-1] + uint16(bits.OnesCount64(k.bits[i-1]))
	}
	slices.Sort(k.sorted)
	return k, nil
}

// next returns the first position at or after i whose three bytes begin some
// keyword, and those that may; len(text) when there is none. The caller compares
// with [keyword.at].
func (k *keywords) next(text string, i int) (int, []keyword) {
	if i+2 >= len(text) {
		return len(text), nil
	}
	h := hash3(0, text[i], text[i+1])
	for j := i + 2; j < len(text); j++ {
		h = h<<5&(1<<15-1) | uint16(text[j]&31)
		if word, bit := k.bits[h/64%uint16(len(k.bits))], uint64(1)<<(h%64); word&bit != 0 {
			return j - 2, k.buckets[int(k.ranks[h/64])+bits.OnesCount64(word&(bit-1))]
		}
	}
	return len(text), nil
}

// at reports whether w stands in text at i, ASCII case ignored. Words of one
// bucket begin alike, so it compares from the end.
func (w *keyword) at(text string, i int) bool {
	if len(text)-i < len(w.text) {
		return false
	}
	s := text[i : i+len(w.text)]
	for j := len(s) - 1; j >= 0; j-- {
		if w.text[j] != foldByte(s[j]) {
			return false
		}
	}
	return true
}

// contains reports whether any keyword occurs in text.
func (k *keywords) contains(text string) bool {
	for i := 0; ; i++ {
		at, words := k.next(text, i)
		for j := range words {
			if words[j].at(text, at) {
				return true
			}
		}
		if at == len(text) {
			return false
		}
		i = at
	}
}

// partial returns the first position at or after from at which the text ends
// inside a keyword, len(text) if there is none. Positions that ok refuses do not
// count.
func (k *keywords) partial(text string, from int, ok func(at int) bool) int {
	for i := max(from, len(text)-k.longest+1, 0); i < len(text); i++ {
		if k.firsts[foldByte(text[i])] && k.begins(text[i:]) && ok(i) {
			return i
		}
	}
	return len(text)
}

// begins reports whether s is the beginning of a longer keyword.
func (k *keywords) begins(s string) bool {
	at, _ := slices.BinarySearchFunc(k.sorted, s, func(word, s string) int {
		for i := 0; i < len(word) && i < len(s); i++ {
			if c := int(word[i]) - int(foldByte(s[i])); c != 0 {
				return c
			}
		}
		return len(word) - len(s)
	})
	for ; at < len(k.sorted) && len(k.sorted[at]) == len(s) && hasFoldPrefix(s, k.sorted[at]); at++ {
	}
	return at < len(k.sorted) && len(k.sorted[at]) > len(s) && hasFoldPrefix(k.sorted[at], s)
}

// hasFoldPrefix reports whether s begins with prefix, ASCII case ignored.
func hasFoldPrefix(s, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := 0; i < len(prefix); i++ {
		if foldByte(s[i]) != foldByte(prefix[i]) {
			return false
		}
	}
	return true
}
