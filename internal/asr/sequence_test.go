package asr_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"warder.example/internal/asr"
)

func sequence(t *testing.T, limit, alpha float64) *asr.Sequence {
	t.Helper()
	s, err := asr.NewSequence(limit, alpha)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func add(t *testing.T, s *asr.Sequence, share float64) {
	t.Helper()
	if err := s.Add(share); err != nil {
		t.Fatal(err)
	}
}

// TestSequenceStops: without any success soon after the 59 attempts that a test
// planned in advance takes; with nothing but successes at once; never at the limit.
func TestSequenceStops(t *testing.T) {
	for _, tt := range []struct {
		limit, share float64
		want         asr.Decision
		from, to     int
	}{{0.05, 0, asr.Below, 59, 75}, {0.05, 1, asr.Above, 1, 3}, {0.5, 0, asr.Below, 5, 9}, {0.5, 1, asr.Above, 5, 9}, {0.3, 0.3, asr.Continue, 2000, 2000}} {
		s := sequence(t, tt.limit, 0.05)
		n := 0
		for s.Decision() == asr.Continue && n < 2000 {
			add(t, s, tt.share)
			n++
		}
		if s.Decision() != tt.want || n < tt.from || n > tt.to {
			t.Errorf("limit %v, all %v: %v after %d; expected %v after %d to %d", tt.limit, tt.share, s.Decision(), n, tt.want, tt.from, tt.to)
		}
	}
}

// TestSequenceUnscored: attempts without a verdict never bring a decision nearer.
func TestSequenceUnscored(t *testing.T) {
	s := sequence(t, 0.05, 0.05)
	for range 500 {
		s.AddUnscored()
	}
	if s.Decision() != asr.Continue || s.Interval().Low != 0 || s.Interval().High != 1 {
		t.Errorf("500 errors show %v, %v", s.Decision(), s.Interval())
	}
}

// TestSequenceInterval agrees with the decision, and holds the likelihood ratio of
// the mixture at its ends: of 0 in 100 it is B(l,101-l)/B(l,1-l)/(1-p)^100.
func TestSequenceInterval(t *testing.T) {
	s := sequence(t, 0.2, 0.05)
	if s.Interval() != (asr.Interval{Low: 0, High: 1}) {
		t.Errorf("nothing gives %v", s.Interval())
	}
	for range 100 {
		add(t, s, 0)
	}
	g := func(x float64) float64 { v, _ := math.Lgamma(x); return v }
	ratio := g(100.8) - g(101) - g(0.8)
	near(t, "high", s.Interval().High, 1-math.Exp((ratio-math.Log(20))/100), 1e-9)
	near(t, "low", s.Interval().Low, 0, 0)
}

// TestSequenceMayBeWatched: looked at after each of 400 attempts or seeds, its
// interval misses the rate, and it decides wrongly, in no more than one run in twenty.
func TestSequenceMayBeWatched(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	draw := map[string]func(p float64) float64{
		"attempts": func(p float64) float64 {
			if rng.Float64() < p {
				return 1
			}
			return 0
		},
		"shares of seeds": func(p float64) float64 { return math.Pow(rng.Float64(), (1-p)/p) }, // mean p
	}
	for what, next := range draw {
		for _, p := range []float64{0.05, 0.3, 0.5} {
			const runs = 300
			missed, wrong := 0, 0
			for range runs {
				s := sequence(t, p, 0.05)
				miss := false
				for n := range 400 {
					add(t, s, next(p))
					if s.Decision() != asr.Continue {
						wrong++
						break
					}
					if n%20 == 0 {
						i := s.Interval()
						miss = miss || p < i.Low || p > i.High
					}
				}
				if miss {
					missed++
				}
			}
			if float64(missed) > 0.08*runs || float64(wrong) > 0.08*runs {
				t.Errorf("%s at a rate of %v: missed in %d, decided in %d of %d runs; expected at most 5 %%", what, p, missed, wrong, runs)
			}
		}
	}
}

func TestSequenceRefuses(t *testing.T) {
	var zero asr.Sequence
	for range 1000 {
		add(t, &zero, 1)
	}
	if zero.Decision() != asr.Continue || zero.Interval() != (asr.Interval{Low: 0, High: 1}) {
		t.Errorf("a test without a limit shows %v, %v", zero.Decision(), zero.Interval())
	}
	for _, v := range []float64{0, 1, -1, math.NaN()} {
		if _, err := asr.NewSequence(v, 0.05); err == nil {
			t.Errorf("limit %v is taken", v)
		}
		if _, err := asr.NewSequence(0.05, v); err == nil {
			t.Errorf("level %v is taken", v)
		}
	}
	for _, v := range []float64{-0.1, 1.1, math.NaN(), math.Inf(1)} {
		if err := sequence(t, 0.5, 0.05).Add(v); err == nil {
			t.Errorf("an observation of %v is taken", v)
		}
	}
}
