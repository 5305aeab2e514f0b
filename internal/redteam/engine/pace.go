package engine

import (
	"context"
	"sync"
	"time"

	"warder.example/internal/redteam/target"
)

// backoff is how long to wait after the n-th failure where the target does not say.
func backoff(n int) time.Duration { return min(250*time.Millisecond<<(n-1), 30*time.Second) }

// sleep waits, or returns why the context ended.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// gate lets as many requests run at once as the target bears, and spaces them out.
type gate struct {
	now   func() time.Time
	most  float64
	every time.Duration // between two requests; 0: no limit

	mu      sync.Mutex
	window  float64 // how many may run
	running int
	epoch   int       // counts decreases
	until   time.Time // the target wants no request before
	slot    time.Time // of the next request
	freed   chan struct{}
}

func newGate(l target.Limits, now func() time.Time) *gate {
	g := &gate{now: now, most: float64(max(1, l.Parallel)), freed: make(chan struct{})}
	g.window = g.most
	if l.PerMinute > 0 {
		g.every = time.Minute / time.Duration(l.PerMinute)
	}
	return g
}

// enter waits until a request may be sent. It returns the epoch, for leave.
func (g *gate) enter(ctx context.Context) (int, error) {
	for {
		g.mu.Lock()
		now, freed := g.now(), g.freed
		wait := g.until.Sub(now)
		if wait <= 0 && g.running < int(g.window) {
			g.running++
			turn := g.epoch
			wait = g.pace(now)
			g.mu.Unlock()
			if err := sleep(ctx, wait); err != nil {
				g.leave(turn, false, 0)
				return 0, err
			}
			return turn, nil
		}
		g.mu.Unlock()
		if wait > 0 {
			if err := sleep(ctx, wait); err != nil {
				return 0, err
			}
			continue
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// pace takes the next slot and returns how long it is until then.
func (g *gate) pace(now time.Time) time.Duration {
	if g.every == 0 {
		return 0
	}
	at := g.slot
	if at.Before(now) {
		at = now
	}
	g.slot = at.Add(g.every)
	return at.Sub(now)
}

// leave ends a request. Where the target limited it, all wait that long, and the window is
// halved once for the requests that ran together.
func (g *gate) leave(turn int, limited bool, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	switch {
	case !limited:
		g.window = min(g.most, g.window+1/g.window)
	default:
		if turn == g.epoch {
			g.window = max(1, g.window/2)
			g.epoch++
		}
		if until := g.now().Add(wait); until.After(g.until) {
			g.until = until
		}
	}
	close(g.freed)
	g.freed = make(chan struct{})
}
