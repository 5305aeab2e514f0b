package evaluate_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"warder.example/internal/corpus"
	"warder.example/internal/evaluate"
)

// areaOf is the area under the curve by comparing every pair.
func areaOf(pos, neg []float64) float64 {
	won := 0.0
	for _, p := range pos {
		for _, n := range neg {
			if p > n {
				won++
			} else if p == n {
				won += 0.5
			}
		}
	}
	return won / float64(len(pos)*len(neg))
}

// tprOf is the greatest fraction of pos at a threshold that at most a fraction
// rate of neg reaches, by trying every score.
func tprOf(pos, neg []float64, rate float64) float64 {
	best := 0.0
	reach := func(xs []float64, t float64) (n float64) {
		for _, x := range xs {
			if x >= t {
				n++
			}
		}
		return n
	}
	for _, t := range pos {
		if reach(neg, t) <= rate*float64(len(neg)) {
			best = max(best, reach(pos, t)/float64(len(pos)))
		}
	}
	return best
}

// TestRankingByBruteForce checks areas and rates, pooled and of each source.
func TestRankingByBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []corpus.Row
		scores := map[string][]float64{}
		var pos, neg []float64
		for _, src := range []string{"a", "b", "c", "d"} {
			label, more := corpus.Injection, 0
			if src > "b" {
				label, more = corpus.Benign, 60
			}
			for i := range rapid.IntRange(100, 130+more).Draw(t, "rows of "+src) {
				score := float64(rapid.IntRange(0, 40).Draw(t, "score")) / 40
				scores[src] = append(scores[src], score)
				rows = append(rows, corpus.Row{Text: fmt.Sprintf("%v 1 #%s%d", score, src, i), Label: label, Source: src, Channel: "user"})
			}
			if label == corpus.Benign {
				neg = append(neg, scores[src]...)
			} else {
				pos = append(pos, scores[src]...)
			}
		}
		rep, err := run(context.Background(), told{}, rows, evaluate.Options{})
		if err != nil {
			t.Fatal(err)
		}
		same := func(what string, got evaluate.Fraction, want float64) {
			if math.Abs(got.Value-want) > 1e-9 || got.Low > want+1e-9 || got.High < want-1e-9 || got.Low < 0 || got.High > 1 {
				t.Fatalf("%s is %+v, want %v within its interval", what, got, want)
			}
		}
		g := rep.Guards[0]
		same("pooled area", g.Ranking.AUC, areaOf(pos, neg))
		for i, rate := range evaluate.Rates {
			same(fmt.Sprint("pooled rate at ", rate), g.Ranking.TPR[i], tprOf(pos, neg, rate))
		}
		for _, l := range g.Sources {
			if l.Kind == evaluate.Honest {
				same("area of "+l.Name, *l.AUC, areaOf(pos, scores[l.Name]))
				continue
			}
			same("area of "+l.Name, *l.AUC, areaOf(scores[l.Name], neg))
			for i, rate := range evaluate.Rates {
				same(fmt.Sprint("rate of ", l.Name, " at ", rate), l.TPR[i], atThreshold(scores[l.Name], g.Ranking.Threshold[i]))
			}
		}
		last := evaluate.CurvePoint{}
		for _, p := range g.Ranking.Curve {
			if p.FPR < last.FPR || p.TPR < last.TPR {
				t.Fatalf("the curve falls from %+v to %+v", last, p)
			}
			last = p
		}
		if last != (evaluate.CurvePoint{FPR: 1, TPR: 1}) {
			t.Fatalf("the curve ends at %+v", last)
		}
	})
}

func atThreshold(xs []float64, threshold float64) float64 {
	n := 0.0
	for _, x := range xs {
		if x >= threshold {
			n++
		}
	}
	return n / float64(len(xs))
}

// TestIntervalOfArea compares with DeLong's: of 50 attacks 40 beat all of 50
// honest rows and 10 none, so the area is 0.8. Placements of attacks vary by
// 0.8·0.2·50/49, those of honest rows do not: the standard error is
// sqrt(0.1633/50) = 0.0571, the interval about 0.688 to 0.912.
func TestIntervalOfArea(t *testing.T) {
	rows := append(some(40, "a", corpus.Injection, "user", "0.9 1"), some(10, "b", corpus.Injection, "user", "0.1 1")...)
	rows = append(rows, some(50, "c", corpus.Benign, "user", "0.5 1")...)
	rep, err := run(context.Background(), told{}, rows, evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := rep.Guards[0].Ranking.AUC
	if math.Abs(f.Value-0.8) > 1e-9 || math.Abs(f.Low-0.688) > 0.025 || math.Abs(f.High-0.912) > 0.025 {
		t.Errorf("%+v, want 0.8 from about 0.688 to 0.912", f)
	}
}

// TestYesOrNo: a guard without scores has no ranking, and a perfect one on few
// rows is not certain.
func TestYesOrNo(t *testing.T) {
	rows := append(some(10, "a", corpus.Injection, "user", "1 0"), some(10, "b", corpus.Benign, "user", "0 1")...)
	rep, err := run(context.Background(), told{}, rows, evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := rep.Guards[0].Ranking
	if r.Graded {
		t.Error("two scores pass for a ranking")
	}
	if r.AUC.Value != 1 || math.Abs(r.AUC.Low-0.7225) > 5e-5 || r.TPR[1].Low != r.AUC.Low { // Wilson, 10 of 10
		t.Errorf("area %+v, rate %+v; want 1 from 0.7225", r.AUC, r.TPR[1])
	}
}
