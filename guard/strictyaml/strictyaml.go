// Package strictyaml decodes reviewed YAML files: configurations and policies
// that people read before they are used. A file means exactly what it shows,
// or it is refused.
//
// # What is refused
//
// Unknown keys, keys given twice, keys without a value, values of another type
// (a number where text is expected must be quoted), aliases, anchors, merge
// keys and tags (a reader must not have to look elsewhere to know a value), a
// second document, text that is not UTF-8, files over [MaxBytes] or nested deeper
// than [MaxDepth], and keys over [MaxKey].
//
// # Errors
//
// All problems of a file are collected, up to [MaxProblems], each with its
// line. The [File] that [Decode] returns remembers the line of every value, so
// that a caller who checks meaning can report in the same way: [File.Errorf],
// then [File.Err].
//
// # Struct tags
//
// A field is decoded if it is exported and has a tag yaml:"key". The option
// ",oneormany" lets a slice be given as a single value. A tag enum:"a,b,c"
// lists the texts allowed for a string or for each of a slice of strings.
// Fields may be bool, int, int64, float64, string, [time.Duration], structs,
// pointers to structs, slices, maps with string keys, and types that implement
// [encoding.TextUnmarshaler]. Another type is a programming error and panics.
// What a file leaves out keeps the value it had.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Bounds of a file.
const (
	MaxBytes    = 1 << 20 // size
	MaxDepth    = 32      // nested mappings and lists
	MaxKey      = 128     // bytes of a key
	MaxProblems = 20      // problems reported of one file
)

// File is a decoded file: where everything stands in it.
type File struct {
	name string
	root *yaml.Node // nil when there is none
	list Problems
}

// Decode reads data into the struct that into points to. name is what errors
// call the file. The File is never nil; on an error, a [Problems], it knows
// the lines that could be read, and into may be filled in part.
func Decode(name string, data []byte, into any) (*File, error) {
	f := &File{name: name}
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("strictyaml: Decode into %T; expected a pointer to a struct", into))
	}
	f.root = f.parse(data)
	if f.root != nil && f.shape(f.root, 0) {
		f.value(f.root, "", v.Elem(), field{})
	}
	return f, f.Err()
}

// parse returns the root node of the only document, or nil if there is none or
// it could not be read.
func (f *File) parse(data []byte) *yaml.Node {
	if len(data) > MaxBytes {
		f.add(1, "file has %d bytes; expected at most %d", len(data), MaxBytes)
		return nil
	}
	if i := invalidUTF8(data); i >= 0 {
		f.add(1+bytes.Count(data[:i], []byte("\n")), "text is not UTF-8")
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if !errors.Is(err, io.EOF) { // an empty file is one that says nothing
			f.syntax(err)
		}
		return nil
	}
	switch err := dec.Decode(&second); {
	case err == nil:
		f.add(second.Line, "a second document begins; expected one")
	case !errors.Is(err, io.EOF):
		f.syntax(err)
	}
	if len(doc.Content) == 0 {
		return nil
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" && root.Value == "" {
		return nil // only comments
	}
	return root
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 || r == 0 {
			return i
		}
		i += n
	}
	return -1
}

var syntaxLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)

// syntax reports an error of the parser, whose line is in its text.
func (f *File) syntax(err error) {
	text := err.Error()
	line := 1
	m := syntaxLine.FindStringSubmatch(text)
	if n, err := strconv.Atoi(m[1]); err == nil {
		line = n
	}
	f.add(line, "not YAML: %s", clip(text[len(m[0]):], 200))
}

// Name is what errors call the file.
func (f *File) Name() string { return f.name }

// Errorf adds a problem of the value at path.
func (f *File) Errorf(path, format string, args ...any) {
	f.add(f.Line(path), format, args...)
}

// Err returns all problems so far as [Problems], by line; nil if there is none.
func (f *File) Err() error { return f.list.err() }

func (f *File) add(line int, format string, args ...any) {
	f.list = append(f.list, Problem{File: f.name, Line: line, Text: fmt.Sprintf(format, args...)})
}

// clip bounds outside text in an error.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

func quote(s string) string { return strconv.Quote(clip(s, 60)) }
