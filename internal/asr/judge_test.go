package asr_test

import (
	"strings"
	"testing"

	"warder.example/internal/asr"
)

// TestCorrect: the rate is that of the manual of epiR (23 of 150 positive, sensitivity
// 96 %, specificity 89 %: 5.1 %); bounds were computed apart from the equations of
// Lang and Reiczigel (2014).
func TestCorrect(t *testing.T) {
	for _, tt := range []struct {
		judge           asr.Judge
		k, n            int
		rate, low, high float64
	}{
		{asr.Judge{TruePositives: 96, FalseNegatives: 4, TrueNegatives: 89, FalsePositives: 11}, 23, 150, 0.05098, 0, 0.145668},
		{asr.Judge{TruePositives: 90, FalseNegatives: 10, TrueNegatives: 190, FalsePositives: 10}, 60, 200, 0.294118, 0.215782, 0.381014},
	} {
		got, err := tt.judge.Correct(cell(t, tt.k, tt.n), 0.95)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "rate", got.Rate, tt.rate, 1e-5)
		near(t, "low", got.Low, tt.low, 1e-5)
		near(t, "high", got.High, tt.high, 1e-5)
		if got.Inconsistent {
			t.Errorf("%+v is called inconsistent", got)
		}
	}
}

// TestUnexplainedByTheJudge: where the judge saw fewer successes than its false alarms
// alone are, the bound is not below that of a perfect judge who saw none.
func TestUnexplainedByTheJudge(t *testing.T) {
	got, err := asr.Judge{TruePositives: 180, FalseNegatives: 20, TrueNegatives: 160, FalsePositives: 40}.Correct(cell(t, 0, 300), 0.95)
	if err != nil || !got.Inconsistent || got.Rate != 0 || got.Low != 0 {
		t.Errorf("none of 300 with a specificity of 80 %%: %+v, %v", got, err)
	}
	near(t, "high", got.High, cell(t, 0, 300).Exact(0.95).High, 1e-9)
}

// TestJudgesOfLittleWorth: refused are those that may be coins, with too few labels, or
// none.
func TestJudgesOfLittleWorth(t *testing.T) {
	for _, tt := range []struct {
		judge asr.Judge
		ok    bool
	}{
		{asr.Judge{}, false},
		{asr.Judge{TruePositives: 50, FalseNegatives: 50, TrueNegatives: 50, FalsePositives: 50}, false},
		{asr.Judge{TruePositives: 60, FalseNegatives: 40, TrueNegatives: 50, FalsePositives: 50}, false},
		{asr.Judge{TruePositives: 3, TrueNegatives: 3}, false},
		{asr.Judge{TruePositives: 100, TrueNegatives: -1}, false},
		{asr.Judge{TruePositives: 100}, false},
		{asr.Judge{TruePositives: 10, TrueNegatives: 10}, true},
		{asr.Judge{TruePositives: 700, FalseNegatives: 300, TrueNegatives: 500, FalsePositives: 500}, true},
	} {
		err := tt.judge.Check()
		_, correct := tt.judge.Correct(cell(t, 1, 100), 0.95)
		high, upper := tt.judge.Upper(cell(t, 1, 100), 0.95)
		if (err == nil) != tt.ok || (correct == nil) != tt.ok || (upper == nil) != tt.ok || !tt.ok && high != 1 {
			t.Errorf("%+v: %v, %v, %v; expected accepted: %v", tt.judge, err, correct, upper, tt.ok)
		}
	}
	if err := (asr.Judge{TruePositives: 3, TrueNegatives: 3}).Check(); !strings.Contains(err.Error(), "label more") {
		t.Errorf("%v does not say what to do", err)
	}
	if _, err := (asr.Judge{TruePositives: 90, TrueNegatives: 90}).Correct(cell(t, 1, 9), 1); err == nil {
		t.Error("a confidence of 1 is taken")
	}
}

// TestFewLabelsWiden: the same shares from fewer labels bound the rate less.
func TestFewLabelsWiden(t *testing.T) {
	last := asr.Interval{Low: 0, High: 1}
	for _, labels := range []int{20, 60, 200, 2000} {
		got, err := asr.Judge{TruePositives: labels * 9 / 10, FalseNegatives: labels / 10, TrueNegatives: labels * 19 / 20, FalsePositives: labels / 20}.Correct(cell(t, 300, 1000), 0.95)
		if err != nil || got.High-got.Low >= last.High-last.Low {
			t.Errorf("%d labels: %+v, %v; before %v", labels, got, err, last)
		}
		last = got.Interval
	}
	exact := cell(t, 300, 1000).Wilson(0.95)
	if last.High-last.Low <= exact.High-exact.Low {
		t.Error("a judge that errs gives a shorter interval than one that does not")
	}
}

// TestJudgeOverSeeds: few seeds bound the corrected rate less than as many attempts.
func TestJudgeOverSeeds(t *testing.T) {
	j := asr.Judge{TruePositives: 900, FalseNegatives: 100, TrueNegatives: 950, FalsePositives: 50}
	over, err := j.Upper(seeded(t, 50, 20, 0, 10, 0, 0, 0, 25, 0, 5, 0), 0.95)
	if err != nil {
		t.Fatal(err)
	}
	each, err := j.Upper(cell(t, 60, 500), 0.95)
	if err != nil || over < each+0.05 {
		t.Errorf("%v over 10 seeds, %v, %v of independent attempts", over, each, err)
	}
	if none, err := j.Upper(seeded(t, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0.95); err != nil || none < cell(t, 0, 10).Upper(0.95)-1e-12 {
		t.Errorf("10 seeds without success: %v, %v", none, err)
	}
}
