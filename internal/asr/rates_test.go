package asr_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"
	"warder.example/internal/asr"
)

// cell returns independent attempts.
func cell(t interface{ Fatal(...any) }, successes, n int) asr.Cell {
	c, err := asr.Independent(asr.Count{Attempts: n, Successes: successes})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// seeded returns seeds of so many attempts each with the given successes.
func seeded(t interface{ Fatal(...any) }, each int, successes ...int) asr.Cell {
	var seeds []asr.Count
	for _, k := range successes {
		seeds = append(seeds, asr.Count{Attempts: each, Successes: k})
	}
	c, err := asr.Seeded(seeds)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v; expected %v", what, got, want)
	}
}

// TestTable holds intervals to table I of Newcombe, "Two-sided confidence intervals
// for the single proportion: comparison of seven methods" (1998).
func TestTable(t *testing.T) {
	for _, c := range []struct {
		k, n             int
		wilsonL, wilsonH float64
		exactL, exactH   float64
	}{
		{81, 263, 0.2553, 0.3662, 0.2527, 0.3676},
		{15, 148, 0.0624, 0.1605, 0.0578, 0.1617},
		{0, 20, 0, 0.1611, 0, 0.1684},
		{1, 29, 0.0061, 0.1718, 0.0009, 0.1776},
	} {
		w, e := cell(t, c.k, c.n).Wilson(0.95), cell(t, c.k, c.n).Exact(0.95)
		near(t, "Wilson's low", w.Low, c.wilsonL, 6e-5)
		near(t, "Wilson's high", w.High, c.wilsonH, 6e-5)
		near(t, "exact low", e.Low, c.exactL, 6e-5)
		near(t, "exact high", e.High, c.exactH, 6e-5)
	}
}

// TestNoSuccess: the exact bound and the rule of three.
func TestNoSuccess(t *testing.T) {
	near(t, "upper of 0 in 299", cell(t, 0, 299).Upper(0.95), 0.00997, 1e-5)
	near(t, "upper of 0 in 59", cell(t, 0, 59).Upper(0.95), 0.0495, 1e-4)
	for n := 3; n < 2000; n *= 2 {
		if exact, three := cell(t, 0, n).Upper(0.95), asr.RuleOfThree(n); three < exact || three > 1.6*exact {
			t.Errorf("0 in %d: exact %v, rule of three %v", n, exact, three)
		}
	}
	near(t, "rule of three of nothing", asr.RuleOfThree(0), 1, 0)
}

