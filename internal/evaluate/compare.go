package evaluate

import (
	"math"
	"slices"

	"warder.example/internal/binomial"
	"warder.example/internal/bootstrap"
)

// Comparison sets a guard beside another on the rows that both judged. Every
// difference is the other less the base: with attacks above zero is better, with
// honest rows below.
type Comparison struct {
	Base  string `json:"base"`
	Other string `json:"other"`
	Rows  int    `json:"rows"` // that both judged
	// Sources has the difference of what is flagged, by source.
	Sources []Difference `json:"sources"`
	// Recall, Specificity and Balanced are the differences of macro figures
	// at each of [Rates].
	Recall      [len(Rates)]Fraction `json:"recall"`
	Specificity [len(Rates)]Fraction `json:"specificity"`
	Balanced    [len(Rates)]Fraction `json:"balanced_accuracy"`
	AUC         Fraction             `json:"auc"`
}

// Difference is that of one source.
type Difference struct {
	Name  string            `json:"name"`
	Kind  Kind              `json:"kind"`
	Rows  int               `json:"rows"`
	Rates [len(Rates)]Split `json:"rates"`
}

// Split says on how many rows two guards differ at a rate.
type Split struct {
	OnlyBase  int `json:"only_base"` // flagged by the base and not by the other
	OnlyOther int `json:"only_other"`
	// Change is the difference of the fractions flagged.
	Change Fraction `json:"change"`
	// P is McNemar's: see [binomial.McNemar]. It takes rows for independent, the
	// interval of Change does not.
	P float64 `json:"p"`
}

// pair is one row as two passes judged it.
type pair struct {
	base, other *outcome
}

// pairs returns the rows that both passes judged.
func pairs(base, other *pass) []pair {
	var out []pair
	for i := range base.all {
		if a, b := &base.all[i], &other.all[i]; a.state == judged && b.state == judged {
			out = append(out, pair{a, b})
		}
	}
	return out
}

// side lists the rows of pairs as one of the passes judged them.
func side(ps []pair, pick func(pair) *outcome) []outcome {
	out := make([]outcome, len(ps))
	for i, p := range ps {
		out[i] = *pick(p)
	}
	return out
}

// contrast is two tables over the same rows, drawn together.
type contrast struct {
	boot        *bootstrap.Bootstrap
	base, other *table
	merged      map[part][]*outcome // of the base
	follow      map[*outcome]*outcome
}

// newContrast builds the tables of sources; run must follow.
func newContrast(ps []pair, clusters int) *contrast {
	c := &contrast{boot: newBootstrap(clusters), follow: map[*outcome]*outcome{}}
	base := side(ps, func(p pair) *outcome { return p.base })
	other := side(ps, func(p pair) *outcome { return p.other })
	for i := range base {
		c.follow[&base[i]] = &other[i]
	}
	source := func(o *outcome) string { return o.source }
	c.merged, _ = mergeSmall(partition(base, source))
	also, _ := mergeSmall(partition(other, source))
	c.base, c.other = newTable(c.merged, c.boot), newTable(also, c.boot)
	return c
}

// finish sets the intervals, after the bootstrap ran.
func (c *contrast) finish() {
	c.base.finish()
	c.other.finish()
}

// differences lists the sources.
func (c *contrast) differences() []Difference {
	var out []Difference
	for i, l := range c.base.lines {
		d := Difference{Name: l.Name, Kind: l.Kind, Rows: l.Rows}
		for k, rate := range Rates {
			s := &d.Rates[k]
			for _, o := range c.base.rows[i] {
				a, b := o.relevant().FPR <= rate, c.follow[o].relevant().FPR <= rate
				if a && !b {
					s.OnlyBase++
				}
				if b && !a {
					s.OnlyOther++
				}
			}
			s.Change = paired(float64(s.OnlyOther), float64(s.OnlyBase), float64(l.Rows))
			if l.Payloads < l.Rows {
				s.Change = s.Change.widen(difference(c.other.drawn[i].Values[k], c.base.drawn[i].Values[k]))
			}
			s.P = binomial.McNemar(s.OnlyOther, s.OnlyBase)
		}
		out = append(out, d)
	}
	return out
}

// change returns the difference of a kind's macro figure at a rate, and its
// draws.
func (c *contrast) change(ds []Difference, k Kind, rate int) (Fraction, []float64) {
	var parts []Fraction
	for _, d := range ds {
		if d.Kind == k {
			parts = append(parts, d.Rates[rate].Change)
		}
	}
	if len(parts) == 0 {
		return Fraction{0, -1, 1}, slices.Repeat([]float64{math.NaN()}, resamples)
	}
	_, a := c.base.macro(k, rate)
	_, b := c.other.macro(k, rate)
	drawn := difference(b, a)
	return average(parts).widen(drawn), drawn
}

// compare sets other beside base.
func compare(baseName, otherName string, base, other *pass) Comparison {
	ps := pairs(base, other)
	out := Comparison{Base: baseName, Other: otherName, Rows: len(ps)}
	c := newContrast(ps, base.clusters)
	a, _ := rankings(c.base, c.boot)
	b, _ := rankings(c.other, c.boot)
	c.boot.Run()
	c.finish()
	out.Sources = c.differences()
	for k := range Rates {
		recall, up := c.change(out.Sources, Attack, k)
		flagged, more := c.change(out.Sources, Honest, k)
		out.Recall[k] = recall
		out.Specificity[k] = flagged.negate()
		out.Balanced[k] = average([]Fraction{recall, flagged.negate()}).widen(bootstrap.MeanOf(resamples, [][]float64{up, difference(make([]float64, resamples), more)}))
	}
	fa, ok := a.figure(-1, 0)
	if fb, also := b.figure(-1, 0); ok && also {
		d := fb.Value - fa.Value
		out.AUC = Fraction{d, d, d}.widen(difference(b.drawn.Values[0], a.drawn.Values[0]))
	}
	return out
}

// difference returns a less b, draw by draw.
func difference(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] - b[i]
	}
	return out
}

// negate returns the figure with its sign changed.
func (f Fraction) negate() Fraction { return Fraction{0 - f.Value, 0 - f.High, 0 - f.Low} }
