package gateway

import (
	"context"
	"sync"
	"time"

	"warder.example/internal/event"
)

// strangers counts requests that are refused before any work: without a valid
// key, over a limit, to no route. They are recorded together, once an interval,
// so that a flood of them cannot fill the ledger.
type strangers struct {
	mu     sync.Mutex
	counts map[string]int64
}

// count counts a refusal with this code, of an application unless it is "".
func (s *strangers) count(application, code string) {
	if application != "" {
		code += " " + application
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[string]int64{}
	}
	s.counts[code]++
}

func (s *strangers) take() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counts
	s.counts = nil
	return c
}

// recordStrangers keeps what strangers counted, every interval until ctx ends,
// and once more then.
func (s *Server) recordStrangers(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for done := false; !done; {
		select {
		case <-t.C:
		case <-ctx.Done():
			done = true
		}
		if c := s.strangers.take(); len(c) > 0 {
			rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
			_, err := s.ledger.Append(rctx, event.Event{Time: time.Now(), Kind: KindRefused, Payload: &AccessRefused{Counts: c}})
			cancel()
			if err != nil {
				s.log.Error("record was not kept", "kind", KindRefused, "cause", err)
			}
		}
	}
}
