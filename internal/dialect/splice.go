package dialect

import (
	"slices"

	"warder.example/guard"
)

// patch replaces bytes of the body.
type patch struct {
	start, end int
	with       string
	added      bool // a member that Warder adds: it stays, whatever goes behind it
}

// Rewritten reports whether [Document.Splice] changes the body without any edit.
func (d *Document) Rewritten() bool { return d.moved || len(d.cuts) > 0 }

// Splice returns the body with the edits and without what must not leave. It is
// the original slice when there is nothing to change. Replacements are escaped
// as their place demands. Several edits may name one leaf, and masks on inner
// and outer leaves may overlap: what any of them covers is gone.
func (d *Document) Splice(edits []Edit) []byte {
	patches, masked := d.patches(edits)
	if masked {
		patches = append(patches, d.drops...)
	}
	if len(patches) == 0 {
		return d.body
	}
	slices.SortStableFunc(patches, func(a, b patch) int {
		switch {
		case a.start != b.start:
			return a.start - b.start
		case a.added != b.added:
			if a.added {
				return -1
			}
			return 1
		}
		return b.end - a.end
	})
	out := make([]byte, 0, len(d.body)+64)
	at := 0
	for _, p := range patches {
		if p.start < at { // within what is gone already
			at = max(at, p.end)
			continue
		}
		out = append(out, d.body[at:p.start]...)
		out = append(out, p.with...)
		at = p.end
	}
	return append(out, d.body[at:]...)
}

// patches maps the edits to the body. masked says that text is covered.
func (d *Document) patches(edits []Edit) (out []patch, masked bool) {
	out = slices.Clone(d.cuts)
	byLeaf := map[int][]guard.Mask{}
	for _, e := range edits {
		if e.Leaf < 0 || e.Leaf >= len(d.Leaves) || len(e.Masks) == 0 {
			continue
		}
		masked = true
		i, ms := d.outerMasks(e)
		byLeaf[i] = append(byLeaf[i], ms...)
	}
	for i := range d.Leaves {
		l := &d.Leaves[i]
		ms := byLeaf[i]
		switch {
		case l.whole:
		case l.Number:
			if len(ms) > 0 {
				out = append(out, l.figurePatch(ms))
			}
		case l.half != 0:
			out = append(out, l.joinedPatch(ms))
		case len(ms) > 0:
			raw := d.src[l.start:l.end]
			for _, m := range mapMasks(raw, ms) {
				out = append(out, patch{start: int(l.start) + m.Start, end: int(l.start) + m.End, with: string(AppendEscaped(nil, m.With))})
			}
		}
	}
	return out, masked
}

// outerMasks returns the edit's masks as masks on a leaf that stands in the body.
func (d *Document) outerMasks(e Edit) (leaf int, ms []guard.Mask) {
	l := &d.Leaves[e.Leaf]
	if !l.Inner {
		return e.Leaf, l.WholeEscapes(e.Masks)
	}
	leaf = int(l.outer)
	ms = escapeMasks(mapMasks(d.Leaves[leaf].Text[l.from:l.to], e.Masks))
	for i := range ms {
		ms[i].Start += int(l.from)
		ms[i].End += int(l.from)
	}
	return leaf, ms
}
