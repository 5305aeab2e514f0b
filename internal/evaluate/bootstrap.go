package evaluate

import (
	"math"
	"math/rand/v2"
	"slices"
)

// resamples is how often clusters are drawn anew.
const resamples = 1000

// bootstrap draws clusters of rows with replacement and has statistics computed
// on each draw. Each cluster's weight is Poisson with mean 1 (the limit of
// drawing n out of n), the same in every statistic of a draw: so differences
// and means of statistics have draws, too.
type bootstrap struct {
	clusters int
	stats    []*draws
}

// draws holds what a statistic came to in each resample.
type draws struct {
	compute func(w []uint8, out []float64)
	values  [][]float64 // by place in out, then by resample; NaN for undefined
}

// watch adds a statistic of n figures. compute gets the weight of each cluster,
// and sets all of out.
func (b *bootstrap) watch(n int, compute func(w []uint8, out []float64)) *draws {
	d := &draws{compute, make([][]float64, n)}
	for i := range d.values {
		d.values[i] = make([]float64, resamples)
	}
	b.stats = append(b.stats, d)
	return d
}

// run draws.
func (b *bootstrap) run() {
	rng := rand.NewPCG(1, 2) // fixed: reports can be repeated
	w := make([]uint8, b.clusters)
	var out []float64
	for r := range resamples {
		for i := range w {
			w[i] = poisson(uint32(rng.Uint64() >> 32))
		}
		for _, d := range b.stats {
			out = slices.Grow(out[:0], len(d.values))[:len(d.values)]
			d.compute(w, out)
			for i, v := range out {
				d.values[i][r] = v
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

// interval returns the middle 95 % of draws; ok is false if too many were
// undefined to say.
func interval(values []float64) (low, high float64, ok bool) {
	v := make([]float64, 0, len(values))
	for _, x := range values {
		if !math.IsNaN(x) {
			v = append(v, x)
		}
	}
	if len(v) < resamples/2 {
		return 0, 0, false
	}
	slices.Sort(v)
	at := func(q float64) float64 { return v[int(math.Round(q*float64(len(v)-1)))] }
	return at(0.025), at(0.975), true
}

// meanOf returns the draws of the mean of some statistics, those that are
// undefined in a draw left out.
func meanOf(parts [][]float64) []float64 {
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
