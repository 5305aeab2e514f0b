package corpus_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/corpus"
)

func TestReaderReadsRows(t *testing.T) {
	const in = "\xef\xbb\xbf" + `{"text":"Grüße","label":"benign","source":"a","channel":"email","lang":"de","sub":"x","idx":7}` + "\r\n" +
		"\n   \n" +
		`{"text":"","channel":"output","sub":["p","q"],"sub2":null}` + "\n" +
		`{"text":"last line has no end","sub":null,"spans":[{"type":"T","start":0,"end":4,"value":"last"}]}`
	r := corpus.NewReader(strings.NewReader(in), "file.jsonl")
	var got []corpus.Row
	for row, err := range r.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, row)
	}
	second := int64(strings.Index(in, `{"text":""`))
	third := int64(strings.Index(in, `{"text":"last`))
	want := []corpus.Row{
		{Text: "Grüße", Label: corpus.Benign, Source: "a", Channel: "email", Lang: "de", Sub: "x", File: "file.jsonl", Line: 1},
		{Channel: "output", Sub: "p/q", File: "file.jsonl", Line: 4, Offset: second},
		{Text: "last line has no end", Spans: []corpus.Span{{Type: "T", End: 4, Value: "last"}}, File: "file.jsonl", Line: 5, Offset: third},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rows differ (-want +got):\n%s", d)
	}
}

