package evaluate

import (
	"math"
)

// Fraction is a figure with its 95 % interval.
type Fraction struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// not returns one minus the figure.
func (f Fraction) not() Fraction { return Fraction{1 - f.Value, 1 - f.High, 1 - f.Low} }

// widen extends the interval to cover what was drawn.
func (f Fraction) widen(values []float64) Fraction {
	if low, high, ok := interval(values); ok {
		f.Low, f.High = min(f.Low, low), max(f.High, high)
	}
	return f
}

// z is the quantile of the normal distribution for 95 %.
const z = 1.959963984540054

// wilson returns k of n with the 95 % interval of Wilson, "Probable inference,
// the law of succession, and statistical inference" (1927). Without rows the
// value is 0 and the interval everything.
func wilson(k, n float64) Fraction {
	if n == 0 {
		return Fraction{0, 0, 1}
	}
	p := k / n
	centre := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return Fraction{p, max(0, min(p, centre-half)), min(1, max(p, centre+half))}
}

// average returns the mean of independent figures with the interval of Zou and
// Donner (method of variance estimates recovery, 2008), which keeps the skew of
// the parts' intervals. The mean of nothing is 0: a figure without rows must not
// pass a floor.
func average(fs []Fraction) Fraction {
	if len(fs) == 0 {
		return Fraction{0, 0, 1}
	}
	var value, below, above float64
	for _, f := range fs {
		value += f.Value
		below += (f.Value - f.Low) * (f.Value - f.Low)
		above += (f.High - f.Value) * (f.High - f.Value)
	}
	n := float64(len(fs))
	return Fraction{value / n, (value - math.Sqrt(below)) / n, (value + math.Sqrt(above)) / n}
}

// paired returns the difference between two fractions of the same n rows, of
// which up rows speak for the second alone and down for the first alone, with
// the interval of Agresti and Min, "Simple improved confidence intervals for
// comparing matched proportions" (2005).
func paired(up, down, n float64) Fraction {
	if n == 0 {
		return Fraction{0, -1, 1}
	}
	value := (up - down) / n
	up, down, n = up+0.5, down+0.5, n+2
	d := (up - down) / n
	half := z * math.Sqrt(max(0, up+down-(up-down)*(up-down)/n)) / n
	return Fraction{value, max(-1, min(value, d-half)), min(1, max(value, d+half))}
}

// mcnemar returns the chance of so uneven a split of the rows on which two
// guards differ, if both were equally good: McNemar's test, exact and two-sided.
// It takes rows for independent.
func mcnemar(up, down int) float64 {
	n := up + down
	ln := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	sum := 0.0
	for k := range min(up, down) + 1 {
		sum += math.Exp(ln(n) - ln(k) - ln(n-k) - float64(n)*math.Ln2)
	}
	return min(1, 2*sum)
}
