package store

import (
	"context"
	"slices"
	"sync"

	"warder.example/internal/budget"
)

// maxTogether is how many charges share a transaction.
const maxTogether = 128

// charge is a reservation or a settlement that waits for its transaction.
type charge struct {
	id     string
	hold   *budget.Hold // to be reserved; nil to settle
	actual []int64      // of a settlement
	err    error        // what came of it, once done is closed
	done   chan struct{}
}

// chargeQueue is a group commit (J. Gray and A. Reuter, Transaction Processing, 1993):
// what comes while one transaction runs shares the next one, so that callers who want
// the same counters do not wait for a commit each. The zero queue is ready; it is safe
// for concurrent use.
type chargeQueue struct {
	mu      sync.Mutex
	waiting []*charge
	running bool // a goroutine empties the queue, and ends when it has
}

// do returns what came of a charge. run ends each of those it is given, in a
// transaction that has a deadline of its own. Who gives up before that began takes
// the charge back; after, the outcome is waited for, since it may hold.
func (q *chargeQueue) do(ctx context.Context, c *charge, run func([]*charge)) error {
	c.done = make(chan struct{})
	q.mu.Lock()
	q.waiting = append(q.waiting, c)
	if !q.running {
		q.running = true
		go q.empty(run)
	}
	q.mu.Unlock()
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
	}
	if q.withdraw(c) {
		return ctx.Err()
	}
	<-c.done
	return c.err
}

// empty runs what waits until nothing does.
func (q *chargeQueue) empty(run func([]*charge)) {
	for {
		q.mu.Lock()
		n := min(len(q.waiting), maxTogether)
		if n == 0 {
			q.waiting, q.running = nil, false
			q.mu.Unlock()
			return
		}
		all := q.waiting[:n:n]
		q.waiting = q.waiting[n:]
		q.mu.Unlock()
		run(all)
		for _, c := range all {
			close(c.done)
		}
	}
}

// withdraw takes a charge back, and reports whether it still waited.
func (q *chargeQueue) withdraw(c *charge) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, c)
	if i < 0 {
		return false
	}
	q.waiting = slices.Concat(q.waiting[:i], q.waiting[i+1:]) // the old array may be in a running batch
	return true
}
