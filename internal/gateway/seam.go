package gateway

import (
	"slices"
	"strings"

	"warder.example/guard"
)

// seamReach is how many bytes of the text behind a seam are certain to be read
// together with the one before it.
const seamReach = 256

// seam reads the end of one text of a strand and what comes behind it as one text,
// by exact detectors. It lasts until nothing that began before the last text can
// still go on in it.
type seam struct {
	with   string        // what stands between texts, see [seams]
	stream *guard.Stream // nil: the last text has ended, or paused
	tail   string        // what a new stream begins with
	parts  []seamPart    // in the order in which they are read
	size   int           // bytes read, of the stream's text
	upto   int           // decided
	known  int           // bytes of the stream of which findings were told
	turn   int           // events when it was last written
}

// seamPart is a stretch of a text in the text that a seam reads.
type seamPart struct {
	text       *running
	from       int    // where it begins in the text
	start, end int    // where it stands in what the seam reads
	between    string // to be read before it
	hold       int    // while there is no stream: from where the text is held
	free       bool   // it waits for nothing
}

func (m *seam) last() *seamPart { return &m.parts[len(m.parts)-1] }

// limit returns how far the seam lets a text go.
func (m *seam) limit(t *running) int {
	for i := range m.parts {
		p := &m.parts[i]
		switch {
		case p.text != t:
		case p.free || m.stream != nil && i+1 < len(m.parts) && m.upto >= p.end:
			return t.size
		case m.stream == nil:
			return p.hold
		default:
			return p.from + max(0, min(m.upto, p.end)-p.start)
		}
	}
	return t.size
}

// left is how far a text may leave: where it was released by itself and by the
// seams that it is part of.
func (t *running) left() int {
	n := t.upto
	if t.strand != nil {
		for _, m := range t.strand.seams {
			n = min(n, m.limit(t))
		}
	}
	return n
}

// seams enters the seams at the end of a text, which is held from an offset on.
func (r *relay) seams(t *running, hold int) {
	tail := t.ended()
	if len(tail) >= guard.StreamWindow { // begin with a word
		tail = tail[strings.IndexByte(tail, ' ')+1:]
	}
	if tail == "" {
		return
	}
	tail = strings.Clone(tail)
	for _, with := range seams {
		t.strand.evict()
		if len(t.strand.seams) >= maxSeams {
			return
		}
		p := seamPart{text: t, from: t.size - len(tail), end: len(tail), hold: hold, free: hold >= t.size || with != ""}
		t.strand.seams = append(t.strand.seams, &seam{with: with, tail: tail, parts: []seamPart{p}, size: len(tail), upto: len(tail), known: len(tail), turn: r.turns[0]})
	}
}

// evict makes room by the oldest seam that waits for a text and holds none.
func (s *strand) evict() {
	if len(s.seams) < maxSeams {
		return
	}
	for _, m := range s.seams {
		if m.stream == nil && !m.holds() {
			s.drop(m)
			return
		}
	}
}

func (m *seam) holds() bool {
	return slices.ContainsFunc(m.parts, func(p seamPart) bool { return !p.free && p.text.size > m.limit(p.text) })
}

func (s *strand) drop(m *seam) {
	s.seams = slices.DeleteFunc(s.seams, func(o *seam) bool { return o == m })
}

// readOn has a seam read the next piece of its last text.
func (r *relay) readOn(m *seam, piece string) error {
	p := m.last()
	if m.stream == nil {
		m.stream = r.labelGuard().Stream(r.ctx, r.facts, p.text.about)
		m.size, m.upto = 0, 0
		if err := r.feed(m, m.tail); err != nil {
			return err
		}
		m.tail = ""
	}
	if p.start == 0 && p.end == 0 { // it begins
		if err := r.feed(m, p.between); err != nil {
			return err
		}
		p.start = m.size
	}
	m.turn = r.turns[0]
	p.end = m.size + len(piece)
	if err := r.feed(m, piece); err != nil || r.cut != nil {
		return err
	}
	if m.upto >= p.start && p.end-p.start >= seamReach {
		r.tell(m)
		p.text.strand.drop(m)
	}
	return nil
}

