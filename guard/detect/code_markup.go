package detect

import (
	"html"
	"strings"
)

// namedValue is an attribute of an element.
type namedValue struct{ name, value string }

// allAttributes reads the attributes of the inside of a tag: names in lower
// case, values without quotes. "/" separates like a space, as browsers take it.
func allAttributes(tag string) (out []namedValue) {
	for i := 0; i < len(tag); {
		for i < len(tag) && (classes[tag[i]]&classSpace != 0 || tag[i] == '/' || tag[i] == '>' || tag[i] == '"' || tag[i] == '\'') {
			i++
		}
		start := i
		for i < len(tag) && classes[tag[i]]&classSpace == 0 && tag[i] != '=' && tag[i] != '>' && tag[i] != '/' {
			i++
		}
		a := namedValue{name: strings.ToLower(tag[start:i])}
		for i < len(tag) && classes[tag[i]]&classSpace != 0 {
			i++
		}
		if i < len(tag) && tag[i] == '=' {
			i++
			for i < len(tag) && classes[tag[i]]&classSpace != 0 {
				i++
			}
			a.value, i = attributeValue(tag, i)
		}
		if a.name != "" {
			out = append(out, a)
		} else if i == start {
			i++
		}
	}
	return out
}

// attributeValue reads the value at i and returns where it ends.
func attributeValue(tag string, i int) (string, int) {
	if i < len(tag) && (tag[i] == '"' || tag[i] == '\'') {
		end := strings.IndexByte(tag[i+1:], tag[i])
		if end < 0 {
			return tag[i+1:], len(tag)
		}
		return tag[i+1 : i+1+end], i + end + 2
	}
	start := i
	for i < len(tag) && classes[tag[i]]&classSpace == 0 && tag[i] != '>' {
		i++
	}
	return tag[start:i], i
}

// plainValue undoes what a browser undoes before it reads a scheme: entities,
// and spaces and control characters inside and before it.
func plainValue(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, html.UnescapeString(s))
}
