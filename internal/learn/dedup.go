package learn

import (
	"hash/fnv"
	"strings"
	"unicode"
)

// Near-duplicates are found by MinHash over shingles of three words (Broder,
// "On the resemblance and containment of documents", 1997): texts whose
// signatures agree in one of the bands are the same. With 6 bands of 4, texts
// that share 8 of 10 shingles are found with 96 % probability, those that share
// half of them with 32 %.
const (
	bands    = 6
	bandSize = 4
	shingle  = 3
)

// dedup drops every row that nearly repeats an earlier one of the same kind of
// label. The first of its kind stays, so seeds win over copies in corpora.
func dedup(rows []Row) []Row {
	type key struct {
		band int
		hash uint64
		pos  [heads]int8
	}
	seen := make(map[key]bool, len(rows)*bands)
	out := make([]Row, 0, len(rows))
	for i := range rows {
		var y [heads]int8
		for h, t := range rows[i].targets() {
			y[h] = t.y
		}
		sig := signature(rows[i].Text)
		dup := false
		for b, s := range sig {
			dup = dup || seen[key{b, s, y}]
		}
		if dup {
			continue
		}
		for b, s := range sig {
			seen[key{b, s, y}] = true
		}
		out = append(out, rows[i])
	}
	return out
}

// signature returns the hash of each band.
func signature(text string) (out [bands]uint64) {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		words = []string{text}
	}
	var least [bands * bandSize]uint64
	for i := range least {
		least[i] = ^uint64(0)
	}
	hashes := make([]uint64, len(words))
	for i, w := range words {
		f := fnv.New64a()
		f.Write([]byte(w))
		hashes[i] = f.Sum64()
	}
	n := min(shingle, len(hashes))
	for i := 0; i+n <= len(hashes); i++ {
		var h uint64
		for _, w := range hashes[i : i+n] {
			h = scramble(h ^ w)
		}
		for k := range least {
			least[k] = min(least[k], scramble(h+uint64(k)*0x9e3779b97f4a7c15))
		}
	}
	for b := range out {
		for _, v := range least[b*bandSize : (b+1)*bandSize] {
			out[b] = scramble(out[b] ^ v)
		}
	}
	return out
}

// scramble is the finaliser of SplitMix64 (Steele, Lea, Flood, 2014).
func scramble(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