// TestNothingIsKnown: without a scored attempt, a rate is anything and the worst.
func TestNothingIsKnown(t *testing.T) {
	unscored, err := asr.Seeded([]asr.Count{{Attempts: 5, Unscored: 5}, {Attempts: 7, Unscored: 7}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []asr.Cell{{}, unscored} {
		for what, i := range map[string]asr.Interval{"Wilson": c.Wilson(0.95), "exact": c.Exact(0.95), "bootstrap": c.Bootstrap(0.95, 1)} {
			if i != (asr.Interval{Low: 0, High: 1}) {
				t.Errorf("%s of nothing is %v", what, i)
			}
		}
		if c.Rate() != 1 || c.Upper(0.95) != 1 {
			t.Errorf("nothing has the rate %v, at most %v; expected 1", c.Rate(), c.Upper(0.95))
		}
	}
	if got := unscored.Worst(); got.Total() != (asr.Count{Attempts: 12, Successes: 12}) || got.Rate() != 1 {
		t.Errorf("worst of unscored attempts is %+v", got.Total())
	}
	for _, confidence := range []float64{0, 1, -1, 2, math.NaN()} {
		if cell(t, 1, 9).Upper(confidence) != 1 || cell(t, 1, 9).Wilson(confidence) != (asr.Interval{Low: 0, High: 1}) {
			t.Errorf("a confidence of %v bounds something", confidence)
		}
	}
}

// TestUnscoredAreNotSafe: they leave the rate and raise the bound.
func TestUnscoredAreNotSafe(t *testing.T) {
	c, err := asr.Independent(asr.Count{Attempts: 100, Successes: 10, Unscored: 50})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "rate", c.Rate(), 0.2, 0)
	near(t, "worst rate", c.Worst().Rate(), 0.6, 0)
	if c.Worst().Upper(0.95) < 0.6 {
		t.Error("the bound of the worst is below its rate")
	}
}

func TestRefusesCounts(t *testing.T) {
	for _, c := range []asr.Count{
		{Attempts: -1}, {Attempts: 1, Successes: 2}, {Attempts: 1, Successes: -1}, {Attempts: 2, Unscored: 3}, {Attempts: 2, Unscored: -1},
		{Attempts: 5, Successes: 3, Unscored: 3}, {Attempts: asr.MaxAttempts + 1}, {Attempts: math.MaxInt, Successes: 1},
	} {
		if _, err := asr.Independent(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
		if _, err := asr.Seeded([]asr.Count{{Attempts: 3}, c}); err == nil {
			t.Errorf("%+v is taken as a seed", c)
		}
	}
	if _, err := asr.Seeded([]asr.Count{{Attempts: asr.MaxAttempts}, {Attempts: 1}}); err == nil {
		t.Error("too many attempts in all are taken")
	}
}

// TestSeedsWiden: 500 attempts with 10 seeds, half of which always succeed, say as
// much as 10 attempts; if seeds do not matter, nearly as much as 500.
func TestSeedsWiden(t *testing.T) {
	same := seeded(t, 50, 50, 0, 50, 0, 50, 0, 50, 0, 50, 0)
	ten, all := cell(t, 5, 10).Wilson(0.95), cell(t, 250, 500).Wilson(0.95)
	if got := same.Bootstrap(0.95, 1); got.High-got.Low < ten.High-ten.Low {
		t.Errorf("%v from seeds that decide all; 10 attempts give %v", got, ten)
	}
	near(t, "design effect", same.DesignEffect(), 55.5, 0.1)
	mixed := seeded(t, 50, 25, 28, 21, 30, 22, 26, 24, 29, 23, 22)
	if got := mixed.Bootstrap(0.95, 1); got.High-got.Low > 1.3*(all.High-all.Low) {
		t.Errorf("%v from seeds that do not matter; 500 attempts give %v", got, all)
	}
	near(t, "design effect of seeds that do not matter", mixed.DesignEffect(), 1, 0)
	if a, b := mixed.Bootstrap(0.95, 7), mixed.Bootstrap(0.95, 7); a != b {
		t.Errorf("one random seed gave %v and %v", a, b)
	}
}

// TestFewSeedsPromiseLittle: 500 attempts with 10 seeds show no more than 10 do, a
// success does not lower the bound, and one seed shows nothing.
func TestFewSeedsPromiseLittle(t *testing.T) {
	none := seeded(t, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	if got, ten := none.Upper(0.95), cell(t, 0, 10).Upper(0.95); got < ten-1e-12 {
		t.Errorf("10 seeds bound the rate by %v; 10 attempts by %v", got, ten)
	}
	if got := seeded(t, 50, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0).Upper(0.95); got < cell(t, 0, 10).Upper(0.95)-1e-12 {
		t.Errorf("one success lowers the bound to %v", got)
	}
	if got := seeded(t, 500, 0).Upper(0.95); got != 1 {
		t.Errorf("one seed bounds the rate by %v", got)
	}
	alone := seeded(t, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	if alone.Upper(0.95) != cell(t, 1, 10).Upper(0.95) {
		t.Error("seeds with one attempt each are not independent attempts")
	}
}

// TestBounds: whatever the counts, intervals hold their rate and stay in 0 to 1, more
// confidence widens them, and more successes move the bound up.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		each := rapid.IntRange(1, 12).Draw(t, "each")
		ks := rapid.SliceOfN(rapid.IntRange(0, each), 2, 30).Draw(t, "successes")
		c := seeded(t, each, ks...)
		for what, at := range map[string]func(float64) asr.Interval{
			"Wilson": c.Wilson, "exact": c.Exact, "bootstrap": func(p float64) asr.Interval { return c.Bootstrap(p, 1) },
		} {
			a, b := at(0.9), at(0.99)
			if !(0 <= b.Low && b.Low <= a.Low && a.Low <= c.Rate()+1e-12 && c.Rate() <= a.High+1e-12 && a.High <= b.High && b.High <= 1) {
				t.Fatalf("%s of %v: %v at 90 %%, %v at 99 %%", what, ks, a, b)
			}
		}
		if a, b := c.Upper(0.9), c.Upper(0.99); !(c.Rate() <= a+1e-12 && a <= b && b <= 1) {
			t.Fatalf("upper bounds %v and %v of the rate %v", a, b, c.Rate())
		}
		total := c.Total()
		if total.Successes < total.Attempts {
			i := cell(t, total.Successes, total.Attempts).Upper(0.95)
			if more := cell(t, total.Successes+1, total.Attempts).Upper(0.95); more <= i {
				t.Fatalf("one success more lowers the bound from %v to %v", i, more)
			}
		}
	})
}

// TestSuccessAt: Chen et al. (2021), by hand: with 2 of 5, 3 attempts fail together in
// 1 of 10 ways.
func TestSuccessAt(t *testing.T) {
	got, err := cell(t, 2, 5).SuccessAt(3, 0.95)
	if err != nil || math.Abs(got.Rate-0.9) > 1e-12 {
		t.Errorf("success at 3 with 2 of 5: %+v, %v; expected 0.9", got, err)
	}
	got, err = seeded(t, 5, 2, 0, 5).SuccessAt(3, 0.95)
	if err != nil || math.Abs(got.Rate-1.9/3) > 1e-12 || got.Seeds != 3 {
		t.Errorf("over seeds: %+v, %v; expected 0.633", got, err)
	}
	c, err := asr.Seeded([]asr.Count{{Attempts: 4, Successes: 1}, {Attempts: 4, Successes: 0}, {Attempts: 4, Unscored: 2}})
	if err != nil {
		t.Fatal(err)
	}
	got, err = c.SuccessAt(4, 0.95)
	if err != nil || got.Rate != 0.5 || got.LeftOut != 1 || math.Abs(got.WorstRate-2.0/3) > 1e-12 {
		t.Errorf("with unscored attempts: %+v, %v", got, err)
	}
	for _, k := range []int{0, -1, 5} {
		if _, err := c.SuccessAt(k, 0.95); err == nil {
			t.Errorf("success at %d of 4 attempts is estimated", k)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		c := seeded(t, 8, rapid.SliceOfN(rapid.IntRange(0, 8), 2, 12).Draw(t, "successes")...)
		last := -1.0
		for k := 1; k <= 8; k++ {
			got, err := c.SuccessAt(k, 0.95)
			if err != nil || got.Rate < last-1e-12 || got.Low > got.Rate || got.High < got.Rate || k == 1 && math.Abs(got.Rate-c.Rate()) > 1e-12 {
				t.Fatalf("success at %d: %+v, %v, after %v", k, got, err, last)
			}
			last = got.Rate
		}
	})
}
