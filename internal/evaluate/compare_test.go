package evaluate_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"warder.example/internal/corpus"
	"warder.example/internal/evaluate"
	"warder.example/internal/evaluate/disturb"
)

// second is a judge that answers the second half of what a text tells.
type second struct{}

func (second) Judge(ctx context.Context, row *corpus.Row) (evaluate.Judgement, error) {
	_, text, _ := strings.Cut(row.Text, "|")
	return told{}.Judge(ctx, &corpus.Row{Text: text})
}

// both returns n rows with what either guard says.
func both(n int, source string, label corpus.Label, a, b string) []corpus.Row {
	rows := some(n, source+a+b, label, "user", a+" |"+b)
	for i := range rows {
		rows[i].Source = source
	}
	return rows
}

// TestComparison: of 100 attacks the base alone catches 10, the other alone 20;
// McNemar's chance of 10 or fewer in 30, twice, is 0.0987.
func TestComparison(t *testing.T) {
	var rows []corpus.Row
	rows = append(rows, both(10, "a", corpus.Injection, "1 0", "0 1")...)
	rows = append(rows, both(20, "a", corpus.Injection, "0 1", "1 0")...)
	rows = append(rows, both(70, "a", corpus.Injection, "1 0", "1 0")...)
	rows = append(rows, both(4, "h", corpus.Benign, "0.9 0.01", "0.1 1")...)
	rows = append(rows, both(196, "h", corpus.Benign, "0.1 1", "0.1 1")...)
	rep, err := evaluate.Run(context.Background(), []evaluate.Guard{{Name: "base", Judge: told{}}, {Name: "peer", Judge: second{}}}, again(rows), evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := rep.Comparisons[0]
	if c.Base != "base" || c.Other != "peer" || c.Rows != 300 {
		t.Errorf("comparison of %s with %s on %d rows", c.Other, c.Base, c.Rows)
	}
	s := c.Sources[0].Rates[1]
	if s.OnlyBase != 10 || s.OnlyOther != 20 || math.Abs(s.P-0.0987) > 5e-5 {
		t.Errorf("%+v, want 10, 20 and p 0.0987", s)
	}
	// Agresti and Min, by hand: 10/102 ± 1.96·sqrt(31-100/102)/102.
	if math.Abs(s.Change.Value-0.1) > 1e-9 || math.Abs(s.Change.Low-(-0.0073)) > 5e-4 || math.Abs(s.Change.High-0.2033) > 5e-4 {
		t.Errorf("change %+v, want 0.1 from -0.0073 to 0.2033", s.Change)
	}
	f := rep.Figures()
	near(t, "gain in recall", f["peer:gain_recall@0.01"], 0.1)
	near(t, "gain in specificity", f["peer:gain_specificity@0.01"], 0.02)
	near(t, "gain in specificity at the strictest", f["peer:gain_specificity@0.001"], 0)
	near(t, "gain in balanced accuracy", f["peer:gain_balanced@0.01"], 0.06)
	near(t, "gain in area", f["peer:gain_auc"], f["peer:auc"]-f["auc"])
	near(t, "recall of the peer", f["peer:recall@0.01"], 0.9)
	if h := c.Sources[1].Rates[1]; h.OnlyBase != 4 || h.P != 0.125 {
		t.Errorf("honest rows %+v, want 4 and p 0.125", h)
	}
}

// TestSameGuardTwice: no difference anywhere, and the interval says how sure.
func TestSameGuardTwice(t *testing.T) {
	rep, err := evaluate.Run(context.Background(), []evaluate.Guard{{Name: "a", Judge: told{}}, {Name: "b", Judge: told{}}}, again(table()), evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range rep.Comparisons[0].Sources {
		for _, s := range d.Rates {
			if s.Change.Value != 0 || s.Change.Low >= 0 || s.Change.High <= 0 || s.P != 1 {
				t.Errorf("%s differs from itself: %+v", d.Name, s)
			}
		}
	}
}

// plain catches what holds the word in plain letters, and calls for help as well
// where the text is in base64 that ends in padding.
type plain struct{}

func (plain) Judge(_ context.Context, row *corpus.Row) (evaluate.Judgement, error) {
	m := evaluate.Mark{FPR: 1}
	if strings.Contains(strings.ToLower(row.Text), "ignore") || strings.HasSuffix(row.Text, "=") {
		m = evaluate.Mark{Score: 1, FPR: 0.01}
	}
	return evaluate.Judgement{Attack: m, Harm: evaluate.Mark{FPR: 1}}, nil
}

func TestDisturbed(t *testing.T) {
	var rows []corpus.Row
	for i := range 200 {
		attack := fmt.Sprintf("please ignore this %d", 100+i) // 22 bytes: padded
		honest := fmt.Sprintf("please repeat that %d", 100+i)
		rows = append(rows, corpus.Row{Text: attack, Label: corpus.Injection, Source: "a"}, corpus.Row{Text: honest, Label: corpus.Benign, Source: "b"})
	}
	rows = append(rows, corpus.Row{Text: "12345 67890", Label: corpus.Benign, Source: "b"})
	rep, err := run(context.Background(), plain{}, rows, evaluate.Options{Disturb: disturb.Ways})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]evaluate.Disturbed{}
	for _, d := range rep.Guards[0].Disturbed {
		got[d.Way] = d
	}
	for _, tt := range []struct {
		way                  string
		honest               int // that change
		recall, falsePos     float64
		loss, rise, atStrict float64
	}{
		{"leet", 200, 0, 0, 1, 0, 0},
		{"mixed_case", 200, 1, 0, 0, 0, 0},
		{"base64", 201, 1, 1, 0, 1, 0},
		{"full_width", 201, 0, 0, 1, 0, 0},
	} {
		d := got[tt.way]
		if d.Attacks != 200 || d.Honest != tt.honest {
			t.Errorf("%s: %d attacks and %d honest texts changed; want 200 and %d", tt.way, d.Attacks, d.Honest, tt.honest)
		}
		near(t, tt.way+" recall", d.Recall[1].Value, tt.recall)
		near(t, tt.way+" false positives", d.FalsePositives[1].Value, tt.falsePos)
		near(t, tt.way+" loss", d.Loss[1].Value, tt.loss)
		near(t, tt.way+" rise", d.Rise[1].Value, tt.rise)
		near(t, tt.way+" recall at the strictest", d.Recall[0].Value, tt.atStrict)
	}
	near(t, "leet_kept", rep.Figures()["leet_kept@0.01"], 0)
	near(t, "base64_specificity", rep.Figures()["base64_specificity@0.01"], 0)
}
