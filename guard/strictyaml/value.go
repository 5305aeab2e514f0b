package strictyaml

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// field is what a struct tag says of a value.
type field struct {
	oneOrMany bool
	enum      []string
}

var (
	durationType    = reflect.TypeFor[time.Duration]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// value decodes n, which stands at path, into v.
func (f *File) value(n *yaml.Node, path string, v reflect.Value, fd field) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		f.add(n.Line, "%s has no value; give one or remove the key", name(path))
		return
	}
	if v.Type() == durationType || reflect.PointerTo(v.Type()).Implements(textUnmarshaler) {
		f.text(n, path, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		f.fields(n, path, v)
	case reflect.Map:
		f.mapping(n, path, v)
	case reflect.Slice:
		f.slice(n, path, v, fd)
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		f.value(n, path, p.Elem(), fd)
		v.Set(p)
	default:
		f.scalar(n, path, v, fd)
	}
}

// fields decodes a mapping into a struct.
func (f *File) fields(n *yaml.Node, path string, v reflect.Value) {
	if !f.kind(n, path, yaml.MappingNode, "keys and values") {
		return
	}
	index, keys := map[string]int{}, []string{}
	for i := range v.NumField() {
		if key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ","); key != "" {
			index[key] = i
			keys = append(keys, key)
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		at, ok := index[key.Value]
		if !ok {
			f.add(key.Line, "unknown key %s%s", quote(key.Value), suggest(key.Value, keys))
			continue
		}
		tag := v.Type().Field(at).Tag
		fd := field{oneOrMany: strings.HasSuffix(tag.Get("yaml"), ",oneormany")}
		if e := tag.Get("enum"); e != "" {
			fd.enum = strings.Split(e, ",")
		}
		f.value(n.Content[i+1], Join(path, key.Value), v.Field(at), fd)
	}
}

// mapping decodes a mapping into a map with string keys.
func (f *File) mapping(n *yaml.Node, path string, v reflect.Value) {
	if !f.kind(n, path, yaml.MappingNode, "keys and values") {
		return
	}
	m := reflect.MakeMap(v.Type())
	for i := 0; i+1 < len(n.Content); i += 2 {
		e := reflect.New(v.Type().Elem()).Elem()
		f.value(n.Content[i+1], Join(path, n.Content[i].Value), e, field{})
		m.SetMapIndex(reflect.ValueOf(n.Content[i].Value), e)
	}
	v.Set(m)
}

func (f *File) slice(n *yaml.Node, path string, v reflect.Value, fd field) {
	if fd.oneOrMany && n.Kind == yaml.ScalarNode {
		n = &yaml.Node{Kind: yaml.SequenceNode, Line: n.Line, Content: []*yaml.Node{n}}
	}
	if !f.kind(n, path, yaml.SequenceNode, "a list") {
		return
	}
	s := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, c := range n.Content {
		f.value(c, Index(path, i), s.Index(i), field{enum: fd.enum})
	}
	v.Set(s)
}

// text decodes a scalar into a duration or a type that reads text.
func (f *File) text(n *yaml.Node, path string, v reflect.Value) {
	if !f.kind(n, path, yaml.ScalarNode, "a single value") {
		return
	}
	if v.Type() == durationType {
		d, err := time.ParseDuration(n.Value)
		if err != nil {
			f.add(n.Line, "%s is %s; expected a duration such as 500ms, 30s or 5m", name(path), quote(n.Value))
			return
		}
		v.SetInt(int64(d))
		return
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Value)); err != nil {
		f.add(n.Line, "%s: %v", name(path), err)
	}
}

// scalar decodes booleans, numbers and texts.
func (f *File) scalar(n *yaml.Node, path string, v reflect.Value, fd field) {
	var want string
	switch v.Kind() {
	case reflect.Bool:
		want = "true or false"
		if f.tagged(n, "!!bool") && (n.Value == "true" || n.Value == "false") {
			v.SetBool(n.Value == "true")
			return
		}
	case reflect.Int, reflect.Int64:
		want = "a whole number"
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil && f.tagged(n, "!!int") {
			v.SetInt(i)
			return
		}
	case reflect.Float64:
		want = "a number"
		x, err := strconv.ParseFloat(n.Value, 64)
		if err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) && f.tagged(n, "!!int", "!!float") {
			v.SetFloat(x)
			return
		}
	case reflect.String:
		want = "text (quote it)"
		if f.tagged(n, "!!str") {
			f.oneOf(n, path, fd)
			v.SetString(n.Value)
			return
		}
	default:
		panic(fmt.Sprintf("strictyaml: cannot decode into a %s", v.Type()))
	}
	f.kind(n, path, 0, want)
}

func (f *File) tagged(n *yaml.Node, tags ...string) bool {
	return n.Kind == yaml.ScalarNode && slices.Contains(tags, n.ShortTag())
}

// oneOf checks a text against the tag enum.
func (f *File) oneOf(n *yaml.Node, path string, fd field) {
	if fd.enum != nil && !slices.Contains(fd.enum, n.Value) {
		f.add(n.Line, "%s is %s; expected %s", name(path), quote(n.Value), strings.Join(fd.enum, ", "))
	}
}

// kind reports whether n is of that kind, and adds a problem when it is not.
func (f *File) kind(n *yaml.Node, path string, k yaml.Kind, want string) bool {
	if n.Kind == k {
		return true
	}
	got := quote(n.Value)
	switch n.Kind {
	case yaml.MappingNode:
		got = "keys and values"
	case yaml.SequenceNode:
		got = "a list"
	}
	f.add(n.Line, "%s is %s; expected %s", name(path), got, want)
	return false
}

func name(path string) string {
	if path == "" {
		return "the file"
	}
	return clip(path, 80)
}
