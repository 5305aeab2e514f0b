package upstream

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// maxHealthTime bounds one question; maxHealthBody what is read of the answer.
const (
	maxHealthTime = 10 * time.Second
	maxHealthBody = 64 << 10
)

// Watch asks the upstreams that have a health check whether they are well, until the
// context ends. It must run once for a pool.
func (p *Pool) Watch(ctx context.Context) {
	var all sync.WaitGroup
	for _, s := range p.servers {
		if s.health.Path != "" {
			all.Go(func() { p.watch(ctx, s) })
		}
	}
	all.Wait()
}

func (p *Pool) watch(ctx context.Context, s *server) {
	for {
		sick := !s.ask(ctx)
		if ctx.Err() != nil {
			return
		}
		if s.sick.Swap(sick) != sick {
			p.options.Log.Warn("health of an upstream changed", "upstream", s.name, "healthy", !sick)
		}
		select {
		case <-time.After(jitter(s.health.Every, p.options.Random)):
		case <-ctx.Done():
			return
		}
	}
}

// jitter returns d give or take a fifth, so that many gateways don't ask at once.
func jitter(d time.Duration, random func(int) int) time.Duration {
	return d*4/5 + time.Duration(random(int(d*2/5)+1))
}

// ask reports whether the upstream answers its health check with success. Neither its
// circuit nor its budget has a part in it.
func (s *server) ask(ctx context.Context) bool {
	now := time.Now()
	r, _, err := s.translate(&Call{Method: http.MethodGet, Path: s.health.Path}, s.credentials.use(now))
	if err != nil {
		return false
	}
	res, failure := s.fly(ctx, &r, now.Add(maxHealthTime))
	if failure != nil {
		return false
	}
	defer res.Body.Close()
	_, err = io.CopyN(io.Discard, res.Body, maxHealthBody)
	return res.StatusCode < 300 && (err == nil || err == io.EOF)
}
