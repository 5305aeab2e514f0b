package evaluate_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"warder.example/internal/corpus"
	"warder.example/internal/evaluate"
)

// lineOf returns the line of a source.
func lineOf(t *testing.T, rep *evaluate.Report, kind evaluate.Kind, name string) evaluate.Line {
	t.Helper()
	for _, l := range rep.Guards[0].Sources {
		if l.Kind == kind && l.Name == name {
			return l
		}
	}
	t.Fatalf("no line for %s %s", kind, name)
	return evaluate.Line{}
}

// carriers returns rows of the payloads' fate: caught says for each payload
// whether its ten rows are. mark sets what makes them one.
func carriers(n int, caught func(payload int) bool, mark func(row *corpus.Row, payload int)) (out []corpus.Row) {
	for p := range n {
		told := "0 1"
		if caught(p) {
			told = "1 0"
		}
		for _, r := range some(10, fmt.Sprint("p", p), corpus.Injection, "document", told) {
			r.Source = "s"
			mark(&r, p)
			out = append(out, r)
		}
	}
	return out
}

func half(p int) bool { return p%2 == 0 }

// TestPayloadsWidenIntervals: two hundred rows of twenty payloads say as much as
// twenty rows, whichever key names the payload.
func TestPayloadsWidenIntervals(t *testing.T) {
	// Wilson's interval of 100 in 200 is 0.431 to 0.569, of 10 in 20 it is 0.299
	// to 0.701; the normal approximation for twenty has 0.281 to 0.719.
	for _, tt := range []struct {
		name      string
		mark      func(row *corpus.Row, payload int)
		payloads  int
		low, high float64 // of the interval's lower end
	}{
		{"payload", func(r *corpus.Row, p int) { r.Attack = fmt.Sprint("say ", p) }, 20, 0.25, 0.33},
		{"template", func(r *corpus.Row, p int) { r.Template = fmt.Sprint("t", p) }, 20, 0.25, 0.33},
		{"fine division", func(r *corpus.Row, p int) { r.Sub = corpus.Sub(fmt.Sprint("d", p)) }, 20, 0.25, 0.33},
		{"payload before division", func(r *corpus.Row, p int) { r.Attack, r.Sub = fmt.Sprint("say ", p), "x" }, 20, 0.25, 0.33},
		{"coarse division", func(r *corpus.Row, p int) { r.Sub = corpus.Sub(fmt.Sprint("d", p%9)) }, 200, 0.4313, 0.4315},
		{"nothing", func(*corpus.Row, int) {}, 200, 0.4313, 0.4315},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rep, err := run(context.Background(), told{}, carriers(20, half, tt.mark), evaluate.Options{})
			if err != nil {
				t.Fatal(err)
			}
			l := lineOf(t, rep, evaluate.Attack, "s")
			f := l.Flagged[1]
			if l.Payloads != tt.payloads || f.Value != 0.5 || f.Low < tt.low || f.Low > tt.high || math.Abs(f.High+f.Low-1) > 0.04 {
				t.Errorf("%d payloads, %+v; want %d and a lower end from %v to %v", l.Payloads, f, tt.payloads, tt.low, tt.high)
			}
		})
	}
}

// TestPayloadsThatAgree: a resampling never varies what all payloads share, so
// each counts as one row.
func TestPayloadsThatAgree(t *testing.T) {
	rep, err := run(context.Background(), told{}, carriers(20, func(int) bool { return true },
		func(r *corpus.Row, p int) { r.Template = fmt.Sprint(p) }), evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := lineOf(t, rep, evaluate.Attack, "s").Flagged[1]
	if f.Value != 1 || f.High != 1 || math.Abs(f.Low-0.8389) > 5e-5 { // Wilson, 20 of 20
		t.Errorf("%+v, want 1 from 0.8389", f)
	}
}

// TestPayloadAcrossSources: a bare attack and the documents that carry it are
// one payload.
func TestPayloadAcrossSources(t *testing.T) {
	rows := some(1, "bare", corpus.Injection, "user", "1 0")
	for _, r := range some(3, "carrier", corpus.Injection, "document", "1 0") {
		r.Attack = rows[0].Text
		rows = append(rows, r)
	}
	rep, err := run(context.Background(), told{}, rows, evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Corpus.Payloads != 1 {
		t.Errorf("%d payloads, want 1", rep.Corpus.Payloads)
	}
}

// TestMacroInterval: by hand, from Wilson's 0.4038 to 0.5962 for 50 of 100 and
// 0.9630 to 1 for 100 of 100, the mean 0.75 reaches from
// 0.75-sqrt(0.0962²+0.0370²)/2 to 0.75+sqrt(0.0962²)/2.
func TestMacroInterval(t *testing.T) {
	rows := append(some(50, "a", corpus.Injection, "user", "1 0"), some(50, "a", corpus.Injection, "tool", "0 1")...)
	rows = append(rows, some(100, "b", corpus.Injection, "user", "1 0")...)
	for i := range rows {
		rows[i].Text += rows[i].Channel
	}
	rep, err := run(context.Background(), told{}, rows, evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := rep.Guards[0].Points[1].Recall
	if f.Value != 0.75 || math.Abs(f.Low-0.6985) > 0.004 || math.Abs(f.High-0.7981) > 0.004 || f.Low > 0.6986 || f.High < 0.7980 {
		t.Errorf("%+v, want 0.75 from 0.6985 to 0.7981 or a little wider", f)
	}
}

// TestReportsRepeat: the same rows give the same report to the last digit.
func TestReportsRepeat(t *testing.T) {
	once := func() string {
		rep, err := run(context.Background(), told{}, table(), evaluate.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%+v", rep.Guards[0].Points) + fmt.Sprintf("%+v", rep.Guards[0].Ranking)
	}
	if a, b := once(), once(); a != b {
		t.Errorf("two reports differ:\n%s\n%s", a, b)
	}
}
