package openai_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
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

func load(t testing.TB, name string, into any) {
	t.Helper()
	if err := json.Unmarshal(read(t, name), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
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

func value(t testing.TB, body []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("body %q: %v", body, err)
	}
	return v
}

// without returns v without the extension, where it is read.
func without(v any) any {
	top, ok := v.(map[string]any)
	if !ok {
		return v
	}
	delete(top, "warder")
	messages, _ := top["messages"].([]any)
	for _, m := range messages {
		m, ok := m.(map[string]any)
		if !ok {
			continue
		}
		delete(m, "warder")
		parts, _ := m["content"].([]any)
		for _, p := range parts {
			if p, ok := p.(map[string]any); ok {
				delete(p, "warder")
			}
		}
	}
	if p, ok := top["prediction"].(map[string]any); ok && len(p) == 0 {
		return top
	}
	return top
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

// isKey reports whether the string that ends at end is a key.
func isKey(body []byte, end int) bool {
	rest := bytes.TrimLeft(body[end:], " \t\r\n")
	return len(rest) > 0 && rest[0] == ':'
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