// feed writes to the stream of a seam.
func (r *relay) feed(m *seam, s string) error {
	if s == "" || r.cut != nil {
		return nil
	}
	m.size += len(s)
	rel, err := m.stream.Write(s)
	r.decided(m, rel)
	return err
}

// decided takes what the stream of a seam decided. What it masks is masked in each
// of the texts, of which the first one that has not left says what stood there.
func (r *relay) decided(m *seam, rel guard.Release) {
	for _, k := range rel.Masks {
		for i := range m.parts {
			p := &m.parts[i]
			from := p.from - p.start
			a, b := max(k.Start, p.start)+from, min(k.End, p.end)+from
			if a = max(a, p.text.gone); a < b {
				p.text.cover(guard.Mask{Span: guard.Span{Start: a, End: b}, With: k.With, Category: k.Category})
				k.With = ""
			}
		}
	}
	m.upto = max(m.upto, rel.Upto)
	if rel.Cut != nil && r.cut == nil {
		r.tell(m)
		r.cut = rel.Cut
	}
}

// cover masks a part of a text because of what stands beyond it.
func (t *running) cover(k guard.Mask) {
	t.masks = guard.MergeMasks(append(t.masks, k))
	t.covered = guard.MergeMasks(append(t.covered, k))
}

// pause judges what a seam reads as if it ended here. Should it go on, it is read
// together with its end. What is undecided is held if something has begun in it.
func (r *relay) pause(m *seam) error {
	at := m.upto
	rel, err := m.stream.Close()
	r.decided(m, rel)
	if err != nil || r.cut != nil {
		return err
	}
	r.tell(m)
	m.tail = m.stream.Tail()
	cut := m.size - len(m.tail)
	holds := at < m.size && r.goesOn(m.last().text.about.Origin, m.tail, m.size-at)
	m.parts = slices.DeleteFunc(m.parts, func(p seamPart) bool { return p.end <= cut })
	for i := range m.parts {
		p := &m.parts[i]
		p.free = p.free || !holds
		p.hold = p.from + max(0, min(at, p.end)-p.start)
		p.from += max(0, cut-p.start)
		p.start, p.end = max(0, p.start-cut), p.end-cut
	}
	m.stream, m.size, m.upto, m.known = nil, len(m.tail), len(m.tail), len(m.tail)
	return nil
}

// tell notes what a seam found across texts, or behind it.
func (r *relay) tell(m *seam) {
	v := m.stream.Verdict()
	for i := range v.Findings {
		f := &v.Findings[i]
		if len(f.Spans) == 0 || f.Spans[len(f.Spans)-1].End <= m.known {
			continue
		}
		for k := range m.parts {
			p := &m.parts[k]
			g := *f
			g.Spans, g.Text = nil, slices.Index(r.order, p.text)
			for _, sp := range f.Spans {
				if a, b := max(sp.Start, p.start), min(sp.End, p.end); a < b {
					g.Spans = append(g.Spans, guard.Span{Start: a - p.start + p.from, End: b - p.start + p.from})
				}
			}
			if len(g.Spans) > 0 {
				r.crossing = append(r.crossing, g)
			}
		}
	}
	m.known = m.size
}

// part decides all seams: the answer has ended.
func (r *relay) part() error {
	for _, s := range r.strands {
		for len(s.seams) > 0 {
			m := s.seams[0]
			if m.stream != nil {
				rel, err := m.stream.Close()
				if r.decided(m, rel); err != nil || r.cut != nil {
					return err
				}
				r.tell(m)
			}
			s.seams = s.seams[1:]
		}
	}
	return nil
}

// hasten lets go what has been held over a seam for long enough.
func (r *relay) hasten() error {
	for _, s := range r.strands {
		for _, m := range s.seams {
			if r.turns[0]-m.turn < longWait || !m.holds() {
				continue
			}
			if m.stream == nil && r.telling(m.last().text.about.Origin, m.tail) || m.stream != nil && r.telling(m.last().text.about.Origin, m.stream.Tail()) {
				continue
			}
			if m.stream != nil {
				if err := r.pause(m); err != nil || r.cut != nil {
					return err
				}
			}
			for i := range m.parts {
				m.parts[i].free = true
			}
		}
	}
	return nil
}
