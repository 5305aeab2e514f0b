package threshold_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"warder.example/guard"
	"warder.example/guard/strictyaml"
	"warder.example/guard/textmodel"
	"warder.example/guard/threshold"
)

const model = "ab54a98ceb1f0ad2ab54a98ceb1f0ad2ab54a98ceb1f0ad2ab54a98ceb1f0ad2"

var made = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func entry(o guard.Origin, category string, budget, score float64) threshold.Entry {
	return threshold.Entry{Origin: o, Category: category, Budget: budget, Score: score, Texts: 5000, Reached: 1, Low: 0, High: budget / 2}
}

func file(entries ...threshold.Entry) *threshold.File {
	return &threshold.File{Version: 1, Model: model, Made: made, Expires: made.AddDate(0, 0, 90), Confidence: 0.95, Thresholds: entries}
}

func set(t testing.TB, entries ...threshold.Entry) *threshold.Set {
	t.Helper()
	s, err := threshold.New("t.yaml", file(entries...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFileComesBack(t *testing.T) {
	f := file(entry(guard.OriginUser, "injection", 0.001, 0.9876543210123456), entry(guard.OriginTool, "jailbreak", 0.00001, 1.0000000000000002))
	s, err := threshold.Parse("t.yaml", f.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(f, s.File()); d != "" {
		t.Error(d)
	}
	if !strings.HasPrefix(s.Digest(), "sha256:") || (*threshold.Set)(nil).Digest() != "" {
		t.Errorf("digest %q", s.Digest())
	}
}

func TestRefuses(t *testing.T) {
	good := string(file(entry(guard.OriginUser, "injection", 0.001, 0.98)).Bytes())
	if _, err := threshold.Parse("t.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	line := "  - {origin: user, category: injection, budget: 0.01, score: 0.99, texts: 9, reached: 0, low: 0, high: 0.01}\n"
	for want, text := range map[string]string{
		"version is 2":               strings.Replace(good, "version: 1", "version: 2", 1),
		"expected the SHA-256":       strings.Replace(good, model, "abc", 1),
		"an hour to 730 days apart":  strings.Replace(good, "expires: 2026", "expires: 2025", 1),
		"no expires":                 strings.Replace(good, "expires: 2026-05-30T12:00:00Z\n", "", 1),
		"confidence is 1":            strings.Replace(good, "confidence: 0.95", "confidence: 1", 1),
		"without origin":             strings.Replace(good, "origin: user, ", "", 1),
		"unknown origin":             strings.Replace(good, "origin: user", "origin: nobody", 1),
		"expected injection":         strings.Replace(good, "category: injection", "category: secret", 1),
		"budget is 0.2":              strings.Replace(good, "budget: 0.001", "budget: 0.2", 1),
		"score is 0;":                strings.Replace(good, "score: 0.98", "score: 0", 1),
		"5001 of 5000 texts":         strings.Replace(good, "reached: 1", "reached: 5001", 1),
		"within the budget of 0.001": strings.Replace(good, "high: 0.0005", "high: 0.002", 1),
		"wrong way round":            good + line,
		"is there twice":             good + strings.Replace(line, "0.01, score", "0.001, score", 1),
		"no thresholds":              good[:strings.Index(good, "thresholds:\n")],
		"unknown key":                good + "more: 1\n",
	} {
		_, err := threshold.Parse("t.yaml", []byte(text))
		if ps := (strictyaml.Problems)(nil); !errors.As(err, &ps) || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v; expected %q", err, want)
		}
	}
	if _, err := threshold.Load("none.yaml"); err == nil {
		t.Error("a file that is not there: no error")
	}
}

func TestUsable(t *testing.T) {
	s := set(t, entry(guard.OriginUser, "injection", 0.001, 0.98))
	end := made.AddDate(0, 0, 90)
	for _, c := range []struct {
		name  string
		model string
		at    time.Time
		want  error
	}{
		{"in time", model, end.Add(-time.Second), nil},
		{"at the end", model, end, threshold.ErrExpired},
		{"another model", strings.Repeat("0", 64), made, threshold.ErrModel},
	} {
		if err := s.Usable(c.model, c.at); !errors.Is(err, c.want) || err != nil && c.want == nil {
			t.Errorf("%s: %v; expected %v", c.name, err, c.want)
		}
	}
}

func TestRate(t *testing.T) {
	s := set(t, entry(guard.OriginUser, "injection", 0.001, 0.9), entry(guard.OriginUser, "injection", 0.002, 0.8),
		entry(guard.OriginUser, "jailbreak", 0.01, 0.99))
	for _, c := range []struct {
		name      string
		o         guard.Origin
		category  string
		score     float64
		published float64
		want      float64
		own       bool
	}{
		{"the strictest that is reached", guard.OriginUser, "injection", 0.95, 0.05, 0.001, true},
		{"at the threshold", guard.OriginUser, "injection", 0.9, 1, 0.001, true},
		{"a budget that is not published", guard.OriginUser, "injection", 0.85, 0.05, 0.002, true},
		{"published rates count beside budgets", guard.OriginUser, "injection", 0.5, 0.01, 0.01, false},
		{"not for rarer than what is known to be too frequent", guard.OriginUser, "injection", 0.7, 0.001, 0.01, false},
		{"nor below a budget of 1 %", guard.OriginUser, "jailbreak", 0.98, 0.001, 0.05, false},
		{"above it what is published goes on", guard.OriginUser, "jailbreak", 0.995, 0.001, 0.001, false},
		{"another category", guard.OriginUser, "harmful_request", 0.1, 0.05, 0.05, false},
		{"another origin", guard.OriginDocument, "injection", 0.99, 1, 1, false},
		{"no origin at all", guard.Origin(99), "injection", 0.99, 0.01, 0.01, false},
		{"not a category of classifiers", guard.OriginUser, "secret.x", 0.99, 0.01, 0.01, false},
	} {
		rate, own := s.Rate(c.o, c.category, c.score, c.published)
		if rate != c.want || own != c.own {
			t.Errorf("%s: %g, own %v; expected %g, %v", c.name, rate, own, c.want, c.own)
		}
	}
	if rate, own := (*threshold.Set)(nil).Rate(guard.OriginUser, "injection", 1, 0.01); rate != 0.01 || own {
		t.Errorf("nil: %g, own %v", rate, own)
	}
}

// TestHigherScoresAreSurer: whatever the thresholds, a higher score has no larger
// rate, and the rate of a score below a budget's threshold is above that budget.
func TestHigherScoresAreSurer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.Float64Range(0.01, 1)
		budgets := rapid.SliceOfNDistinct(rapid.SampledFrom([]float64{0.0005, 0.001, 0.003, 0.01, 0.02, 0.05}), 1, 4, rapid.ID[float64]).Draw(t, "budgets")
		scores := rapid.SliceOfN(unit, len(budgets), len(budgets)).Draw(t, "scores")
		published := rapid.SliceOfN(unit, 3, 3).Draw(t, "published")
		down(published)
		order := append([]float64{}, budgets...)
		up(order)
		down(scores)
		var es []threshold.Entry
		for _, b := range budgets { // in any order
			for i := range order {
				if order[i] == b {
					es = append(es, entry(guard.OriginUser, "injection", b, scores[i]))
				}
			}
		}
		s, err := threshold.New("t.yaml", file(es...))
		if err != nil {
			t.Fatal(err)
		}
		rate := func(score float64) float64 {
			p := 1.0
			for i := len(published) - 1; i >= 0; i-- {
				if score >= published[i] {
					p = textmodel.FalsePositiveRates[i]
				}
			}
			r, _ := s.Rate(guard.OriginUser, "injection", score, p)
			return r
		}
		a, b := unit.Draw(t, "a"), unit.Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		if rate(b) > rate(a) {
			t.Fatalf("%g has the rate %g, %g has %g", a, rate(a), b, rate(b))
		}
		for i := range order {
			if a < scores[i] && rate(a) <= order[i] {
				t.Fatalf("%g is below the threshold %g of %g and has the rate %g", a, scores[i], order[i], rate(a))
			}
		}
	})
}

// FuzzParse: what is accepted comes back from how it is kept.
func FuzzParse(f *testing.F) {
	f.Add(string(file(entry(guard.OriginUser, "injection", 0.001, 0.98), entry(guard.OriginUser, "injection", 0.01, 0.5)).Bytes()))
	f.Add("version: 1\nthresholds:\n  - {origin: user}\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := threshold.Parse("t.yaml", []byte(text))
		if err != nil {
			return
		}
		again, err := threshold.Parse("t.yaml", s.File().Bytes())
		if err != nil {
			t.Fatalf("%v\n%s", err, s.File().Bytes())
		}
		if d := cmp.Diff(s.File().Thresholds, again.File().Thresholds); d != "" {
			t.Error(d)
		}
		for _, score := range []float64{0, 0.5, 1} {
			if rate, _ := s.Rate(guard.OriginUser, "injection", score, 1); rate <= 0 || rate > 1 {
				t.Errorf("score %g has the rate %g", score, rate)
			}
		}
	})
}

