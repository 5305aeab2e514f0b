package admission

import "slices"

// waiter is a request that waits. ready is closed when it has a place or, with
// shed set, lost its place in the queue.
type waiter struct {
	ready       chan struct{}
	shed        error
	class       Class
	application string
	number      uint64 // by when it came
}

// line is the queue of one class: applications in the order of their turns.
type line struct{ turns []*turn }

// turn is what one application has waiting, in the order it came.
type turn struct {
	application string
	waiters     []*waiter
}

func (l *line) find(application string) int {
	return slices.IndexFunc(l.turns, func(t *turn) bool { return t.application == application })
}

func (l *line) length(application string) int {
	if i := l.find(application); i >= 0 {
		return len(l.turns[i].waiters)
	}
	return 0
}

func (l *line) add(w *waiter) {
	i := l.find(w.application)
	if i < 0 {
		l.turns = append(l.turns, &turn{application: w.application})
		i = len(l.turns) - 1
	}
	l.turns[i].waiters = append(l.turns[i].waiters, w)
}

// remove takes a waiter out and reports whether it was in.
func (l *line) remove(w *waiter) bool {
	i := l.find(w.application)
	if i < 0 {
		return false
	}
	t := l.turns[i]
	at := slices.Index(t.waiters, w)
	if at < 0 {
		return false
	}
	if t.waiters = slices.Delete(t.waiters, at, at+1); len(t.waiters) == 0 {
		l.turns = slices.Delete(l.turns, i, i+1)
	}
	return true
}

// served ends an application's turn: the others go before its next request.
func (l *line) served(application string) {
	if i := l.find(application); i >= 0 {
		t := l.turns[i]
		l.turns = append(slices.Delete(l.turns, i, i+1), t)
	}
}

// next returns the first of the application whose turn it is; nil if none waits.
func (l *line) next() *waiter {
	if len(l.turns) == 0 {
		return nil
	}
	return l.turns[0].waiters[0]
}

// oldest returns who has waited longest; nil if none waits.
func (l *line) oldest() *waiter {
	var first *waiter
	for _, t := range l.turns {
		if w := t.waiters[0]; first == nil || w.number < first.number {
			first = w
		}
	}
	return first
}

// longest returns the application that has most waiting; nil if none has.
func (l *line) longest() *turn {
	var most *turn
	for _, t := range l.turns {
		if most == nil || len(t.waiters) > len(most.waiters) {
			most = t
		}
	}
	return most
}
