package upstream

import (
	"sync"
	"time"
)

// maxTokens is how many retries a budget can save up.
const maxTokens = 100

// budget is a token bucket for retries: each request adds a share of a token, time adds
// some, and each retry takes one (as in Finagle's RetryBudget). It begins with ten
// seconds' worth of its floor.
type budget struct {
	share float64 // tokens a request
	floor float64 // tokens a second

	mu     sync.Mutex
	tokens float64
	last   time.Time
}

func newBudget(percent, floor int) *budget {
	return &budget{share: float64(percent) / 100, floor: float64(floor), tokens: min(10*float64(floor), maxTokens), last: time.Now()}
}

// deposit adds the share of one request.
func (b *budget) deposit() { b.add(b.share) }

// refund gives back a token that was not used.
func (b *budget) refund() { b.add(1) }

func (b *budget) add(tokens float64) {
	b.mu.Lock()
	b.tokens = min(b.tokens+tokens, maxTokens)
	b.mu.Unlock()
}

// take takes a token, if there is one.
func (b *budget) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if d := now.Sub(b.last); d > 0 {
		b.tokens = min(b.tokens+d.Seconds()*b.floor, maxTokens)
		b.last = now
	}
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
