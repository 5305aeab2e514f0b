package evaluate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"testing"
	"time"

	"warder.example/guard"
	"warder.example/internal/corpus"
	"warder.example/internal/evaluate"
)

// told is a judge that answers what the text says: "score fpr".
type told struct{ harm bool }

func (j told) Judge(_ context.Context, row *corpus.Row) (evaluate.Judgement, error) {
	var m evaluate.Mark
	if _, err := fmt.Sscan(row.Text, &m.Score, &m.FPR); err != nil {
		return evaluate.Judgement{}, err
	}
	if j.harm {
		return evaluate.Judgement{Harm: m, Attack: evaluate.Mark{FPR: 1}}, nil
	}
	return evaluate.Judgement{Attack: m, Harm: evaluate.Mark{FPR: 1}}, nil
}

func seq(rows []corpus.Row) iter.Seq2[corpus.Row, error] {
	return func(yield func(corpus.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// run measures one judge.
func run(ctx context.Context, j evaluate.Judge, rows []corpus.Row, opt evaluate.Options) (*evaluate.Report, error) {
	return evaluate.Run(ctx, []evaluate.Guard{{Name: "told", Judge: j}}, again(rows), opt)
}

// again yields the same rows to every guard.
func again(rows []corpus.Row) evaluate.Rows {
	return func() iter.Seq2[corpus.Row, error] { return seq(rows) }
}

// some returns n rows that are told the same.
func some(n int, source string, label corpus.Label, channel, text string) (out []corpus.Row) {
	for i := range n { // the number makes each a text of its own
		out = append(out, corpus.Row{Text: fmt.Sprintf("%s #%s%d", text, source, i), Label: label, Source: source, Channel: channel, Lang: "en"})
	}
	return out
}

func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

// The expected figures are worked out by hand:
//
//	attack  alpha 200 rows: 50 at 0.1 %, 50 more at 1 %, 100 not at all
//	        beta  100 rows: all at 5 %
//	        gamma 40, delta 10 rows: small, together 50; gamma all exact, delta none
//	honest  eps   200 rows: 10 at 5 %, of which 2 at 1 %
//	        zeta  100 rows: none
func table() []corpus.Row {
	var rows []corpus.Row
	for _, r := range [][]corpus.Row{
		some(50, "alpha", corpus.Injection, "user", "0.99 0.001"),
		some(50, "alpha", corpus.Jailbreak, "user", "0.9 0.01"),
		some(100, "alpha", corpus.Injection, "user", "0.2 1"),
		some(100, "beta", corpus.Injection, "document", "0.7 0.05"),
		some(40, "gamma", corpus.Injection, "tool", "1 0"),
		some(10, "delta", corpus.Injection, "tool", "0 1"),
		some(2, "eps", corpus.Benign, "user", "0.85 0.01"),
		some(8, "eps", corpus.BenignHard, "user", "0.6 0.05"),
		some(190, "eps", corpus.Benign, "user", "0.1 1"),
		some(100, "zeta", corpus.Benign, "document", "0.3 1"),
		some(7, "eta", corpus.Toxic, "user", "1 0"),
		some(5, "theta", corpus.Injection, "output", "1 0"),
	} {
		rows = append(rows, r...)
	}
	return rows
}

func TestFigures(t *testing.T) {
	rep, err := run(context.Background(), told{}, table(), evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := rep.Figures()
	small := 40.0 / 50
	near(t, "recall@0.001", f["recall@0.001"], (0.25+0+small)/3)
	near(t, "recall@0.01", f["recall@0.01"], (0.5+0+small)/3)
	near(t, "recall@0.05", f["recall@0.05"], (0.5+1+small)/3)
	near(t, "specificity@0.001", f["specificity@0.001"], 1)
	near(t, "specificity@0.01", f["specificity@0.01"], (0.99+1)/2)
	near(t, "specificity@0.05", f["specificity@0.05"], (0.95+1)/2)
	near(t, "balanced@0.05", f["balanced@0.05"], ((0.5+1+small)/3+0.975)/2)
	near(t, "worst@0.05", f["worst@0.05"], 0.95)
	if rep.Guards[0].Points[2].WorstSource != "eps" {
		t.Errorf("worst source %q, want eps", rep.Guards[0].Points[2].WorstSource)
	}
	// 300 honest scores: 2 of 0.85, 8 of 0.6, 100 of 0.3, 190 of 0.1.
	// Above 0.1 %: none may be, so the bar is above 0.85: 50 + 50 + 40 of 350.
	near(t, "tpr@0.001", f["tpr@0.001"], 140.0/350)
	// 1 %: three may be; the fourth highest is 0.6: 140 and the 100 of 0.7.
	near(t, "tpr@0.01", f["tpr@0.01"], 240.0/350)
	// 5 %: fifteen; the sixteenth is 0.3.
	near(t, "tpr@0.05", f["tpr@0.05"], 240.0/350)
	above := func(n int, over, ties float64) float64 { return float64(n) * (over + ties/2) }
	auc := above(140, 300, 0) + above(100, 298, 0) + above(100, 190, 0) + above(10, 0, 0)
	near(t, "auc", f["auc"], auc/350/300)
	if rep.Corpus.LeftOut != 12 {
		t.Errorf("left out %d rows, want 12", rep.Corpus.LeftOut)
	}
	if got := strings.Join(rep.Guards[0].Small[evaluate.Attack], ","); got != "delta,gamma" {
		t.Errorf("small attack sources %q", got)
	}
}

func TestHarmIsJudgedByItsOwnCategory(t *testing.T) {
	rows := append(some(100, "h", corpus.HarmfulRequest, "user", "0.9 0.01"), some(100, "b", corpus.Benign, "user", "0.1 1")...)
	rows = append(rows, some(10, "b", corpus.Benign, "user", "0.95 0.01")...)
	rep, err := run(context.Background(), told{harm: true}, rows, evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := rep.Figures()
	near(t, "harm_recall@0.01", f["harm_recall@0.01"], 1)
	near(t, "harm_recall@0.001", f["harm_recall@0.001"], 0)
	near(t, "harm_specificity@0.01", f["harm_specificity@0.01"], 1-10.0/110)
	near(t, "specificity@0.01", f["specificity@0.01"], 1)
	near(t, "harm_auc", f["harm_auc"], 100.0/110)
}

func TestWilsonInterval(t *testing.T) {
	// By hand: 50 of 100 has the interval 0.404 to 0.596, 0 of 100 ends at 0.037.
	for _, tt := range []struct {
		name            string
		hit, miss       int
		value, low, top float64
	}{
		{"half", 50, 50, 0.5, 0.4038, 0.5962},
		{"none", 0, 100, 0, 0, 0.0370},
		{"all", 100, 0, 1, 0.9630, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows := append(some(tt.hit, "s", corpus.Injection, "user", "1 0"), some(tt.miss, "s", corpus.Injection, "user", "0 1")...)
			rep, err := run(context.Background(), told{}, rows, evaluate.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := rep.Guards[0].Sources[0].Flagged[1]
			for _, x := range []struct{ got, want float64 }{{got.Value, tt.value}, {got.Low, tt.low}, {got.High, tt.top}} {
				if math.Abs(x.got-x.want) > 5e-5 {
					t.Errorf("interval %+v, want %v %v %v", got, tt.value, tt.low, tt.top)
				}
			}
		})
	}
}

func TestNothingPassesNoFloor(t *testing.T) {
	rep, err := run(context.Background(), told{}, some(3, "s", corpus.Benign, "user", "0 1"), evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f := rep.Figures(); f["recall@0.01"] != 0 || f["auc"] != 0 {
		t.Errorf("without attacks recall is %v and auc %v, want 0", f["recall@0.01"], f["auc"])
	}
}

func TestRunErrors(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		rows []corpus.Row
		want string
	}{
		{"nothing", context.Background(), nil, "no rows"},
		{"only other labels", context.Background(), some(3, "s", corpus.PII, "user", "0 1"), "no rows"},
		{"no label", context.Background(), some(1, "s", "", "user", "0 1"), "label"},
		{"unknown label", context.Background(), some(1, "s", "nice", "user", "0 1"), `"nice"`},
		{"no source", context.Background(), some(1, "", corpus.Benign, "user", "0 1"), "source"},
		{"judge fails", context.Background(), some(1, "s", corpus.Benign, "user", "what"), "syntax"},
		{"cancelled", cancelled, some(1, "s", corpus.Benign, "user", "0 1"), "canceled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := run(tt.ctx, told{}, tt.rows, evaluate.Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, expected %q", err, tt.want)
			}
		})
	}
}

func TestLatency(t *testing.T) {
	// The clock moves by as many milliseconds as it was read before: rows take
	// 1, 3, 5 and 7 ms.
	now, reads := time.Unix(0, 0), 0
	clock := func() time.Time {
		now = now.Add(time.Duration(reads) * time.Millisecond)
		reads++
		return now
	}
	var rows []corpus.Row
	for i, n := range []int{512, 512, 2048, 2048} {
		text := fmt.Sprint("0 1 #", i)
		rows = append(rows, corpus.Row{Text: text + strings.Repeat(" ", n-len(text)), Label: corpus.Benign, Source: "s"})
	}
	rep, err := run(context.Background(), told{}, rows, evaluate.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	l := rep.Guards[0].Latency
	near(t, "p50", l.P50, 3000)
	near(t, "p99", l.P99, 7000)
	near(t, "slowest", l.Max, 7000)
	near(t, "per KB", l.PerKB, 16000*1024/5120.0)
	near(t, "p50 per KB", l.P50KB, 2500) // 2000, 6000, 2500, 3500
	near(t, "p99 per KB", l.P99KB, 6000)
	if len(l.Lengths) != 2 || l.Lengths[0].Name != "256 B to 1 KB" || l.Lengths[0].Rows != 2 || l.Lengths[1].Max != 7000 || l.Bytes != 5120 {
		t.Errorf("latency by length %+v", l.Lengths)
	}
}

func TestPrintNamesWhatMatters(t *testing.T) {
	rep, err := run(context.Background(), told{}, table(), evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := rep.Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"attack  alpha", "200", evaluate.SmallGroup, "delta, gamma", "honest  zeta", "balanced accuracy", "over-defence", "length", "AUC", "12 rows (other labels, answers)"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
}

// TestPrintCutsLongNames: a table is not as wide as the longest name of a source, and
// the report has the name.
func TestPrintCutsLongNames(t *testing.T) {
	long := "prompts_" + strings.Repeat("ü", 200) + "_second_half"
	rows := append(some(100, long, corpus.Injection, "user", "0.9 0.001"), some(99, long, corpus.Benign, "user", "0.1 1")...)
	rep, err := run(context.Background(), told{}, rows, evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := rep.Print(&b); err != nil {
		t.Fatal(err)
	}
	cut := "prompts_" + strings.Repeat("ü", 15) + "…_second_half"
	if strings.Contains(b.String(), long) || strings.Count(b.String(), cut) != 3 { // two tables, and the list of small ones
		t.Errorf("expected %s three times in:\n%s", cut, b.String())
	}
	if rep.Guards[0].Sources[0].Name != long {
		t.Errorf("the report names the source %.60q", rep.Guards[0].Sources[0].Name)
	}
}

// fake is a detector that reports one finding, and one that only has a score.
type fake struct{ err error }

func (f fake) Detect(_ context.Context, t *guard.Text) ([]guard.Finding, error) {
	return []guard.Finding{
		{Category: "injection", Score: 0.8, FPR: 0.01}, {Category: "jailbreak", Score: 0.7, FPR: 0.05}, {Category: "pii.email", Score: 1},
	}, f.err
}

func (f fake) DetectScores(ctx context.Context, t *guard.Text) ([]guard.Finding, map[string]float64, error) {
	found, err := f.Detect(ctx, t)
	return found, map[string]float64{"injection": 0.8, "harmful_request": 0.3}, err
}

func TestDetectors(t *testing.T) {
	row := &corpus.Row{Text: "x", Channel: "user"}
	got, err := evaluate.Detectors{fake{}}.Judge(context.Background(), row)
	want := evaluate.Judgement{Attack: evaluate.Mark{Score: 0.8, FPR: 0.01}, Harm: evaluate.Mark{Score: 0.3, FPR: 1}}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if _, err := (evaluate.Detectors{fake{errors.New("cannot")}}).Judge(context.Background(), row); err == nil {
		t.Error("a failing detector gives no error")
	}
}
