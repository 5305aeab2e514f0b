package evaluate

import (
	"math"

	"warder.example/internal/bootstrap"
)

// Ranking is how well scores separate, pooled over all sources.
type Ranking struct {
	AUC Fraction `json:"auc"`
	// TPR is the fraction of attacks above the score that each of [Rates]
	// of this corpus's honest rows reach; Threshold is that score.
	TPR       [len(Rates)]Fraction `json:"tpr"`
	Threshold [len(Rates)]float64  `json:"threshold"`
	Positive  int                  `json:"positive"`
	Negative  int                  `json:"negative"`
	// Graded is false for a guard that only says yes or no: its figures here
	// describe one point, not a ranking.
	Graded bool `json:"graded"`
	// Curve runs from the highest score to the lowest, thinned.
	Curve []CurvePoint `json:"curve"`
	// Scores counts rows by score.
	Scores Histogram `json:"scores"`
}

// CurvePoint is one point of the receiver operating characteristic.
type CurvePoint struct {
	FPR float64 `json:"fpr"`
	TPR float64 `json:"tpr"`
}

// Bins is the number of equal bins of a [Histogram], over scores of 0 to 1.
const Bins = 20

// Histogram counts rows by score.
type Histogram struct {
	Positive [Bins]int `json:"positive"`
	Negative [Bins]int `json:"negative"`
}

// ranking is a [Ranking] in the making: after the bootstrap ran, finish says
// what the draws came to.
type ranking struct {
	*ranker
	values   []float64
	drawn    *bootstrap.Draws
	payloads []float64 // of each line, the whole of all attacks first
	honest   float64   // payloads of honest rows
}

func newRanking(rows []ranked, lines int, boot *bootstrap.Bootstrap) *ranking {
	r := &ranking{ranker: newRanker(rows, lines)}
	r.values = make([]float64, r.size())
	r.measure(nil, r.values)
	r.drawn = boot.Watch(r.size(), r.measure)
	r.payloads = make([]float64, lines+1)
	seen := map[[2]int32]bool{} // line and cluster
	count := func(line, cluster int32) bool {
		k := [2]int32{line, cluster}
		if seen[k] {
			return false
		}
		seen[k] = true
		return true
	}
	const whole, others = -1, -2
	for i := range rows {
		x := &rows[i]
		if count(x.line, x.cluster) {
			r.payloads[x.line+1]++
		}
		if x.positive && count(whole, x.cluster) {
			r.payloads[0]++
		}
		if !x.positive && count(others, x.cluster) {
			r.honest++
		}
	}
	return r
}

// figure returns one of the figures that measure sets; ok is false where it is
// undefined. Rates have at least Wilson's interval for as many rows as there are
// payloads, and so has an area of exactly 0 or 1, which resampling never moves.
func (r *ranking) figure(line, place int) (Fraction, bool) {
	i := (line+1)*perLine + place
	v := r.values[i]
	if math.IsNaN(v) {
		return Fraction{0, 0, 1}, false
	}
	n := r.payloads[line+1]
	f := Fraction{v, v, v}
	switch against := r.payloads[0]; {
	case place > 0:
		f = wilson(v*n, n)
	case v == 0 || v == 1:
		if line < 0 || !r.lines[line+1].honest {
			against = r.honest
		}
		f = wilson(v*min(n, against), min(n, against))
	}
	return f.widen(r.drawn.Values[i]), true
}

// finish returns the ranking of the whole.
func (r *ranking) finish() Ranking {
	var out Ranking
	out.AUC, _ = r.figure(-1, 0)
	distinct := 0
	for i := range r.rows {
		x := &r.rows[i]
		bin := min(max(int(x.score*Bins), 0), Bins-1)
		if x.positive {
			out.Positive++
			out.Scores.Positive[bin]++
		} else {
			out.Negative++
			out.Scores.Negative[bin]++
		}
		if i == 0 || x.score != r.rows[i-1].score {
			distinct++
		}
	}
	out.Graded = distinct > 2
	for i, rate := range Rates {
		out.TPR[i], _ = r.figure(-1, 1+i)
		out.Threshold[i] = r.threshold(rate)
	}
	out.Curve = r.curve(out.Positive, out.Negative)
	return out
}

// curve returns the corners of the curve, without those that a plot of some
// hundred dots across, the false positives in logarithms, could not tell from
// the one before.
func (r *ranking) curve(positive, negative int) []CurvePoint {
	if positive == 0 || negative == 0 {
		return nil
	}
	const dots = 200
	out := []CurvePoint{{0, 0}}
	cell := func(p CurvePoint) [2]int {
		return [2]int{int(dots / 4 * math.Log10(max(p.FPR, 1e-5))), int(dots * p.TPR)}
	}
	var p, n float64
	for i := range r.rows {
		x := &r.rows[i]
		if x.positive {
			p++
		} else {
			n++
		}
		if i+1 < len(r.rows) && r.rows[i+1].score == x.score {
			continue
		}
		at := CurvePoint{n / float64(negative), p / float64(positive)}
		if last := out[len(out)-1]; cell(at) != cell(last) || i+1 == len(r.rows) {
			out = append(out, at)
		}
	}
	return out
}
