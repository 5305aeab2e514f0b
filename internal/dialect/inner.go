package dialect

import (
	"strings"
	"unsafe"

	"warder.example/guard"
)

// innerSpec reads tool arguments: every string within is a leaf.
var innerSpec = func() *Spec {
	r := &Rule{Use: Prose}
	r.Items = r
	r.Object = &Object{Rest: r}
	return NewSpec(r, SpecOptions{Loose: true})
}()

// inner enters the strings of the JSON that leaf i holds. Models and callers
// write arguments that are no JSON; then the whole is one inner leaf with its
// escapes undone, if it has any.
func (w *walker) inner(i int) error {
	outer := w.doc.Leaves[i]
	lim := Limits{MaxDepth: w.lim.MaxDepth, MaxLeaves: max(w.lim.MaxLeaves-len(w.doc.Leaves), 1), MaxBytes: w.lim.MaxBytes}
	in, err := Parse(unsafe.Slice(unsafe.StringData(outer.Text), len(outer.Text)), innerSpec, lim, nil)
	if err != nil {
		if p, ok := err.(*Problem); ok && p.Code == CodeTooManyTexts {
			return w.fail(CodeTooManyTexts, "more texts in tool arguments than are allowed")
		}
		if strings.IndexByte(outer.Text, '\\') < 0 {
			return nil
		}
		return w.enter(outer.innerLeaf(i, unescape(outer.Text), 0, len(outer.Text)))
	}
	for j := range in.Leaves {
		l := &in.Leaves[j]
		if err := w.enter(outer.innerLeaf(i, l.Text, int(l.start), int(l.end))); err != nil {
			return err
		}
	}
	return nil
}

// innerLeaf returns a leaf for bytes from to to of leaf i's text.
func (l Leaf) innerLeaf(i int, text string, from, to int) *Leaf {
	l.Text, l.Inner, l.Kind = text, true, guard.ToolArguments
	l.outer, l.from, l.to = int32(i), int32(from), int32(to)
	return &l
}
