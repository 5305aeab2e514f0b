package calibrate_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/threshold"
	"warder.example/internal/calibrate"
)

func watched(t *testing.T, budget float64) (*threshold.Set, *calibrate.Watch) {
	t.Helper()
	s, err := threshold.New("t.yaml", &threshold.File{Version: 1, Model: strings.Repeat("a", 64), Made: now, Expires: now.AddDate(0, 0, 90), Confidence: 0.95,
		Thresholds: []threshold.Entry{{Origin: guard.OriginUser, Category: "injection", Budget: budget, Score: 0.5, Texts: 5000, High: budget}}})
	if err != nil {
		t.Fatal(err)
	}
	return s, calibrate.NewWatch(s)
}

// traffic observes n texts of which a share reaches the threshold, looking now and
// then, and returns the alarms.
func traffic(s *threshold.Set, w *calibrate.Watch, rng *rand.Rand, n int, share float64) (out []calibrate.Alarm) {
	for i := range n {
		score := 0.1
		if rng.Float64() < share {
			score = 0.9
		}
		s.Observe(guard.OriginUser, "injection", score)
		if i%97 == 0 {
			out = append(out, w.Look()...)
		}
	}
	return out
}

// TestWatchIsQuiet: at a share that is just the budget, alarms are as rare as said.
func TestWatchIsQuiet(t *testing.T) {
	const budget, windows = 0.01, 3000
	s, w := watched(t, budget)
	alarms := traffic(s, w, rand.New(rand.NewPCG(1, 2)), windows*1000, budget)
	if len(alarms) > 9 { // 3 are expected at most
		t.Errorf("%d alarms in %d windows within the budget; expected at most one in a thousand", len(alarms), windows)
	}
}

// TestWatchSeesDrift: a share of four budgets is seen within a window, once.
func TestWatchSeesDrift(t *testing.T) {
	const budget = 0.01
	s, w := watched(t, budget)
	rng := rand.New(rand.NewPCG(1, 3))
	if a := traffic(s, w, rng, 970, budget); len(a) > 0 {
		t.Fatalf("%+v", a)
	}
	alarms := traffic(s, w, rng, 1000, 4*budget)
	if len(alarms) == 0 {
		t.Fatal("no alarm")
	}
	if a := alarms[0]; a.Category != "injection" || a.Origin != guard.OriginUser || a.Budget != budget || a.Hits < 10 || a.Seen > 1100 {
		t.Errorf("%+v", a)
	}
	if alarms := traffic(s, w, rng, 100_000, 4*budget); len(alarms) < 60 || len(alarms) > 101 {
		t.Errorf("%d alarms in 100 windows; expected at most one a window", len(alarms))
	}
	if a := calibrate.NewWatch(nil).Look(); a != nil {
		t.Errorf("nothing is watched: %+v", a)
	}
}
