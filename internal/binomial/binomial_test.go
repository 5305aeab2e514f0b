package binomial_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"warder.example/internal/binomial"
)

// TestTables holds the bounds to values that are known: the rule of three in its
// exact form, and tables of Clopper and Pearson.
func TestTables(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 0, 0, 1}, {0, 2995, 0, 0.00099975}, {2, 100, 0.00356515, 0.0616192}, {1, 1, 0.05, 1}, {10, 10, math.Pow(0.05, 0.1), 1},
	} {
		low, high := binomial.Interval(c.k, c.n, 0.95)
		if math.Abs(low-c.low) > 1e-6 || math.Abs(high-c.high) > 1e-6 {
			t.Errorf("%d of %d: %v to %v; expected %v to %v", c.k, c.n, low, high, c.low, c.high)
		}
	}
	for _, c := range []struct {
		k      int
		budget float64
		conf   float64
		want   int
	}{{0, 0.001, 0.95, 2995}, {0, 0.01, 0.95, 299}, {0, 0.001, 0.99, 4603}, {0, 0.05, 0.95, 59}, {1, 0.05, 0.95, 93}} {
		if got := binomial.Fewest(c.k, c.budget, c.conf); got != c.want {
			t.Errorf("fewest(%d, %g, %g) = %d; expected %d", c.k, c.budget, c.conf, got, c.want)
		}
	}
}

// TestAllowedIsTheInverse: as many as are allowed are few enough, and one more is
// too many.
func TestAllowedIsTheInverse(t *testing.T) {
	for _, budget := range []float64{0.001, 0.01, 0.05} {
		for _, n := range []int{0, 1, 58, 59, 93, 299, 2994, 2995, 4742, 40000} {
			k := binomial.Allowed(n, budget, 0.95)
			if k >= 0 {
				if _, high := binomial.Interval(k, n, 0.95); high > budget*(1+1e-9) {
					t.Errorf("%d of %d allowed at %g, but the share may be %g", k, n, budget, high)
				}
			}
			if k+1 < n {
				if _, high := binomial.Interval(k+1, n, 0.95); high <= budget {
					t.Errorf("%d of %d not allowed at %g, but the share is at most %g", k+1, n, budget, high)
				}
			}
		}
	}
}

// TestCritical: a share at its budget reaches the critical count seldom, also when
// one looks all the time.
func TestCritical(t *testing.T) {
	const n, budget, alpha, runs = 500, 0.02, 0.05, 4000
	critical := binomial.Critical(n, budget, alpha)
	if p := 1 - binomial.AtMost(critical-1, n, budget); p > alpha {
		t.Fatalf("%d are reached with probability %g", critical, p)
	}
	if p := 1 - binomial.AtMost(critical-2, n, budget); p <= alpha {
		t.Fatalf("%d would do, with probability %g", critical-1, p)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	alarms := 0
	for range runs {
		hits, alarm := 0, false
		for range n {
			if rng.Float64() < budget {
				hits++
			}
			alarm = alarm || hits >= critical
		}
		if alarm {
			alarms++
		}
	}
	if got := float64(alarms) / runs; got > alpha+0.01 {
		t.Errorf("alarms in %g of runs; expected at most %g", got, alpha)
	}
	if got := binomial.Critical(1, 0.5, 0.001); got != 2 {
		t.Errorf("one trial: %d; expected 2, which it never reaches", got)
	}
}
