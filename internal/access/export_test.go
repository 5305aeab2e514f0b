package access

import "time"

// Limiter is gcra, for tests of its properties.
type Limiter struct{ g gcra }

// Take admits one request at now.
func (l *Limiter) Take(now time.Duration, perMinute int) (bool, time.Duration) {
	return l.g.take(int64(now), perMinute)
}

// KeyFrom is NewKey with chosen randomness.
var KeyFrom = keyFrom

// Clone returns a limiter in the same state.
func (l *Limiter) Clone() *Limiter {
	c := &Limiter{}
	c.g.tat.Store(l.g.tat.Load())
	return c
}
