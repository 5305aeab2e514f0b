// Package upstream calls model servers.
//
// A [Pool] holds the upstreams of a configuration. [Pool.Do] sends one request to
// one of them and returns when the header of the answer has come.
//
// # Who is asked
//
// The first upstream of the call's family whose models match, and those of its
// group that serve the model, too. Among them: not resting before resting (see
// below), then the lowest priority, then by weight at random. An upstream whose
// circuit is open is not asked. Nothing in a call names a host.
//
// # What is tried again
//
// A request for a completion is not idempotent: the upstream charges for each. It is
// tried again only before any of the answer was given to the caller, and only when
//
//   - it was not sent: no address, no connection, no TLS;
//   - the upstream refused it: 429, 503, 529 (overloaded). 502 is taken as refused,
//     too: what stands in front of the upstream got no answer and will not get it;
//   - 401, 403 or 429, and there is another credential, or the file of the one that
//     was used has changed;
//   - no answer began in time, or 504: only with retry.on_timeout.
//
// Below that, net/http itself sends a request again over a new connection when a kept one
// turns out to be closed before anything was written; or before anything was read, if the
// call has an Idempotency-Key, which tells the upstream that it is the same request.
//
// Others of the group come first. The same upstream is asked again after a wait
// (exponential, with full jitter, at least Retry-After), if that is not over
// retry.max_wait. Each retry takes a token of the failing upstream's budget, to which
// each request adds a share, so that an outage multiplies the load by at most
// 1 + budget/100. What cannot be tried again is returned as it is, be it an answer
// with an error status or an [Error].
//
// # When an upstream is left alone
//
// Its circuit opens when too many requests of a sliding window failed, and lets a few
// probes through after a while ([config.Circuit]). An upstream rests while its health
// check fails, and for the time of a Retry-After, at most a minute: others of the
// group are preferred.
//
// # Where bytes may go
//
// All connections of an upstream go to its configured host and port, or to its proxy's,
// at an address that was checked after resolving; of an answer of the resolver that
// holds public and private addresses only the public ones are used. Redirects are
// errors. The environment's proxies are not looked at.
//
// # Deadlines
//
// Connecting, the TLS handshake, the wait for the first byte, each silence within the
// answer, and the whole call each have one. Errors tell which one passed.
package upstream

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"

	"warder.example/internal/config"
)

// Resolver finds addresses; [net.Resolver] is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options are what a pool takes from outside. The zero value is the real world.
type Options struct {
	// Resolver finds the addresses of upstreams; nil is the system's.
	Resolver Resolver
	// Dial connects to an address that was checked, host:port with a literal
	// address; nil is a [net.Dialer].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Random returns a number from 0 to n-1. It balances and spreads, and keeps no
	// secret. It is called concurrently. Nil is [rand.IntN].
	Random func(n int) int
	// Log is told of circuits that open or close, of health, and of credentials
	// that cannot be read; nil discards. It is never given a header or a body.
	Log *slog.Logger
}

func (o Options) filled() Options {
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Random == nil {
		o.Random = rand.IntN
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// maxServers is how many upstreams a pool can hold: sets of them are bits of a word.
const maxServers = 64

// Pool is the upstreams of a configuration. It may be used concurrently.
type Pool struct {
	servers []*server
	options Options
}

// New returns a pool of upstreams as [config.Load] returns them, with the limits of the
// same configuration. It reads the files of certificates and opens no connection.
func New(list []config.Upstream, limits config.Limits, o Options) (*Pool, error) {
	if len(list) > maxServers {
		return nil, fmt.Errorf("%d upstreams; expected at most %d", len(list), maxServers)
	}
	p := &Pool{options: o.filled()}
	for i := range list {
		s, err := newServer(list[i].WithDefaults(limits), p.options)
		if err != nil {
			return nil, fmt.Errorf("upstream %.80q: %w", list[i].Name, err)
		}
		p.servers = append(p.servers, s)
	}
	return p, nil
}

// Target is where requests for a model go.
type Target struct {
	// Upstream is the first that serves the model. Another of its group may be the
	// one that answers: [Route] tells.
	Upstream string
	// Alone reports that no other can answer.
	Alone bool
}

// Target returns where requests of a family for a model go, and whether there is such
// an upstream. An empty family is openai.
func (p *Pool) Target(family, model string) (Target, bool) {
	set := p.candidates(&Call{Family: family, Model: model})
	if set == 0 {
		return Target{}, false
	}
	return Target{Upstream: p.servers[lowest(set)].name, Alone: set&(set-1) == 0}, true
}

// Others returns what upstreams that may answer requests of a family for a model call
// it, each name once, other than the one that the first of them does.
func (p *Pool) Others(family, model string) (names []string) {
	set := p.candidates(&Call{Family: family, Model: model})
	if set&(set-1) == 0 {
		return nil // one, or none
	}
	first := p.servers[lowest(set)].called(model)
	for set &= set - 1; set != 0; set &= set - 1 {
		if name := p.servers[lowest(set)].called(model); name != first && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Serves reports whether requests of a family for a model can go to an upstream.
func (p *Pool) Serves(upstream, family, model string) bool {
	return p.candidates(&Call{Family: family, Model: model, Upstream: upstream}) != 0
}

// Called returns the names, sorted, for which callers get the model that an upstream calls
// so, as far as requests of the family for them go to that upstream first.
func (p *Pool) Called(upstream, family, model string) []string {
	var out []string
	add := func(name string) {
		if t, ok := p.Target(family, name); ok && t.Upstream == upstream {
			out = append(out, name)
		}
	}
	for _, s := range p.servers {
		if s.name != upstream {
			continue
		}
		if _, other := s.aliases[model]; !other {
			add(model)
		}
		for alias, m := range s.aliases {
			if m == model {
				add(alias)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Names returns the upstreams of a family in their order.
func (p *Pool) Names(family string) []string {
	var out []string
	for _, s := range p.servers {
		if s.family == familyOr(family) {
			out = append(out, s.name)
		}
	}
	return slices.Clip(out)
}

// Close ends idle connections. Calls in flight go on.
func (p *Pool) Close() {
	for _, s := range p.servers {
		s.transport.CloseIdleConnections()
	}
}

func familyOr(family string) string {
	if family == "" {
		return config.FamilyOpenAI
	}
	return family
}
