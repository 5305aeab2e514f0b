package gateway

import (
	"strings"
	"unsafe"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// held is an event that waits for its texts.
type held struct {
	raw    []byte
	data   []byte // payload as it came
	name   string
	chunk  *dialect.Chunk
	pieces []piece
	edits  []dialect.Edit // of leaves that are texts of their own
	echoes []echo
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
	turn       int // of the text's choice when it came
}

// enqueue puts an event behind those that wait.
func (r *relay) enqueue(h held) {
	if len(r.queue) == cap(r.queue) { // its front is used up, or it must grow
		r.queue = append(make([]held, 0, 2*len(r.queue)+2), r.queue...)
		r.whole = r.queue
	}
	r.queue = append(r.queue, h)
	if r.queued += len(h.raw); r.queued > maxQueued && r.cut == nil {
		r.cut = &guard.Verdict{Code: "hold_exceeded"}
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
		if p.text.left() < p.end {
			return nil, false, false
		}
	}
	if r.cut != nil && (h.done || h.chunk != nil && h.ends()) {
		return nil, false, false // a cut answer has an end of its own
	}
	edits := append(h.applied(), r.echoed(h)...)
	b, terminal = h.bytes(edits), h.done
	for _, p := range h.pieces {
		p.text.gone = p.end
	}
	if h.chunk != nil {
		r.parser.Left(h.chunk, edits)
		if len(edits) == 0 {
			r.identify(h.chunk)
		}
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
		left := p.text.left()
		p.text.gone = max(p.text.gone, min(left, p.end))
		if left >= p.end {
			some = true
			continue
		}
		from := max(p.start, left)
		some = some || from > p.start
		edits = append(edits, dialect.Edit{Leaf: p.leaf, Masks: []guard.Mask{{Span: guard.Span{Start: from - p.start, End: p.end - p.start}}}})
	}
	if !some || len(h.pieces) == 0 {
		return nil
	}
	edits = joined(append(edits, r.echoed(h)...))
	r.parser.Left(h.chunk, edits)
	return h.bytes(edits)
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
				ms = append(ms, guard.Mask{Span: guard.Span{Start: max(m.Start, p.start) - p.start, End: min(m.End, p.end) - p.start}, With: with, Restores: m.Restores})
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
	if h.chunk == nil {
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

// identify notes the answer's own id and model, of a chunk of which nothing was
// masked: they are said again when Warder ends the stream.
func (r *relay) identify(c *dialect.Chunk) {
	if c.ID != "" && c.ID != r.id {
		r.id = strings.Clone(c.ID)
	}
	if c.Model != "" && c.Model != r.model {
		r.model = strings.Clone(c.Model)
	}
}

// told returns what the caller was told, as far as the end of the stream depends on
// it: the answer's id and model are empty where they may not be said once more.
func (r *relay) told() *dialect.Told {
	again := func(field, value string) string {
		k := dialect.Key{Choice: -1, Tool: -1, Field: field}
		t := r.texts[k]
		if t == nil || r.wary[k] || t.upto < t.size {
			return ""
		}
		if _, ok := r.clear(t, value); !ok {
			return ""
		}
		return value
	}
	t := r.parser.Told()
	t.ID, t.Model, t.Open = again(dialect.FieldID, r.id), again(dialect.FieldModel, r.model), r.choices
	return t
}
