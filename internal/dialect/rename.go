package dialect

import (
	"slices"

	"warder.example/guard"
)

// modelPath is where dialects that say the model in the body have its name.
const modelPath = "model"

// Rename returns the edits with one that gives the model another name: one value
// changes, and edits of the old name are gone with it. The edits given are not changed.
// They are returned as they are where the dialect does not say the model in the body.
func (r *Request) Rename(model string, edits []Edit) []Edit {
	i := slices.IndexFunc(r.Leaves, func(l Leaf) bool {
		return l.Known && !l.key && !l.Inner && l.Turn < 0 && l.Path() == modelPath
	})
	if i < 0 {
		return edits
	}
	out := slices.DeleteFunc(slices.Clone(edits), func(e Edit) bool { return e.Leaf == i })
	return append(out, Edit{Leaf: i, Masks: []guard.Mask{{Span: guard.Span{End: len(r.Leaves[i].Text)}, With: model}}})
}
