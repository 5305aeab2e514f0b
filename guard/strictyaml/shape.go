package strictyaml

import "go.yaml.in/yaml/v3"

// shape refuses what makes a file mean something else than it shows, wherever
// it stands. It reports whether the tree may be decoded.
func (f *File) shape(n *yaml.Node, depth int) bool {
	ok := f.plain(n)
	switch {
	case !ok:
		return false
	case n.Kind == yaml.ScalarNode:
		return true
	case depth == MaxDepth:
		f.add(n.Line, "nested deeper than %d levels", MaxDepth)
		return false
	}
	if n.Kind == yaml.SequenceNode {
		for _, c := range n.Content {
			ok = f.shape(c, depth+1) && ok
		}
		return ok
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		ok = f.entry(n.Content[i], n.Content[i+1], depth, seen) && ok
	}
	return ok
}

// entry checks one key of a mapping and its value.
func (f *File) entry(key, value *yaml.Node, depth int, seen map[string]int) bool {
	if key.ShortTag() == "!!merge" {
		f.add(key.Line, "merge keys (<<) are not allowed; write the values out")
		return false
	}
	if !f.plain(key) {
		return false
	}
	if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" {
		f.add(key.Line, "a key is not text; quote it")
		return false
	}
	if len(key.Value) > MaxKey {
		f.add(key.Line, "key %s has %d bytes; expected at most %d", quote(key.Value), len(key.Value), MaxKey)
		return false
	}
	ok := true
	if at, twice := seen[key.Value]; twice {
		f.add(key.Line, "key %s is given twice; first on line %d", quote(key.Value), at)
		ok = false
	} else {
		seen[key.Value] = key.Line
	}
	return f.shape(value, depth+1) && ok
}

// plain refuses anchors, aliases and tags.
func (f *File) plain(n *yaml.Node) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		f.add(n.Line, "aliases (*%s) are not allowed; write the value out", clip(n.Value, 60))
	case n.Anchor != "":
		f.add(n.Line, "anchors (&%s) are not allowed", clip(n.Anchor, 60))
	case n.Style&yaml.TaggedStyle != 0:
		f.add(n.Line, "tags (%s) are not allowed", clip(n.Tag, 60))
	default:
		return true
	}
	return false
}
