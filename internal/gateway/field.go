package gateway

import (
	"context"
	"iter"
	"strings"
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// A field is a string outside of the texts that a client puts together: the id
// and the model, the name of a tool, whatever the table does not know. Servers
// write most of them whole with every chunk. Each value is judged by itself; and
// since a client may put together the values that come in one place, each is
// judged behind those before it, too.
//
// An event waits for a field only while its end may be the beginning of
// something, and for no more than the next event. For the first value of the
// answer's own fields (its id, its model, what a server adds beside the choices)
// it waits only if the end tells that something has begun: every word could become
// an address, and the first event would come as late as the second. A value that comes again is
// not put behind itself each time: when it comes for the second time, it is
// judged twice and three times in a row, and in a longer run. If nothing is in
// them, no more is judged before the value changes: what is longer than a run
// has nothing that a run has not, unless it is longer than the run itself. Else
// the value is judged each time it comes.

// Bounds of a run of one value.
const (
	runBytes  = 32 // the longer one goes on for so long,
	runCopies = 3  // and has at least so many copies
	// shortRun is the shortest value that is looked at for personal data
	// when it repeats: versions and marks in every chunk (1.5, 1.5, 1.5)
	// would look like addresses of machines.
	shortRun = 5
)

// field judges leaf i of an event, a value of a field.
func (r *relay) field(h *held, i int) error {
	l := &h.chunk.Leaves[i]
	if l.Repeats > 1 && (len(r.wary) == 0 || !r.wary[l.Key]) {
		return nil // looked at when it came for the second time
	}
	t := r.texts[l.Key]
	if l.Repeats > 0 && t != nil && !r.wary[l.Key] {
		if t.repeated {
			return nil
		}
		if before, ok := r.clear(t, l.Text); ok {
			err := r.settle(t)
			t.repeated, t.tail, t.again = true, before, strings.Clone(l.Text)
			return err
		}
		r.suspect(l.Key)
	}
	masks, err := r.value(h, i)
	if err != nil || r.cut != nil {
		return err
	}
	if t == nil {
		if t, err = r.begin(l); err != nil {
			return err
		}
		t.field, t.wait, t.most = true, shortWait, fieldMost
		if l.Known {
			t.guard = nil // see labelGuard
		}
	}
	for _, m := range masks {
		if m.Restores {
			continue
		}
		m.Start, m.End = m.Start+t.size, m.End+t.size
		t.known = append(t.known, m)
	}
	if t.repeated {
		// What stands before the new value is the old one as often as it came.
		t.tail = ending(t.tail + strings.Repeat(t.again, min(int(l.Former), runLength(t.again))))
		t.repeated, t.again = false, ""
	}
	return r.follow(h, i, t)
}

// value judges a value by itself and returns what changes of it: masks, and what comes
// back. Tool arguments are read with their escapes undone, as the deltas are that they
// repeat.
func (r *relay) value(h *held, i int) ([]guard.Mask, error) {
	l := &h.chunk.Leaves[i]
	read := reading{restore: r.restorer(l)}
	if l.Kind == guard.ToolArguments && !l.Number {
		read.inner = &dialect.Unescaper{}
	}
	text := read.write(l.Text) + read.close()
	v, err := r.judge(guard.Text{Content: text, Origin: l.Origin, Kind: l.Kind, Path: l.Key.Field}, len(text), &read)
	if err != nil {
		return nil, err
	}
	if read.restore != nil && !v.Action.Stops() {
		r.restored += read.restore.Count()
	}
	_, ms := read.release(len(text), v.Masks(0))
	if len(ms) > 0 {
		h.edits = append(h.edits, dialect.Edit{Leaf: i, Masks: ms})
		r.suspect(l.Key) // masked each time it comes
	}
	h.stopped = h.stopped || v.Action.Stops()
	return ms, nil
}

// suspect has the values of a key judged each time they come.
func (r *relay) suspect(k dialect.Key) {
	if r.wary == nil {
		r.wary = map[dialect.Key]bool{}
	}
	r.wary[k] = true
}

// follow puts a value behind those before it.
func (r *relay) follow(h *held, i int, t *running) error {
	text := h.chunk.Leaves[i].Text
	if t.stream == nil && t.tail == "" && (t.key.Choice < 0 && !r.begun(t, text) || r.ends(t, text)) {
		t.size += len(text) // the first value of the answer's own, or nothing begins in it
		t.upto, t.tail = t.size, strings.Clone(ending(text))
		return nil
	}
	if t.stream != nil && t.upto < t.size {
		// Each value may be the last one: what is whole before this one stays
		// found, though with this one behind it it would be no word any more.
		tail := t.stream.Tail()
		if r.acts(t, t.about.Kind, tail, max(0, len(tail)-(t.size-t.upto))) {
			if err := r.settle(t); err != nil || r.cut != nil {
				return err
			}
		}
	}
	r.carry(h, i, t)
	return r.write(t, text)
}

// begun reports whether the end of a first value tells that something has begun:
// a credential, a listed word, an address.
func (r *relay) begun(t *running, value string) bool {
	return strings.Contains(value[strings.LastIndexByte(value, ' ')+1:], "@") || r.telling(t.about.Origin, value)
}

// ends reports whether nothing that an exact detector looks for may begin in a
// value and end behind it.
func (r *relay) ends(t *running, value string) bool {
	for sc := range r.scanners(t.about.Origin, t.about.Kind) {
		if found, safe := sc.Scan(value, false); safe < len(value) || len(found) > 0 {
			return false
		}
	}
	return true
}

// scanners yields a new scanner of each exact detector.
func (r *relay) scanners(o guard.Origin, k guard.Kind) iter.Seq[guard.Scanner] {
	return func(yield func(guard.Scanner) bool) {
		for _, d := range r.guard.Detectors {
			e, ok := d.(guard.StreamDetector)
			if !ok {
				continue
			}
			if sc := e.Scanner(r.about, o, k); sc != nil && !yield(sc) {
				return
			}
		}
	}
}

// clear reports whether a field may go on with the value that it has without
// being judged, and returns the end of the text before that value.
func (r *relay) clear(t *running, value string) (before string, ok bool) {
	before = t.tail
	if t.stream != nil {
		before = t.stream.Tail()
	}
	if !t.repeated {
		before = strings.TrimSuffix(before, value) // the value itself
	}
	if r.telling(t.about.Origin, before) {
		return "", false // it may go on with these values
	}
	kind := t.about.Kind
	if len(value) < shortRun {
		kind = guard.Name
	}
	n := runLength(value)
	text := before + strings.Repeat(value, n)
	for k := 2; k <= n; k++ {
		if k > runCopies {
			k = n
		}
		if r.acts(t, kind, text[:len(before)+k*len(value)], len(before)) {
			return "", false
		}
	}
	return strings.Clone(ending(before)), true
}

// acts reports whether the policy would mask or stop what exact detectors find in
// a text, of what ends behind from.
func (r *relay) acts(t *running, kind guard.Kind, text string, from int) bool {
	var found []guard.Finding
	for sc := range r.scanners(t.about.Origin, kind) {
		fs, _ := sc.Scan(text, true)
		for _, f := range fs {
			if f.Origin = t.about.Origin; f.Spans[len(f.Spans)-1].End > from {
				found = append(found, f)
			}
		}
	}
	if len(found) == 0 {
		return false
	}
	v := r.guard.Decide(r.facts, found)
	return v.Action != guard.Allow && v.Action != guard.Flag
}

// runLength returns how many copies of a value its run has.
func runLength(value string) int {
	if len(value) >= guard.StreamWindow {
		return 2
	}
	return max(runCopies, runBytes/max(len(value), 1))
}

// ending returns the end of a text that the next piece of it is judged with.
func ending(s string) string {
	from := max(0, len(s)-guard.StreamWindow)
	for from > 0 && !utf8.RuneStart(s[from]) {
		from--
	}
	return s[from:]
}

// masked counts bytes of a field that are masked because of values before them.
func (r *relay) masked(t *running, m guard.Mask) {
	n := m.End - m.Start
	for _, k := range t.known {
		n -= max(0, min(k.End, m.End)-max(k.Start, m.Start))
	}
	if n > 0 {
		r.loose.Released -= n
		r.loose.Masked += n
	}
}

// labelGuard returns the guard for values of known fields put together: they are
// names and identifiers, of which a run is no text that a classifier knows.
func (r *relay) labelGuard() *guard.Guard {
	if r.labels == nil {
		g := &guard.Guard{}
		if r.guard.Decider != nil {
			g.Decider = unheld{r.guard.Decider}
		}
		for _, d := range r.guard.Detectors {
			if e, ok := d.(guard.StreamDetector); ok {
				g.Detectors = append(g.Detectors, exactly{e})
			}
		}
		r.labels = g
	}
	return r.labels
}

// unheld decides like another decider and holds nothing.
type unheld struct{ guard.Decider }

// exactly is the exact side of a detector.
type exactly struct{ guard.StreamDetector }

var _ guard.StreamDetector = exactly{}

// Detect implements [guard.Detector]. It finds nothing: the scanners do.
func (exactly) Detect(context.Context, *guard.Text) ([]guard.Finding, error) { return nil, nil }
