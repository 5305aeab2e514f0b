package textmodel

// Reach of pairs of concepts.
const (
	trailLen = 8  // concepts remembered
	nearby   = 8  // words between two of them in one segment
	faraway  = 20 // words between two of them in different segments
)

// trail is what the pass remembers of the concepts before.
type trail struct {
	hits    [trailLen]hit
	n       int // hits so far
	word    int // number of the word
	segment int
	lead    bool // no word of this segment was seen yet
	scratch [maxConcepts]found
}

// hit is a concept that was seen.
type hit struct {
	concept       uint64
	word, segment int
	start         int
}

// meaning yields the features of the concepts of the word, or the phrase, that
// begins at a place: the concept, whether it leads a segment, and which concepts
// stand before it, near or far.
func (w *walker) meaning(at int) {
	t := &w.trail
	t.word++
	lead := t.lead
	t.lead = false
	if w.lex == nil {
		return
	}
	before := t.n
	for _, f := range w.lex.match(w.text, at, t.scratch[:0]) {
		b := w.b
		if b.of[concepts].n > batchSize-trailLen-3 {
			w.out.take(b)
		}
		b.put(concepts, mix(f.concept^saltOne), at, f.end)
		b.put(concepts, mix(f.concept^saltFrom+w.from), at, f.end)
		if w.tree != nil {
			w.tree.see(&b.look, f.concept, lead)
		}
		if lead {
			b.put(concepts, mix(f.concept^saltLead), at, f.end)
		}
		w.pairs(f, before)
		t.hits[t.n%trailLen] = hit{f.concept, t.word, t.segment, at}
		t.n++
	}
}

// pairs yields the pairs of f with the hits before it; those at the same place
// are not before it.
func (w *walker) pairs(f found, before int) {
	t := &w.trail
	for i := max(0, t.n-trailLen); i < before; i++ {
		h := &t.hits[i%trailLen]
		gap := t.word - h.word
		switch {
		case h.segment == t.segment && gap <= nearby:
			w.b.put(concepts, mix(f.concept*mulD^h.concept^saltNear), h.start, f.end)
		case gap <= faraway:
			w.b.put(concepts, mix(f.concept*mulD^h.concept^saltFar), h.start, f.end)
		}
	}
}
