package gateway

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unsafe"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// Bounds of one streamed answer.
const (
	maxTexts  = 1024    // texts that run at the same time
	maxQueued = 4 << 20 // bytes of events that wait for their texts
)

// relay guards the events of one streamed answer: it feeds the texts that run
// through them to guard streams and lets an event go when every byte of its
// texts has been released. Events leave in their order and, unless a mask
// touches them, byte for byte as they came. It writes nowhere: what may leave
// is handed to its caller.
type relay struct {
	ctx    context.Context
	guard  *guard.Guard
	facts  guard.Facts
	about  *guard.Exchange
	parser openai.ChunkReader

	texts   map[openai.Key]*running
	order   []*running          // as they appeared
	changed map[openai.Key]bool // texts of their own that were masked
	queue   []held
	whole   []held  // the memory of queue from its beginning
	spare   []piece // of an event that has left
	queued  int     // raw bytes in queue

	pseudonyms *pseudonyms       // nil: nothing comes back
	tools      map[[2]int]string // names of called tools by choice and index

	aside     []byte // what stood outside of data lately
	id, model string
	choices   []int // seen and not ended
	finished  bool  // a finish reason or an error has come
	done      bool  // [DONE] has come

	alone []guard.Finding // of texts that do not run
	loose guard.Account   // of texts that do not run
	cut   *guard.Verdict
}

// running is one text that continues over events.
type running struct {
	key    openai.Key
	stream *guard.Stream
	reading
	size   int          // bytes written
	upto   int          // released
	masks  []guard.Mask // not yet applied
	closed bool
}

// held is an event that waits for its texts.
type held struct {
	raw    []byte
	data   []byte // payload as it came
	name   string
	chunk  *openai.Chunk
	pieces []piece
	edits  []dialect.Edit // of leaves that are texts of their own
	done   bool
	// stopped says that the policy stops a text of its own in the event:
	// nothing of it leaves.
	stopped bool
}

// piece is the part of a running text that one leaf of an event carries.
type piece struct {
	leaf       int
	text       *running
	start, end int
}

func newRelay(ctx context.Context, g *guard.Guard, f guard.Facts, about *guard.Exchange, lim dialect.Limits) *relay {
	f.Direction = guard.Answer
	return &relay{ctx: ctx, guard: g, facts: f, about: about, parser: openai.ChunkReader{Limits: lim},
		texts: map[openai.Key]*running{}}
}

// add takes the next event. An error means that the answer cannot be understood
// or inspected; nothing that was not released may leave.
func (r *relay) add(ev dialect.Event) error {
	h := held{raw: ev.Raw, data: ev.Data, name: ev.Name}
	if !ev.Pure {
		if err := r.around(&h, ev); err != nil || r.cut != nil {
			return err
		}
	}
	if ev.Data != nil {
		chunk, err := r.parser.Parse(ev.Data)
		if err != nil {
			return err
		}
		h.chunk, h.done = chunk, chunk.Done
		if err := r.read(&h); err != nil || h.stopped {
			return err // nothing of a stopped event leaves
		}
	}
	if len(r.queue) == cap(r.queue) { // its front is used up, or it must grow
		r.queue = append(make([]held, 0, 2*len(r.queue)+8), r.queue...)
		r.whole = r.queue
	}
	r.queue = append(r.queue, h)
	if r.queued += len(h.raw); r.queued > maxQueued && r.cut == nil {
		r.cut = &guard.Verdict{Code: "hold_exceeded"}
	}
	return nil
}

// maxAside bounds how much of what stood outside of data is looked back at.
const maxAside = 4 << 10

// around inspects what an event says outside of its data: comments, ids, names.
// Clients ignore most of it; it leaves all the same. What earlier events said
// there is read along, so that nothing is told a little at a time.
func (r *relay) around(h *held, ev dialect.Event) error {
	was := len(r.aside)
	for line := range bytes.Lines(bytes.ReplaceAll(ev.Raw, []byte("\r"), []byte("\n"))) {
		if bytes.HasPrefix(line, []byte("data")) {
			continue
		}
		if _, value, ok := bytes.Cut(line, []byte(":")); ok {
			line = bytes.TrimPrefix(value, []byte(" "))
		}
		r.aside = append(r.aside, bytes.TrimRight(line, "\n")...)
	}
	v, err := r.judge(guard.Text{Content: strings.ToValidUTF8(string(r.aside), "\uFFFD"), Path: "event"}, len(r.aside)-was)
	if err != nil {
		return err
	}
	if v.Action != guard.Allow && v.Action != guard.Flag {
		r.aside = r.aside[:was]
		if h.raw = nil; ev.Data != nil {
			h.raw, h.name = dialect.AppendEvent(nil, "", ev.Data), ""
		}
	}
	if cut := len(r.aside) - maxAside; cut > 0 {
		r.aside = append(r.aside[:0], r.aside[cut:]...)
	}
	return nil
}

