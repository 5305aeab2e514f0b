package textmodel

import "warder.example/guard"

// Segment is one segment of a text with the hashes of its features. The bucket
// of a feature in a table of 1<<bits is the upper bits of its hash. A feature
// that occurs twice is listed twice.
type Segment struct {
	guard.Span
	Words, Chars, Concepts, Signals []uint64
}

// Segments returns what scoring sees of a text of an origin with some knowledge.
// Training uses it, so that both see the same.
func Segments(text string, o guard.Origin, k Knowledge) []Segment {
	c := &collector{}
	walk(text, o, k, &c.b, c)
	return c.out
}

// Passages groups consecutive segments as scoring does and returns for each
// group the indices [from, to) of its segments.
func Passages(segs []Segment) [][2]int {
	var out [][2]int
	from := 0
	for i := range segs {
		if segs[i].End-segs[from].Start >= PassageBytes || i == len(segs)-1 {
			out = append(out, [2]int{from, i + 1})
			from = i + 1
		}
	}
	return out
}

// collector is a sink that keeps the hashes.
type collector struct {
	b   batch
	cur Segment
	out []Segment
}

// take implements sink.
func (c *collector) take(b *batch) {
	for k, to := range [kinds]*[]uint64{&c.cur.Words, &c.cur.Chars, &c.cur.Concepts, &c.cur.Signals} {
		*to = append(*to, b.of[k].hash[:b.of[k].n]...)
	}
	b.empty()
}

// segment implements sink.
func (c *collector) segment(start, end int) {
	c.cur.Span = guard.Span{Start: start, End: end}
	c.out = append(c.out, c.cur)
	c.cur = Segment{}
}
