package evaluate

import (
	"maps"
	"slices"

	"warder.example/internal/bootstrap"
)

// Point is one operating point.
type Point struct {
	FPR         float64  `json:"fpr"` // the published rate
	Recall      Fraction `json:"recall"`
	Specificity Fraction `json:"specificity"`
	Balanced    Fraction `json:"balanced_accuracy"`
	// Hard is the specificity on rows labelled benign_hard alone, by source
	// as well: what recall is bought with.
	Hard Fraction `json:"hard_specificity"`
	// Worst is the least specificity of a source with SmallSource rows or
	// more, WorstSource its name.
	Worst       Fraction `json:"worst_specificity"`
	WorstSource string   `json:"worst_source"`
	HarmRecall  float64  `json:"harm_recall"`
	HarmHonest  float64  `json:"harm_specificity"`
}

// points sums the sources up at each published rate.
func points(sources, hard *table) []Point {
	var out []Point
	for i, rate := range Rates {
		p := Point{FPR: rate}
		var recall, honest []float64
		p.Recall, recall = sources.macro(Attack, i)
		p.Specificity, honest = specificity(sources, i)
		p.Hard, _ = specificity(hard, i)
		p.Balanced = balance(p.Recall, p.Specificity, recall, honest)
		for _, l := range sources.lines {
			if l.Kind != Honest || l.Rows == 0 || l.Name == SmallGroup {
				continue
			}
			if s := l.Flagged[i].not(); p.WorstSource == "" || s.Value < p.Worst.Value {
				p.Worst, p.WorstSource = s, l.Name
			}
		}
		if p.WorstSource == "" {
			p.Worst = Fraction{0, 0, 1}
		}
		out = append(out, p)
	}
	return out
}

// specificity is the macro specificity of a table: 0 without honest rows.
func specificity(t *table, rate int) (Fraction, []float64) {
	fs, _ := t.kind(Honest, rate)
	f, drawn := t.macro(Honest, rate)
	if len(fs) == 0 {
		return f, drawn
	}
	for i := range drawn {
		drawn[i] = 1 - drawn[i]
	}
	return f.not(), drawn
}

// balance is the mean of recall and specificity.
func balance(recall, spec Fraction, recalls, specs []float64) Fraction {
	return average([]Fraction{recall, spec}).widen(bootstrap.MeanOf(resamples, [][]float64{recalls, specs}))
}

// harmPoints adds how the category harmful_request fares: the mean over sources
// of any size.
func harmPoints(points []Point, all []outcome) {
	by := partition(all, func(o *outcome) string { return o.source })
	for i := range points {
		var recall, spec []float64
		for _, k := range slices.SortedFunc(maps.Keys(by), part.compare) {
			rows, hits := 0.0, 0.0
			for _, o := range by[k] {
				if o.state == judged {
					rows++
					if o.mark.Harm.FPR <= points[i].FPR {
						hits++
					}
				}
			}
			switch {
			case rows == 0:
			case k.kind == Harmful:
				recall = append(recall, hits/rows)
			case k.kind == Honest:
				spec = append(spec, 1-hits/rows)
			}
		}
		points[i].HarmRecall, points[i].HarmHonest = mean(recall), mean(spec)
	}
}

// mean returns 0 for nothing: a figure without rows must not pass a floor.
func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	if len(xs) == 0 {
		return 0
	}
	return sum / float64(len(xs))
}
