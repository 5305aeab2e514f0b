package asr

import (
	"math"

	"warder.example/internal/binomial"
)

// ratio is a share that is estimated as a sum of y over a sum of x, both by units
// that are independent of each other: seeds.
type ratio struct {
	y, x []float64
	// size is the most independent attempts that the units may be worth.
	size float64
}

// ratio is the rate of a cell; seeds without a scored attempt say nothing.
func (c Cell) ratio() ratio {
	r := ratio{size: float64(c.total.Scored())}
	for _, s := range c.seeds {
		if s.Scored() > 0 {
			r.add(float64(s.Successes), float64(s.Scored()))
		}
	}
	return r
}

func (r *ratio) add(y, x float64) { r.y, r.x = append(r.y, y), append(r.x, x) }

func (r ratio) units() int { return len(r.y) }

// few is what variances of a bootstrap of few units fall short by.
func (r ratio) few() float64 { return float64(r.units()) / max(1, float64(r.units()-1)) }

// weighted is the ratio with units weighted; NaN for nothing.
func (r ratio) weighted(w []uint8) float64 {
	var y, x float64
	for i := range r.y {
		y += float64(w[i]) * r.y[i]
		x += float64(w[i]) * r.x[i]
	}
	return y / x
}

func (r ratio) value() float64 {
	var y, x float64
	for i := range r.y {
		y += r.y[i]
		x += r.x[i]
	}
	return y / x
}

// variance is that of the ratio by its linear terms (Cochran, "Sampling Techniques",
// 1977, section 6.3).
func (r ratio) variance() float64 {
	p := r.value()
	var squares, x float64
	for i := range r.y {
		e := r.y[i] - p*r.x[i]
		squares += e * e
		x += r.x[i]
	}
	return squares / (x * x) * r.few()
}

// alike reports whether all units fared the same, so that nothing says how much they
// differ.
func (r ratio) alike(variance float64) bool {
	p := r.value()
	return !(variance > 1e-15) || p <= 0 || p >= 1
}

// effective is how many independent attempts have the given variance, between 1 and
// size: as many as there are units if all fared alike.
func (r ratio) effective(variance float64) float64 {
	if r.alike(variance) {
		return min(r.size, float64(r.units()))
	}
	p := r.value()
	return min(r.size, max(1, p*(1-p)/variance))
}

// score is Wilson's interval on the effective number of attempts, with Student's
// quantile for as many units.
func (r ratio) score(variance, confidence float64) Interval {
	if r.units() < 2 || !valid(confidence) {
		return anything
	}
	t := binomial.Student(side(confidence), float64(r.units()-1))
	low, high := binomial.WilsonAt(r.value(), r.effective(variance), t)
	return Interval{low, high}
}

// spread is the variance of draws, those that are undefined left out.
func spread(draws []float64) float64 {
	var n, mean, squares float64
	for _, v := range draws {
		if math.IsNaN(v) {
			continue
		}
		n++
		d := v - mean
		mean += d / n
		squares += d * (v - mean)
	}
	return squares / max(1, n-1)
}

// DesignEffect is how many times the attempts that were made are the independent ones
// that they are worth, at least 1; 1 of a cell of independent attempts.
func (c Cell) DesignEffect() float64 {
	r := c.ratio()
	if c.seeds == nil || r.units() == 0 {
		return 1
	}
	return r.size / r.effective(r.variance())
}

// worth is how many independent attempts the scored ones are worth for a bound of the
// given confidence (Korn and Graubard 1998: fewer if there are few seeds), and how
// many units there are: seeds, or independent attempts.
func (c Cell) worth(confidence float64) (n float64, units int) {
	if c.seeds == nil {
		return float64(c.total.Scored()), c.total.Scored()
	}
	r := c.ratio()
	if r.units() < 2 {
		return float64(r.units()), r.units()
	}
	v := r.variance()
	n = r.effective(v)
	if !r.alike(v) {
		n *= fewUnits(r.units(), confidence)
	}
	return n, r.units()
}

// fewUnits is by how much fewer independent attempts those of so many units are worth
// for a bound of the given confidence, since the variance is known from these units
// alone: the normal quantile over Student's, squared.
func fewUnits(units int, confidence float64) float64 {
	if units < 2 {
		return 0
	}
	q := max(confidence, 0.75) // at a half both are 0
	shrink := binomial.Normal(q) / binomial.Student(q, float64(units-1))
	return shrink * shrink
}
