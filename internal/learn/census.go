package learn

import (
	"math"
	"math/bits"

	"warder.example/guard/textmodel"
)

// A feature is used if texts of minGroups groups of sources and minTexts texts
// have it: what only one source says is more likely its habit than its meaning.
// If more than a fraction of maxFill of the buckets were used, minTexts rises:
// features never seen fall into any bucket, and in an unused one they do no
// harm.
const (
	minGroups = 2
	minTexts  = 4
	maxFill   = 0.3
)

// slotBits is the logarithm of the number of slots of a bucket. Features are
// counted by slot, so that few share one.
const slotBits = 5

// census counts the texts and the groups of sources of each feature.
type census struct {
	bits   int // logarithm of the number of slots
	texts  []uint16
	last   []int32  // 1 + the row that was counted last
	groups []uint64 // a bit for each group, modulo 64
	number map[string]uint
}

func newCensus(logBuckets int) *census {
	n := 1 << (logBuckets + slotBits)
	return &census{logBuckets + slotBits, make([]uint16, n), make([]int32, n), make([]uint64, n), map[string]uint{}}
}

// count counts the features of row i.
func (c *census) count(i int, group string, segs []textmodel.Segment) {
	g, ok := c.number[group]
	if !ok {
		g = uint(len(c.number)) % 64
		c.number[group] = g
	}
	for k := range segs {
		for _, list := range listed(&segs[k]) {
			for _, h := range list {
				slot := h >> (64 - c.bits)
				if c.last[slot] == int32(i+1) {
					continue
				}
				c.last[slot] = int32(i + 1)
				c.groups[slot] |= 1 << g
				c.texts[slot] += min(1, math.MaxUint16-c.texts[slot])
			}
		}
	}
}

// weights returns for each bucket the inverse document frequency of its
// features, 0 if none is used.
func (c *census) weights(rows int) []float32 {
	least := uint16(minTexts)
	idf := make([]float32, len(c.texts)>>slotBits)
	for {
		used := 0
		clear(idf)
		for slot, n := range c.texts {
			if n < least || bits.OnesCount64(c.groups[slot]) < min(minGroups, len(c.number)) {
				continue
			}
			w := &idf[slot>>slotBits]
			if *w == 0 {
				used++
			}
			if x := float32(1 + math.Log(float64(rows)/float64(n))); *w == 0 || x < *w {
				*w = x
			}
		}
		if float64(used) <= maxFill*float64(len(idf)) || least > 1000 {
			return idf
		}
		least++
	}
}
