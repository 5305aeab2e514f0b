package ledger_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"warder.example/internal/ledger"
)

// TestClockJumps: a clock that is set back by years, and forth, also over restarts and
// while many write, loses no record and no order, and the log verifies with its
// checkpoints.
func TestClockJumps(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	now := dawn
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	options := func() ledger.Options {
		return ledger.Options{Reserve: -1, SegmentBytes: 4 << 10, CheckpointInterval: time.Hour, CheckpointRecords: 16, Clock: clock}
	}
	written := 0
	for _, jump := range []time.Duration{0, time.Hour, -24 * time.Hour, -30 * 365 * 24 * time.Hour, 60 * 365 * 24 * time.Hour, -time.Nanosecond, 0} {
		l := open(t, dir, options())
		mu.Lock()
		now = now.Add(jump / 2)
		mu.Unlock()
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				for j := range 10 {
					ev := opened(written + i*10 + j)
					ev.Time = clock()
					add(t, l, ev)
				}
			})
		}
		mu.Lock()
		now = now.Add(jump - jump/2) // while they write
		mu.Unlock()
		all.Wait()
		written += 40
		closeLedger(t, l)
	}
	seen, next := map[string]bool{}, int64(0)
	err := ledger.Scan(dir, 0, func(e ledger.Entry) error {
		if e.Sequence != next {
			return fmt.Errorf("record %d where %d should stand", e.Sequence, next)
		}
		next++
		if e.Event.Kind == ledger.KindOpened {
			seen[e.Event.Request] = true
		}
		return nil
	})
	if err != nil || len(seen) != written {
		t.Errorf("%d of %d records are there: %v", len(seen), written, err)
	}
	if r, err := ledger.Verify(dir, ledger.VerifyOptions{}); err != nil || !r.Intact {
		t.Errorf("the log does not verify: %v %+v", err, r)
	}
}
