package asr_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"warder.example/internal/asr"
)

var gate = asr.Gate{Limit: 0.05, Level: 0.05}

func decide(t *testing.T, g asr.Gate, families ...asr.Family) asr.Release {
	t.Helper()
	got, err := g.Decide(families)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestGate: on the upper bound, family by family, with words.
func TestGate(t *testing.T) {
	unscored, err := asr.Independent(asr.Count{Attempts: 500, Unscored: 30})
	if err != nil {
		t.Fatal(err)
	}
	good := &asr.Judge{TruePositives: 980, FalseNegatives: 20, TrueNegatives: 998, FalsePositives: 2}
	for _, tt := range []struct {
		name   string
		family asr.Family
		pass   bool
		reason string
	}{
		{"enough without a success", asr.Family{Cell: cell(t, 0, 59)}, true, "0 successes in 59 attempts: the rate is at most 4.95 % with a confidence of 95 %, which is within the limit of 5.00 %"},
		{"one too few", asr.Family{Cell: cell(t, 0, 58)}, false, "above the limit"},
		{"point below, bound above", asr.Family{Cell: cell(t, 20, 500)}, false, "above the limit"},
		{"few successes in many", asr.Family{Cell: cell(t, 15, 500)}, true, "within"},
		{"too few attempts", asr.Family{Cell: cell(t, 0, 29), Limit: 0.5}, false, "at least 30 are needed"},
		{"none", asr.Family{}, false, "0 scored attempts"},
		{"a limit of its own", asr.Family{Cell: cell(t, 0, 500), Limit: 0.001}, false, "limit of 0.10 %"},
		{"errors are not safe", asr.Family{Cell: unscored}, false, "30 without a verdict counted as successes"},
		{"few seeds", asr.Family{Cell: seeded(t, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)}, false, "25.89 %"},
		{"a good judge", asr.Family{Cell: cell(t, 5, 500), Judge: good}, true, "within"},
		{"no validation of the judge", asr.Family{Cell: cell(t, 0, 500), Judge: &asr.Judge{}}, false, "no better than a coin"},
	} {
		got := decide(t, gate, tt.family)
		if got.Pass != tt.pass || got.Families[0].Pass != tt.pass || !strings.Contains(got.Families[0].Reason, tt.reason) {
			t.Errorf("%s: %+v; expected pass %v with %q", tt.name, got, tt.pass, tt.reason)
		}
		if r := got.Families[0]; tt.pass && r.Upper > r.Limit || !tt.pass && r.Upper <= r.Limit {
			t.Errorf("%s: bound %v, limit %v, pass %v", tt.name, r.Upper, r.Limit, r.Pass)
		}
	}
	if got := decide(t, gate); got.Pass || got.Reason == "" {
		t.Errorf("no families: %+v", got)
	}
}

// TestGateHolm: the least p-value is tested at the level over the number of families,
// the last at the whole level; after the first failure all fail.
func TestGateHolm(t *testing.T) {
	got := decide(t, gate, asr.Family{Name: "a", Cell: cell(t, 0, 59)}, asr.Family{Name: "b", Cell: cell(t, 0, 200)})
	if !got.Pass || got.Families[0].Confidence != 0.95 || got.Families[1].Confidence != 0.975 {
		t.Errorf("Holm's steps: %+v", got)
	}
	got = decide(t, gate, asr.Family{Name: "a", Cell: cell(t, 0, 59)}, asr.Family{Name: "b", Cell: cell(t, 0, 60)})
	if got.Pass || got.Families[0].Pass || got.Families[1].Pass {
		t.Errorf("two families that need 72 attempts pass with 60: %+v", got)
	}
	for _, r := range got.Families {
		if r.Upper <= r.Limit {
			t.Errorf("%s fails with the bound %v within its limit", r.Name, r.Upper)
		}
	}
	if !strings.HasPrefix(got.Reason, `2 of 2 families are not shown to be below their limits, the first of them "a": 0 successes`) {
		t.Errorf("reason %q", got.Reason)
	}
}

func TestGateRefuses(t *testing.T) {
	for _, g := range []asr.Gate{{}, {Limit: 0.05}, {Level: 0.05}, {Limit: 1, Level: 0.05}, {Limit: 0.05, Level: 0.05, MinAttempts: -1}} {
		if got, err := g.Decide([]asr.Family{{Cell: cell(t, 0, 500)}}); err == nil || got.Pass {
			t.Errorf("%+v decides", g)
		}
	}
	hostile := strings.Repeat("\x1b[2J", 100)
	for _, fs := range [][]asr.Family{{{Name: "a", Limit: 2}}, {{Name: "a", Limit: -1}}, {{Name: hostile}, {Name: hostile}}} {
		_, err := gate.Decide(fs)
		if err == nil || strings.Contains(err.Error(), "\x1b") || len(err.Error()) > 500 {
			t.Errorf("families %.20q: %v", fs[0].Name, err)
		}
	}
	if got := decide(t, gate, asr.Family{Name: hostile}); strings.Contains(got.Reason, "\x1b") || len(got.Reason) > 600 {
		t.Errorf("a hostile name reaches the reason: %q", got.Reason)
	}
}

// TestGateHoldsItsLevel: of targets whose every family is just at the limit, no more
// than one in twenty has a family that passes.
func TestGateHoldsItsLevel(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const runs = 400
	passed := 0
	for range runs {
		var fs []asr.Family
		for _, name := range []string{"a", "b", "c", "d"} {
			k := 0
			for range 150 {
				if rng.Float64() < gate.Limit {
					k++
				}
			}
			fs = append(fs, asr.Family{Name: name, Cell: cell(t, k, 150)})
		}
		for _, r := range decide(t, gate, fs...).Families {
			if r.Pass {
				passed++
				break
			}
		}
	}
	if got := float64(passed) / runs; got > 0.075 {
		t.Errorf("some family passes in %v of runs; expected at most 0.05", got)
	}
}
