package logs_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"warder.example/internal/replay/logs"
)

// values reads everything: values as they are, reasons in brackets, with lines.
func values(t testing.TB, r io.Reader) (out []string) {
	t.Helper()
	s, err := logs.NewSource(r)
	if err != nil {
		t.Fatal(err)
	}
	for {
		b, err := s.Next()
		var u *logs.Unreadable
		switch {
		case err == io.EOF:
			return out
		case errors.As(err, &u):
			out = append(out, fmt.Sprintf("%d[%s]", s.Line(), u.Reason))
		case err != nil:
			return append(out, "error")
		default:
			out = append(out, fmt.Sprintf("%d%s", s.Line(), b))
		}
	}
}

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return b.String()
}

// TestValues: lines, arrays and values over lines, compressed or not.
func TestValues(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"lines", "{\"a\":1}\n\n  {\"b\":2}\r\n{\"c\":", []string{`1{"a":1}`, `3{"b":2}`, `4{"c":`}},
		{"byte order mark", "\xef\xbb\xbf{\"a\":1}\n", []string{`1{"a":1}`}},
		{"an array over lines", "[\n {\"a\": \"]}\\\"\"},\n 3,\"x\"\n]\n", []string{`2{"a": "]}\""}`, `3` + `3`, `3"x"`}},
		{"an array on a line", `[{"a":1},{"b":2}]`, []string{`1[{"a":1},{"b":2}]`}},
		{"lists of messages by line", "[{\"role\":\"user\"}]\n[{\"role\":\"user\"}]\n", []string{`1[{"role":"user"}]`, `2[{"role":"user"}]`}},
		{"objects over lines", "{\n \"a\": {\n}}\n{\n \"b\": 1}\n", []string{"1{\n \"a\": {\n}}", "4{\n \"b\": 1}"}},
		{"not JSON", "hello\nworld", []string{"1hello", "2world"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, in := range []string{c.in, zipped(c.in)} {
				if got := values(t, strings.NewReader(in)); !slices.Equal(got, c.want) {
					t.Errorf("got %q; want %q", got, c.want)
				}
			}
		})
	}
}

// TestLongValues: a line of 100 MB, and an element that is too long, are passed over
// and cost nothing of what comes after them.
func TestLongValues(t *testing.T) {
	long := func(size int64) io.Reader { return io.LimitReader(endless('x'), size) }
	for name, in := range map[string]io.Reader{
		"line":  io.MultiReader(strings.NewReader("{\"a\":1}\n"), long(100<<20), strings.NewReader("\n{\"b\":2}\n")),
		"value": io.MultiReader(strings.NewReader("[\n{\"a\":1},\n\""), long(logs.MaxValue+1), strings.NewReader("\",\n{\"b\":2}]")),
	} {
		t.Run(name, func(t *testing.T) {
			got := values(t, in)
			if len(got) != 3 || !strings.HasSuffix(got[0], `{"a":1}`) || !strings.HasSuffix(got[1], "["+logs.TooLong+"]") || !strings.HasSuffix(got[2], `{"b":2}`) {
				t.Errorf("%d values: %.200q", len(got), got)
			}
		})
	}
}

// endless is a reader of one byte, over and over.
type endless byte

func (e endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(e)
	}
	return len(b), nil
}

// TestBomb: what decompresses to more than can be passed over is given up.
func TestBomb(t *testing.T) {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	_, _ = io.Copy(z, io.LimitReader(endless('x'), logs.MaxSkipped+1))
	_ = z.Close()
	if got := values(t, &b); !slices.Equal(got, []string{"error"}) {
		t.Errorf("%.200q; expected an error", got)
	}
}

// TestCutGzip: the whole values of a file that is still written are read.
func TestCutGzip(t *testing.T) {
	z := zipped(strings.Repeat(`{"messages":[{"role":"user","content":"a"}]}`+"\n", 5000))
	got := values(t, strings.NewReader(z[:len(z)-30]))
	if len(got) < 100 || got[len(got)-1] != "error" {
		t.Errorf("%d values, last %.60q", len(got), got[len(got)-1])
	}
}

// TestEveryLayout: the same values come whatever way they are written.
func TestEveryLayout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringN(0, 40, -1), 2, 20).Draw(t, "texts")
		var lines, list, spread strings.Builder
		list.WriteString("[\n")
		for i, s := range texts {
			v := map[string]any{"text": s, "in": []any{map[string]any{"n": i}}}
			flat, _ := json.Marshal(v)
			wide, _ := json.MarshalIndent(v, "", " ")
			fmt.Fprintf(&lines, "%s\n", flat)
			fmt.Fprintf(&spread, "%s\n", wide)
			if i > 0 {
				list.WriteString(",\n")
			}
			list.Write(wide)
		}
		list.WriteString("\n]")
		for _, in := range []string{lines.String(), list.String(), spread.String()} {
			s, err := logs.NewSource(strings.NewReader(in))
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range texts {
				b, err := s.Next()
				var got struct{ Text string }
				if err != nil || json.Unmarshal(b, &got) != nil || got.Text != want {
					t.Fatalf("value %d is %q, %v; want %q in\n%s", i, b, err, want, in)
				}
			}
			if b, err := s.Next(); err != io.EOF {
				t.Fatalf("one more value: %q, %v", b, err)
			}
		}
	})
}

// TestFiles: folders are read in order, links and other files are not, and nothing
// twice.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.jsonl", "a/x.json.gz", "notes.txt", ".hidden.jsonl", "a/y.NDJSON"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "link.jsonl")); err != nil {
		t.Fatal(err)
	}
	got, err := logs.Files([]string{dir})
	want := []string{filepath.Join(dir, "a/x.json.gz"), filepath.Join(dir, "a/y.NDJSON"), filepath.Join(dir, "b.jsonl")}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	for _, bad := range [][]string{{dir, filepath.Join(dir, "b.jsonl")}, {filepath.Join(dir, "none")}, {t.TempDir()}} {
		if got, err := logs.Files(bad); err == nil {
			t.Errorf("%q gives %q; expected an error", bad, got)
		}
	}
}
