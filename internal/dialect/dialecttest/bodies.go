package dialecttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"warder.example/internal/dialect"
)

// Read returns a file of testdata.
func Read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", filepath.Base(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Files returns the files of testdata whose names match a pattern; none fail.
func Files(t testing.TB, pattern string) (out []Example) {
	t.Helper()
	names, err := filepath.Glob("testdata/" + pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	for _, name := range names {
		out = append(out, Example{Name: filepath.Base(name), Body: Read(t, name)})
	}
	return out
}

// Event is one event of a stream, as a client of the standard reads it.
type Event struct {
	Name string
	Data []byte
}

// Events splits a stream into those events that have data.
func Events(t testing.TB, stream []byte) (out []Event) {
	t.Helper()
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(stream))
	for block := range strings.SplitSeq(text, "\n\n") {
		var e Event
		for line := range strings.SplitSeq(block, "\n") {
			if name, ok := strings.CutPrefix(line, "event: "); ok {
				e.Name = name
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				e.Data = []byte(data)
			}
		}
		if e.Data != nil {
			out = append(out, e)
		}
	}
	return out
}

// Problem fails unless an error is a problem that says what and where.
func Problem(t testing.TB, err error) *dialect.Problem {
	t.Helper()
	var p *dialect.Problem
	if !errors.As(err, &p) {
		t.Fatalf("error is %T: %v; want a problem", err, err)
	}
	if p.Code == "" || p.Reason == "" || p.Offset < 0 || !strings.Contains(p.Error(), p.Reason) {
		t.Fatalf("problem without code, reason or offset: %+v", p)
	}
	return p
}

// place writes the path of a leaf as the places of [Suite] are written.
func place(path string) string {
	return "." + strings.ReplaceAll(indexPattern.ReplaceAllString(path, "[]"), `"`, "")
}

var indexPattern = regexp.MustCompile(`\[[0-9]+\]`)

// outline returns the tokens of a body: delimiters, keys, strings, numbers as
// written, true, false, nil. Members at the places of cut are left out; objects and
// arrays at those of dropped are nil.
func outline(t testing.TB, body []byte, cut, dropped *regexp.Regexp) (out []any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	next := func() any {
		tok, err := d.Token()
		if err != nil {
			t.Fatalf("body %q: %v", body, err)
		}
		out = append(out, tok)
		return tok
	}
	var read func(path string)
	read = func(path string) {
		at := len(out)
		switch next() {
		case json.Delim('{'):
			for d.More() {
				from := len(out)
				key, _ := next().(string)
				member := path + "." + key
				read(member)
				if matches(cut, member) {
					out = out[:from]
				}
			}
			next()
		case json.Delim('['):
			for d.More() {
				read(path + "[]")
			}
			next()
		default:
			return
		}
		if matches(dropped, path) {
			out = append(out[:at], nil)
		}
	}
	read("")
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("body %q: more behind its end: %v", body, err)
	}
	return out
}

func matches(places *regexp.Regexp, path string) bool {
	return places != nil && places.MatchString(path)
}

var (
	stringPattern = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	scalarPattern = regexp.MustCompile(`[:\[,]\s*(-?[0-9][0-9.eE+-]*|true|false|null)`)
)

// stringsIn returns where the strings of a valid body stand, quotes included.
func stringsIn(body []byte) [][]int { return stringPattern.FindAllIndex(body, -1) }

// blank replaces what strings hold.
func blank(body []byte) []byte {
	out := bytes.Clone(body)
	for _, s := range stringsIn(body) {
		for i := s[0] + 1; i < s[1]-1; i++ {
			out[i] = '_'
		}
	}
	return out
}

// isKey reports whether the string that ends at end is a key.
func isKey(body []byte, end int) bool {
	rest := bytes.TrimLeft(body[end:], " \t\r\n")
	return len(rest) > 0 && rest[0] == ':'
}

// replaced returns body with body[from:to] replaced.
func replaced(body []byte, from, to int, with string) []byte {
	return append(append(bytes.Clone(body[:from]), with...), body[to:]...)
}

// spellings are ways to write a text in JSON.
var spellings = map[string]func(string) string{
	"plain":   func(s string) string { return quoted(s) },
	"escaped": func(s string) string { return `"` + escapeEvery(s, 1) + `"` },
	"mixed":   func(s string) string { return `"` + escapeEvery(s, 3) + `"` },
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// escapeEvery writes every nth character as \uXXXX.
func escapeEvery(s string, n int) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	i := 0
	for _, r := range s {
		i++
		switch {
		case i%n == 0 && r <= 0xffff:
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			fallthrough
		default:
			b.WriteRune(r)
			continue
		}
		b.WriteString(`\u`)
		for shift := 12; shift >= 0; shift -= 4 {
			b.WriteByte(hex[r>>shift&15])
		}
	}
	return b.String()
}
