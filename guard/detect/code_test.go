package detect

import (
	"math/rand/v2"
	"strings"
	"testing"

	"warder.example/guard"
)

func init() {
	exactDetectors = append(exactDetectors, exactCase{
		name: "code", detector: NewCode(), origin: guard.OriginModel,
		fragments: []string{"<script>x()</script>", "<img src=x onerror=y()>", "```", "~~~", "`", "\n", "<a href='javascript:z()'>", "<svg/onload=q>", "<", "<p class=\"a\">", "\"", "'", strings.Repeat("y", 280)},
	})
}

type codeVector struct{ Kind, Text, Category string }

func codeVectors(t testing.TB) []codeVector {
	t.Helper()
	return readVectors[codeVector](t, "code/vectors.json")
}

func (v codeVector) text() *guard.Text {
	t := &guard.Text{Content: v.Text, Origin: guard.OriginModel, Direction: guard.Answer}
	if v.Kind == "tool" {
		t.Kind = guard.ToolArguments
	}
	return t
}

func TestCodeVectors(t *testing.T) {
	rows := codeVectors(t)
	for _, v := range rows {
		found, err := NewCode().Detect(t.Context(), v.text())
		if err != nil {
			t.Fatal(err)
		}
		ok := v.Category == "" && len(found) == 0
		for _, f := range found {
			ok = ok || f.Category == v.Category
			if sp := f.Spans[0]; sp.Start < 0 || sp.End > len(v.Text) || sp.Start >= sp.End {
				t.Errorf("%q: span %v is outside", v.Text, sp)
			}
		}
		if !ok {
			t.Errorf("%s %q: found %+v, want %q", v.Kind, v.Text, found, v.Category)
		}
	}
	if len(rows) < 100 {
		t.Errorf("only %d vectors ran", len(rows))
	}
}

func TestCodeInPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	fragments := []string{"`", "```", "\n", "~~~", "<", ">", "<script", " onerror=", "\"", "'", "x", "<img ", strings.Repeat("y", 300), "/", "é", "``"}
	for _, v := range codeVectors(t) {
		if diff := sameInPieces(NewCode(), v.Text, guard.OriginModel, guard.Prose, r); diff != "" {
			t.Errorf("%q: %s", v.Text, diff)
		}
		fragments = append(fragments, v.Text)
	}
	for range 3000 {
		var b strings.Builder
		for range 1 + r.IntN(10) {
			b.WriteString(fragments[r.IntN(len(fragments))])
		}
		if diff := sameInPieces(NewCode(), b.String(), guard.OriginModel, guard.Prose, r); diff != "" {
			t.Fatalf("%q: %s", b.String(), diff)
		}
	}
}

// TestCodeReport measures how many honest sentences are reported when they are
// given to a tool.
func TestCodeReport(t *testing.T) {
	for name, most := range map[string]int{"clinc150": 5, "banking77": 5, "nlupp": 1, "injecagent_tool_outputs": 5, "selfinstruct_seed175": 2} {
		rows := corpusRows(t, name)
		n := 0
		for _, row := range rows {
			found, err := NewCode().Detect(t.Context(), &guard.Text{Content: row.Text, Kind: guard.ToolArguments})
			if err != nil {
				t.Fatal(err)
			}
			if len(found) > 0 {
				n++
				t.Logf("%s: %s %.160q", name, found[0].Rule, row.Text[found[0].Spans[0].Start:found[0].Spans[0].End])
			}
		}
		t.Logf("%s: %d of %d rows", name, n, len(rows))
		if n > most {
			t.Errorf("%s: %d of %d rows reported, at most %d expected", name, n, len(rows), most)
		}
	}
}

// FuzzStringValues checks that values stand where they are said to.
func FuzzStringValues(f *testing.F) {
	f.Add(`{"a":"b\"c","d":["e","\u00e9"]}`)
	f.Add(`[`)
	f.Add(`{"\\":"\\\\"}`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, v := range stringValues(s) {
			if v.start < 0 || v.end > len(s) || v.start > v.end || !v.escaped && s[v.start:v.end] != v.text {
				t.Fatalf("%q: value %+v", s, v)
			}
		}
	})
}
