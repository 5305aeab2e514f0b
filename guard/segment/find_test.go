package segment_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/segment"
)

// finder reports every place of a word.
type finder struct{ word, category string }

func (w finder) Detect(_ context.Context, t *guard.Text) (out []guard.Finding, _ error) {
	for at := 0; ; {
		i := strings.Index(t.Content[at:], w.word)
		if i < 0 {
			return out, nil
		}
		at += i + len(w.word)
		out = append(out, guard.Finding{Category: w.category, Score: 1, Detector: "word", Spans: []guard.Span{{Start: at - len(w.word), End: at}}})
	}
}

// byOrigin decides by the origin of a finding.
type byOrigin map[guard.Origin]guard.Action

func (p byOrigin) Decide(_ guard.Facts, found []guard.Finding) guard.Verdict {
	v := guard.Verdict{Action: guard.Allow, Would: guard.Allow, Findings: found}
	for i, f := range found {
		v.Decisions = append(v.Decisions, guard.Decision{Finding: i, Action: p[f.Origin]})
		v.Action = min(v.Action, p[f.Origin])
	}
	return v
}

// TestFind: a finding is told once, where it stands in the whole text.
func TestFind(t *testing.T) {
	rules := []segment.Rule{{Start: "((", End: "))", Origin: guard.OriginDocument}}
	lax := byOrigin{guard.OriginUser: guard.Block, guard.OriginDocument: guard.Allow, guard.OriginOperator: guard.Flag}
	strict := byOrigin{guard.OriginUser: guard.Allow, guard.OriginDocument: guard.Block, guard.OriginOperator: guard.Flag}
	for _, c := range []struct {
		name   string
		text   string
		origin guard.Origin
		kind   guard.Kind
		by     byOrigin
		want   string
	}{
		{"in the user's part", "KEY <doc>x</doc>", guard.OriginUser, guard.Prose, lax, "user 0-3"},
		{"in a guess that would be milder", "a <doc>KEY</doc>", guard.OriginUser, guard.Prose, lax, "user 7-10"},
		{"in a guess that is stricter", "a <doc>KEY</doc>", guard.OriginUser, guard.Prose, strict, "document 7-10"},
		{"in a region that the operator marked", "a ((KEY))", guard.OriginUser, guard.Prose, lax, "document 4-7"},
		{"across a border", "aKE((Y))", guard.OriginUser, guard.Prose, lax, ""},
		{"over the border", "the K<doc>EY</doc> and KEY", guard.OriginUser, guard.Prose, lax, "user 23-26"},
		{"a whole text in a region", "((KEY))", guard.OriginUser, guard.Prose, lax, "document 2-5"},
		{"a region in a system prompt", "KEY ((KEY))", guard.OriginOperator, guard.Prose, strict, "operator 0-3, document 6-9"},
		{"tool arguments are not split", "((KEY))", guard.OriginUser, guard.ToolArguments, strict, "user 2-5"},
		{"a document is not split", "((KEY))", guard.OriginTool, guard.Prose, strict, "tool 2-5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := &guard.Guard{Detectors: []guard.Detector{finder{"KEY", "secret.key"}}, Decider: c.by}
			texts := []guard.Text{{Content: "KEY", Origin: guard.OriginModel}, {Content: c.text, Origin: c.origin, Kind: c.kind}, {Content: "KEY", Origin: guard.OriginTool}}
			found, _, err := segment.Find(t.Context(), g, guard.Facts{}, texts, rules)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range found {
				if f.Text == 1 {
					got = append(got, fmt.Sprintf("%s %d-%d", f.Origin, f.Spans[0].Start, f.Spans[0].End))
				}
			}
			slices.SortFunc(got, func(a, b string) int { return strings.Compare(a[strings.Index(a, " "):], b[strings.Index(b, " "):]) })
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("got %s; want %s", s, c.want)
			}
			if n := len(found); n < 2 || found[0].Text != 0 || found[n-1].Text != 2 {
				t.Errorf("findings are not in the order of their texts: %+v", found)
			}
		})
	}
}

// broken cannot judge a document.
type broken struct{}

func (broken) Detect(_ context.Context, t *guard.Text) ([]guard.Finding, error) {
	if t.Origin == guard.OriginDocument {
		return nil, context.DeadlineExceeded
	}
	return nil, nil
}

// TestFindFails: a part that cannot be judged is an error of the whole.
func TestFindFails(t *testing.T) {
	g := &guard.Guard{Detectors: []guard.Detector{broken{}}, Decider: byOrigin{}}
	if _, _, err := segment.Find(t.Context(), g, guard.Facts{}, []guard.Text{{Content: "a <doc>b</doc>", Origin: guard.OriginUser}}, nil); err == nil {
		t.Error("no error")
	}
}
