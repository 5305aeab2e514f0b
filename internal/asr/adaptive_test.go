package asr_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"warder.example/internal/asr"
)

// TestReweighted: by hand. Two cells of a half each; the first was chosen with 0.8.
func TestReweighted(t *testing.T) {
	var draws []asr.Draw
	for i := range 8 {
		draws = append(draws, asr.Draw{Share: 0.5, Propensity: 0.8, Success: i < 6})
	}
	draws = append(draws, asr.Draw{Share: 0.5, Propensity: 0.2, Success: true}, asr.Draw{Share: 0.5, Propensity: 0.2}, asr.Draw{Share: 0.5, Propensity: 0.2, Unscored: true})
	got, err := asr.Reweighted(draws, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "Horvitz-Thompson", got.HorvitzThompson, (6*0.625+2.5)/10, 1e-12)
	near(t, "Hájek", got.Rate, (6*0.625+2.5)/(8*0.625+2*2.5), 1e-12)
	near(t, "effective", got.Effective, 100/(8*0.625*0.625+2*2.5*2.5), 1e-9)
	if got.Attempts != 11 || got.Unscored != 1 || got.Successes != 7 || got.Worst.High < got.High {
		t.Errorf("%+v", got)
	}
}

// TestEvenSearch: a search with equal propensities is no search.
func TestEvenSearch(t *testing.T) {
	var draws []asr.Draw
	for i := range 200 {
		draws = append(draws, asr.Draw{Share: 0.25, Propensity: 0.25, Success: i%5 == 0})
	}
	got, err := asr.Reweighted(draws, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	want := cell(t, 40, 200).Wilson(0.95)
	near(t, "rate", got.Rate, 0.2, 1e-12)
	near(t, "Horvitz-Thompson", got.HorvitzThompson, 0.2, 1e-12)
	near(t, "low", got.Low, want.Low, 2e-3)
	near(t, "high", got.High, want.High, 2e-3)
}

// TestSearchDoesNotFlatter: the plain rate of attempts of a search for success is far
// above the mean of the cells; the reweighted one is not.
func TestSearchDoesNotFlatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	plain, reweighted, unbiased, truth := 0.0, 0.0, 0.0, 0.0
	const searches = 200
	for range searches {
		draws, mean := setting{seeds: 400, p: 0.2}.search(rng)
		got, err := asr.Reweighted(draws, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		plain += float64(got.Successes) / 400 / searches
		reweighted += got.Rate / searches
		unbiased += got.HorvitzThompson / searches
		truth = mean
	}
	near(t, "reweighted rate", reweighted, truth, 0.01)
	near(t, "Horvitz-Thompson", unbiased, truth, 0.01)
	if plain < truth+0.04 {
		t.Errorf("the plain rate is %v and the mean of cells %v: the search did not search", plain, truth)
	}
}

func TestReweightedRefuses(t *testing.T) {
	for _, d := range []asr.Draw{{}, {Share: 1}, {Propensity: 1}, {Share: 1, Propensity: 1e-4}, {Share: 2, Propensity: 1}, {Share: 1, Propensity: 1.1}, {Share: math.NaN(), Propensity: 1}, {Share: 1, Propensity: math.NaN()}} {
		if _, err := asr.Reweighted([]asr.Draw{d}, 0.95); err == nil {
			t.Errorf("%+v is taken", d)
		}
	}
	got, err := asr.Reweighted(nil, 0.95)
	if err != nil || got.Rate != 1 || got.Interval != (asr.Interval{Low: 0, High: 1}) {
		t.Errorf("nothing gives %+v, %v", got, err)
	}
	if _, err := asr.Reweighted(nil, 0); err == nil {
		t.Error("a confidence of 0 is taken")
	}
}
