package page

import (
	"fmt"
	"html/template"
	"math"

	"warder.example/internal/evaluate"
	"warder.example/internal/htmlpage"
)

// roc draws the curves of all guards, false positives in logarithms: what a
// guard is used at lies far to the left. A guard that says yes or no only is a
// dot.
func roc(r *evaluate.Report) template.HTML {
	const w, h, left, top, right, bottom = 560.0, 340.0, 46.0, 12.0, 30.0, 40.0
	const least = 1e-4 // where the axis begins
	x := func(fpr float64) float64 {
		return left + (w-left-right)*(1-math.Log10(max(fpr, least))/math.Log10(least))
	}
	y := func(tpr float64) float64 { return top + (h-top-bottom)*(1-tpr) }
	s := htmlpage.NewSVG(w, h, "True positives over false positives, in logarithms")
	for i := range 6 {
		v := float64(i) / 5
		s.Line("grid", left, y(v), w-right, y(v))
		s.Text(left-6, y(v)+4, "end", fmt.Sprintf("%.1f", v))
	}
	for _, v := range []float64{0.0001, 0.001, 0.01, 0.1, 1} {
		s.Line("grid", x(v), top, x(v), h-bottom)
		s.Text(x(v), h-bottom+16, "middle", percent(v))
	}
	s.Text((left+w-right)/2, h-6, "middle", "false positives of all honest texts (log)")
	for i := range r.Guards {
		g := &r.Guards[i]
		class := fmt.Sprintf("s%d", i%slots)
		if c := g.Ranking.Curve; g.Ranking.Graded {
			s.Path("curve "+class, steps(c, x, y))
		} else if len(c) > 2 {
			s.Circle("dot "+class, x(c[1].FPR), y(c[1].TPR), 5, g.Name)
		}
	}
	return s.HTML()
}

// steps turns corners into a staircase.
func steps(c []evaluate.CurvePoint, x, y func(float64) float64) (out [][2]float64) {
	for i, p := range c {
		if i > 0 {
			out = append(out, [2]float64{x(p.FPR), y(c[i-1].TPR)})
		}
		out = append(out, [2]float64{x(p.FPR), y(p.TPR)})
	}
	return out
}

// histogram draws how scores are spread, as fractions of each class: attacks
// upwards, honest texts downwards. Heights are square roots, so that few do not
// vanish.
func histogram(g *evaluate.Result) template.HTML {
	const w, h, left, mid, tall = 560.0, 230.0, 64.0, 105.0, 88.0
	s := htmlpage.NewSVG(w, h, "Scores of attacks and of honest texts")
	bin := (w - left - 14) / evaluate.Bins
	draw := func(class, what string, counts [evaluate.Bins]int, n int, up bool) {
		for i, k := range counts {
			if k == 0 {
				continue
			}
			f := float64(k) / float64(n)
			tallness := tall * math.Sqrt(f)
			at := mid
			if up {
				at = mid - tallness
			}
			s.Rect(class, left+float64(i)*bin+1, at, bin-2, tallness, fmt.Sprintf("%s, score %.2f to %.2f: %d (%.2f %%)", what,
				float64(i)/evaluate.Bins, float64(i+1)/evaluate.Bins, k, 100*f))
		}
	}
	draw("attack", "attacks", g.Ranking.Scores.Positive, g.Ranking.Positive, true)
	draw("honest", "honest texts", g.Ranking.Scores.Negative, g.Ranking.Negative, false)
	s.Line("axis", left, mid, w-14, mid)
	s.Text(left-6, mid-40, "end", "attacks")
	s.Text(left-6, mid+48, "end", "honest")
	for i := range 6 {
		v := float64(i) / 5
		s.Text(left+v*bin*evaluate.Bins, h-20, "middle", fmt.Sprintf("%.1f", v))
	}
	s.Text((left+w)/2, h-4, "middle", "score (heights in square roots)")
	return s.HTML()
}
