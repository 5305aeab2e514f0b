package upstream

import (
	"sync/atomic"
	"time"
)

// tally counts what happened at one upstream.
type tally struct {
	attempts, retries, denied atomic.Uint64
	failures                  [kinds]atomic.Uint64
}

func (t *tally) failed(k Kind) { t.failures[min(k, kinds-1)].Add(1) }

// Stats is the state of one upstream, and what happened there since the pool was made.
type Stats struct {
	Upstream string `json:"upstream"`
	Group    string `json:"group,omitempty"`
	// Circuit is closed, open or half_open.
	Circuit string `json:"circuit"`
	// Healthy is false while its health check fails.
	Healthy bool `json:"healthy"`
	// Resting reports that others of the group are preferred.
	Resting bool `json:"resting"`
	// Attempts is how many requests were sent, retries included.
	Attempts uint64 `json:"attempts"`
	// Retries is how many of them were sent after an attempt had failed, here or
	// elsewhere.
	Retries uint64 `json:"retries"`
	// Denied is how many requests that failed here were not tried again since the
	// budget was used up.
	Denied uint64 `json:"denied"`
	// Failures counts what went wrong by [Kind.String], without zeros.
	Failures map[string]uint64 `json:"failures,omitempty"`
}

// Stats returns the state of all upstreams, in their order.
func (p *Pool) Stats() []Stats {
	now := time.Now()
	out := make([]Stats, 0, len(p.servers))
	for _, s := range p.servers {
		t := &s.tally
		one := Stats{
			Upstream: s.name, Group: s.group, Circuit: s.circuit.now(now).String(), Healthy: !s.sick.Load(), Resting: s.resting(now),
			Attempts: t.attempts.Load(), Retries: t.retries.Load(), Denied: t.denied.Load(), Failures: map[string]uint64{},
		}
		for k := range t.failures {
			if n := t.failures[k].Load(); n > 0 {
				one.Failures[Kind(k).String()] = n
			}
		}
		out = append(out, one)
	}
	return out
}
