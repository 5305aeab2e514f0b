package budget

import (
	"context"
	"errors"
	"fmt"
)

// Store keeps counters and open reservations. All methods are safe for concurrent
// use, in one process and, where the store is shared, in many. What was returned
// without an error survives the death of the process.
type Store interface {
	// Reserve takes every line from its counter, or none: then the error is a
	// [*Refused]. It may change the windows of the hold's lines to those that it
	// charged, and keeps h: it must not be used afterwards. Other errors: [ErrOpen], [ErrInvalid], [ErrCrowded].
	Reserve(ctx context.Context, h *Hold) error
	// Settle ends an open reservation with what was used of each line, in their
	// order. [ErrNotOpen] if there is none of that id. A settlement may be lost
	// in a crash: then the reservation is open again.
	Settle(ctx context.Context, id string, actual []int64) error
	// Open returns the open reservations of an owner, by id.
	Open(ctx context.Context, owner string) ([]Hold, error)
	// Counter returns a counter; one that was never used is zero.
	Counter(ctx context.Context, name string) (Counter, error)
}

// Errors of stores.
var (
	// ErrOpen means that a reservation with that id is open already.
	ErrOpen = errors.New("a reservation with this id is open already")
	// ErrNotOpen means that no reservation with that id is open.
	ErrNotOpen = errors.New("no reservation with this id is open")
	// ErrCrowded means that an application has [MaxCounters] counters.
	ErrCrowded = errors.New("too many counters for one application")
)

// Refused says which counter was too full.
type Refused struct {
	Line    int     // index of the line
	Counter Counter // as it was
}

// Error implements error.
func (r *Refused) Error() string {
	return fmt.Sprintf("counter %d is at its limit: %d used, %d reserved", r.Line, r.Counter.Settled, r.Counter.Reserved)
}

// Take computes a reservation: read returns the counters of the lines, and what it
// returns is how they are with every line taken. The error is a [*Refused]. It is
// the one rule that all stores apply.
func (h *Hold) Take(read func(name string) Counter) ([]Counter, error) {
	out := make([]Counter, 0, 8)
	return h.take(out, read)
}

func (h *Hold) take(out []Counter, read func(name string) Counter) ([]Counter, error) {
	for i := range h.Lines {
		c, ok := read(h.Lines[i].Counter).take(&h.Lines[i])
		if !ok {
			return nil, &Refused{Line: i, Counter: c}
		}
		out = append(out, c)
	}
	return out, nil
}

// After returns counter c, which line i was taken from, as it is when the
// reservation ended with that actual use.
func (h *Hold) After(i int, c Counter, actual int64) Counter { return c.settle(&h.Lines[i], actual) }
