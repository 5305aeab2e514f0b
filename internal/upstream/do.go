package upstream

import (
	"context"
	"io"
	"net/http"
	"time"

	"warder.example/internal/egress"
)

// Do sends a call and returns when the header of an answer has come. The answer may
// have any status of 200 to 299 and 400 to 599; its body must be closed, and reading
// it ends with [io.EOF] or an [Error]. It holds nothing of the request that was sent.
//
// An error is an [Error], and then there is no answer. The route tells what was tried
// in both cases.
func (p *Pool) Do(ctx context.Context, c *Call) (*http.Response, Route, error) {
	j := journey{pool: p, call: c}
	if j.all = p.candidates(c); j.all == 0 {
		return nil, j.route, &Error{Kind: NoUpstream}
	}
	j.untried = j.all
	j.run(ctx)
	if j.err != nil {
		return nil, j.route, j.err
	}
	return j.res, j.route, nil
}

// journey is a call on its way.
type journey struct {
	pool         *Pool
	call         *Call
	all, untried uint64 // upstreams
	until        time.Time
	attempts     int // at most
	rotations    int // of credentials at the last upstream
	route        Route
	outcome           // of the last attempt
	last         pick // who was asked last
	rotated      bool // the last attempt left another credential to try
}

func (j *journey) run(ctx context.Context) {
	now := time.Now()
	next := j.pool.pick(j.untried, now)
	if next.server == nil {
		j.err = &Error{Kind: CircuitOpen, Retry: j.pool.closing(j.all, now)}
		return
	}
	first := next.server
	j.until, j.attempts = now.Add(first.deadlines.Total), first.retry.Attempts
	first.budget.deposit()
	for next.server != nil {
		j.attempt(ctx, next)
		next = j.another(ctx)
	}
}

// attempt asks one upstream.
func (j *journey) attempt(ctx context.Context, at pick) {
	if j.res != nil {
		discard(j.res)
	}
	s := at.server
	if s != j.last.server {
		j.rotations = 0
	}
	if j.call.Attempting != nil {
		j.call.Attempting(Attempt{Upstream: s.name, Host: s.base.Hostname(), Port: egress.Port(s.base), Before: j.before()})
	}
	j.last, j.outcome, j.rotated = at, outcome{}, false
	j.untried &^= 1 << at.index
	j.route.Attempts++
	s.tally.attempts.Add(1)
	if j.route.Attempts > 1 {
		s.tally.retries.Add(1)
	}
	health := neither // also after a panic: a probe that is never settled would keep its circuit half open
	defer func() { j.pool.settle(s, at.ticket, health, time.Now()) }()
	t := s.credentials.use(time.Now())
	r, model, err := s.translate(j.call, t)
	j.route.Upstream, j.route.Model = s.name, model
	if err != nil {
		j.err = &Error{Kind: BadCall, Upstream: s.name, err: err}
	} else {
		j.res, j.err = s.fly(ctx, &r, j.until)
	}
	health = j.health()
	j.learn(at, t)
}

// before returns what was wrong with the last attempt.
func (j *journey) before() Kind {
	if j.last.server == nil {
		return Unknown
	}
	return j.kind()
}

// learn lets the upstream know what came of an attempt.
func (j *journey) learn(at pick, t *token) {
	s, k := at.server, j.kind()
	if k != Unknown {
		s.tally.failed(k)
	}
	if j.credential() && j.rotations < len(s.credentials.list) && s.credentials.refused(t, j.rotations) {
		j.rotations++
		j.rotated = true
		j.untried |= 1 << at.index
		return
	}
	if k == Refused {
		now := time.Now()
		s.rest(j.after(now), now)
	}
}

// another returns who is asked next; nobody if what came is to be returned.
func (j *journey) another(ctx context.Context) pick {
	s := j.last.server
	if !j.rotated && !j.elsewhere(s.retry.OnTimeout) || j.route.Attempts >= j.attempts || ctx.Err() != nil {
		return pick{}
	}
	now := time.Now()
	if !s.budget.take(now) {
		s.tally.denied.Add(1)
		return pick{}
	}
	if next := j.pool.pick(j.untried, now); next.server != nil {
		return next
	}
	if j.again() && j.sleep(ctx, now) {
		j.untried = j.all
		if next := j.pool.pick(j.untried, time.Now()); next.server != nil {
			return next
		}
	}
	s.budget.refund()
	return pick{}
}

// closing returns how long it takes at least until one of a set is asked again.
func (p *Pool) closing(set uint64, now time.Time) time.Duration {
	least := maxRest
	for ; set != 0; set &= set - 1 {
		least = min(least, p.servers[lowest(set)].circuit.remaining(now))
	}
	return max(least, time.Second)
}

// sleep waits before an upstream is asked again, and reports whether that is worth it.
func (j *journey) sleep(ctx context.Context, now time.Time) bool {
	d := max(backoff(j.route.Attempts, j.pool.options.Random), j.after(now))
	if d > j.last.server.retry.MaxWait || !now.Add(d).Before(j.until) {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// settle notes an outcome in the circuit of an upstream.
func (p *Pool) settle(s *server, t ticket, r result, now time.Time) {
	if state, changed := s.circuit.settle(t, r, now); changed {
		p.options.Log.Warn("circuit of an upstream changed", "upstream", s.name, "state", state.String())
	}
}

// maxDiscard is how many bytes of an answer that nobody wants are read, so that its
// connection can be used again.
const maxDiscard = 4 << 10

func discard(res *http.Response) {
	if res.ContentLength >= 0 && res.ContentLength <= maxDiscard {
		_, _ = io.CopyN(io.Discard, res.Body, maxDiscard)
	}
	res.Body.Close()
}
