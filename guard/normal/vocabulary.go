package normal

import (
	_ "embed"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:generate go run gen_vocabulary.go

// vocabularyFile holds one word a line, in lower case: what attacks and everyday
// texts of the project's own corpus are made of. The English words come first, then,
// behind an empty line, those of other languages.
//
//go:embed vocabulary.txt
var vocabularyFile string

// vocabulary finds words by their first and last byte and what stands between, in
// any order: a hash of a word is the sum of random numbers for its bytes, so that
// a letter more, less or exchanged costs one addition. It is not changed once made.
type vocabulary struct {
	// slots is an open-addressing table; a slot has the upper half of the key, the
	// offset of the word in text, whether it is English and its length, and is 0 where
	// there is none.
	slots []uint64
	shift uint
	text  string
}

// Parts of a slot.
const (
	slotTag     = 32 // the tag is above
	slotOffset  = 8
	slotForeign = 1 << 7 // not English
	slotLength  = slotForeign - 1
)

// wordBytes are the random numbers of bytes of words, alike for both cases of an
// ASCII letter; 0 for ASCII that is no letter.
var wordBytes = func() (t [256]uint64) {
	for i := range t {
		c := uint64(i)
		if i < utf8.RuneSelf {
			if class[i]&cLetter == 0 {
				continue
			}
			c |= 0x20
		}
		t[i] = scatter(c + 1)
	}
	return t
}()

// scatter is the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
func scatter(x uint64) uint64 {
	x *= 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// wordKey is the key of a word of n bytes whose numbers add up to sum. The first and
// the last byte count by their place, too.
func wordKey(sum uint64, first, last byte, n int) uint64 {
	k := sum + 3*wordBytes[first] + 5*wordBytes[last] + uint64(n)
	k *= 0x9e3779b97f4a7c15
	return k ^ k>>29
}

var vocab = sync.OnceValue(func() *vocabulary { return newVocabulary(vocabularyFile) })

// newVocabulary makes a vocabulary of the words of text, one a line.
func newVocabulary(text string) *vocabulary {
	size := 16
	for size < 2*strings.Count(text, "\n") {
		size *= 2
	}
	v := &vocabulary{slots: make([]uint64, size), text: text}
	for v.shift = 32; 1<<(32-v.shift) < size; v.shift-- {
	}
	foreign := uint64(0)
	for at := 0; at < len(text); {
		n := strings.IndexByte(text[at:], '\n')
		if word := text[at : at+n]; n > 0 {
			v.put(word, at, foreign)
		} else {
			foreign = slotForeign
		}
		at += n + 1
	}
	return v
}

func (v *vocabulary) put(word string, at int, foreign uint64) {
	key := keyOf(word)
	i := v.home(key)
	for v.slots[i] != 0 {
		i = (i + 1) & (len(v.slots) - 1)
	}
	v.slots[i] = key>>slotTag<<slotTag | uint64(at)<<slotOffset | foreign | uint64(len(word))
}

// keyOf returns the key of a word in lower case.
func keyOf[T string | []byte](word T) uint64 {
	sum := uint64(0)
	for i := range len(word) {
		sum += wordBytes[word[i]]
	}
	return wordKey(sum, word[0], word[len(word)-1], len(word))
}

// home returns the slot at which a search for the key begins.
func (v *vocabulary) home(key uint64) int { return int(uint32(key) >> v.shift) }

// word returns the word of a slot.
func (v *vocabulary) word(slot uint64) string {
	at := int(uint32(slot) >> slotOffset)
	return v.text[at : at+int(slot&slotLength)]
}

// has reports whether word is in the vocabulary without regard to the case of its
// ASCII letters.
func (v *vocabulary) has(word []byte) bool {
	if len(word) == 0 {
		return false
	}
	_, same := v.find(keyOf(word), word)
	return same
}

// find looks among the words of a key for one that is word without regard to the
// case of ASCII letters, and returns its slot. If there is none, it returns the slot
// of the first word that has the bytes of word in another order, or 0.
func (v *vocabulary) find(key uint64, word []byte) (slot uint64, same bool) {
	for i := v.home(key); v.slots[i] != 0; i = (i + 1) & (len(v.slots) - 1) {
		s := v.slots[i]
		if s>>slotTag != key>>slotTag || int(s&slotLength) != len(word) {
			continue
		}
		if sameFolded(v.word(s), word) {
			return s, true
		}
		if slot == 0 {
			slot = s
		}
	}
	return slot, false
}

// sameFolded reports whether word is lower but for the case of ASCII letters.
func sameFolded(lower string, word []byte) bool {
	for i := range len(lower) {
		if c := word[i]; lower[i] != c && (lower[i] != c|0x20 || c >= utf8.RuneSelf) {
			return false
		}
	}
	return true
}
