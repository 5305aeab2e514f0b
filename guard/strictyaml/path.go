package strictyaml

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Join returns the path of a key under path.
func Join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// Index returns the path of an element under path.
func Index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// Line returns the line of the value at path, counted from 1. A path is keys
// joined by dots and indices in brackets, such as rules[2].when.category[0],
// as [Join] and [Index] write it. For a path that is not in the file it is the
// line of the nearest value around it.
func (f *File) Line(path string) int {
	line, _ := f.find(path)
	return line
}

// Has reports whether the file gives a value at path.
func (f *File) Has(path string) bool {
	_, found := f.find(path)
	return found && path != ""
}

// find walks from the root as far along path as the file goes.
func (f *File) find(path string) (line int, found bool) {
	line = 1
	n := f.root
	for n != nil && path != "" {
		var at int
		if n, at, path = step(n, strings.TrimPrefix(path, ".")); n != nil {
			line = at
		}
	}
	return line, n != nil
}

// step goes from n to the child that path begins with. It returns the child,
// nil if there is none, its line, and the rest of the path. Keys may hold dots
// and brackets: the longest that fits is taken.
func step(n *yaml.Node, path string) (child *yaml.Node, line int, rest string) {
	if n.Kind == yaml.SequenceNode {
		digits, rest, ok := strings.Cut(strings.TrimPrefix(path, "["), "]")
		i, err := strconv.Atoi(digits)
		if !ok || err != nil || i < 0 || i >= len(n.Content) {
			return nil, 0, ""
		}
		return n.Content[i], n.Content[i].Line, rest
	}
	longest := -1
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		after, ok := strings.CutPrefix(path, key)
		if ok && len(key) > longest && (after == "" || after[0] == '.' || after[0] == '[') {
			longest = len(key)
			child, line, rest = n.Content[i+1], n.Content[i].Line, after
		}
	}
	return child, line, rest
}
