package asr_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"warder.example/internal/asr"
	"warder.example/internal/binomial"
	"warder.example/internal/bootstrap"
)

// runs is how often each setting is simulated:
//
//	go test ./internal/asr -run Coverage -v -args -runs 5000
var runs = flag.Int("runs", 150, "simulated experiments for each setting of TestCoverage")

// draw returns how many of n attempts a judge calls successes, nil being one that
// does not err.
func draw(rng *rand.Rand, n int, p float64, j *asr.Judge) (k int) {
	for range n {
		success := rng.Float64() < p
		if j != nil {
			share := 1 - j.Specificity()
			if success {
				share = j.Sensitivity()
			}
			success = rng.Float64() < share
		}
		if success {
			k++
		}
	}
	return k
}

// gamma draws from the gamma distribution by Marsaglia and Tsang (2000).
func gamma(rng *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return gamma(rng, shape+1) * math.Pow(rng.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	for {
		x := rng.NormFloat64()
		v := 1 + x/math.Sqrt(9*d)
		if v = v * v * v; v > 0 && math.Log(rng.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// ofSeed draws the rate of a seed: beta distributed with mean p and the given
// correlation of attempts.
func ofSeed(rng *rand.Rand, p, correlation float64) float64 {
	if p == 0 {
		return 0
	}
	m := 1/correlation - 1
	a, b := gamma(rng, p*m), gamma(rng, (1-p)*m)
	return a / (a + b)
}

// setting is one point of the grid: so many seeds with so many attempts each.
type setting struct {
	seeds, each int
	p           float64
}

var (
	rates = []float64{0, 0.02, 0.1, 0.3, 0.5}
	// alone are settings with independent attempts.
	alone = grid([][2]int{{20, 1}, {50, 1}, {100, 1}, {500, 1}})
	// shared are settings with seeds.
	shared = grid([][2]int{{10, 2}, {10, 10}, {20, 5}, {50, 4}, {50, 10}})
)

func grid(sizes [][2]int) (out []setting) {
	for _, s := range sizes {
		for _, p := range rates {
			out = append(out, setting{s[0], s[1], p})
		}
	}
	return out
}

// correlation of attempts with one seed.
const correlation = 0.25

func (s setting) cell(t *testing.T, rng *rand.Rand) asr.Cell {
	if s.each == 1 {
		return cell(t, draw(rng, s.seeds, s.p, nil), s.seeds)
	}
	return seeded(t, s.each, s.counts(rng)...)
}

// counts draws the successes of each seed.
func (s setting) counts(rng *rand.Rand) (ks []int) {
	for range s.seeds {
		ks = append(ks, draw(rng, s.each, ofSeed(rng, s.p, correlation), nil))
	}
	return ks
}

// percentiles is the plain interval of the bootstrap for seeds with as many attempts
// each: the baseline that the package does better than.
func percentiles(ks []int, each int) asr.Interval {
	b := bootstrap.New(len(ks), 1000, 1)
	d := b.Watch(1, func(w []uint8, out []float64) {
		y, x := 0.0, 0.0
		for i, k := range ks {
			y += float64(w[i]) * float64(k)
			x += float64(w[i]) * float64(each)
		}
		out[0] = y / x
	})
	b.Run()
	low, high, _ := bootstrap.Interval(d.Values[0], 0.95)
	return asr.Interval{Low: low, High: high}
}

// validated draws a judge of sensitivity 0.9 and specificity 0.95 as so many labels of
// each kind show it.
func validated(rng *rand.Rand, labels int) asr.Judge {
	tp, tn := draw(rng, labels, 0.9, nil), draw(rng, labels, 0.95, nil)
	return asr.Judge{TruePositives: tp, FalseNegatives: labels - tp, TrueNegatives: tn, FalsePositives: labels - tn}
}

// erring is the judge as it is.
var erring = asr.Judge{TruePositives: 90, FalseNegatives: 10, TrueNegatives: 95, FalsePositives: 5}

func corrected(t *testing.T, c asr.Cell, j asr.Judge) asr.Interval {
	got, err := j.Correct(c, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	return got.Interval
}

// runs of two, by seed: the other run has half of the success of the base.
func (s setting) pairs(rng *rand.Rand) (out []asr.Pairs) {
	for range s.seeds {
		p := s.p
		if s.each > 1 {
			p = ofSeed(rng, s.p, correlation)
		}
		base := draw(rng, s.each, p, nil)
		both := draw(rng, base, 0.4, nil)
		other := draw(rng, s.each-base, min(1, 0.1*p), nil)
		out = append(out, asr.Pairs{Both: both, OnlyBase: base - both, OnlyOther: other, Neither: s.each - base - other})
	}
	return out
}

// change is the true one of pairs.
func (s setting) change() float64 {
	square := s.p * s.p
	if s.each > 1 {
		square += correlation * s.p * (1 - s.p) // the second moment of a seed's rate
	}
	return -0.6*s.p + 0.1*(s.p-square)
}

// within is the true success at k attempts over beta distributed seeds.
func (s setting) within(k int) float64 {
	if s.p == 0 {
		return 0
	}
	m := 1/correlation - 1
	none := 1.0
	for i := range k {
		none *= ((1-s.p)*m + float64(i)) / (m + float64(i))
	}
	return 1 - none
}

// search is a bandit over three cells with rates of p/2, p and 2p (at most 0.9): half
// of the time any, else the one that succeeded most so far.
func (s setting) search(rng *rand.Rand) (draws []asr.Draw, mean float64) {
	cells := []float64{s.p / 2, s.p, min(0.9, 2*s.p)}
	var hits, tries [3]float64
	for range s.seeds {
		best := 0
		for i := range cells {
			if (hits[i]+1)/(tries[i]+2) > (hits[best]+1)/(tries[best]+2) {
				best = i
			}
		}
		at := best
		if rng.Float64() < 0.5 {
			at = rng.IntN(3)
		}
		propensity := 0.5 / 3
		if at == best {
			propensity += 0.5
		}
		d := asr.Draw{Share: 1.0 / 3, Propensity: propensity, Success: rng.Float64() < cells[at]}
		tries[at]++
		if d.Success {
			hits[at]++
		}
		draws = append(draws, d)
	}
	return draws, (cells[0] + cells[1] + cells[2]) / 3
}

// TestCoverage: intervals of 95 % cover the truth in 93 to 97 % of experiments, on
// average over settings of 20 to 500 attempts and rates of 2 to 50 %. Exact ones, at
// 95 % or more, are conservative by construction, and so are upper bounds over seeds.
// A rate of 0 is left out of the average: all intervals hold it, always, but those
// that are corrected for a judge.
func TestCoverage(t *testing.T) {
	var rng *rand.Rand
	upper := func(v float64) asr.Interval { return asr.Interval{Low: 0, High: v} }
	for _, kind := range []struct {
		name      string
		settings  []setting
		low, high float64
		try       func(s setting) (asr.Interval, float64)
	}{
		{"seeds, bootstrap", shared, 0.93, 0.97, func(s setting) (asr.Interval, float64) { return s.cell(t, rng).Bootstrap(0.95, 1), s.p }},
		{"seeds, plain percentiles", shared[:10], 0, 0.95, func(s setting) (asr.Interval, float64) { return percentiles(s.counts(rng), s.each), s.p }},
		{"seeds, upper bound", shared, 0.95, 1, func(s setting) (asr.Interval, float64) { return upper(s.cell(t, rng).Upper(0.95)), s.p }},
		{"judge with 100 labels of each kind", alone, 0.93, 0.97, func(s setting) (asr.Interval, float64) {
			return corrected(t, cell(t, draw(rng, s.seeds, s.p, &erring), s.seeds), validated(rng, 100)), s.p
		}},
		{"judge with 1000 labels of each kind", alone, 0.93, 0.97, func(s setting) (asr.Interval, float64) {
			return corrected(t, cell(t, draw(rng, s.seeds, s.p, &erring), s.seeds), validated(rng, 1000)), s.p
		}},
		{"judge with 100 labels, upper bound", alone, 0.93, 1, func(s setting) (asr.Interval, float64) {
			high, err := validated(rng, 100).Upper(cell(t, draw(rng, s.seeds, s.p, &erring), s.seeds), 0.95)
			if err != nil {
				t.Fatal(err)
			}
			return upper(high), s.p
		}},
		{"success at 3, seeds", shared[5:], 0.93, 0.97, func(s setting) (asr.Interval, float64) {
			got, err := s.cell(t, rng).SuccessAt(3, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			return got.Interval, s.within(3)
		}},
		{"paired", alone, 0.93, 0.97, func(s setting) (asr.Interval, float64) {
			got, err := asr.Compare(s.pairs(rng), 0.95, 1)
			if err != nil {
				t.Fatal(err)
			}
			return got.Interval, s.change()
		}},
		{"paired, seeds", shared, 0.93, 0.97, func(s setting) (asr.Interval, float64) {
			got, err := asr.Compare(s.pairs(rng), 0.95, 1)
			if err != nil {
				t.Fatal(err)
			}
			return got.Interval, s.change()
		}},
		{"adaptive search", alone, 0.93, 0.97, func(s setting) (asr.Interval, float64) {
			draws, mean := s.search(rng)
			got, err := asr.Reweighted(draws, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			return got.Interval, mean
		}},
	} {
		rng = rand.New(rand.NewPCG(11, 12)) // each kind by itself
		mean, worst, at, settings := 0.0, 2.0, "", 0.0
		for _, s := range kind.settings {
			hits, runs := 0.0, *runs
			if s.p == 0 {
				runs = 10
			}
			for range runs {
				if i, truth := kind.try(s); i.Low <= truth+1e-12 && truth <= i.High+1e-12 {
					hits++
				}
			}
			hits /= float64(runs)
			if s.p > 0 && hits < worst {
				worst, at = hits, fmt.Sprintf("%d x %d at %g %%", s.seeds, s.each, 100*s.p)
			}
			if s.p > 0 {
				mean += hits
				settings++
			} else if hits < 1 && !strings.HasPrefix(kind.name, "judge") {
				t.Errorf("%s misses a rate of 0 in %v of experiments", kind.name, 1-hits)
			}
		}
		report(t, kind.name, mean/settings, kind.low, kind.high, fmt.Sprintf("least %.3f (%s)", worst, at))
	}
}

func report(t *testing.T, name string, mean, low, high float64, more string) {
	t.Helper()
	t.Logf("%-36s %.3f  %s", name, mean, more)
	if !(mean >= low && mean <= high) {
		t.Errorf("%s covers %.3f on average; expected %v to %v", name, mean, low, high)
	}
}

// TestExactCoverage computes, without simulation, how often intervals of independent
// attempts cover, over all rates from 0 to 50 % in steps of a half per cent.
func TestExactCoverage(t *testing.T) {
	kinds := []struct {
		name      string
		low, high float64
		at        func(k, n int) asr.Interval
	}{
		{"Wilson", 0.93, 0.97, func(k, n int) asr.Interval { return cell(t, k, n).Wilson(0.95) }},
		{"exact", 0.95, 1, func(k, n int) asr.Interval { return cell(t, k, n).Exact(0.95) }},
		{"upper bound", 0.95, 1, func(k, n int) asr.Interval { return asr.Interval{Low: 0, High: cell(t, k, n).Upper(0.95)} }},
	}
	for _, kind := range kinds {
		mean, least, settings := 0.0, 2.0, 0.0
		for _, n := range []int{20, 50, 100, 500} {
			var at []asr.Interval
			for k := range n + 1 {
				at = append(at, kind.at(k, n))
			}
			for step := range 101 {
				p := float64(step) / 200
				covered := 0.0
				for k, i := range at {
					if i.Low <= p && p <= i.High {
						covered += binomial.AtMost(k, n, p) - binomial.AtMost(k-1, n, p)
					}
				}
				mean += covered
				least = min(least, covered)
				settings++
			}
		}
		report(t, kind.name, mean/settings, kind.low, kind.high, fmt.Sprintf("least %.3f", least))
		if kind.low >= 0.95 && least < 0.95-1e-9 {
			t.Errorf("%s covers %v somewhere; expected at least 0.95", kind.name, least)
		}
	}
}
