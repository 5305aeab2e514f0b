package access_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"warder.example/internal/access"
)

// TestLimiterProperties drives a limiter with requests at drawn times.
func TestLimiterProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perMinute := rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(1, access.MaxLimit)).Draw(t, "perMinute")
		interval := time.Minute / time.Duration(perMinute)
		now := time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(t, "start"))
		var l access.Limiter
		var admitted []time.Duration
		for range rapid.IntRange(1, 300).Draw(t, "requests") {
			now += time.Duration(rapid.Int64Range(0, int64(4*interval)).Draw(t, "step"))
			ok, retry := l.Take(now, perMinute)
			if ok {
				admitted = append(admitted, now)
				continue
			}
			if retry <= 0 || retry > time.Minute+time.Millisecond {
				t.Fatalf("retry after %v; expected more than 0 and at most a minute", retry)
			}
			// What it promises holds, exactly.
			early, late := l.Clone(), l.Clone()
			if ok, _ := early.Take(now+retry-1, perMinute); ok {
				t.Fatalf("admitted before the promised %v were over", retry)
			}
			if ok, _ := late.Take(now+retry, perMinute); !ok {
				t.Fatalf("refused after the promised %v", retry)
			}
		}
		// Never more than burst + rate·t between any two moments.
		for i := range admitted {
			for j := i; j < len(admitted); j++ {
				span := admitted[j] - admitted[i]
				if most := float64(perMinute) * (1 + span.Minutes()); float64(j-i+1) > most+1e-6 {
					t.Fatalf("%d requests admitted within %v; expected at most %v", j-i+1, span, most)
				}
			}
		}
	})
}

// TestLimiterAdmitsWhatItShould: the limit itself is not refused, at once or
// evenly spread.
func TestLimiterAdmitsWhatItShould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perMinute := rapid.IntRange(1, 2000).Draw(t, "perMinute")
		start := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "start"))
		var l access.Limiter
		for i := range perMinute {
			if ok, _ := l.Take(start, perMinute); !ok {
				t.Fatalf("request %d of %d at once was refused", i+1, perMinute)
			}
		}
		if ok, _ := l.Take(start, perMinute); ok {
			t.Fatalf("request %d of %d at once was admitted", perMinute+1, perMinute)
		}
		// Rounding is in favour of the limit: the allowance is not whole again
		// before the minute is over.
		soon, again := l.Clone(), 0
		for range perMinute {
			if ok, _ := soon.Take(start+time.Minute-1, perMinute); ok {
				again++
			}
		}
		if again >= perMinute {
			t.Fatalf("%d more were admitted within a minute", again)
		}
		interval := (time.Minute + time.Duration(perMinute) - 1) / time.Duration(perMinute)
		for i := 1; i <= 50; i++ {
			if ok, _ := l.Take(start+time.Duration(i)*interval, perMinute); !ok {
				t.Fatalf("request %d, evenly spread, was refused", i)
			}
		}
	})
}

// TestLimiterClockSetBack: a clock that was wrong does not lock a key out.
func TestLimiterClockSetBack(t *testing.T) {
	var l access.Limiter
	for range 3 {
		l.Take(1000*time.Hour, 2)
	}
	if ok, retry := l.Take(time.Hour, 2); !ok {
		t.Errorf("refused for %v after the clock was set back", retry)
	}
	l.Take(time.Hour, 2)
	if ok, _ := l.Take(time.Hour, 2); ok {
		t.Error("admitted over the limit after the clock was set back")
	}
}

// TestLimiterFollowsChange: a new limit holds at once, whatever the old was.
func TestLimiterFollowsChange(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to int
		want     int // of 100 at once, a minute after the old burst
	}{
		{"raised", 1, 50, 50},
		{"lowered", 50, 1, 1},
		{"lowered-to-half", 100, 50, 50},
		{"same", 7, 7, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l access.Limiter
			for range 200 {
				l.Take(0, c.from)
			}
			got := 0
			for range 100 {
				if ok, _ := l.Take(time.Minute+time.Millisecond, c.to); ok {
					got++
				}
			}
			if got != c.want {
				t.Errorf("admitted %d; expected %d", got, c.want)
			}
		})
	}
}

// TestLimiterRace: many goroutines at one moment get exactly the limit.
func TestLimiterRace(t *testing.T) {
	const limit, workers = 500_000, 8
	var l access.Limiter
	got := race(workers, func() bool { ok, _ := l.Take(time.Hour, limit); return ok })
	if got != limit {
		t.Errorf("admitted %d; expected exactly %d", got, limit)
	}
}

// race calls take from many goroutines, that begin together, until each was
// refused, and returns how often it succeeded.
func race(workers int, take func() bool) int {
	var total, running atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			// A channel would wake them one after another, and the first could
			// be done before the second is there.
			for running.Add(1); running.Load() < int64(workers); {
				runtime.Gosched()
			}
			n := 0
			for take() {
				n++
			}
			total.Add(int64(n))
		})
	}
	wg.Wait()
	return int(total.Load())
}
