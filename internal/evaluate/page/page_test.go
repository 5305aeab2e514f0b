package page_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"

	"warder.example/internal/corpus"
	"warder.example/internal/evaluate"
	"warder.example/internal/evaluate/disturb"
	"warder.example/internal/evaluate/page"
	"warder.example/internal/htmlpage/htmlpagetest"
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
	htmlpagetest.Inert(t, text)
	if strings.Contains(text, "http:") || strings.Contains(text, "https:") {
		t.Error("the page has an address")
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
