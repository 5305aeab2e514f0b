package calibrate

import (
	"math"

	"warder.example/guard/threshold"
	"warder.example/internal/binomial"
)

// The test of a [Watch].
const (
	// windowHits is how many texts reach a threshold in one window when their
	// share is just the budget.
	windowHits = 10
	// falseAlarm is how probable an alarm in a window is at most when the share
	// is within the budget.
	falseAlarm = 0.001
)

// Watch looks whether texts reach thresholds more often than their budgets allow.
// It counts in windows of ten over the budget texts (10,000 for 0.001) and raises
// at most one alarm for a threshold in a window, as soon as a one-sided binomial
// test rejects at a level of 0.001 that the share is within the budget. It takes
// most traffic for honest: an alarm says that the traffic has changed, or that
// there is a wave of attacks. It is used by one goroutine.
type Watch struct {
	set  *threshold.Set
	from []threshold.Count // at the beginning of the window
	told []bool            // an alarm was raised in the window
}

// Alarm is a threshold that is reached too often.
type Alarm struct {
	threshold.Entry
	Seen, Hits int64 // in the window
}

// NewWatch watches from now on. A nil set raises no alarms.
func NewWatch(s *threshold.Set) *Watch {
	c := s.Counts()
	return &Watch{set: s, from: c, told: make([]bool, len(c))}
}

// Set returns what is watched.
func (w *Watch) Set() *threshold.Set { return w.set }

// Look returns the alarms since the last look.
func (w *Watch) Look() []Alarm {
	var out []Alarm
	for i, now := range w.set.Counts() {
		seen, hits := now.Seen-w.from[i].Seen, now.Hits-w.from[i].Hits
		window := int64(math.Ceil(windowHits / now.Budget))
		if !w.told[i] && hits >= windowHits {
			n := int(min(max(seen, window), math.MaxInt32))
			if hits >= int64(binomial.Critical(n, now.Budget, falseAlarm)) {
				w.told[i] = true
				out = append(out, Alarm{now.Entry, seen, hits})
			}
		}
		if seen >= window {
			w.from[i], w.told[i] = now, false
		}
	}
	return out
}
