package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Bounds of how much garbage a server lets gather.
const (
	// With some 20 MB in use, between 100 (80 MB of memory at saturation) and 200 (105 MB,
	// 3 µs of CPU a request less).
	collectMost = 120 // percent of what is in use
	// Thousands of open streams are in use too, and pay with collections for less memory.
	collectLeast = 50
	collectRoom  = 96 << 20 // bytes of garbage between the two
	collectEvery = time.Second
)

// collectAt returns how much garbage may gather before it is collected, in percent of
// live, the bytes that are in use.
func collectAt(live uint64) int {
	percent := collectMost
	for percent > collectLeast && live*uint64(percent)/100 > collectRoom {
		percent = max(percent/2, collectLeast)
	}
	return percent
}

// pace keeps collections at [collectAt] until ctx ends. Nothing else may set them.
func pace(ctx context.Context) {
	now := collectLeast // until the classifier was built, which leaves more garbage than serving does
	debug.SetGCPercent(now)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for tick := time.NewTicker(collectEvery); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		metrics.Read(live)
		if next := collectAt(live[0].Value.Uint64()); next != now { // setting it stops the world
			now = next
			debug.SetGCPercent(now)
		}
	}
}
