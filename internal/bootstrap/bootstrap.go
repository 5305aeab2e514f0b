// Package bootstrap says how much figures would vary had other clusters of rows
// been drawn: rows that stem from one payload, template or seed prompt are not
// independent, and are drawn together or not at all (Efron and Tibshirani, "An
// Introduction to the Bootstrap", 1993; clusters: Davison and Hinkley, "Bootstrap
// Methods and their Application", 1997, section 3.8).
//
// Each cluster's weight is Poisson with mean 1, the limit of drawing n out of n
// with replacement (Hanley and MacGibbon, "Creating non-parametric bootstrap
// samples using Poisson frequencies", 2006). The weights of a draw are the same for
// every statistic: so differences and means of statistics have draws, too.
//
// The seed is given: the same rows give the same report.
package bootstrap

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Bootstrap draws clusters with replacement and has statistics computed on each
// draw. One goroutine at a time may use it.
type Bootstrap struct {
	clusters  int
	resamples int
	seed      uint64
	stats     []*Draws
}

// New returns a bootstrap of so many clusters, at least 0, and draws, at least 1.
func New(clusters, resamples int, seed uint64) *Bootstrap {
	return &Bootstrap{clusters: clusters, resamples: resamples, seed: seed}
}

// Draws holds what the figures of a statistic came to in each resample.
type Draws struct {
	compute func(w []uint8, out []float64)
	// Values are by figure, then by resample; NaN for undefined.
	Values [][]float64
}

// Watch adds a statistic of n figures. compute gets the weight of each cluster,
// and sets all of out. Values are set by [Bootstrap.Run].
func (b *Bootstrap) Watch(n int, compute func(w []uint8, out []float64)) *Draws {
	d := &Draws{compute, make([][]float64, n)}
	for i := range d.Values {
		d.Values[i] = make([]float64, b.resamples)
	}
	b.stats = append(b.stats, d)
	return d
}

// Run draws.
func (b *Bootstrap) Run() {
	rng := rand.NewPCG(b.seed, b.seed+1)
	w := make([]uint8, b.clusters)
	var out []float64
	for r := range b.resamples {
		for i := range w {
			w[i] = poisson(uint32(rng.Uint64() >> 32))
		}
		for _, d := range b.stats {
			out = slices.Grow(out[:0], len(d.Values))[:len(d.Values)]
			d.compute(w, out)
			for i, v := range out {
				d.Values[i][r] = v
			}
		}
	}
}

// poissonBelow[k] is the chance of at most k, on the scale of 32 bits.
var poissonBelow = func() (t [12]uint32) {
	p, sum := math.Exp(-1), 0.0
	for k := range t {
		sum += p
		t[k] = uint32(min(sum*(1<<32), math.MaxUint32))
		p /= float64(k + 1)
	}
	return t
}()

// poisson turns uniform bits into a number of that distribution, mean 1.
func poisson(u uint32) uint8 {
	for k, below := range poissonBelow {
		if u < below {
			return uint8(k)
		}
	}
	return uint8(len(poissonBelow))
}

// Interval returns the middle share of draws, such as 0.95; ok is false if half of
// them or more were undefined, which is too many to say.
func Interval(values []float64, share float64) (low, high float64, ok bool) {
	v := make([]float64, 0, len(values))
	for _, x := range values {
		if !math.IsNaN(x) {
			v = append(v, x)
		}
	}
	if len(v) == 0 || len(v) < len(values)/2 {
		return 0, 0, false
	}
	slices.Sort(v)
	at := func(q float64) float64 { return v[int(math.Round(q*float64(len(v)-1)))] }
	tail := (1 - share) / 2
	return at(tail), at(1 - tail), true
}

// MeanOf returns the draws of the mean of some statistics, of so many resamples
// each, those that are undefined in a draw left out; NaN where all are.
func MeanOf(resamples int, parts [][]float64) []float64 {
	out := make([]float64, resamples)
	for r := range out {
		sum, n := 0.0, 0
		for _, p := range parts {
			if !math.IsNaN(p[r]) {
				sum += p[r]
				n++
			}
		}
		out[r] = sum / float64(n) // NaN for none
	}
	return out
}
