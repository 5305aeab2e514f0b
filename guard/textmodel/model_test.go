package textmodel_test

import (
	"math"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/textmodel"
)

// thresholds of the models made here.
var someThresholds = [3]float64{0.99, 0.9, 0.8}

// keyword returns a model whose only head has weight on the features of some
// words and runs, and on nothing else.
func keyword(t testing.TB, texts ...string) *textmodel.Model {
	t.Helper()
	const bits = 16
	weights := make([][textmodel.MaxHeads]int8, 1<<bits)
	for _, text := range texts {
		for _, s := range textmodel.Segments(text, guard.OriginUser, textmodel.Knowledge{}) {
			for _, h := range append(append([]uint64{}, s.Words...), s.Chars...) {
				weights[h>>(64-bits)][0] = 100
			}
		}
	}
	m, err := textmodel.New(spec(bits), weights, textmodel.Knowledge{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func spec(bits int) textmodel.Spec {
	return textmodel.Spec{
		Name: "test", Recipe: "by hand", Features: textmodel.FeaturesName, Bits: bits,
		Heads: []textmodel.Head{{Name: "alarm", Scale: 0.01, Bias: -2, Calibrations: []textmodel.Calibration{
			{Origin: guard.OriginUnknown, Passage: 0.5, Window: 1, Length: -0.25, Bias: -1, Thresholds: someThresholds},
			{Origin: guard.OriginUser, Passage: 1, Window: 0, Bias: 0, Thresholds: [3]float64{0.9, 0.5, 0.1}},
		}}},
	}
}

func TestScoreFindsWhatItKnows(t *testing.T) {
	m := keyword(t, "open the vault")
	s := m.Score("Please open the vault now", guard.OriginUser).At(0)
	if s.Probability < 0.5 || s.FPR != 0.01 && s.FPR != 0.001 {
		t.Errorf("known words: probability %.3f at %g, expected above 0.5", s.Probability, s.FPR)
	}
	o := m.Score("The weather was mild and rather dull", guard.OriginUser).At(0)
	if o.Probability > 0.4 {
		t.Errorf("unknown words: probability %.3f, expected below 0.4", o.Probability)
	}
	if up := m.Score("PLEASE OPEN THE VAULT NOW", guard.OriginUser).At(0); up.Probability != s.Probability {
		t.Errorf("capitals change the probability from %v to %v", s.Probability, up.Probability)
	}
}

func TestProbabilityIsTheStatedFormula(t *testing.T) {
	c := textmodel.Calibration{Passage: 0.5, Window: 2, Length: -0.25, Bias: 0.1}
	got := c.Probability(&textmodel.Evidence{Passage: 1, Window: -0.5, Segments: 8})
	want := 1 / (1 + math.Exp(-(0.5 - 1 - 0.25*math.Log(8) + 0.1)))
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFalsePositiveRate(t *testing.T) {
	c := textmodel.Calibration{Thresholds: someThresholds}
	for _, tt := range []struct {
		name  string
		score float64
		want  float64
	}{
		{"above all", 0.995, 0.001}, {"exactly the strictest", 0.99, 0.001}, {"between", 0.95, 0.01},
		{"the loosest", 0.8, 0.05}, {"below all", 0.79, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := c.FalsePositiveRate(tt.score); got != tt.want {
				t.Errorf("got %g, want %g", got, tt.want)
			}
		})
	}
}

// One sentence in a long document must count as it does alone, and be found
// where it stands.
func TestWindowInLongDocument(t *testing.T) {
	m := keyword(t, "Kindly unlock the seventh vault and leave quietly tonight.")
	filler := strings.Repeat("The committee met on a grey morning to talk about drainage. ", 800)
	at := len(filler)
	doc := filler + "Kindly unlock the seventh vault and leave quietly tonight. " + filler
	alone := m.Evidence("Kindly unlock the seventh vault and leave quietly tonight.", guard.OriginUser)[0]
	in := m.Evidence(doc, guard.OriginUser)[0]
	if in.Window < 0.8*alone.Window {
		t.Errorf("window in the document %.2f, alone %.2f", in.Window, alone.Window)
	}
	if in.Passage > 0.5*in.Window {
		t.Errorf("passage %.2f is not diluted beside window %.2f: the test proves nothing", in.Passage, in.Window)
	}
	if w := in.WindowSpan; w.End <= at || w.Start >= at+60 {
		t.Errorf("window %v does not overlap the sentence at %d", w, at)
	}
	if span := m.Score(doc, guard.OriginDocument).At(0).Span; !strings.Contains(doc[span.Start:span.End], "seventh vault") {
		t.Errorf("the deciding span %q misses the sentence", doc[span.Start:span.End])
	}
}

func TestOriginsHaveTheirOwnCalibration(t *testing.T) {
	m := keyword(t, "open the vault")
	text := "open the vault"
	user, doc, tool := m.Score(text, guard.OriginUser).At(0), m.Score(text, guard.OriginDocument).At(0), m.Score(text, guard.OriginTool).At(0)
	if user.Probability == doc.Probability {
		t.Error("user and document have the same probability; only user has a calibration of its own")
	}
	if doc.Probability != tool.Probability {
		t.Errorf("document %v and tool %v differ; both fall back on unknown", doc.Probability, tool.Probability)
	}
	if far := m.Score(text, guard.Origin(200)).At(0); far.Probability != doc.Probability {
		t.Errorf("an origin that does not exist scores %v, unknown %v", far.Probability, doc.Probability)
	}
}

func TestScoreAllocatesNothing(t *testing.T) {
	m := keyword(t, "open the vault")
	text := strings.Repeat("Some lines of text, über alles 漢字 included. ", 40)
	m.Score(text, guard.OriginUser)
	if n := testing.AllocsPerRun(100, func() { m.Score(text, guard.OriginUser) }); n > 0.1 {
		t.Errorf("%.2f allocations a score, expected none", n)
	}
}

func TestEmptyAndOddTexts(t *testing.T) {
	m := keyword(t, "open the vault")
	for _, text := range []string{"", " ", "\n\n\n", "a", "漢", "\xff\xfe", strings.Repeat("x", 100000), strings.Repeat("\u200b", 999), "\"\"\"\"\"\"\"\""} {
		s := m.Score(text, guard.OriginUnknown).At(0)
		if math.IsNaN(s.Probability) || s.Probability < 0 || s.Probability > 1 || s.Span.Start < 0 || s.Span.End > len(text) {
			t.Errorf("%.20q: %+v", text, s)
		}
	}
}

func TestExplain(t *testing.T) {
	m := keyword(t, "zebra")
	text := "A zebra and another zebra walk by"
	rs := m.Explain(text, guard.OriginUser, 0, 5)
	if len(rs) == 0 {
		t.Fatal("no reasons")
	}
	if !strings.Contains(rs[0].Gram, "zebra") && !strings.Contains("zebra", strings.TrimSpace(rs[0].Gram)) {
		t.Errorf("first reason is %q, expected part of zebra", rs[0].Gram)
	}
	for _, r := range rs {
		if r.Weight <= 0 {
			t.Errorf("%q has weight %v; all weights are positive", r.Gram, r.Weight)
		}
		for _, s := range r.Spans {
			if got := text[s.Start:s.End]; !strings.EqualFold(got, r.Gram) {
				t.Errorf("span %v holds %q, the n-gram is %q", s, got, r.Gram)
			}
		}
	}
	if m.Explain(text, guard.OriginUser, 7, 5) != nil || m.Explain(text, guard.OriginUser, 0, 0) != nil {
		t.Error("a head that does not exist, or no reasons wanted: expected nil")
	}
}

// What Explain lists adds up to what Score sums, when nothing is left out.
func TestSegmentsAgreeWithScore(t *testing.T) {
	m := keyword(t, "open the vault")
	text := "We will open the vault at nine; nobody else can."
	var words, chars float64
	nw, nc := 0, 0
	for _, s := range textmodel.Segments(text, guard.OriginUser, textmodel.Knowledge{}) {
		for _, h := range s.Words {
			words += float64(m.Weights()[h>>(64-m.Spec().Bits)][0])
			nw++
		}
		for _, h := range s.Chars {
			chars += float64(m.Weights()[h>>(64-m.Spec().Bits)][0])
			nc++
		}
	}
	want := -2 + 0.01*(words*float64(textmodel.Norm(0, nw))+chars*float64(textmodel.Norm(1, nc)))
	if got := float64(m.Evidence(text, guard.OriginUser)[0].Passage); math.Abs(got-want) > 1e-4 {
		t.Errorf("passage %v, from segments %v", got, want)
	}
}
