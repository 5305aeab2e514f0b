package main

import "testing"

// TestCollectAt: a small heap is collected seldom, a large one before its garbage is
// as much again; in between the garbage is bounded.
func TestCollectAt(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 120}, {20 << 20, 120}, {80 << 20, 120}, {81 << 20, 60}, {160 << 20, 60}, {161 << 20, 50}, {400 << 20, 50}, {1 << 40, 50}} {
		if got := collectAt(c.live); got != c.want {
			t.Errorf("%d MiB in use: %d %%; expected %d", c.live>>20, got, c.want)
		}
	}
}
