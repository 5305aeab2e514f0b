package normal

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// vector is one row of testdata: a text and all of its views, in any order.
type vector struct {
	Name  string
	Text  string
	Views []struct{ Path, Text string }
}

// vectorFloor is how many vectors must have run, by file.
var vectorFloor = map[string]int{
	"ciphers": 33, "encoded": 48, "escapes": 31, "hidden": 15, "letters": 106, "plain": 134, "respelled": 17, "signals": 12,
}

func readVectors(t testing.TB) map[string][]vector {
	t.Helper()
	out := map[string][]vector{}
	for file := range vectorFloor {
		raw, err := os.ReadFile(filepath.Join("testdata", file+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var rows []vector
		if err := json.Unmarshal(raw, &rows); err != nil {
			t.Fatalf("reading %s: %v", file, err)
		}
		out[file] = rows
	}
	return out
}

func TestVectors(t *testing.T) {
	for file, rows := range readVectors(t) {
		ran := 0
		for _, row := range rows {
			t.Run(file+"/"+row.Name, func(t *testing.T) {
				ran++
				checkVector(t, row)
			})
		}
		if ran < vectorFloor[file] {
			t.Errorf("%s: ran %d vectors, want at least %d", file, ran, vectorFloor[file])
		}
	}
}

func checkVector(t *testing.T, row vector) {
	t.Helper()
	r := Undo(row.Text, Options{})
	if r.Signals.Truncated {
		t.Errorf("%q: a bound was reached", row.Text)
	}
	got := map[string]string{}
	for _, v := range r.Views {
		got[v.Path] = v.Text
	}
	for _, want := range row.Views {
		if text, ok := got[want.Path]; !ok || text != want.Text {
			t.Errorf("%q: view %s is %q, want %q; all views: %q", row.Text, want.Path, text, want.Text, got)
		}
	}
	if len(r.Views) != len(row.Views) {
		t.Errorf("%q: %d views, want %d: %q", row.Text, len(r.Views), len(row.Views), got)
	}
	if len(row.Views) == 0 && len(r.BlobSpans)+len(r.InvisibleSpans) > 0 {
		t.Errorf("%q: blobs %v, invisible %v; want none", row.Text, r.BlobSpans, r.InvisibleSpans)
	}
	checkResult(t, row.Text, r, Options{})
}
