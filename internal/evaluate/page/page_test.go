package page_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"warder.example/internal/corpus"
	"warder.example/internal/evaluate"
	"warder.example/internal/evaluate/disturb"
	"warder.example/internal/evaluate/page"
)

// hostile is a name that tries to be more.
const hostile = `"><script>alert(1)</script><img src=//evil.example onerror=x>` + "\u202e'&"

// odd gives every length of text another score.
type odd struct{}

func (odd) Judge(_ context.Context, r *corpus.Row) (evaluate.Judgement, error) {
	if strings.Contains(r.Text, "silent") {
		return evaluate.Judgement{}, &evaluate.Unanswered{Class: hostile}
	}
	m := evaluate.Mark{Score: float64(len(r.Text)%17) / 16, FPR: 1}
	if m.Score > 0.5 {
		m.FPR = 0.01
	}
	return evaluate.Judgement{Attack: m, Harm: m}, nil
}

func rows() iter.Seq2[corpus.Row, error] {
	return func(yield func(corpus.Row, error) bool) {
		for i := range 130 {
			for _, l := range []corpus.Label{corpus.Injection, corpus.Benign, corpus.BenignHard, corpus.HarmfulRequest} {
				text := fmt.Sprint("text ", l, i, strings.Repeat("x", i))
				if i == 5 {
					text += " silent"
				}
				for _, source := range []string{hostile, "plain"} {
					if !yield(corpus.Row{Text: text + source, Label: l, Source: source, Channel: "user", Lang: hostile}, nil) {
						return
					}
				}
			}
		}
	}
}

func write(t *testing.T, guards ...evaluate.Guard) string {
	t.Helper()
	rep, err := evaluate.Run(context.Background(), guards, rows, evaluate.Options{Disturb: disturb.Ways[:2]})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := page.Write(&b, rep); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPageIsInert: no script, nothing that is fetched, no names that do more than
// be read; every element closes.
func TestPageIsInert(t *testing.T) {
	text := write(t, evaluate.Guard{Name: "odd", Judge: odd{}}, evaluate.Guard{Name: hostile, Judge: evaluate.Keywords{}})
	var open []string
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		tok := z.Token()
		switch kind {
		case html.StartTagToken, html.SelfClosingTagToken:
			if regexp.MustCompile(`^(script|img|link|iframe|object|embed|base|form|a|foreignobject|use|image)$`).MatchString(tok.Data) {
				t.Errorf("element %s", tok)
			}
			for _, a := range tok.Attr {
				if strings.HasPrefix(a.Key, "on") || strings.Contains(a.Key, "href") || a.Key == "src" || a.Key == "style" {
					t.Errorf("attribute %s of %s", a.Key, tok.Data)
				}
			}
			if kind == html.StartTagToken && tok.Data != "meta" && tok.Data != "br" {
				open = append(open, tok.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				t.Fatalf("%s closes %v", tok, open)
			}
			open = open[:len(open)-1]
		}
	}
	if err := z.Err(); err != io.EOF || len(open) > 0 {
		t.Errorf("%v, still open %v", err, open)
	}
	if strings.Contains(text, "\u202e") || regexp.MustCompile(`url\(|@import|https?:|NaN|Inf`).MatchString(text) {
		t.Error("the page turns text, fetches something, or shows what is no number")
	}
}

// TestPageShows: plots and tables have what was measured.
func TestPageShows(t *testing.T) {
	text := write(t, evaluate.Guard{Name: "odd", Judge: odd{}}, evaluate.Guard{Name: "words", Judge: evaluate.Keywords{}})
	for _, want := range []string{
		"260 attacks", "520 honest texts (260 of them hard)", "words against odd", "Over-defence", "McNemar", "prefers-color-scheme:dark",
		"odd left 8 texts unanswered", `aria-label="True positives over false positives`, `aria-label="Scores of attacks and of honest texts"`,
		`aria-label="attacks: recall by source"`, `aria-label="Recall and false positives of disturbed texts"`, ">leet<", "yes or no only",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(text, `class="curve `); n != 1 {
		t.Errorf("%d curves, want one: the other guard has no scores", n)
	}
}
