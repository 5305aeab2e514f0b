package bootstrap_test

import (
	"math"
	"slices"
	"testing"

	"warder.example/internal/bootstrap"
)

// mean watches the mean of xs.
func mean(b *bootstrap.Bootstrap, xs []float64) *bootstrap.Draws {
	return b.Watch(1, func(w []uint8, out []float64) {
		sum, n := 0.0, 0.0
		for i, x := range xs {
			sum += float64(w[i]) * x
			n += float64(w[i])
		}
		out[0] = sum / n
	})
}

// TestStandardError: draws of the mean of 0 to 99 spread as the textbook says,
// 28.87/sqrt(100), and statistics share the weights of a draw.
func TestStandardError(t *testing.T) {
	var xs, twice []float64
	for i := range 100 {
		xs, twice = append(xs, float64(i)), append(twice, 2*float64(i))
	}
	b := bootstrap.New(len(xs), 4000, 5)
	one, two := mean(b, xs), mean(b, twice)
	b.Run()
	sum, squares := 0.0, 0.0
	for r, v := range one.Values[0] {
		sum += v
		squares += v * v
		if math.Abs(two.Values[0][r]-2*v) > 1e-9 {
			t.Fatalf("draw %d: %v and %v", r, v, two.Values[0][r])
		}
	}
	n := float64(len(one.Values[0]))
	if at := sum / n; math.Abs(at-49.5) > 0.2 {
		t.Errorf("mean of draws %v; expected 49.5", at)
	}
	if sd := math.Sqrt(squares/n - sum/n*sum/n); math.Abs(sd-2.887) > 0.12 {
		t.Errorf("standard error %v; expected 2.887", sd)
	}
	low, high, ok := bootstrap.Interval(one.Values[0], 0.95)
	if !ok || math.Abs(low-(49.5-1.96*2.887)) > 0.6 || math.Abs(high-(49.5+1.96*2.887)) > 0.6 {
		t.Errorf("interval %v to %v, %v", low, high, ok)
	}
}

// TestSeed: the same seed draws the same, another one does not.
func TestSeed(t *testing.T) {
	draws := func(seed uint64) []float64 {
		b := bootstrap.New(4, 50, seed)
		d := mean(b, []float64{1, 2, 3, 5})
		b.Run()
		return d.Values[0]
	}
	same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
	if !slices.EqualFunc(draws(1), draws(1), same) || slices.EqualFunc(draws(1), draws(2), same) {
		t.Error("draws do not follow their seed")
	}
}

// TestUndefined: draws without a value are left out, and too many of them say nothing.
func TestUndefined(t *testing.T) {
	nan := math.NaN()
	if low, high, ok := bootstrap.Interval([]float64{3, nan, 1, 2}, 0.95); !ok || low != 1 || high != 3 {
		t.Errorf("%v to %v, %v; expected 1 to 3", low, high, ok)
	}
	for _, values := range [][]float64{nil, {nan}, {nan, nan, nan, 1}} {
		if _, _, ok := bootstrap.Interval(values, 0.95); ok {
			t.Errorf("%v has an interval", values)
		}
	}
	got := bootstrap.MeanOf(3, [][]float64{{1, nan, nan}, {3, 5, nan}})
	if got[0] != 2 || got[1] != 5 || !math.IsNaN(got[2]) {
		t.Errorf("means %v; expected 2, 5 and none", got)
	}
}
