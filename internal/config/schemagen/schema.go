package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"slices"
)

// object is a JSON object.
type object = map[string]any

// generator makes a schema and a reference from structs.
type generator struct {
	structs  map[string]*structure
	defaults map[string]any // what a file that says nothing means, by key
	defs     object
	order    []*structure // as first met, the root first
}

// scalars are the types that are one value in a file: their schema, and their
// name in the reference.
var scalars = map[string]struct {
	schema object
	name   string
}{
	"string":  {object{"type": "string"}, "text"},
	"bool":    {object{"type": "boolean"}, "true or false"},
	"int":     {object{"type": "integer"}, "whole number"},
	"int64":   {object{"type": "integer"}, "whole number"},
	"float64": {object{"type": "number"}, "number"},
	"Secret":  {object{"type": "string"}, "text, env:NAME or file:PATH"},
	"ByteSize": {object{"anyOf": []any{object{"type": "integer", "minimum": 0},
		object{"type": "string", "pattern": "^[0-9]+ ?(B|KiB|MiB|GiB)?$"}}}, "size"},
	"config.Secret": {object{"type": "string", "pattern": "^(env|file):"}, "env:NAME or file:PATH"},
	"config.ByteSize": {object{"anyOf": []any{object{"type": "integer", "minimum": 0},
		object{"type": "string", "pattern": "^[0-9]+ ?(B|KiB|MiB|GiB)?$"}}}, "size"},
	"price.Amount":  {object{"type": "number", "minimum": 0}, "amount"},
	"time.Duration": {object{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`}, "duration"},
	"guard.Origin":  {object{"enum": []any{"user", "document", "tool", "email"}}, "user, document, tool or email"},
}

// generate returns the schema of the struct called root.
func (g *generator) generate(root, title string) ([]byte, error) {
	g.defs = object{}
	s, err := g.object(root, g.defaults)
	if err != nil {
		return nil, err
	}
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = title
	s["$defs"] = g.defs
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(s)
	return b.Bytes(), err
}

// object returns the schema of a struct.
func (g *generator) object(name string, defaults map[string]any) (object, error) {
	st := g.structs[name]
	if st == nil {
		return nil, fmt.Errorf("no struct %s", name)
	}
	if !slices.Contains(g.order, st) {
		g.order = append(g.order, st)
	}
	properties, required := object{}, []any{}
	for i := range st.fields {
		m := &st.fields[i]
		if m.doc == "" {
			return nil, fmt.Errorf("%s: key %s has no comment", name, m.key)
		}
		p, err := g.value(m.typ, m, defaults[m.key])
		if err != nil {
			return nil, fmt.Errorf("%s: key %s: %w", name, m.key, err)
		}
		p["description"] = m.doc
		if d := defaults[m.key]; scalarDefault(d) {
			p["default"] = d
		}
		properties[m.key] = p
		if m.required {
			required = append(required, m.key)
		}
	}
	out := object{"type": "object", "description": st.doc, "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out, nil
}

// scalarDefault reports whether d is a default worth writing down.
func scalarDefault(d any) bool {
	switch d := d.(type) {
	case string:
		return d != ""
	case int, float64, bool:
		return true
	}
	return false
}

// value returns the schema of a value.
func (g *generator) value(t ast.Expr, m *member, def any) (object, error) {
	kind, elem := kindOf(t)
	if s, ok := scalars[kind]; ok {
		out := object{}
		for k, v := range s.schema {
			out[k] = v
		}
		if m.enum != nil {
			out = object{"enum": m.enum}
		}
		return out, nil
	}
	switch kind {
	case "list":
		items, err := g.value(elem, &member{enum: m.enum}, nil)
		list := object{"type": "array", "items": items}
		if m.oneOrMany {
			list["minItems"] = 1
			return object{"anyOf": []any{items, list}}, err
		}
		return list, err
	case "map":
		values, err := g.value(elem, &member{}, nil)
		return object{"type": "object", "additionalProperties": values}, err
	}
	st := g.structs[kind]
	if st == nil {
		return nil, fmt.Errorf("unknown type %q", kind)
	}
	if _, done := g.defs[st.name]; !done {
		g.defs[st.name] = object{} // holds the place
		sub, _ := def.(map[string]any)
		o, err := g.object(kind, sub)
		if err != nil {
			return nil, err
		}
		g.defs[st.name] = o
	}
	return object{"$ref": "#/$defs/" + st.name}, nil
}