func up(x []float64) {
	for i := range x {
		for j := range i {
			if x[i] < x[j] {
				x[i], x[j] = x[j], x[i]
			}
		}
	}
}

func down(x []float64) {
	up(x)
	for i, j := 0, len(x)-1; i < j; i, j = i+1, j-1 {
		x[i], x[j] = x[j], x[i]
	}
}

func TestCounts(t *testing.T) {
	s := set(t, entry(guard.OriginUser, "injection", 0.01, 0.5), entry(guard.OriginUser, "injection", 0.001, 0.9), entry(guard.OriginTool, "injection", 0.01, 0.5))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 100 {
				s.Observe(guard.OriginUser, "injection", 0.7)
				s.Observe(guard.OriginUser, "injection", 0.95)
				s.Observe(guard.OriginEmail, "injection", 0.95)
			}
		})
	}
	all.Wait()
	c := s.Counts()
	if c[0].Seen != 800 || c[0].Hits != 800 || c[1].Seen != 800 || c[1].Hits != 400 || c[2].Seen != 0 {
		t.Errorf("counts %+v", c)
	}
	(*threshold.Set)(nil).Observe(guard.OriginUser, "injection", 1)
	if (*threshold.Set)(nil).Counts() != nil {
		t.Error("nil has counts")
	}
}
