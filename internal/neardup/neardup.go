// Package neardup finds out which texts are nearly the same, so that a hundred copies
// of one text with another name in it count as one text where somebody counts texts.
//
// Two texts are nearly the same when they share about three quarters of their grams of
// five characters (letter case, digits and white space aside), as estimated from
// minhashes. Texts of which that is true in a chain are all one cluster.
package neardup

import (
	"math"
	"unicode"
)

const (
	gramRunes = 5
	hashes    = 64 // of a text; the estimate errs by some 5 points
	alike     = 48 // of them are equal in near-duplicates
	bandRows  = 4  // texts are compared that agree in one of hashes/bandRows bands
	// maxBand bounds how many unlike texts of one band a text is compared with.
	maxBand = 32
)

// Set is texts and which of them count as one. Texts are numbered as they come, from
// 0, and take some 350 bytes each. It is used by one goroutine.
type Set struct {
	parent  []int
	sketch  [][hashes]uint32
	bands   map[uint64][]int
	by      map[uint64]int // first text of a key
	factors [hashes]uint64
}

// New returns a set without texts.
func New() *Set {
	g := &Set{bands: map[uint64][]int{}, by: map[uint64]int{}}
	x := uint64(0x9E3779B97F4A7C15)
	for i := range g.factors {
		x = mix(x + 0x9E3779B97F4A7C15)
		g.factors[i] = x | 1
	}
	return g
}

// Add numbers a text and joins it with those of its kind that are nearly the same. It
// takes time linear in the text.
func (g *Set) Add(kind, text string) int {
	i := len(g.parent)
	g.parent = append(g.parent, i)
	g.sketch = append(g.sketch, g.sketchOf(text))
	for b := 0; b < hashes; b += bandRows {
		key := mix(uint64(b)) ^ text64(kind)
		for _, h := range g.sketch[i][b : b+bandRows] {
			key = mix(key ^ uint64(h))
		}
		met := false
		for _, j := range g.bands[key] {
			if g.Find(i) == g.Find(j) {
				met = true
			} else if g.near(i, j) {
				g.union(i, j)
				met = true
			}
		}
		if !met && len(g.bands[key]) < maxBand {
			g.bands[key] = append(g.bands[key], i)
		}
	}
	return i
}

// Join joins a text with all others of the same key.
func (g *Set) Join(i int, key string) {
	h := text64(key)
	if j, ok := g.by[h]; ok {
		g.union(i, j)
		return
	}
	g.by[h] = i
}

// near reports whether two texts are nearly the same.
func (g *Set) near(i, j int) bool {
	n := 0
	for h := range hashes {
		if g.sketch[i][h] == g.sketch[j][h] {
			n++
		}
	}
	return n >= alike
}

// Find returns what stands for the cluster of a text: the number of one of its texts,
// until another text is added or joined.
func (g *Set) Find(i int) int {
	for g.parent[i] != i {
		g.parent[i] = g.parent[g.parent[i]]
		i = g.parent[i]
	}
	return i
}

func (g *Set) union(i, j int) { g.parent[g.Find(i)] = g.Find(j) }

// sketchOf returns the minhashes of a text. It takes time linear in its length.
func (g *Set) sketchOf(text string) (out [hashes]uint32) {
	for h := range out {
		out[h] = math.MaxUint32
	}
	var gram [gramRunes]rune
	n, space := 0, true
	take := func(r rune) {
		copy(gram[:], gram[1:])
		gram[gramRunes-1] = r
		if n++; n < gramRunes {
			return
		}
		x := uint64(0)
		for _, r := range gram {
			x = mix(x ^ uint64(r))
		}
		for h := range out {
			out[h] = min(out[h], uint32(x*g.factors[h]>>32))
		}
	}
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			if !space {
				take(' ')
			}
			space = true
			continue
		case unicode.IsDigit(r):
			r = '0'
		default:
			r = unicode.ToLower(r)
		}
		space = false
		take(r)
	}
	for n < gramRunes { // a short text is one gram
		take(' ')
	}
	return out
}

// text64 is FNV-1a, mixed.
func text64(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

// mix is the finisher of splitmix64.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}
