package gateway

import (
	"hash/maphash"
	"slices"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// echo is a leaf that says a text once more that deltas have said. It is judged by
// itself like every value; what was masked of the text because of the texts before
// and behind it is masked in the echo as well.
type echo struct {
	leaf    int
	text    *running
	counted bool // it was judged, and its bytes were counted
}

// seed is of the sums by which echoes are known.
var seed = maphash.MakeSeed()

// said judges leaf i of an event, a value that may say a text once more.
func (r *relay) said(h *held, i int) error {
	l := &h.chunk.Leaves[i]
	of, ok := r.parser.Repeats(l.Key.Field)
	if !ok || l.Key.Choice < 0 || !l.Known {
		return r.field(h, i)
	}
	k := l.Key
	k.Field = of
	t := r.texts[k]
	switch {
	case t != nil && (t.strand != nil || l.Kind == guard.ToolArguments):
		t.closed = t.closed || t.strand == nil || t.restore != nil
		if err := r.conclude(t); err != nil {
			return err
		}
	case t == nil && r.parser.Continues(of) && l.Kind == guard.Prose && l.Origin == guard.OriginModel:
		// No delta has said it: it is the text.
		again := l.Key
		l.Key = k
		if err := r.delta(h, i); err != nil || r.cut != nil {
			return err
		}
		err := r.conclude(r.texts[k])
		if t = r.texts[k]; len(t.own) > 0 || t.restore != nil && t.restore.Count() > 0 {
			r.suspect(again) // changed each time it comes
		}
		return err
	}
	if t == nil || t.strand == nil || t.size != len(l.Text) || t.hash.Sum64() != maphash.String(seed, l.Text) {
		return r.field(h, i)
	}
	// It is the same text: no client puts it behind itself.
	e := echo{leaf: i, text: t, counted: l.Repeats == 0 || r.wary[l.Key]}
	if e.counted {
		if _, err := r.value(h, i); err != nil {
			return err
		}
	}
	h.echoes = append(h.echoes, e)
	return nil
}

// echoed returns what is to be masked of the echoes of an event that leaves.
func (r *relay) echoed(h *held) (edits []dialect.Edit) {
	for _, e := range h.echoes {
		ms := e.text.covered
		if len(ms) == 0 {
			continue
		}
		edits = append(edits, dialect.Edit{Leaf: e.leaf, Masks: slices.Clone(ms)})
		var by []guard.Mask // masked anyway
		for _, d := range h.edits {
			if d.Leaf == e.leaf {
				by = append(by, d.Masks...)
			}
		}
		n := length(ms) - overlap(ms, guard.MergeMasks(by))
		if !e.counted {
			size := e.text.size
			r.loose.Received, r.loose.Exact, r.loose.Windowed, r.loose.Released = r.loose.Received+size, r.loose.Exact+size, r.loose.Windowed+size, r.loose.Released+size
		}
		r.loose.Masked += n
		r.loose.Released -= n
	}
	return edits
}

// length returns how many bytes masks cover that do not overlap.
func length(ms []guard.Mask) (n int) {
	for _, m := range ms {
		n += m.End - m.Start
	}
	return n
}

// overlap returns how many bytes two lists of masks both cover; neither overlaps
// itself.
func overlap(as, bs []guard.Mask) (n int) {
	for _, a := range as {
		for _, b := range bs {
			n += max(0, min(a.End, b.End)-max(a.Start, b.Start))
		}
	}
	return n
}

// keep notes a mask of a text's own, as long as others may meet it.
func (t *running) keep(m guard.Mask) {
	if len(t.covered) == 0 && len(t.own) >= 16 {
		t.own = slices.DeleteFunc(t.own, func(o guard.Mask) bool { return o.End <= t.gone })
	}
	if !m.Restores {
		t.own = guard.MergeMasks(append(t.own, m))
	}
	if len(t.covered) > 0 {
		t.masks = guard.MergeMasks(t.masks)
	}
}

// shared returns what the account of a text's own stream says wrong: masked bytes
// that it takes for released, and what it released and a seam still holds.
func (t *running) shared() (a guard.Account) {
	if t.strand == nil {
		return a
	}
	shown := min(t.upto, max(t.left(), t.gone))
	clip := func(ms []guard.Mask, from, to int) (out []guard.Mask) {
		for _, m := range ms {
			if m.Start, m.End = max(m.Start, from), min(m.End, to); m.Start < m.End {
				out = append(out, m)
			}
		}
		return out
	}
	gained := clip(t.covered, 0, shown)
	a.Masked = length(gained) - overlap(gained, t.own)
	a.Released = -a.Masked
	kept := length(clip(t.own, shown, t.upto))
	a.Masked -= kept
	a.Released -= t.upto - shown - kept
	return a
}
