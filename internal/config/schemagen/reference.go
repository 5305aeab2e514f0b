package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"strings"
)

// Between these lines a page's reference is generated.
const (
	beginMark = "<!-- reference: generated from the source, do not edit -->\n"
	endMark   = "<!-- end of reference -->\n"
)

// reference returns a table of the keys of every struct met by generate.
func (g *generator) reference() []byte {
	var b bytes.Buffer
	for i, st := range g.order {
		if i == 0 {
			fmt.Fprint(&b, "\n### The file\n")
		} else {
			fmt.Fprintf(&b, "\n### %s\n\n%s\n", st.name, st.doc)
		}
		fmt.Fprint(&b, "\n| key | value | meaning |\n|---|---|---|\n")
		for j := range st.fields {
			m := &st.fields[j]
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m.key, g.typeName(m), g.meaning(i, st, m))
		}
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// meaning is a key's comment, with its default.
func (g *generator) meaning(i int, st *structure, m *member) string {
	s := strings.ReplaceAll(m.doc, "|", `\|`)
	section := g.defaults
	if i > 0 {
		section = find(g.defaults, g.sectionKey(st))
	}
	switch d := section[m.key]; {
	case m.required:
		return s + " Required."
	case scalarDefault(d) && d != false:
		return fmt.Sprintf("%s Default: `%v`.", s, d)
	}
	return s
}

// sectionKey returns the key under which st stands as a single section.
func (g *generator) sectionKey(st *structure) string {
	for _, o := range g.order {
		for _, f := range o.fields {
			if kind, _ := kindOf(f.typ); g.structs[kind] == st {
				return f.key
			}
		}
	}
	return ""
}

// find returns the mapping called key at any depth of m.
func find(m map[string]any, key string) map[string]any {
	if sub, ok := m[key].(map[string]any); ok {
		return sub
	}
	for _, v := range m {
		if sub, ok := v.(map[string]any); ok {
			if found := find(sub, key); found != nil {
				return found
			}
		}
	}
	return nil
}

func (g *generator) typeName(m *member) string {
	kind, elem := kindOf(m.typ)
	switch {
	case m.enum != nil && kind == "list":
		return "list of " + strings.Join(m.enum, ", ")
	case m.enum != nil:
		return strings.Join(m.enum, ", ")
	case kind == "list" && m.oneOrMany:
		return g.plain(elem) + ", or a list"
	case kind == "list":
		return "list of " + g.plain(elem)
	case kind == "map":
		return "names, each with " + g.plain(elem)
	}
	return g.plain(m.typ)
}

func (g *generator) plain(e ast.Expr) string {
	kind, _ := kindOf(e)
	if s, ok := scalars[kind]; ok {
		return s.name
	}
	if st := g.structs[kind]; st != nil {
		return fmt.Sprintf("[%s](#%s)", st.name, strings.ToLower(st.name))
	}
	return kind
}

// splice puts the reference between the marks of a page.
func splice(page, ref []byte) ([]byte, error) {
	before, rest, ok := bytes.Cut(page, []byte(beginMark))
	_, after, ok2 := bytes.Cut(rest, []byte(endMark))
	if !ok || !ok2 {
		return nil, fmt.Errorf("expected the lines %q and %q", strings.TrimSpace(beginMark), strings.TrimSpace(endMark))
	}
	return bytes.Join([][]byte{before, []byte(beginMark), ref, []byte(endMark), after}, nil), nil
}
