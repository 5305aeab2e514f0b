// Package admission bounds how much runs at once, and who goes first when more is
// asked for.
//
// # Order
//
// A request takes a place if one is free. Else it waits for one, at most as long
// as it has patience and at most so many at once; beyond that it is shed at once
// ([ShedError]), before any work, and told when to try again.
//
// A place that becomes free goes to the most urgent class that waits; within a
// class applications take turns, and within an application who came first goes
// first. So that nobody starves, each [Turn]th place goes to who has waited
// longest, whatever its class.
//
// When the queue is full, the application of the least urgent class that has most
// waiting gives up its last place in the queue to one that has less: a flood of one
// application sheds its own requests.
package admission

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Class is how urgent a request is. The zero value is the most urgent.
type Class uint8

// The classes.
const (
	Interactive Class = iota // somebody waits for the answer
	Standard                 // a program waits
	Batch                    // nobody waits
	classes
)

// String returns the class's name in a configuration.
func (c Class) String() string {
	switch c {
	case Interactive:
		return "interactive"
	case Standard:
		return "standard"
	case Batch:
		return "batch"
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

// ParseClass returns the class with that name.
func ParseClass(name string) (Class, error) {
	for c := range classes {
		if c.String() == name {
			return c, nil
		}
	}
	return 0, fmt.Errorf("class %.40q; expected interactive, standard or batch", name)
}

// Turn is how often a free place goes to who has waited longest.
const Turn = 8

// Limits of a [Gate].
type Limits struct {
	Running  int           // at once; 0 admits nothing
	Waiting  int           // at once, of all classes; 0 lets nobody wait
	Patience time.Duration // the longest wait; 0 lets nobody wait
}

// Reason is why a request was shed.
type Reason string

// The reasons.
const (
	Full      Reason = "queue_full"    // too many wait
	Late      Reason = "queue_timeout" // no place became free in time
	Displaced Reason = "queue_yielded" // its place in the queue went to an application that has less waiting
)

// ShedError says that a request was not admitted. Nothing was done for it.
type ShedError struct {
	Reason Reason
	Retry  time.Duration // after how long to try again, more than zero
}

// Error implements error.
func (e *ShedError) Error() string {
	return fmt.Sprintf("the server is at its limit of requests at once (%s); retry in %v", e.Reason, e.Retry.Round(time.Millisecond))
}

// Gate admits requests. Make it with [New]. It is safe for concurrent use.
type Gate struct {
	mu      sync.Mutex
	limits  Limits
	running int
	waiting int
	granted uint64 // places that went to who waited
	arrived uint64 // who waited
	classes [classes]line
	idle    chan struct{} // closed when nothing runs any more; nil: nobody waits for that
}

// New returns a gate.
func New(l Limits) *Gate { return &Gate{limits: l} }

// SetLimits changes the limits. Who runs or waits already stays.
func (g *Gate) SetLimits(l Limits) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limits = l
	g.pass()
}

// Enter takes a place for a request, waiting for one if it must. The caller must
// call leave when the request is over; calling it again does nothing. The error is
// a [*ShedError], or that of ctx when it ends first.
func (g *Gate) Enter(ctx context.Context, c Class, application string) (leave func(), err error) {
	c = min(c, classes-1)
	g.mu.Lock()
	if g.running < g.limits.Running && g.waiting == 0 {
		g.running++
		g.mu.Unlock()
		return g.leaver(), nil
	}
	w, patience, err := g.queue(c, application)
	g.mu.Unlock()
	if err != nil {
		return nil, err
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-w.ready:
	case <-late.C:
		err = &ShedError{Reason: Late, Retry: patience}
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil {
		err = w.shed
	} else if !g.cancel(w) {
		<-w.ready // a place, or the loss of it, came meanwhile
		if err = w.shed; err == nil && ctx.Err() != nil {
			g.leave()
			err = ctx.Err()
		}
	}
	if err != nil {
		return nil, err
	}
	return g.leaver(), nil
}

// queue puts a request into the queue, in the place of another if it must.
func (g *Gate) queue(c Class, application string) (*waiter, time.Duration, error) {
	shed := &ShedError{Reason: Full, Retry: max(g.limits.Patience, time.Second)}
	if g.limits.Waiting <= 0 || g.limits.Patience <= 0 {
		return nil, 0, shed
	}
	if g.waiting >= g.limits.Waiting && !g.yield(c, application, shed.Retry) {
		return nil, 0, shed
	}
	g.arrived++
	w := &waiter{ready: make(chan struct{}), class: c, application: application, number: g.arrived}
	g.classes[c].add(w)
	g.waiting++
	return w, g.limits.Patience, nil
}

// yield sheds the last of the application that waits most, if it is of a less
// urgent class than c or has more waiting than application would have.
func (g *Gate) yield(c Class, application string, retry time.Duration) bool {
	for k := classes; k > c; k-- {
		l := &g.classes[k-1]
		t := l.longest()
		if t == nil || k-1 == c && (t.application == application || len(t.waiters) <= l.length(application)+1) {
			continue
		}
		w := t.waiters[len(t.waiters)-1]
		g.drop(w)
		w.shed = &ShedError{Reason: Displaced, Retry: retry}
		close(w.ready)
		return true
	}
	return false
}

// cancel takes a request out of the queue and reports whether it was there.
func (g *Gate) cancel(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.drop(w)
}

// drop is cancel for who holds the lock.
func (g *Gate) drop(w *waiter) bool {
	if !g.classes[w.class].remove(w) {
		return false
	}
	g.waiting--
	return true
}

// leaver returns a function that gives a place back once.
func (g *Gate) leaver() func() {
	var once sync.Once
	return func() { once.Do(g.leave) }
}

func (g *Gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	g.pass()
	if g.running == 0 && g.idle != nil {
		close(g.idle)
		g.idle = nil
	}
}

// pass gives free places to who waits.
func (g *Gate) pass() {
	for g.waiting > 0 && g.running < g.limits.Running {
		g.granted++
		w := g.next()
		g.drop(w)
		g.classes[w.class].served(w.application)
		g.running++
		close(w.ready)
	}
}

// next returns whose turn it is. Somebody waits.
func (g *Gate) next() *waiter {
	var first *waiter
	for c := range g.classes {
		if g.granted%Turn == 0 {
			if w := g.classes[c].oldest(); w != nil && (first == nil || w.number < first.number) {
				first = w
			}
		} else if w := g.classes[c].next(); w != nil {
			return w
		}
	}
	return first
}

// Load returns how many run and how many wait.
func (g *Gate) Load() (running, waiting int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running, g.waiting
}

// Idle waits until nothing runs. The error is that of ctx when it ends first.
func (g *Gate) Idle(ctx context.Context) error {
	g.mu.Lock()
	if g.running == 0 {
		g.mu.Unlock()
		return nil
	}
	if g.idle == nil {
		g.idle = make(chan struct{})
	}
	idle := g.idle
	g.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
