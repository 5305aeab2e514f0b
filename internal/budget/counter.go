package budget

import (
	"errors"
	"fmt"
)

// Counter is what is counted under one name in its latest window. Times are
// microseconds since 1970 UTC. The zero Counter has counted nothing.
type Counter struct {
	Start, End int64 // of the window
	Settled    int64 // used, by exchanges that ended
	Reserved   int64 // by exchanges that run
}

// Line is what a reservation takes from one counter.
type Line struct {
	Counter    string // its name, 1 to MaxName bytes of printable ASCII
	Start, End int64  // of the window the exchange began in
	Amount     int64  // 0 to MaxAmount
	Limit      int64  // the counter's limit, 0 to MaxAmount
}

// Bounds of what stores take.
const (
	MaxName  = 2560 // bytes of a counter's name
	MaxID    = 128  // bytes of the id of a reservation, or of its owner
	MaxGroup = 64   // bytes of what counters are grouped by
	MaxLines = MaxLimits
	// MaxCounters is how many counters a group, an application, can have: a
	// caller that makes up names of end users runs into it, and nobody else.
	MaxCounters = 1 << 17
)

// current returns the counter as it is in the line's window, or later: what was
// counted in an earlier window is over.
func (c Counter) current(l *Line) Counter {
	if l.Start > c.Start {
		return Counter{Start: l.Start, End: l.End}
	}
	return c
}

// take returns the counter with the line reserved, and false if that would be over
// the limit. The line's window becomes the counter's: with a clock that went back
// it is charged where the counter is.
func (c Counter) take(l *Line) (Counter, bool) {
	c = c.current(l)
	if l.Amount > l.Limit || c.Settled > l.Limit-l.Amount || c.Reserved > l.Limit-l.Amount-c.Settled {
		return c, false
	}
	l.Start, l.End = c.Start, c.End
	c.Reserved += l.Amount
	return c, true
}

// settle returns the counter after a line that was taken from it ended with an
// actual use. If the counter has gone on to a later window there is nothing to do.
func (c Counter) settle(l *Line, actual int64) Counter {
	if c.Start != l.Start {
		return c
	}
	c.Reserved = max(c.Reserved-l.Amount, 0)
	c.Settled = min(c.Settled+clamp(actual), MaxAmount)
	return c
}

func clamp(n int64) int64 { return min(max(n, 0), MaxAmount) }

// Hold is a reservation as stores keep it.
type Hold struct {
	ID    string // 1 to MaxID bytes, unique among open ones: the exchange's request id
	Owner string // the node that made it, at most MaxID bytes
	Group string // the application, at most MaxGroup bytes: see MaxCounters
	Lines []Line // 1 to MaxLines, of different counters
}

// ErrInvalid means that a hold is not fit to be kept.
var ErrInvalid = errors.New("invalid reservation")

// Check returns nil if the hold is within bounds, else [ErrInvalid].
func (h *Hold) Check() error {
	if h.ID == "" || len(h.ID) > MaxID || len(h.Owner) > MaxID || len(h.Group) > MaxGroup || len(h.Lines) == 0 || len(h.Lines) > MaxLines ||
		!printable(h.ID) || !printable(h.Owner) || !printable(h.Group) {
		return fmt.Errorf("%w: id %.40q of %.40q with %d counters; expected an id, 1 to %d counters and printable ASCII", ErrInvalid, h.ID, h.Owner, len(h.Lines), MaxLines)
	}
	for i := range h.Lines {
		l := &h.Lines[i]
		if l.Counter == "" || len(l.Counter) > MaxName || !printable(l.Counter) || l.Amount != clamp(l.Amount) || l.Limit != clamp(l.Limit) || l.Start <= 0 || l.End <= l.Start {
			return fmt.Errorf("%w: counter %.80q, amount %d of %d, window %d to %d", ErrInvalid, l.Counter, l.Amount, l.Limit, l.Start, l.End)
		}
		for j := range h.Lines[:i] {
			if h.Lines[j].Counter == l.Counter {
				return fmt.Errorf("%w: counter %.80q is named twice", ErrInvalid, l.Counter)
			}
		}
	}
	return nil
}

func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