func TestReaderRefuses(t *testing.T) {
	for _, tt := range []struct{ name, line, want string }{
		{"no text", `{"label":"benign"}`, `no "text"`},
		{"text is null", `{"text":null}`, `no "text"`},
		{"text is a number", `{"text":5}`, "number"},
		{"an array", `["text"]`, "array"},
		{"not JSON", `text: hello`, "invalid"},
		{"cut off", `{"text":"a`, "unexpected"},
		{"two objects", `{"text":"a"} {"text":"b"}`, "more than one"},
		{"bad UTF-8", "{\"text\":\"\xff\"}", "UTF-8"},
		{"sub of numbers", `{"text":"a","sub":[1]}`, "number"},
		{"a key twice", `{"text":"a","label":"benign","text":"b"}`, `key "text" comes twice`},
		{"a key twice, escaped", `{"text":"a","te\u0078t":"b"}`, `key "text" comes twice`},
		{"a note twice", `{"text":"a","idx":1,"idx":2}`, `key "idx" comes twice`},
		{"text in capitals", `{"Text":"a"}`, `no "text"`},
		{"text with a capital, escaped", `{"\u0054ext":"a"}`, `no "text"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := corpus.NewReader(strings.NewReader(tt.line+"\n"+`{"text":"next"}`), "f")
			_, err := r.Next()
			if !errors.Is(err, corpus.ErrRow) || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "f:1: ") {
				t.Fatalf("error %v, expected f:1 and ErrRow with %q", err, tt.want)
			}
			if row, err := r.Next(); err != nil || row.Text != "next" {
				t.Errorf("after the error: %q, %v; expected the next row", row.Text, err)
			}
		})
	}
}

// TestReaderIgnoresNotes: keys of other case, keys within values and an origin that is
// none say nothing about the row.
func TestReaderIgnoresNotes(t *testing.T) {
	for _, line := range []string{
		`{"text":"a","Text":"b","channel":"user"}`,
		`{"TEXT":"b","text":"a","origin":"user"}`,
		`{"x":{"text":1,"text":2},"y":[{"k":1},{"k":2},"text"],"text":"a","channel":"user"}`,
		`{"text":"a","channel":"user","origin":{"url":"https://mills.example"},"messages":[{"role":"user"}]}`,
		`{"text":"a","z":"\",\"text\":{","channel":"user","Messages":1}`,
	} {
		row, err := corpus.NewReader(strings.NewReader(line), "f").Next()
		if err != nil || row.Text != "a" || row.Channel != "user" {
			t.Errorf("%s: text %q, channel %q, %v; expected \"a\" of a user", line, row.Text, row.Channel, err)
		}
	}
}

func TestReaderBoundsLines(t *testing.T) {
	r := corpus.NewReader(strings.NewReader(`{"text":"`+strings.Repeat("x", corpus.MaxLine)+`"}`), "f")
	if _, err := r.Next(); !errors.Is(err, corpus.ErrRow) || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("error %v, expected that the line is too long", err)
	}
}

type brokenReader struct{}

var errBroken = errors.New("broken")

func (brokenReader) Read([]byte) (int, error) { return 0, errBroken }

func TestReaderReportsTheStreamsError(t *testing.T) {
	_, err := corpus.NewReader(brokenReader{}, "").Next()
	if !errors.Is(err, errBroken) || errors.Is(err, corpus.ErrRow) {
		t.Errorf("error %v, expected the stream's own, not ErrRow", err)
	}
}

func TestOriginAndDirection(t *testing.T) {
	for _, tt := range []struct {
		channel string
		origin  guard.Origin
		dir     guard.Direction
	}{
		{"user", guard.OriginUser, guard.Request}, {"document", guard.OriginDocument, guard.Request}, {"tool", guard.OriginTool, guard.Request},
		{"Email", guard.OriginEmail, guard.Request}, {"operator", guard.OriginOperator, guard.Request}, {"output", guard.OriginModel, guard.Answer},
		{"", guard.OriginUnknown, guard.Request}, {"fax", guard.OriginUnknown, guard.Request},
	} {
		t.Run(tt.channel, func(t *testing.T) {
			g := (&corpus.Row{Text: "x", Channel: tt.channel}).GuardText()
			if g.Origin != tt.origin || g.Direction != tt.dir {
				t.Errorf("origin %v, direction %v; want %v, %v", g.Origin, g.Direction, tt.origin, tt.dir)
			}
		})
	}
}

func TestByteSpans(t *testing.T) {
	r := corpus.Row{Text: "aé漢b", Spans: []corpus.Span{{Start: 1, End: 3}, {Start: 3, End: 99}, {Start: -4, End: 1}, {Start: 2, End: 2}}}
	want := []guard.Span{{Start: 1, End: 6}, {Start: 6, End: 7}, {Start: 0, End: 1}}
	if d := cmp.Diff(want, r.ByteSpans()); d != "" {
		t.Errorf("spans differ (-want +got):\n%s", d)
	}
}

func TestDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "odd[name]*")
	write(t, filepath.Join(dir, "b.jsonl"), `{"text":"3"}`)
	write(t, filepath.Join(dir, "a.jsonl"), `{"text":"1"}`+"\n"+`{"text":"2"}`+"\n")
	write(t, filepath.Join(dir, "notes.txt"), "not a corpus")
	write(t, filepath.Join(dir, "sub", "c.jsonl"), `{"text":"not read"}`)
	var got []string
	for row, err := range corpus.Dir(dir) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, row.File+row.Text)
	}
	if d := cmp.Diff([]string{"a.jsonl1", "a.jsonl2", "b.jsonl3"}, got); d != "" {
		t.Errorf("rows differ (-want +got):\n%s", d)
	}
	for row, err := range corpus.Dir(filepath.Join(dir, "b.jsonl")) {
		if err != nil || row.Text != "3" {
			t.Errorf("one file: %q, %v", row.Text, err)
		}
	}
}

func TestDirErrors(t *testing.T) {
	empty := t.TempDir()
	for name, dir := range map[string]string{"no such folder": filepath.Join(empty, "none"), "no files": empty} {
		t.Run(name, func(t *testing.T) {
			n := 0
			for _, err := range corpus.Dir(dir) {
				if n++; err == nil {
					t.Error("a row, expected an error")
				}
			}
			if n != 1 {
				t.Errorf("%d results, expected one error", n)
			}
		})
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// FuzzReader holds that a reader ends, and that every error about a line names
// it and every row says where it began.
func FuzzReader(f *testing.F) {
	f.Add([]byte(`{"text":"a","sub":["b"]}` + "\n" + `{"text":`))
	f.Add([]byte("\xef\xbb\xbf\n\n{}\n[]\nnull\n"))
	f.Add([]byte(`{"text":"a","text":null}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := corpus.NewReader(strings.NewReader(string(in)), "f")
		last := int64(-1)
		for n := 0; ; n++ {
			row, err := r.Next()
			if err == io.EOF {
				return
			}
			if err != nil && !errors.Is(err, corpus.ErrRow) {
				t.Fatalf("error %v", err)
			}
			if err == nil && (row.Offset <= last || row.Offset >= int64(len(in))) {
				t.Fatalf("offset %d after %d in %d bytes", row.Offset, last, len(in))
			}
			if err == nil {
				last = row.Offset
			}
			if n > len(in) {
				t.Fatal("more results than bytes")
			}
		}
	})
}

// The corpora beside the project must be readable to the last row.
func TestSharedCorpus(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "corpus")
	if _, err := os.Stat(root); err != nil {
		t.Skip("no shared corpus beside the project")
	}
	if testing.Short() {
		t.Skip("reads 20 MB")
	}
	rows := 0
	for row, err := range corpus.Dir(filepath.Join(root, "train")) {
		if err != nil {
			t.Fatal(err)
		}
		if !row.Label.Known() || row.Source == "" || row.Origin() == guard.OriginUnknown {
			t.Fatalf("%s:%d: label %q, source %q, channel %q", row.File, row.Line, row.Label, row.Source, row.Channel)
		}
		rows++
	}
	if rows < 50000 {
		t.Errorf("only %d rows", rows)
	}
}
