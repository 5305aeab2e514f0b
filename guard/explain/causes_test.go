package explain_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"warder.example/guard"
	"warder.example/guard/explain"
	"warder.example/guard/policy"
	"warder.example/guard/segment"
	"warder.example/guard/standard"
)

func newGuard(t testing.TB) *guard.Guard {
	t.Helper()
	g, err := standard.New(policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// judge inspects a text as explanations promise to.
func judge(t testing.TB, g *guard.Guard, text guard.Text) guard.Verdict {
	t.Helper()
	f := guard.Facts{Direction: text.Direction}
	found, _, err := segment.Find(context.Background(), g, f, []guard.Text{text}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return g.Decide(f, found)
}

// gets reports whether a text gets the verdict of an explanation for the
// category of a cause, by its detector.
func gets(t testing.TB, g *guard.Guard, content string, e *explain.Explanation, c *explain.Cause) bool {
	t.Helper()
	v := judge(t, g, guard.Text{Content: content, Origin: c.Origin})
	for i := range v.Findings {
		if v.Findings[i].Category == c.Category && v.Findings[i].Detector == c.Detector && v.ActionFor(i) <= e.Would {
			return true
		}
	}
	return false
}

func explainText(t testing.TB, g *guard.Guard, text guard.Text) explain.Explanation {
	t.Helper()
	e, err := explain.Explain(context.Background(), g, text, explain.Options{})
	if err != nil {
		t.Fatalf("%q: %v", text.Content, err)
	}
	return e
}

// cutOut removes the spans of all causes.
func cutOut(text string, causes []explain.Cause) string {
	spans := make([]guard.Span, len(causes))
	for i := range causes {
		spans[i] = causes[i].Span
	}
	slices.SortFunc(spans, func(a, b guard.Span) int { return a.Start - b.Start })
	var b strings.Builder
	at := 0
	for _, s := range spans {
		if s.Start > at {
			b.WriteString(text[at:s.Start])
		}
		at = max(at, s.End)
	}
	b.WriteString(text[at:])
	return b.String()
}

// vectors are the texts of the detectors' vectors.
func vectors(t testing.TB) []guard.Text {
	t.Helper()
	var out []guard.Text
	names, err := filepath.Glob("../detect/testdata/*/*.json")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d files of vectors, %v", len(names), err)
	}
	for _, name := range append(names, "../detect/testdata/secrets.json", "../detect/testdata/invisible.json") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var rows []struct {
			Text   string
			Origin string
		}
		if json.Unmarshal(b, &rows) != nil {
			continue // vectors of another form
		}
		every := max(1, len(rows)/40)
		for i := 0; i < len(rows); i += every {
			o, err := guard.ParseOrigin(rows[i].Origin)
			if err != nil {
				o = guard.OriginUser
			}
			if rows[i].Text != "" && o != guard.OriginModel {
				out = append(out, guard.Text{Content: rows[i].Text, Origin: o})
			}
		}
	}
	return out
}

// TestCausesDecide: over the detectors' vectors, what is called a cause is one:
// by itself it gets the verdict, no word of it can be left out, and without the
// causes the verdict is what is said.
func TestCausesDecide(t *testing.T) {
	g := newGuard(t)
	refused, single, undecided := 0, 0, 0
	for _, text := range vectors(t) {
		e := explainText(t, g, text)
		whole := judge(t, g, text)
		if e.Would != whole.Would || e.Rule != whole.Rule {
			t.Errorf("%q: explained %s by %q, judged %s by %q", text.Content, e.Would, e.Rule, whole.Would, whole.Rule)
		}
		if e.Would == guard.Allow {
			if len(e.Causes) > 0 || e.Decides {
				t.Errorf("%q: allowed because of %+v", text.Content, e.Causes)
			}
			continue
		}
		refused++
		if !e.Complete || len(e.Causes) == 0 {
			t.Errorf("%q: complete %v, %d causes", text.Content, e.Complete, len(e.Causes))
			continue
		}
		if len(e.Causes) == 1 {
			single++
		}
		for i := range e.Causes {
			checkCause(t, g, text.Content, &e, i)
		}
		rest := text
		rest.Content = cutOut(text.Content, e.Causes)
		v := judge(t, g, rest)
		if v.Would != e.Without || e.Decides != (v.Would > e.Would) {
			t.Errorf("%q: decides %v, without %s; without the spans it is %s: %q", text.Content, e.Decides, e.Without, v.Would, rest.Content)
		}
		if !e.Decides {
			undecided++
			t.Logf("removing does not decide: %q", text.Content)
		}
	}
	if refused < 300 || single < refused/2 || undecided*100 > refused {
		t.Errorf("%d refused, %d by one span, %d that removing does not change; expected 300, half, at most 1 in 100", refused, single, undecided)
	}
}

// checkCause holds that a cause suffices and that none of its words can be left
// out.
func checkCause(t *testing.T, g *guard.Guard, text string, e *explain.Explanation, n int) {
	t.Helper()
	c := &e.Causes[n]
	if c.Span.Start < 0 || c.Span.End > len(text) || c.Span.Start >= c.Span.End {
		t.Fatalf("%q: span %v", text, c.Span)
	}
	// One that an earlier cause stands in was found with that one as blanks.
	around := slices.ContainsFunc(e.Causes[:n], func(o explain.Cause) bool {
		return c.Span.Start < o.Span.End && o.Span.Start < c.Span.End
	})
	seen := text
	for _, o := range e.Causes[:n] {
		seen = seen[:o.Span.Start] + strings.Repeat(" ", o.Span.End-o.Span.Start) + seen[o.Span.End:]
	}
	if !gets(t, g, seen[c.Span.Start:c.Span.End], e, c) {
		t.Errorf("%q: %q alone does not get %s", text, text[c.Span.Start:c.Span.End], e.Would)
	}
	if c.Detector == "" || c.PolicyRule == "" || c.Explanation == "" || c.Action > e.Would || len(c.Needed) == 0 {
		t.Errorf("%q: cause says too little: %+v", text, c)
	}
	if strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
	}) {
		return // words are not spaced: TestUnspaced
	}
	span := strings.TrimSpace(text[c.Span.Start:c.Span.End])
	if all := strings.Fields(span); len(all) > 1 && !around {
		for _, shorter := range []string{span[len(all[0]):], strings.TrimSuffix(span, all[len(all)-1])} {
			if shorter = strings.TrimSpace(shorter); gets(t, g, shorter, e, c) {
				t.Errorf("%q: of %q, %q suffices", text, span, shorter)
			}
		}
	}
	var words []string // each with the white space behind it where there are blanks
	for _, s := range c.Needed {
		rest := seen[s.Start:]
		for _, w := range strings.Fields(seen[s.Start:s.End]) {
			gap := " "
			rest = rest[strings.Index(rest, w)+len(w):]
			if around {
				gap = rest[:len(rest)-len(strings.TrimLeft(rest, " "))]
			}
			words = append(words, w+gap)
		}
	}
	for i := range words {
		fewer := strings.TrimSpace(strings.Join(slices.Delete(slices.Clone(words), i, i+1), ""))
		if fewer != "" && gets(t, g, fewer, e, c) {
			t.Errorf("%q: of %q, %q can be left out", text, words, words[i])
		}
	}
}
