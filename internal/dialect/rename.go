package dialect

import (
	"slices"
	"strings"

	"warder.example/guard"
)

// modelPath is where dialects that say the model in the body have its name.
const modelPath = "model"

// Rename returns the edits with those that give the model another name: its values
// change, and edits of the old name are gone with them. The edits given are not changed.
// They are returned as they are where the dialect does not say the model in the body.
func (r *Request) Rename(model string, edits []Edit) []Edit {
	var renamed []Edit
	for i := range r.Leaves {
		l := &r.Leaves[i]
		if !l.namesModel() {
			continue
		}
		end := len(l.Text)
		start := len(strings.TrimSuffix(l.Text, r.Model)) // some write what it is before it: models/m
		renamed = append(renamed, Edit{Leaf: i, Masks: []guard.Mask{{Span: guard.Span{Start: start, End: end}, With: model}}})
	}
	if renamed == nil {
		return edits
	}
	out := slices.DeleteFunc(slices.Clone(edits), func(e Edit) bool {
		return slices.ContainsFunc(renamed, func(n Edit) bool { return n.Leaf == e.Leaf })
	})
	return append(out, renamed...)
}

// namesModel reports whether the leaf of a request is the name of its model: at the top,
// or where the table says so.
func (l *Leaf) namesModel() bool {
	if !l.Known || l.key || l.Inner || l.Turn >= 0 {
		return false
	}
	return l.rule.Name == FieldModel || l.Path() == modelPath
}
