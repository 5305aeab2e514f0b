package detect

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Bounds of fingerprints.
const (
	leakSize = 8 // words of one fingerprint
	// minLeakSize is the shortest prompt that has one, in words.
	minLeakSize = 5
	// maxLeakText is how much of the instructions is fingerprinted; what
	// follows is not.
	maxLeakText = 64 << 10
	// leakRare is how many words of a fingerprint must be neither function
	// words nor part of a public phrase.
	leakRare = 3
)

// leakPrint is what is known of one set of instructions. It holds hashes, the
// distinct words, and the values that they call secret.
type leakPrint struct {
	size   int // words of a fingerprint; 0: nothing to look for
	total  int // words of the instructions
	starts hashSet
	inside hashSet
	words  []string // folded, sorted: what a word at the end may become
	values *wordTrie
	bytes  int // memory, roughly
}

// newLeakPrint fingerprints the instructions.
func newLeakPrint(texts []string) *leakPrint {
	text := strings.Join(texts, "\n")
	if len(text) > maxLeakText {
		text = text[:runeFloorAt(text, maxLeakText)]
	}
	var hashes []uint64
	var rare []bool
	p := &leakPrint{values: declaredValues(text)}
	for u := nextUnit(text, 0); u.start < len(text); u = nextUnit(text, u.end) {
		w := foldString(u.text(text))
		hashes = append(hashes, u.hash(text))
		rare = append(rare, !functionWord(w))
		p.words = append(p.words, w)
	}
	p.total = len(hashes)
	markPublic(hashes, rare)
	if p.total >= minLeakSize {
		p.size = min(leakSize, p.total)
		p.fill(hashes, rare)
	}
	slices.Sort(p.words)
	p.words = slices.Compact(p.words)
	p.bytes = 8*(len(p.starts.slots)+len(p.inside.slots)) + 24*len(p.words) + len(text) + 512
	if p.values != nil {
		p.bytes += 64 * len(p.values.nodes)
	}
	return p
}

// fill enters every run of size words: all into inside, those that hold enough
// rare words, and what leads to them, into starts.
func (p *leakPrint) fill(hashes []uint64, rare []bool) {
	n := len(hashes) - p.size + 1
	p.inside, p.starts = newHashSet(n), newHashSet(n*p.size)
	for i := range n {
		h, seen, distinct := uint64(0), 0, map[uint64]bool{}
		for k := i; k < i+p.size; k++ {
			h = joinHash(h, hashes[k])
			if rare[k] && !distinct[hashes[k]] {
				distinct[hashes[k]] = true
				seen++
			}
		}
		p.inside.add(h)
		if seen < leakRare {
			continue
		}
		h = 0
		for k := i; k < i+p.size; k++ {
			h = joinHash(h, hashes[k])
			p.starts.add(h)
		}
	}
}

// hasPrefix reports whether a word of the instructions begins with s.
func (p *leakPrint) hasPrefix(s string) bool {
	s = foldString(s)
	at, _ := slices.BinarySearch(p.words, s)
	return at < len(p.words) && strings.HasPrefix(p.words[at], s)
}

// foldString folds the case of every character.
func foldString(s string) string { return strings.Map(simpleFold, s) }

func runeFloorAt(s string, i int) int {
	for i > 0 && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}

// publicSize is how many words in a row make a public phrase recognised.
const publicSize = 4

var publicRuns = sync.OnceValue(func() hashSet {
	var all []uint64
	for _, phrase := range publicPhrases {
		var hashes []uint64
		for u := nextUnit(phrase, 0); u.start < len(phrase); u = nextUnit(phrase, u.end) {
			hashes = append(hashes, u.hash(phrase))
		}
		for i := 0; i+publicSize <= len(hashes); i++ {
			all = append(all, runHash(hashes[i:i+publicSize]))
		}
	}
	s := newHashSet(len(all))
	for _, h := range all {
		s.add(h)
	}
	return s
})

func runHash(hashes []uint64) (h uint64) {
	for _, w := range hashes {
		h = joinHash(h, w)
	}
	return h
}

// markPublic clears rare for the words of public phrases.
func markPublic(hashes []uint64, rare []bool) {
	public := publicRuns()
	for i := 0; i+publicSize <= len(hashes); i++ {
		if public.has(runHash(hashes[i : i+publicSize])) {
			for k := i; k < i+publicSize; k++ {
				rare[k] = false
			}
		}
	}
}
