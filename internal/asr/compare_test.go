package asr_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"
	"warder.example/internal/asr"
)

// each returns so many seeds with one pair.
func each(n int, p asr.Pairs) (out []asr.Pairs) {
	for range n {
		out = append(out, p)
	}
	return out
}

// TestCompare: McNemar's chance of 10 or fewer in 30, twice, is 0.0987; Agresti and
// Min, by hand: 10/102 ± 1.96·sqrt(31-100/102)/102.
func TestCompare(t *testing.T) {
	pairs := append(append(each(10, asr.Pairs{OnlyBase: 1}), each(20, asr.Pairs{OnlyOther: 1})...), each(70, asr.Pairs{Neither: 1})...)
	got, err := asr.Compare(append(pairs, asr.Pairs{Unscored: 25}), 0.95, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "p", got.P, 0.0987, 5e-5)
	near(t, "change", got.Change, 0.1, 1e-12)
	near(t, "low", got.Low, -0.0073, 5e-4)
	near(t, "high", got.High, 0.2033, 5e-4)
	near(t, "worst change", got.WorstChange, 35.0/125, 1e-12)
	if got.Unscored != 25 || got.OnlyOther != 20 {
		t.Errorf("counts %+v", got.Pairs)
	}
}

// TestSeedsAreExchangedWhole: 100 pairs with 5 seeds that all changed alike are 5
// flips of a coin.
func TestSeedsAreExchangedWhole(t *testing.T) {
	got, err := asr.Compare(each(5, asr.Pairs{OnlyBase: 12, Neither: 8}), 0.95, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "p", got.P, 2.0/32, 1e-12)
	one, err := asr.Compare(append(each(60, asr.Pairs{OnlyBase: 1}), each(40, asr.Pairs{Neither: 1})...), 0.95, 1)
	if err != nil || got.High-got.Low < 2*(one.High-one.Low) {
		t.Errorf("5 seeds give %v, 100 pairs %v, %v", got.Interval, one.Interval, err)
	}
}

// TestExchange: the chance is that of counting all signs.
func TestExchange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ds := rapid.SliceOfN(rapid.IntRange(-4, 4), 1, 9).Draw(t, "differences")
		var pairs []asr.Pairs
		sum, hits := 0, 0
		for _, d := range ds {
			pairs = append(pairs, asr.Pairs{OnlyOther: max(0, d), OnlyBase: max(0, -d), Both: 1})
			sum += d
		}
		for signs := range 1 << len(ds) {
			s := 0
			for i, d := range ds {
				s += d * (1 - 2*(signs>>i&1))
			}
			if max(s, -s) >= max(sum, -sum) {
				hits++
			}
		}
		got, err := asr.Compare(pairs, 0.95, 1)
		if want := float64(hits) / float64(int(1)<<len(ds)); err != nil || math.Abs(got.P-want) > 1e-9 {
			t.Fatalf("%v: p %v, %v; expected %v", ds, got.P, err, want)
		}
		if got.Low > got.Change || got.High < got.Change || got.Low < -1 || got.High > 1 {
			t.Fatalf("%v: %+v", ds, got)
		}
	})
}

// TestManyPairs: where the exact chance takes too long the normal one is near.
func TestManyPairs(t *testing.T) {
	seeds := append(each(20000, asr.Pairs{OnlyOther: 2, OnlyBase: 1}), each(19700, asr.Pairs{OnlyBase: 2})...)
	got, err := asr.Compare(seeds, 0.95, 1)
	sum := 20000.0 - 2*19700
	if want := math.Erfc(-sum / math.Sqrt(2*(20000+4*19700))); err != nil || math.Abs(got.P-want) > 1e-6 {
		t.Errorf("p %v, %v; expected %v", got.P, err, want)
	}
}

func TestCompareRefuses(t *testing.T) {
	for _, pairs := range [][]asr.Pairs{
		{{Both: -1}}, {{Unscored: -1}}, {{Neither: asr.MaxAttempts + 1}}, {{Neither: asr.MaxAttempts}, {Both: 1}}, {{Neither: asr.MaxAttempts, Both: asr.MaxAttempts}},
	} {
		if _, err := asr.Compare(pairs, 0.95, 1); err == nil {
			t.Errorf("%+v are compared", pairs)
		}
	}
	if _, err := asr.Compare(nil, 1, 1); err == nil {
		t.Error("a confidence of 1 is taken")
	}
	got, err := asr.Compare([]asr.Pairs{{Unscored: 9}}, 0.95, 1)
	if err != nil || got.P != 1 || got.Interval != (asr.Interval{Low: -1, High: 1}) || got.WorstChange != 1 {
		t.Errorf("nothing scored: %+v, %v", got, err)
	}
}

// TestManyFamilies holds both procedures to the example of Benjamini and Hochberg
// (1995): of 15 tests at 5 % theirs rejects four, Holm's three.
func TestManyFamilies(t *testing.T) {
	ps := []float64{0.4590, 0.0001, 0.0004, 0.3240, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.4262, 0.5719, 0.6528, 0.7590, 1}
	count := func(adjusted []float64) (n int) {
		for _, p := range adjusted {
			if p <= 0.05 {
				n++
			}
		}
		return n
	}
	if got := count(asr.BenjaminiHochberg(ps)); got != 4 {
		t.Errorf("Benjamini and Hochberg reject %d; expected 4", got)
	}
	if got := count(asr.Holm(ps)); got != 3 {
		t.Errorf("Holm rejects %d; expected 3", got)
	}
	near(t, "Holm's of the third", asr.Holm(ps)[4], 13*0.0019, 1e-12)
	near(t, "BH's of the fourth", asr.BenjaminiHochberg(ps)[5], 15*0.0095/4, 1e-12)
	rapid.Check(t, func(t *rapid.T) {
		ps := rapid.SliceOf(rapid.Float64Range(0, 1)).Draw(t, "p")
		holm, bh := asr.Holm(ps), asr.BenjaminiHochberg(ps)
		for i, p := range ps {
			if !(p <= bh[i]+1e-12 && bh[i] <= holm[i]+1e-12 && holm[i] <= min(1, p*float64(len(ps)))+1e-12) {
				t.Fatalf("%v of %v: Holm %v, Benjamini and Hochberg %v", p, ps, holm[i], bh[i])
			}
		}
	})
	if got := asr.Holm([]float64{math.NaN(), -1, 0.01}); got[0] != 1 || got[1] != 1 || got[2] != 0.03 {
		t.Errorf("what is no p-value gives %v", got)
	}
}
