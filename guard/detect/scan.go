package detect

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"

	"warder.example/guard"
	"warder.example/guard/normal"
)

// contextBytes is how much settled text a finder may look back at.
const contextBytes = 128

// A finder is the whole of an exact recogniser. It looks in text for the first
// match whose span begins at or after from; text[:from] is settled context of
// which at least the last contextBytes bytes are there (fewer only at the start
// of the text). end says that no more text will come.
//
// It returns the match; or, with ok false, live: the offset of the first byte
// that could still become part of a match if more text came, len(text) if there
// is none.
//
// For chunk independence, whatever a finder decides about a position may depend
// only on the contextBytes bytes before it and on bytes after it that are there:
// if a decision would need bytes beyond len(text) and end is false, the
// candidate is live, and so is every later match. from <= live, and
// len(text)-live never exceeds the declared longest match. text begins and ends
// on rune boundaries and must not be retained, nor any part of it.
type finder func(text string, from int, end bool) (m match, live int, ok bool)

// match is one certain find.
type match struct {
	guard.Span         // what is masked; not empty
	next       int     // where the search goes on; at least Span.End (0: Span.End)
	category   string  // "pii.email"
	rule       string  // detector's rule id
	score      float64 // 1 unless evidence is missing
	fpr        float64 // see [guard.Finding]; 0 unless evidence is missing
	why        string  // explanation; never quotes the text
}

// scanner runs a finder over a text that arrives in pieces.
type scanner struct {
	name string // detector's name
	find finder
	buf  []byte
	base int // offset in the text of buf[0]
	from int // settled up to here, in buf
}

var _ guard.Scanner = (*scanner)(nil)

// newScanner returns the scanner of the detector called name.
func newScanner(name string, f finder) *scanner { return &scanner{name: name, find: f} }

// Scan implements [guard.Scanner].
func (s *scanner) Scan(piece string, end bool) ([]guard.Finding, int) {
	if len(s.buf) == 0 && end {
		return s.run(piece, end) // the whole text at once: no copy
	}
	s.buf = append(s.buf, piece...)
	found, safe := s.run(unsafe.String(unsafe.SliceData(s.buf), len(s.buf)), end)
	s.forget()
	return found, safe
}

// forget drops settled text that no finder may look back at.
func (s *scanner) forget() {
	cut := s.from - contextBytes
	for cut > 0 && !utf8.RuneStart(s.buf[cut]) {
		cut--
	}
	if cut > 0 {
		s.base += cut
		s.from -= cut
		s.buf = append(s.buf[:0], s.buf[cut:]...)
	}
}

// run reports every match that is certain.
func (s *scanner) run(text string, end bool) (found []guard.Finding, safe int) {
	for {
		m, live, ok := s.find(text, s.from, end)
		if !ok {
			s.from = live
			if end {
				s.from = len(text)
			}
			return found, s.base + s.from
		}
		found = append(found, guard.Finding{
			Category: m.category, Score: m.score, FPR: m.fpr, Detector: s.name, Rule: m.rule,
			Spans:       []guard.Span{{Start: s.base + m.Start, End: s.base + m.End}},
			Explanation: m.why,
		})
		s.from = max(m.next, m.End)
	}
}

// merged is the scanner of a detector made of several finders, whose findings
// may overlap. A finding waits until no part can report an earlier one.
type merged struct {
	parts   []guard.Scanner
	waiting []guard.Finding
}

var _ guard.Scanner = (*merged)(nil)

// Scan implements [guard.Scanner].
func (m *merged) Scan(piece string, end bool) ([]guard.Finding, int) {
	safe := -1
	for _, p := range m.parts {
		found, upto := p.Scan(piece, end)
		m.waiting = append(m.waiting, found...)
		if safe < 0 || upto < safe {
			safe = upto
		}
	}
	if len(m.waiting) == 0 {
		return nil, max(safe, 0)
	}
	slices.SortStableFunc(m.waiting, func(a, b guard.Finding) int {
		return cmp.Or(a.Spans[0].Start-b.Spans[0].Start, strings.Compare(a.Rule, b.Rule))
	})
	n := len(m.waiting)
	for n > 0 && !end && m.waiting[n-1].Spans[0].Start >= safe {
		n--
	}
	found := slices.Clone(m.waiting[:n])
	m.waiting = append(m.waiting[:0], m.waiting[n:]...)
	return found, safe
}

// detectExact is Detect for a detector made of scanners. It scans t.Content,
// and then every Decoded and Hidden view of it, and the views of the kinds in
// also (normal.Canonical where folded text means the same to the detector).
// What it finds in a view is Windowed, carries the view's path, and has its span
// mapped to t.Content; it is dropped when a finding of the same category already
// covers some of that span. Detectors of values with a form of their own (see
// readsPrintable) are given the Printable views last; there only what was
// decoded counts.
func detectExact(ctx context.Context, d guard.StreamDetector, t *guard.Text, also ...normal.Kind) ([]guard.Finding, error) {
	if t.Content == "" {
		return nil, nil
	}
	sc := d.Scanner(t.Exchange, t.Origin, t.Kind)
	if sc == nil {
		return nil, nil
	}
	found, _ := sc.Scan(t.Content, true)
	scan := func(v *normal.View) error {
		if v.Text == "" || (v.Kind == normal.Canonical || v.Kind == normal.Respelled) && !slices.Contains(also, v.Kind) {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		// Scanners are never nil here: the same arguments gave one above.
		seen, _ := d.Scanner(t.Exchange, t.Origin, t.Kind).Scan(v.Text, true)
		for _, f := range seen {
			if v.Kind == normal.Printable && !undone(&f, v) {
				continue
			}
			if f.Class, f.View = guard.Windowed, v.Path; mapToSource(&f, v) && !covered(found, &f) {
				found = append(found, f)
			}
		}
		return nil
	}
	views := t.Views()
	for i := range views.Views {
		if err := scan(&views.Views[i]); err != nil {
			return nil, err
		}
	}
	if readsPrintable(d) {
		for i := range views.Printable {
			if err := scan(&views.Printable[i]); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// readsPrintable reports whether what d looks for has a form that no language
// has, so that it means the same in a text that is no language.
func readsPrintable(d guard.StreamDetector) bool {
	switch d.(type) {
	case *Secrets, *PII, *Deny, *Custom, *Leak, Canaries, *Canaries:
		return true
	}
	return false
}

// undone reports whether some of what f found, or a byte beside it, was decoded.
// What was not stands in the text, where it was judged with all around it.
func undone(f *guard.Finding, v *normal.View) bool {
	return slices.ContainsFunc(f.Spans, func(s guard.Span) bool { return v.Undone(max(s.Start-1, 0), min(s.End+1, len(v.Text))) })
}

// mapToSource turns spans of a view into spans of its source. It reports
// whether anything is left of them.
func mapToSource(f *guard.Finding, v *normal.View) bool {
	out := f.Spans[:0]
	for _, sp := range f.Spans {
		start, end := v.Source(sp.Start, sp.End)
		if n := len(out); n > 0 && start < out[n-1].End {
			out[n-1].End = max(out[n-1].End, end)
		} else if end > start {
			out = append(out, guard.Span{Start: start, End: end})
		}
	}
	f.Spans = out
	return len(out) > 0
}

// covered reports whether a finding of f's category overlaps f already.
func covered(found []guard.Finding, f *guard.Finding) bool {
	for i := range found {
		if found[i].Category != f.Category {
			continue
		}
		for _, a := range found[i].Spans {
			for _, b := range f.Spans {
				if a.Start < b.End && b.Start < a.End {
					return true
				}
			}
		}
	}
	return false
}
