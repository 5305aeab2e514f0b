package detect

import (
	"unicode/utf8"
)

// A unit is what fingerprints count: a run of letters, digits and marks, or one
// character of a script without spaces.
type unit struct {
	start, end int
	// whole is false when the unit goes on from before the place where the
	// search began.
	whole bool
}

// nextUnit returns the first unit at or after i; start is len(text) if there is
// none.
func nextUnit(text string, i int) unit {
	from := i
	for i < len(text) {
		if b := text[i]; b < utf8.RuneSelf {
			if !is(b, classAlnum) {
				i++
				continue
			}
		} else if r, w := utf8.DecodeRuneInString(text[i:]); !unitRune(r) {
			i += w
			continue
		} else if unspaced(r) {
			return unit{start: i, end: i + w, whole: true}
		}
		u := unit{start: i, end: unitEnd(text, i), whole: true}
		if p := before(text, i); i == from && unitRune(p) && !unspaced(p) {
			u.whole = false
		}
		return u
	}
	return unit{start: len(text), end: len(text)}
}

// unitEnd returns where the unit that begins at text[i], of a script with
// spaces, ends.
func unitEnd(text string, i int) int {
	for i < len(text) {
		if b := text[i]; b < utf8.RuneSelf {
			if !is(b, classAlnum) {
				break
			}
			i++
			continue
		}
		r, w := utf8.DecodeRuneInString(text[i:])
		if !unitRune(r) || unspaced(r) {
			break
		}
		i += w
	}
	return i
}

// unitRune reports whether r is part of units: as in words, but "_" is not, which
// marks emphasis.
func unitRune(r rune) bool { return r != '_' && wordRune(r) }

func (u unit) text(text string) string { return text[u.start:u.end] }

// hash returns a hash of the unit, case folded. Words too long to be compared
// hash to what no fingerprint holds.
func (u unit) hash(text string) uint64 {
	if u.end-u.start > maxLeakWord {
		return 0
	}
	h := uint64(14695981039346656037) // FNV-1a over characters
	for i := u.start; i < u.end; {
		r, w := rune(foldByte(text[i])), 1
		if r >= utf8.RuneSelf {
			r, w = utf8.DecodeRuneInString(text[i:])
			r = simpleFold(r)
		}
		h = (h ^ uint64(r)) * 1099511628211
		i += w
	}
	return h | 1
}

// joinHash adds a word to the hash of the words before it. The finaliser is that
// of SplitMix64 (Steele, Lea, Flood, 2014).
func joinHash(h, word uint64) uint64 {
	h = h*0x9E3779B97F4A7C15 + word
	h = (h ^ h>>30) * 0xBF58476D1CE4E5B9
	h = (h ^ h>>27) * 0x94D049BB133111EB
	return (h ^ h>>31) | 1
}

// hashSet is a set of hashes other than 0, open addressed.
type hashSet struct{ slots []uint64 }

// newHashSet returns a set with room for n.
func newHashSet(n int) hashSet {
	size := 16
	for size < 2*n {
		size *= 2
	}
	return hashSet{make([]uint64, size)}
}

func (s hashSet) add(h uint64) {
	for i := int(h>>1) & (len(s.slots) - 1); ; i = (i + 1) & (len(s.slots) - 1) {
		if s.slots[i] == h {
			return
		}
		if s.slots[i] == 0 {
			s.slots[i] = h
			return
		}
	}
}

func (s hashSet) has(h uint64) bool {
	for i := int(h>>1) & (len(s.slots) - 1); s.slots[i] != 0; i = (i + 1) & (len(s.slots) - 1) {
		if s.slots[i] == h {
			return true
		}
	}
	return false
}
