package access

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// LimitKind names a limit.
type LimitKind string

// The limits.
const (
	LimitRequests   LimitKind = "rate_limited"        // requests per minute
	LimitConcurrent LimitKind = "concurrency_limited" // requests at the same time
)

// ConcurrentRetry is what a caller over the concurrency limit is told to wait.
// Nobody knows when a running request will end; a second keeps polite clients
// from spinning.
const ConcurrentRetry = time.Second

// A LimitError says that a request was refused because its key is over a limit.
type LimitError struct {
	Kind  LimitKind
	Limit int           // requests per minute, or requests at the same time
	Retry time.Duration // after how long to try again, more than zero
}

// Error implements error. It names the limit and nothing about the key.
func (e *LimitError) Error() string {
	what := "requests a minute"
	if e.Kind == LimitConcurrent {
		what = "requests at the same time"
	}
	return fmt.Sprintf("over the limit of %d %s; retry in %v", e.Limit, what, e.Retry.Round(time.Millisecond))
}

// A Grant is what a valid key allows. It is immutable, shared by all requests
// with that key and valid for as long as it is held: a request that began
// before a key was revoked may end.
type Grant struct {
	Application Application
	Key         Key

	perMinute  int // effective limits; 0 means none
	concurrent int
	usage      *usage
}

// usage is what a key is using now. It outlives the grants of its key.
type usage struct {
	epoch   time.Time // against which times are measured, on the monotonic clock where there is one
	rate    gcra
	running atomic.Int64
}

// AllowsModel reports whether the application may use the model of that name:
// its list is empty or one of its patterns matches the whole name.
func (g *Grant) AllowsModel(name string) bool {
	if len(g.Application.Models) == 0 {
		return true
	}
	if len(name) > MaxModel {
		return false
	}
	for _, p := range g.Application.Models {
		if MatchModel(p, name) {
			return true
		}
	}
	return false
}

// Limits returns the limits in force: the key's own or else its application's.
// 0 means none.
func (g *Grant) Limits() (requestsPerMinute, maxConcurrent int) {
	return g.perMinute, g.concurrent
}

// Running returns how many requests with this key hold a place now.
func (g *Grant) Running() int { return int(g.usage.running.Load()) }

// Acquire takes a place for one request that begins at now. The caller must
// call release when the request is over; calling it again does nothing. The
// error is a *[LimitError]; nothing is held then. A refused request does not
// count against the rate.
func (g *Grant) Acquire(now time.Time) (release func(), err error) {
	u := g.usage
	if !u.enter(g.concurrent) {
		return nil, &LimitError{Kind: LimitConcurrent, Limit: g.concurrent, Retry: ConcurrentRetry}
	}
	if g.perMinute > 0 {
		if ok, retry := u.rate.take(int64(now.Sub(u.epoch)), g.perMinute); !ok {
			u.running.Add(-1)
			return nil, &LimitError{Kind: LimitRequests, Limit: g.perMinute, Retry: retry}
		}
	}
	// Its own flag for each: two tiny allocations, and no pool whose places a
	// late second release could give back for somebody else.
	var done atomic.Bool
	return func() {
		if !done.Swap(true) {
			u.running.Add(-1)
		}
	}, nil
}

// enter counts one more running request unless there are limit already. It
// counts without a limit too, so that a limit set later sees what runs.
func (u *usage) enter(limit int) bool {
	if limit <= 0 {
		u.running.Add(1)
		return true
	}
	for {
		n := u.running.Load()
		if n >= int64(limit) {
			return false
		}
		if u.running.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// newGrant joins a key with its application.
func newGrant(a Application, k Key, u *usage) *Grant {
	g := &Grant{Application: a, Key: k, perMinute: k.RequestsPerMinute, concurrent: k.MaxConcurrent, usage: u}
	if g.perMinute == 0 {
		g.perMinute = a.RequestsPerMinute
	}
	if g.concurrent == 0 {
		g.concurrent = a.MaxConcurrent
	}
	return g
}

// MatchModel reports whether pattern, in which * stands for any run of bytes,
// matches the whole name. The leftmost place for each piece is enough, so the
// work is at most len(pattern) × len(name).
func MatchModel(pattern, name string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	if !strings.HasPrefix(name, head) {
		return false
	}
	name = name[len(head):]
	for {
		piece, tail, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(name, piece)
		}
		i := strings.Index(name, piece)
		if i < 0 {
			return false
		}
		name, rest = name[i+len(piece):], tail
	}
}