// lone inspects a text that does not run over events.
func (r *relay) lone(t guard.Text) (guard.Verdict, error) { return r.judge(t, len(t.Content)) }

// judge inspects a text of which the last n bytes are new.
func (r *relay) judge(t guard.Text, n int) (guard.Verdict, error) {
	t.Direction, t.Exchange = guard.Answer, r.about
	found, err := r.guard.Find(r.ctx, []guard.Text{t})
	if err != nil {
		return guard.Verdict{}, err
	}
	r.loose.Received += n
	r.loose.Exact += n
	r.loose.Windowed += n
	v := r.guard.Decide(r.facts, found)
	r.alone = append(r.alone, found...)
	if v.Action.Stops() && r.cut == nil {
		c := v
		r.cut = &c
	} else {
		r.loose.Released += n
	}
	return v, nil
}

// read feeds the texts of an event to their streams.
func (r *relay) read(h *held) error {
	c := h.chunk
	r.named(c)
	for i := range c.Leaves {
		l := &c.Leaves[i]
		switch {
		case l.Delta:
			if l.Inner {
				continue // its outer text is read unescaped
			}
			t, err := r.running(l)
			if err != nil {
				return err
			}
			p := piece{leaf: i, text: t, start: t.size, end: t.size + len(l.Text)}
			if h.pieces == nil {
				h.pieces, r.spare = r.spare[:0], nil
			}
			h.pieces = append(h.pieces, p)
			if err := r.write(t, l.Text); err != nil {
				return err
			}
		case l.Seen && !r.changed[l.Key]:
			// read before and let pass: ids and names come with each chunk
		default:
			v, err := r.lone(guard.Text{Content: l.Text, Origin: l.Origin, Kind: l.Kind, Path: l.Key.Field})
			if err != nil {
				return err
			}
			if ms := v.Masks(0); len(ms) > 0 {
				h.edits = append(h.edits, dialect.Edit{Leaf: i, Masks: ms})
				if r.changed == nil {
					r.changed = map[openai.Key]bool{}
				}
				r.changed[l.Key] = true // masked each time it comes
			}
			h.stopped = h.stopped || v.Action.Stops()
		}
		// Not left early when something stops: of an event of which a
		// part leaves, every text was read.
	}
	if r.cut != nil {
		return nil
	}
	if len(h.edits) == 0 {
		r.identify(c)
	}
	for _, ch := range c.Choices {
		if err := r.choice(ch); err != nil {
			return err
		}
	}
	r.finished = r.finished || c.Error
	if c.Done || c.Error {
		r.done = r.done || c.Done
		return r.closeAll(func(*running) bool { return true })
	}
	return nil
}

// identify notes the answer's own id and model, of a chunk in which nothing was
// found: they are said again when Warder ends the stream.
func (r *relay) identify(c *openai.Chunk) {
	if c.ID != "" && c.ID != r.id {
		r.id = strings.Clone(c.ID)
	}
	if c.Model != "" && c.Model != r.model {
		r.model = strings.Clone(c.Model)
	}
}

// choice keeps the list of open choices and ends the texts of one that ends.
func (r *relay) choice(ch openai.ChunkChoice) error {
	at := -1
	for i, c := range r.choices {
		if c == ch.Index {
			at = i
		}
	}
	if ch.Finish == "" {
		if at < 0 && len(r.choices) < maxTexts {
			r.choices = append(r.choices, ch.Index)
		}
		return nil
	}
	r.finished = true
	if at >= 0 {
		r.choices = append(r.choices[:at:at], r.choices[at+1:]...)
	}
	return r.closeAll(func(t *running) bool { return t.key.Choice == ch.Index })
}

