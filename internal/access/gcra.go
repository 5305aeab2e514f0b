package access

import (
	"sync/atomic"
	"time"
)

// gcra is a rate limiter: the generic cell rate algorithm (ITU-T I.371,
// virtual scheduling). It keeps one number, the theoretical arrival time (TAT):
// when the next request would be due if requests came evenly at the limit.
//
// With a limit of n a minute it admits n at once when idle and then one each
// minute/n. In any span of t minutes it admits at most n + n·t.
//
// The limit is an argument and not state, so it may change between calls. The
// zero value is an idle limiter. Safe for concurrent use, without locks.
type gcra struct {
	tat atomic.Int64 // nanoseconds on the caller's clock
}

// window is the time over which limits are counted, and therefore how far the
// TAT can be ahead of the clock.
const window = int64(time.Minute)

// take admits one request at now, nanoseconds on a clock that starts anywhere,
// with n requests a minute, n > 0. When it does not admit it returns after how
// long, more than zero, the next one may come.
func (g *gcra) take(now int64, n int) (ok bool, retry time.Duration) {
	// Rounded up, so that the rate is never exceeded by rounding.
	interval := (window + int64(n) - 1) / int64(n)
	tolerance := interval * int64(n-1)
	for {
		old := g.tat.Load()
		tat := max(old, now)
		if old == 0 || old-now > window+MaxLimit {
			// Never used; or further ahead than any limit can bring it, even
			// with rounding: the clock was set back. Waiting for it to catch
			// up could lock the key out for ever.
			tat = now
		}
		if wait := tat - now - tolerance; wait > 0 {
			return false, time.Duration(wait)
		}
		if g.tat.CompareAndSwap(old, tat+interval) {
			return true, 0
		}
	}
}
