package gateway

import (
	"hash/maphash"
	"slices"
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// strand is a row of texts that a reader reads one after another though each is a
// text of its own: parts and items of one answer, see [dialect.ChunkTable]. Each is
// judged by itself; where one follows another a [seam] reads both.
type strand struct {
	texts []*running // in the order in which they are read
	seams []*seam    // undecided ones, older ones first
}

// maxSeams bounds the undecided seams of one strand: an older one reads on over all
// that newer ones read.
const maxSeams = 16

// enrol puts a text that begins in its place in its strand, if it has one.
func (r *relay) enrol(t *running, l *dialect.ChunkLeaf) {
	if !l.Known || l.Kind != guard.Prose || l.Key.Choice < 0 || l.Origin != guard.OriginModel || !r.parser.Continues(l.Key.Field) {
		return
	}
	s := r.strands[l.Key.Field]
	if s == nil {
		if s = new(strand); r.strands == nil {
			r.strands = map[string]*strand{}
		}
		r.strands[l.Key.Field] = s
	}
	at, _ := slices.BinarySearchFunc(s.texts, t, func(a, b *running) int {
		if a.key.Choice != b.key.Choice {
			return a.key.Choice - b.key.Choice
		}
		return a.key.Tool - b.key.Tool
	})
	s.texts = slices.Insert(s.texts, at, t)
	t.strand = s
	t.hash = new(maphash.Hash)
	t.hash.SetSeed(seed)
}

// next returns the text n places behind t, nil if there is none.
func (s *strand) next(t *running, n int) *running {
	if i := slices.Index(s.texts, t) + n; i >= 0 && i < len(s.texts) {
		return s.texts[i]
	}
	return nil
}

// endingIn returns the seams whose last text is t. Seams may end while they are
// gone through.
func (s *strand) endingIn(t *running) (out []*seam) {
	for _, m := range s.seams {
		if m.last().text == t {
			out = append(out, m)
		}
	}
	return out
}

// across has the seams before a text read a piece of it, which was written to it.
func (r *relay) across(t *running, piece string) error {
	s := t.strand
	if s == nil || r.cut != nil {
		return nil
	}
	if n := seamReach - len(t.head); n > 0 {
		t.head = append(t.head, piece[:runeStart(piece, min(n, len(piece)))]...)
	}
	_, _ = t.hash.WriteString(piece)
	if t.restore != nil {
		t.written = strings.Clone(ending(t.written + piece))
	}
	if t.size == len(piece) {
		r.meet(t)
	}
	for _, m := range s.endingIn(t) {
		if err := r.readOn(m, piece); err != nil || r.cut != nil {
			return err
		}
	}
	return nil
}

// meet puts a text that begins behind what is undecided of the one before it.
func (r *relay) meet(t *running) {
	p := t.strand.next(t, -1)
	if p == nil {
		return
	}
	if !slices.ContainsFunc(t.strand.seams, func(m *seam) bool { return m.parts[0].text == p && m.last().text == p }) {
		r.seams(p, p.size) // it has not ended, and holds back by itself
	}
	for _, m := range t.strand.endingIn(p) {
		m.parts = append(m.parts, seamPart{text: t, between: m.with})
	}
}

// conclude settles a text that has ended. What stands at its end and may go on in the
// text behind it stays held.
func (r *relay) conclude(t *running) error {
	if t.strand == nil || t.stream == nil || r.over {
		return r.settle(t)
	}
	held := t.size - t.upto
	if t.restore == nil { // what waits for its end by itself is decided now
		a := t.stream.Account()
		held = min(held, a.Received-a.Exact)
	}
	tail := t.ended()
	if r.overtaken(t, tail); r.cut != nil {
		return nil
	}
	holds := held > 0 && r.goesOn(t.about.Origin, tail, held)
	if err := r.settle(t); err != nil || r.cut != nil {
		return err
	}
	for _, m := range t.strand.endingIn(t) {
		if m.stream == nil {
			continue
		}
		crosses := m.upto < m.last().start
		if err := r.pause(m); err != nil || r.cut != nil {
			return err
		}
		if !crosses {
			t.strand.drop(m)
		}
	}
	at := t.size
	if holds {
		at -= held
	}
	t.tail = tail
	r.seams(t, at)
	return nil
}

// ended returns the end of a text as it was written.
func (t *running) ended() string {
	switch {
	case t.restore != nil:
		return t.written
	case t.stream != nil:
		return t.stream.Tail()
	}
	return t.tail
}

// overtaken judges the end of a text together with the beginning of the one behind
// it if that began first, and may have left: nothing can be masked any more.
func (r *relay) overtaken(t *running, tail string) {
	n := t.strand.next(t, 1)
	if n == nil {
		return
	}
	for _, with := range seams {
		for sc := range r.scanners(t.about.Origin, t.about.Kind) {
			found, _ := sc.Scan(tail+with+string(n.head), true)
			for _, f := range found {
				f.Origin = t.about.Origin
				across := f.Spans[0].Start < len(tail) && f.Spans[len(f.Spans)-1].End > len(tail)+len(with)
				if v := r.guard.Decide(r.facts, []guard.Finding{f}); across && v.Action != guard.Allow && v.Action != guard.Flag {
					r.alone = append(r.alone, f)
					r.cut = &guard.Verdict{Action: guard.Block, Would: guard.Block, Policy: v.Policy, Code: "hold_exceeded"}
					return
				}
			}
		}
	}
}

// goesOn reports whether the end of a text, of which the last held bytes are
// undecided, may be the beginning of what is found in the text behind it. A plain
// word could become an address, as every word could: it does not wait, and should
// it go on, the rest of it is masked.
func (r *relay) goesOn(o guard.Origin, tail string, held int) bool {
	return strings.ContainsAny(tail[max(0, len(tail)-held):], "0123456789@_-/+=:%#") || r.telling(o, tail)
}
