package event

import (
	"sync"
	"sync/atomic"
)

// DefaultQueue is how many events a subscriber may lag behind.
const DefaultQueue = 1024

// Bus hands events to subscribers within the process. Publish never blocks: a
// subscriber whose queue is full loses the event, and the loss is counted. The
// audit log is not a subscriber: what must not be lost is appended to it. The
// zero Bus is ready. All methods are safe for concurrent use.
type Bus struct {
	mu      sync.Mutex // guards changes of subs
	subs    atomic.Pointer[[]*Subscription]
	dropped atomic.Int64
}

// Subscription is one subscriber's queue.
type Subscription struct {
	bus     *Bus
	events  chan Event
	dropped atomic.Int64
	once    sync.Once
}

// Subscribe adds a subscriber with room for queue events ([DefaultQueue] when
// queue is not positive).
func (b *Bus) Subscribe(queue int) *Subscription {
	if queue <= 0 {
		queue = DefaultQueue
	}
	s := &Subscription{bus: b, events: make(chan Event, queue)}
	b.mu.Lock()
	defer b.mu.Unlock()
	var next []*Subscription
	if old := b.subs.Load(); old != nil {
		next = append(next, *old...)
	}
	next = append(next, s)
	b.subs.Store(&next)
	return s
}

// Publish offers the event to every subscriber.
func (b *Bus) Publish(e Event) {
	subs := b.subs.Load()
	if subs == nil {
		return
	}
	for _, s := range *subs {
		select {
		case s.events <- e:
		default:
			s.dropped.Add(1)
			b.dropped.Add(1)
		}
	}
}

// Dropped is how many events subscribers lost so far, all together.
func (b *Bus) Dropped() int64 { return b.dropped.Load() }

// Events is the subscriber's queue. It is never closed: select on your own end.
func (s *Subscription) Events() <-chan Event { return s.events }

// Dropped is how many events this subscriber lost so far.
func (s *Subscription) Dropped() int64 { return s.dropped.Load() }

// Close ends the subscription. Events already queued stay readable. It may be
// called more than once.
func (s *Subscription) Close() {
	s.once.Do(func() {
		b := s.bus
		b.mu.Lock()
		defer b.mu.Unlock()
		var next []*Subscription
		for _, o := range *b.subs.Load() {
			if o != s {
				next = append(next, o)
			}
		}
		b.subs.Store(&next)
	})
}
