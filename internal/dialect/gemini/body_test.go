package gemini_test

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

// These helpers read bodies with encoding/json and regular expressions, so that
// the walker is never its own judge.

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// tokens returns delimiters, keys, strings, numbers as written, true, false, nil.
func tokens(t testing.TB, body []byte) (out []any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("body %q: %v", body, err)
		}
		out = append(out, tok)
	}
}

var stringPattern = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

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

func problem(t testing.TB, err error) *dialect.Problem {
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

// spellings are ways to write a text in JSON.
var spellings = map[string]func(string) string{
	"plain":   func(s string) string { b, _ := json.Marshal(s); return string(b) },
	"escaped": func(s string) string { return `"` + escapeEvery(s, 1) + `"` },
	"mixed":   func(s string) string { return `"` + escapeEvery(s, 3) + `"` },
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

// replaced returns body with body[from:to] replaced.
func replaced(body []byte, from, to int, with string) []byte {
	return append(append(bytes.Clone(body[:from]), with...), body[to:]...)
}

// files returns the names of files in testdata.
func files(t testing.TB, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/" + pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	return names
}

// event is one event of a stream, as a client of the standard reads it.
type event struct{ name, data string }

// eventsOf splits a stream.
func eventsOf(t testing.TB, stream []byte) (out []event) {
	t.Helper()
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(stream))
	for block := range strings.SplitSeq(text, "\n\n") {
		var e event
		for line := range strings.SplitSeq(block, "\n") {
			if name, ok := strings.CutPrefix(line, "event: "); ok {
				e.name = name
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				e.data = data
			}
		}
		if e.data != "" {
			out = append(out, e)
		}
	}
	return out
}
