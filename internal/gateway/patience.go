package gateway

import (
	"context"
	"sync"
	"time"
)

// patience is the context of a record. It has the values of the exchange's
// context but not its end, since a caller that goes away must not take its record
// with it; it ends at a time. Its timer runs only once somebody waits for it: a
// ledger that writes at once never does, and a timer for each record would cost
// as much as the record.
type patience struct {
	context.Context // for its values
	until           time.Time
	wait            sync.Once
	done            chan struct{}
	timer           *time.Timer
}

// patient returns a context that ends after some time. Whoever asked for it calls
// stop when it is no longer needed.
func patient(values context.Context, most time.Duration) *patience {
	return &patience{Context: values, until: time.Now().Add(most)}
}

// Deadline implements [context.Context].
func (p *patience) Deadline() (time.Time, bool) { return p.until, true }

// Done implements [context.Context].
func (p *patience) Done() <-chan struct{} {
	p.wait.Do(func() {
		p.done = make(chan struct{})
		p.timer = time.AfterFunc(time.Until(p.until), func() { close(p.done) })
	})
	return p.done
}

// Err implements [context.Context].
func (p *patience) Err() error {
	if time.Now().Before(p.until) {
		return nil
	}
	return context.DeadlineExceeded
}

// stop lets go of the timer. Nothing may wait any more.
func (p *patience) stop() {
	p.wait.Do(func() {})
	if p.timer != nil {
		p.timer.Stop()
	}
}
