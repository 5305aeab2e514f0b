// Package taxonomy holds the ids of the frameworks that findings refer to: the OWASP
// Top 10 for LLM and for agentic applications, the techniques of MITRE ATLAS, the
// risks of NIST AI 600-1, and the CWE entries in use.
//
// # Why it is data
//
// Lists are numbered anew with each edition: LLM06 was one risk in 2023, another in 2025
// and is a third in 2026. An id therefore carries its edition (LLM06:2025), each list its
// version and source, and an id that the list does not have is not [Known]. What a later
// edition calls the same risk, and what took the place of a retired technique, is in
// [Entry.Next].
//
// # Renewing a list
//
// Lists are the TSV files in data: comment lines with name, version and source, then
// id, name, "retired" or nothing, and the next id or nothing. Only ids and names are kept.
package taxonomy

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

//go:embed data/*.tsv
var files embed.FS

// A Framework is one edition of a list.
type Framework struct {
	Key     string // such as owasp-llm-2025, atlas, cwe
	Name    string
	Version string // as its publisher writes it
	Source  string // where the list is from and what was taken
	Size    int    // entries, retired ones included
}

// An Entry is an id of a framework.
type Entry struct {
	ID        string // such as LLM01:2025, ASI02:2026, AML.T0051.001, CWE-79, NIST-AI-600-1:2.2
	Name      string
	Framework string // its key
	// Retired says that the version held here has the id no more.
	Retired bool
	// Next is what a later edition calls it, or what took its place; empty if nothing did.
	Next string
}

// Lookup returns the entry of an id, also of a retired one.
func Lookup(id string) (Entry, bool) {
	e, ok := lists().entries[id]
	return e, ok
}

// Known reports whether findings may refer to an id: a list has it and it is not retired.
func Known(id string) bool {
	e, ok := Lookup(id)
	return ok && !e.Retired
}

// Version returns the version of the framework with a key, or "" if there is none.
func Version(key string) string {
	for _, f := range lists().frameworks {
		if f.Key == key {
			return f.Version
		}
	}
	return ""
}

// Frameworks returns all lists, by key.
func Frameworks() []Framework { return slices.Clone(lists().frameworks) }

type tables struct {
	frameworks []Framework
	entries    map[string]Entry
}

// lists reads the embedded files. They are part of the program: what is wrong with them
// is a mistake of it, and panics.
var lists = sync.OnceValue(func() tables {
	t, err := read(files)
	if err != nil {
		panic(err)
	}
	return t
})

func read(in fs.FS) (tables, error) {
	t := tables{entries: map[string]Entry{}}
	names, err := fs.Glob(in, "data/*.tsv")
	if err != nil {
		return t, err
	}
	for _, name := range names {
		data, err := fs.ReadFile(in, name)
		if err != nil {
			return t, err
		}
		if err := t.add(name, string(data)); err != nil {
			return t, err
		}
	}
	return t, t.check()
}

// add reads one list.
func (t *tables) add(name, data string) error {
	f := Framework{Key: strings.TrimSuffix(strings.TrimPrefix(name, "data/"), ".tsv")}
	for i, line := range strings.Split(strings.TrimSuffix(data, "\n"), "\n") {
		if about, ok := strings.CutPrefix(line, "# "); ok {
			key, value, _ := strings.Cut(about, ": ")
			switch key {
			case "name":
				f.Name = value
			case "version":
				f.Version = value
			case "source":
				f.Source = value
			}
			continue
		}
		col := append(strings.Split(line, "\t"), "", "")
		if len(col) < 4 || len(col) > 6 || col[0] == "" || col[1] == "" || col[2] != "" && col[2] != "retired" {
			return fmt.Errorf("%s:%d: expected id, name, retired or nothing, next or nothing", name, i+1)
		}
		if _, twice := t.entries[col[0]]; twice {
			return fmt.Errorf("%s:%d: %s is there twice", name, i+1, col[0])
		}
		t.entries[col[0]] = Entry{ID: col[0], Name: col[1], Framework: f.Key, Retired: col[2] != "", Next: col[3]}
		f.Size++
	}
	if f.Name == "" || f.Version == "" || f.Source == "" || f.Size == 0 {
		return fmt.Errorf("%s: expected a name, a version, a source and entries", name)
	}
	t.frameworks = append(t.frameworks, f)
	return nil
}

// check holds that what is named as next is there.
func (t *tables) check() error {
	for id, e := range t.entries {
		if n, ok := t.entries[e.Next]; e.Next != "" && (!ok || n.Retired) {
			return fmt.Errorf("%s: next is %s, which no list has", id, e.Next)
		}
	}
	return nil
}
