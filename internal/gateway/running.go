package gateway

import (
	"fmt"
	"hash/maphash"
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// running is one text that continues over events.
type running struct {
	key    dialect.Key
	about  guard.Text    // what the guard is told of it
	guard  *guard.Guard  // nil: that for labels
	stream *guard.Stream // nil: all of it was judged; what comes opens one
	reading
	size   int          // bytes written
	upto   int          // released
	masks  []guard.Mask // not yet applied
	closed bool
	listed bool // the table knows that it goes on

	strand  *strand       // nil: it is read by itself
	head    []byte        // its beginning
	written string        // its end as it was written, if that is not how it is read
	escapes escapes       // of its own, where it is JSON
	hash    *maphash.Hash // of all of it
	own     []guard.Mask  // its own masks, as far as covered may meet them
	covered []guard.Mask  // masked because of what stands beyond it
	gone    int           // what has left of it

	field    bool
	repeated bool         // field: the last value was judged with itself behind it
	again    string       // field: that value, tail is what stands before it; unlisted delta: the last piece
	copies   int          // unlisted delta: how often that came before
	known    []guard.Mask // field: what values show by themselves
	wait     int          // events of its choice for which it may hold others back
	most     int          // events for which a piece may though the text goes on; 0: until judged
	turn     int          // of its choice when it was last written
	waiting  bool         // among the relay's pending

	base     int    // where the stream begins in the text
	replayed int    // bytes of the stream that another one judged before
	redone   int    // bytes of them that are masked
	tail     string // end of the text when there is no stream
	verdict  guard.Verdict
	account  guard.Account
}

// delta feeds leaf i of an event to the text that it continues.
func (r *relay) delta(h *held, i int) error {
	l := &h.chunk.Leaves[i]
	t, err := r.running(l)
	if err != nil {
		return err
	}
	if !t.listed {
		if l.Text != t.again || len(l.Text) < shortRun {
			t.again, t.copies = strings.Clone(l.Text), -1
		}
		t.copies++
	}
	r.carry(h, i, t)
	if err := r.write(t, l.Text); err != nil {
		return err
	}
	return r.across(t, l.Text)
}

// carry notes that leaf i of an event is the next piece of a text.
func (r *relay) carry(h *held, i int, t *running) {
	if h.pieces == nil {
		h.pieces, r.spare = r.spare[:0], nil
	}
	h.pieces = append(h.pieces, piece{leaf: i, text: t, start: t.size, end: t.size + len(h.chunk.Leaves[i].Text), turn: r.turnsOf(t.key.Choice)})
}

// running returns the text that a delta continues.
func (r *relay) running(l *dialect.ChunkLeaf) (*running, error) {
	t := r.latest
	if t == nil || t.key != l.Key {
		t = r.texts[l.Key]
	}
	if t != nil {
		r.latest = t
		if t.closed && l.Known {
			return nil, fmt.Errorf("text %s of choice %d continues after its end", l.Key.Field, l.Key.Choice)
		}
		t.closed = false
		return t, nil
	}
	var err error
	if t, err = r.begin(l); err != nil {
		return nil, err
	}
	if t.restore = r.restorer(l); t.restore != nil {
		t.guard = returningGuard(t.guard, t.cameBack)
	}
	t.listed = l.Known
	r.enrol(t, l)
	if l.Kind == guard.ToolArguments {
		t.inner = &dialect.Unescaper{}
	}
	switch {
	case t.restore != nil || t.inner != nil || r.hold != guard.HoldNone:
		t.wait = noHurry
	case l.Known:
		t.wait = longWait
	default:
		t.wait, t.most = shortWait, deltaMost
	}
	return t, nil
}

// begin enters a text that has not been seen before.
func (r *relay) begin(l *dialect.ChunkLeaf) (*running, error) {
	if len(r.texts) >= maxTexts {
		return nil, fmt.Errorf("more than %d texts in one answer", maxTexts)
	}
	t := &running{key: l.Key, guard: r.guard, verdict: guard.Verdict{Action: guard.Allow, Would: guard.Allow},
		about: guard.Text{Origin: l.Origin, Kind: l.Kind, Direction: guard.Answer, Path: l.Key.Field, Exchange: r.about}}
	r.texts[l.Key] = t
	r.order = append(r.order, t)
	return t, nil
}

// write takes the next piece of a text.
func (r *relay) write(t *running, s string) error {
	t.size += len(s)
	t.turn = r.turnsOf(t.key.Choice)
	if t.stream == nil {
		if err := r.open(t, len(s)); err != nil {
			return err
		}
	}
	if t.listed && t.inner == nil {
		t.escapes.write(s, t.size-len(s))
	}
	rel, err := t.stream.Write(t.reading.write(s))
	r.released(t, rel)
	if t.upto < t.size && t.wait != noHurry && !t.waiting {
		t.waiting = true
		r.pending = append(r.pending, t)
	}
	return err
}

// open begins a stream for a text of which n bytes are not yet judged, and shows
// it the end of what was.
func (r *relay) open(t *running, n int) error {
	if t.guard == nil {
		t.guard = r.labelGuard()
	}
	t.stream = t.guard.Stream(r.ctx, r.facts, t.about)
	t.replayed, t.redone = len(t.tail), 0
	t.base = t.size - n - t.replayed
	if t.tail == "" {
		return nil
	}
	rel, err := t.stream.Write(t.tail)
	t.tail = ""
	r.released(t, rel)
	return err
}

// settle judges a text as if it ended here. Only a text that is read as it is
// written may go on.
func (r *relay) settle(t *running) error {
	if t.stream == nil {
		return nil
	}
	if s := t.reading.close(); s != "" {
		rel, err := t.stream.Write(s)
		if r.released(t, rel); err != nil {
			return err
		}
	}
	rel, err := t.stream.Close()
	r.released(t, rel)
	if rel.Cut == nil && err == nil {
		t.upto = t.size
	}
	if !t.closed || !t.listed {
		t.tail = t.stream.Tail()
	}
	t.verdict, t.account = t.sum()
	t.stream = nil
	return err
}

// closeAll ends all texts.
func (r *relay) closeAll() error {
	r.over = true
	if err := r.close(func(*running) bool { return true }); err != nil || r.cut != nil {
		return err
	}
	return r.part()
}

// close ends texts. Fields, and deltas of unknown meaning, may go on all the same.
func (r *relay) close(which func(*running) bool) error {
	for _, t := range r.order {
		if t.closed || !which(t) {
			continue
		}
		t.closed = !t.field
		if err := r.conclude(t); err != nil {
			return err
		}
	}
	return nil
}

// released notes what a stream let go.
func (r *relay) released(t *running, rel guard.Release) {
	upto, ms := t.reading.release(rel.Upto, rel.Masks)
	for i := range ms {
		ms[i].Start, ms[i].End = ms[i].Start+t.base, ms[i].End+t.base
	}
	found := length(ms)
	upto, ms = t.escapes.release(upto+t.base, ms)
	if kept := found - length(ms); kept != 0 {
		t.account.Masked -= kept
		t.account.Released += kept
	}
	for _, m := range ms {
		if t.replayed > 0 {
			t.redone += max(0, min(m.End, t.base+t.replayed)-m.Start)
		}
		if m.Start = max(m.Start, t.upto); m.Start >= m.End {
			continue // it was judged before, and has left
		}
		if t.masks = append(t.masks, m); t.strand != nil {
			t.keep(m)
		}
		if t.field {
			r.masked(t, m)
		}
	}
	t.upto = max(t.upto, upto)
	if rel.Cut != nil && r.cut == nil {
		r.cut = rel.Cut
		if t.field {
			r.loose.Released -= t.size - t.upto
		}
	}
}
