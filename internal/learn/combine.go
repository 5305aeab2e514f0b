package learn

import (
	"math"
	"slices"

	"warder.example/guard/textmodel"
)

// treeShare is what the trees count beside the linear member: how far their spread goes
// in the other's. It was chosen on sources held out; a quarter and the whole did nearly
// as well.
const treeShare = 0.5

// treeScale returns the factor of the trees' sums beside scores of the linear member, 0
// if the trees say the same of all texts.
func treeScale(linear, trees []float64) float64 {
	if s := deviation(trees); s > 0 {
		return treeShare * deviation(linear) / s
	}
	return 0
}

// deviation returns the standard deviation.
func deviation(xs []float64) float64 {
	mean, sum := 0.0, 0.0
	for _, x := range xs {
		mean += x / float64(len(xs))
	}
	for _, x := range xs {
		sum += float64((x - mean) * (x - mean))
	}
	return math.Sqrt(sum / float64(max(len(xs), 1)))
}

// combine takes the trees into calibrations of the linear member: it adds the same to
// the logarithm of the odds of each attack head, and calibrates the highest of them anew,
// at even odds. Heads keep how they stand to each other.
func (g *group) combine(all []scored, cal *[heads]textmodel.Calibration) {
	var linear, trees []float64
	for i := range all {
		if g.has(all[i].row) {
			linear = append(linear, topLogit(cal, &all[i].ev, g.attacks))
			trees = append(trees, float64(all[i].ev[0].Trees))
		}
	}
	scale := treeScale(linear, trees)
	if scale == 0 {
		return
	}
	for _, h := range g.attacks {
		cal[h].Trees = scale
	}
	ps := g.attackPoints(all, cal)
	if ps == nil {
		return
	}
	slope, bias := fitLogit(ps)
	for _, h := range g.attacks {
		c := &cal[h]
		c.Passage, c.Window, c.Length, c.Trees = slope*c.Passage, slope*c.Window, slope*c.Length, slope*c.Trees
		c.Bias = float64(slope*c.Bias) + bias
	}
}

// attackPoints returns the observations of the highest of the attack heads, nil unless
// there are texts of both classes.
func (g *group) attackPoints(all []scored, cal *[heads]textmodel.Calibration) []point {
	var cases, others []point
	for i := range all {
		r := all[i].row
		if !g.has(r) || r.Weight == 0 {
			continue
		}
		p := point{x: topLogit(cal, &all[i].ev, g.attacks), weight: r.Weight, y: r.Label.Attack()}
		switch {
		case p.y:
			cases = append(cases, p)
		case slices.ContainsFunc(g.attacks, func(h int) bool { return r.is(h) == negative }):
			others = append(others, p)
		}
	}
	if len(cases) == 0 || len(others) == 0 {
		return nil
	}
	even(cases)
	even(others)
	return append(cases, others...)
}

// topLogit returns the highest logarithm of the odds among some heads.
func topLogit(cal *[heads]textmodel.Calibration, ev *[textmodel.MaxHeads]textmodel.Evidence, which []int) float64 {
	z := math.Inf(-1)
	for _, h := range which {
		z = max(z, cal[h].Logit(&ev[h]))
	}
	return z
}
