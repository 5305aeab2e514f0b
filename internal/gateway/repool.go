package gateway

import (
	"context"
	"reflect"
	"slices"
	"sync"

	"warder.example/internal/config"
)

// replace puts another state to use. What upstreams are known to do (circuits, budgets of
// retries, health, open connections) is kept if nothing that concerns them has changed.
func (s *Server) replace(next *state) {
	old := s.state.Load()
	if samePool(old.cfg, next.cfg) {
		next.pool = old.pool
	}
	s.state.Store(next)
	if next.pool == old.pool {
		return
	}
	old.pool.Close()
	select {
	case s.repooled <- struct{}{}:
	default: // there is such a word already
	}
}

// samePool reports whether a pool of one configuration can serve another. Files of
// authorities are read once for a pool, so that a reload must read them again.
func samePool(a, b *config.Config) bool {
	return a.Limits == b.Limits && reflect.DeepEqual(a.Upstreams, b.Upstreams) &&
		!slices.ContainsFunc(b.Upstreams, func(u config.Upstream) bool { return u.CAFile != "" })
}

// watchUpstreams asks after the health of the upstreams in use until ctx ends. It runs once.
func (s *Server) watchUpstreams(ctx context.Context) {
	for ctx.Err() == nil {
		watched, stop := context.WithCancel(ctx)
		var watch sync.WaitGroup
		pool := s.state.Load().pool
		watch.Go(func() { pool.Watch(watched) })
		select {
		case <-s.repooled:
		case <-ctx.Done():
		}
		stop()
		watch.Wait()
	}
}
