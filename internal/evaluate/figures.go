package evaluate

import (
	"math"

	"warder.example/internal/binomial"
	"warder.example/internal/bootstrap"
)

// resamples is how often clusters are drawn anew.
const resamples = 1000

// newBootstrap draws from a fixed seed: reports can be repeated.
func newBootstrap(clusters int) *bootstrap.Bootstrap { return bootstrap.New(clusters, resamples, 1) }

// eachSide is the confidence of either bound of an interval of 95 %.
const eachSide = 0.975

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
	if low, high, ok := bootstrap.Interval(values, 0.95); ok {
		f.Low, f.High = min(f.Low, low), max(f.High, high)
	}
	return f
}

// wilson returns k of n with the interval of [binomial.Wilson]. Without rows the
// value is 0 and the interval everything.
func wilson(k, n float64) Fraction {
	f := Fraction{}
	f.Low, f.High = binomial.Wilson(k, n, eachSide)
	if n > 0 {
		f.Value = k / n
	}
	return f
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
// the interval of [binomial.Paired].
func paired(up, down, n float64) Fraction {
	f := Fraction{}
	f.Low, f.High = binomial.Paired(up, down, n, eachSide)
	if n > 0 {
		f.Value = (up - down) / n
	}
	return f
}