func (r *relay) running(l *openai.ChunkLeaf) (*running, error) {
	if t := r.texts[l.Key]; t != nil {
		if t.closed {
			return nil, fmt.Errorf("text %s of choice %d continues after its end", l.Key.Field, l.Key.Choice)
		}
		return t, nil
	}
	if len(r.texts) >= maxTexts {
		return nil, fmt.Errorf("more than %d texts in one answer", maxTexts)
	}
	t := &running{key: l.Key}
	g := r.guard
	if t.restore = r.pseudonyms.restorer(l.Key.Field, l.Known, r.tools[[2]int{l.Key.Choice, l.Key.Tool}]); t.restore != nil {
		g = returningGuard(g, t.cameBack)
	}
	t.stream = g.Stream(r.ctx, r.facts, guard.Text{Origin: l.Origin, Kind: l.Kind, Direction: guard.Answer, Path: l.Key.Field, Exchange: r.about})
	if l.Kind == guard.ToolArguments {
		t.inner = &dialect.Unescaper{}
	}
	r.texts[l.Key] = t
	r.order = append(r.order, t)
	return t, nil
}

// named notes the tools that a chunk names. One that is named twice brings
// nothing back: callers may put the parts of a name together.
func (r *relay) named(c *openai.Chunk) {
	if r.pseudonyms == nil {
		return
	}
	for i := range c.Leaves {
		l := &c.Leaves[i]
		if !l.Known || l.Key.Field != fieldTool {
			continue
		}
		k := [2]int{l.Key.Choice, l.Key.Tool}
		if was, ok := r.tools[k]; !ok && len(r.tools) < maxTexts {
			if r.tools == nil {
				r.tools = map[[2]int]string{}
			}
			r.tools[k] = strings.Clone(l.Text)
		} else if ok && was != l.Text {
			r.tools[k] = ""
			if t := r.texts[openai.Key{Choice: k[0], Tool: k[1], Field: fieldArguments}]; t != nil && t.restore != nil {
				t.restore.Stop()
			}
		}
	}
}

func (r *relay) write(t *running, s string) error {
	t.size += len(s)
	rel, err := t.stream.Write(t.reading.write(s))
	r.released(t, rel)
	return err
}

func (r *relay) closeAll(which func(*running) bool) error {
	for _, t := range r.order {
		if t.closed || !which(t) {
			continue
		}
		t.closed = true
		if s := t.reading.close(); s != "" {
			rel, err := t.stream.Write(s)
			if r.released(t, rel); err != nil {
				return err
			}
		}
		rel, err := t.stream.Close()
		if r.released(t, rel); err != nil {
			return err
		}
	}
	return nil
}

// released notes what a stream let go.
func (r *relay) released(t *running, rel guard.Release) {
	upto, ms := t.reading.release(rel.Upto, rel.Masks)
	t.upto, t.masks = upto, append(t.masks, ms...)
	if t.closed && rel.Cut == nil {
		t.upto = t.size
	}
	if rel.Cut != nil && r.cut == nil {
		r.cut = rel.Cut
	}
}

// next returns the next event that may leave, as bytes. terminal says that it
// ends the answer. ok is false when the next one must wait.
func (r *relay) next() (b []byte, terminal, ok bool) {
	if len(r.queue) == 0 {
		return nil, false, false
	}
	h := &r.queue[0]
	for _, p := range h.pieces {
		if p.text.upto < p.end {
			return nil, false, false
		}
	}
	if r.cut != nil && (h.done || h.chunk != nil && h.ends()) {
		return nil, false, false // a cut answer has an end of its own
	}
	b, terminal = h.bytes(h.applied()), h.done
	if h.chunk != nil {
		r.parser.Recycle(h.chunk) // b is the event's own memory or a new slice
	}
	r.queued -= len(h.raw)
	if h.pieces != nil {
		r.spare = h.pieces
	}
	if r.queue[0] = (held{}); len(r.queue) == 1 {
		r.queue = r.whole[:0]
	} else {
		r.queue = r.queue[1:]
	}
	return b, terminal, true
}

