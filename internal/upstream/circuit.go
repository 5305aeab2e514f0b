package upstream

import (
	"sync"
	"time"

	"warder.example/internal/config"
)

// result is what an attempt says of an upstream's health.
type result uint8

const (
	neither result = iota // the caller's doing, or a refusal for its own sake
	succeeded
	failed
)

// circuitState is the state of a circuit. The zero value lets requests through.
type circuitState uint8

const (
	closedCircuit circuitState = iota
	openCircuit
	halfOpenCircuit
)

func (s circuitState) String() string { return [...]string{"closed", "open", "half_open"}[s] }

// slots is into how many parts the window is divided.
const slots = 10

// circuit is a circuit breaker (M. Nygard, Release It!) over a sliding window. Outcomes
// count when they are known, not when their request began: the wait for an answer is
// often longer than the window, and an upstream that hangs must open it, too. That, and
// a ticket that needs no memory of its own, is why it is not a library's.
type circuit struct {
	rules config.Circuit
	began time.Time // slots are counted from here, on a clock that nobody sets

	mu         sync.Mutex
	state      circuitState
	generation uint32 // of the state: outcomes of an earlier one don't count
	window     [slots]struct{ succeeded, failed int }
	slot       int64     // the newest one
	until      time.Time // open: when probes begin
	probes     int       // half open: how many were let through
	passed     int       // half open: how many of them succeeded
}

// ticket is a circuit's permission for one attempt, to be settled once.
type ticket struct{ generation uint32 }

// admit reports whether an attempt may be made now.
func (c *circuit) admit(now time.Time) (ticket, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look(now)
	switch c.state {
	case openCircuit:
		return ticket{}, false
	case halfOpenCircuit:
		if c.probes >= c.rules.Probes {
			return ticket{}, false
		}
		c.probes++
	}
	return ticket{c.generation}, true
}

// settle notes the outcome of an attempt, and returns the state and whether it is a
// new one.
func (c *circuit) settle(t ticket, r result, now time.Time) (circuitState, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.generation != c.generation {
		return c.state, false
	}
	before := c.generation
	if c.state == halfOpenCircuit {
		c.probed(r, now)
	} else {
		c.count(r, now)
	}
	return c.state, c.generation != before
}

func (c *circuit) probed(r result, now time.Time) {
	switch r {
	case neither:
		c.probes--
	case failed:
		c.open(now)
	case succeeded:
		if c.passed++; c.passed >= c.rules.Probes {
			c.become(closedCircuit)
		}
	}
}

func (c *circuit) count(r result, now time.Time) {
	c.roll(now)
	at := &c.window[c.slot%slots]
	switch r {
	case succeeded:
		at.succeeded++
	case failed:
		at.failed++
		all, bad := 0, 0
		for _, s := range c.window {
			all, bad = all+s.succeeded+s.failed, bad+s.failed
		}
		if all >= c.rules.Minimum && bad*100 >= all*c.rules.Failures {
			c.open(now)
		}
	}
}

// roll empties what the window has left behind.
func (c *circuit) roll(now time.Time) {
	slot := int64(now.Sub(c.began) / (c.rules.Window / slots))
	if slot <= c.slot {
		return
	}
	for n := min(slot-c.slot, slots); n > 0; n-- {
		c.window[(slot-n+1)%slots] = struct{ succeeded, failed int }{}
	}
	c.slot = slot
}

// look begins the probes when it is time.
func (c *circuit) look(now time.Time) {
	if c.state == openCircuit && !now.Before(c.until) {
		c.become(halfOpenCircuit)
	}
}

func (c *circuit) open(now time.Time) {
	c.become(openCircuit)
	c.until = now.Add(c.rules.Open)
}

func (c *circuit) become(s circuitState) {
	c.state, c.generation = s, c.generation+1
	c.probes, c.passed = 0, 0
	clear(c.window[:])
}

// remaining returns how long the circuit stays open.
func (c *circuit) remaining(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != openCircuit {
		return 0
	}
	return max(0, c.until.Sub(now))
}

// now returns the state at a time.
func (c *circuit) now(now time.Time) circuitState {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look(now)
	return c.state
}