// last returns the part of the first waiting event that was released before a
// cut, nil if there is none.
func (r *relay) last() []byte {
	if len(r.queue) == 0 || r.queue[0].chunk == nil || r.queue[0].ends() || r.queue[0].done {
		return nil
	}
	h := &r.queue[0]
	some := false
	edits := h.applied()
	for _, p := range h.pieces {
		if p.text.upto >= p.end {
			some = true
			continue
		}
		from := max(p.start, p.text.upto)
		some = some || from > p.start
		edits = append(edits, dialect.Edit{Leaf: p.leaf, Masks: []guard.Mask{{Span: guard.Span{Start: from - p.start, End: p.end - p.start}}}})
	}
	if !some || len(h.pieces) == 0 {
		return nil
	}
	return h.bytes(joined(edits))
}

// joined merges edits of the same leaf.
func joined(edits []dialect.Edit) []dialect.Edit {
	var out []dialect.Edit
	at := map[int]int{}
	for _, e := range edits {
		if i, ok := at[e.Leaf]; ok {
			out[i].Masks = guard.MergeMasks(append(out[i].Masks, e.Masks...))
			continue
		}
		at[e.Leaf] = len(out)
		out = append(out, e)
	}
	return out
}

func (h *held) ends() bool {
	for _, c := range h.chunk.Choices {
		if c.Finish != "" {
			return true
		}
	}
	return false
}

// applied returns the edits of an event: those of its own texts, and the masks
// of running texts that touch it. The event where a mask begins carries its
// replacement; the others lose their part.
func (h *held) applied() []dialect.Edit {
	edits := h.edits
	for _, p := range h.pieces {
		var ms []guard.Mask
		keep := p.text.masks[:0:0]
		for _, m := range p.text.masks {
			if m.Start < p.end && m.End > p.start {
				with := m.With
				if m.Start < p.start {
					with = ""
				}
				ms = append(ms, guard.Mask{Span: guard.Span{Start: max(m.Start, p.start) - p.start, End: min(m.End, p.end) - p.start}, With: with})
			}
			if m.End > p.end {
				keep = append(keep, m)
			}
		}
		p.text.masks = keep
		if len(ms) > 0 {
			edits = append(edits, dialect.Edit{Leaf: p.leaf, Masks: ms})
		}
	}
	return edits
}

// bytes returns the event with edits applied: as it came if nothing changes.
func (h *held) bytes(edits []dialect.Edit) []byte {
	if h.chunk == nil || h.done {
		return h.raw
	}
	// The reader may have moved half a character to the next event, so the
	// payload can differ without an edit.
	data := h.chunk.Data(edits)
	if len(data) == len(h.data) && unsafe.SliceData(data) == unsafe.SliceData(h.data) {
		return h.raw
	}
	return dialect.AppendEvent(nil, h.name, data)
}

// end settles what is left when the upstream's stream has ended. complete is
// false when it ended too early.
func (r *relay) end() (complete bool, err error) {
	complete = r.done || r.finished && len(r.choices) == 0
	return complete, r.closeAll(func(*running) bool { return true })
}

// result sums up for the record.
func (r *relay) result() (guard.Verdict, guard.Account) {
	v := r.guard.Decide(r.facts, r.alone)
	if len(r.alone) == 0 {
		v = guard.Verdict{Action: guard.Allow, Would: guard.Allow}
	}
	a := r.loose
	r.pseudonyms.recount(r.order)
	for i := range v.Findings {
		v.Findings[i].Text = -1
	}
	for n, t := range r.order {
		sv, sa := t.stream.Verdict(), t.stream.Account()
		at := len(v.Findings)
		for i := range sv.Findings {
			sv.Findings[i].Text = n
		}
		for _, d := range sv.Decisions {
			d.Finding += at
			v.Decisions = append(v.Decisions, d)
		}
		v.Findings = append(v.Findings, sv.Findings...)
		if sv.Action < v.Action {
			v.Action, v.Rule, v.Code = sv.Action, sv.Rule, sv.Code
		}
		v.Would = min(v.Would, sv.Would)
		a.Received += sa.Received
		a.Exact += sa.Exact
		a.Windowed += sa.Windowed
		a.Released += sa.Released
		a.Masked += sa.Masked
		a.Exposed += sa.Exposed
	}
	if r.cut != nil {
		v.Action, v.Code = min(v.Action, r.cut.Action), r.cut.Code
	}
	return v, a
}

// path names the text that a finding of result is in.
func (r *relay) path(text int) string {
	if text < 0 || text >= len(r.order) {
		return ""
	}
	return r.order[text].key.Field
}
