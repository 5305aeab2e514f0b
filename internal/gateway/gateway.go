// Package gateway is the data plane: it takes a caller's request, decides who it
// is and what it may do, has every text of it inspected, sends it to a model
// server, has every text of the answer inspected, and records both.
//
// # The path of one request
//
//  1. The body is read once, bounded, decompressed under a limit. Only listed
//     routes are served; everything else is 404.
//  2. Package access finds the application of the key and takes a place under
//     its limits; package admission one among all that run at once.
//  3. Package dialect finds the texts in the raw bytes. What two parsers could
//     read differently is refused.
//  4. Package guard inspects what was not inspected before and decides.
//     Package budget reserves what the call may use.
//  5. An opened record goes to the ledger before the first byte to the
//     upstream; a closed one before the last byte to the caller.
//  6. Package upstream chooses who of those configured is asked, and asks again or
//     elsewhere as long as nothing of an answer has come.
//  7. The answer passes the guard too. Bytes leave through one type, the
//     outlet, and only with what a scan released: TestOnlyTheOutletWrites holds
//     that.
//
// # Failing
//
// Whatever cannot be parsed, inspected or recorded is not sent on: every failure
// is answered in the caller's dialect with a stable code and the request id (see
// failure.go), counted, and recorded.
//
// # Concurrency
//
// A [Server] serves any number of requests. Its configuration can be replaced
// while it runs; a request keeps the one it began with.
package gateway

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"warder.example/guard/threat"
	"warder.example/guard/threshold"
	"warder.example/internal/access"
	"warder.example/internal/admission"
	"warder.example/internal/answercache"
	"warder.example/internal/budget"
	"warder.example/internal/bundle"
	"warder.example/internal/dialect"
	"warder.example/internal/event"
	"warder.example/internal/ledger"
	"warder.example/internal/telemetry"
	"warder.example/internal/upstream"
)

// Recorder keeps events durably: the ledger. Append returns once the event is as
// durable as configured.
type Recorder interface {
	Append(ctx context.Context, ev event.Event) (ledger.Entry, error)
}

// Server is a gateway. Make one with [New].
type Server struct {
	path      string // configuration file
	state     atomic.Pointer[state]
	reloading sync.Mutex
	directory *access.Directory
	ledger    Recorder
	log       *slog.Logger
	metrics   *metrics
	threats   *threat.Memory   // nil: nothing is remembered
	salt      []byte           // of subject commitments
	committer *event.Committer // makes them
	random    io.Reader        // of pseudonyms
	gate      *admission.Gate  // places for requests
	budgets   *budget.Budgets
	answers   *answercache.Cache // of applications that have one
	draining  atomic.Bool
	strangers strangers
	repooled  chan struct{} // a word that the pool of the state is another
	mux       *http.ServeMux
	admin     http.Handler // of /v1/ on the admin listener; may be nil
	telemetry *telemetry.Telemetry
}

// Options of a server. All fields but Threats, Bundles, Admin, Counters, Node and Telemetry are needed.
type Options struct {
	ConfigPath string // the file that New and Reload read
	Directory  *access.Directory
	Ledger     Recorder
	Log        *slog.Logger
	Salt       []byte // at least 16 random bytes, stable over restarts
	// Threats holds confirmed attacks, which every policy with detectors looks
	// for as well. It may change at any time; nil for none.
	Threats *threat.Memory
	// Bundles adds to what every policy with detectors has: see UseBundles. Nil
	// for nothing.
	Bundles *bundle.Set
	// Admin serves /v1/ on the admin listener and checks itself who may; nil for
	// nothing there.
	Admin http.Handler
	// Counters keep what budgets count; nil for memory, which forgets. Node names this
	// one among those that share the counters, the same after a restart.
	Counters budget.Store
	Node     string
	// Telemetry is told of each exchange; nil tells nobody. Whoever opened it
	// closes it, after Run has returned.
	Telemetry *telemetry.Telemetry
}

// New builds a server from its configuration file. It opens no listener.
func New(o Options) (*Server, error) {
	st, err := load(o.ConfigPath, o.Threats, o.Bundles, o.Log)
	if err != nil {
		return nil, err
	}
	if len(o.Salt) < 16 {
		return nil, errors.New("subject salt is too short; expected at least 16 bytes")
	}
	s := &Server{
		path: o.ConfigPath, directory: o.Directory, ledger: o.Ledger, log: o.Log, threats: o.Threats, salt: o.Salt, committer: event.NewCommitter(o.Salt), random: rand.Reader,
		admin: o.Admin, telemetry: o.Telemetry, metrics: newMetrics(), gate: admission.New(gateLimits(st.cfg.Limits)),
		answers: answercache.New(int64(st.cfg.Cache.Memory)),
	}
	if o.Counters == nil {
		o.Counters = new(budget.Memory)
	}
	if s.budgets, err = budget.New(o.Counters, o.Node, st.rules, nil); err != nil {
		return nil, err
	}
	s.repooled = make(chan struct{}, 1)
	s.state.Store(st)
	s.metrics.registry.MustRegister(upstreamMetrics{func() []upstream.Stats { return s.state.Load().pool.Stats() }})
	s.metrics.registry.MustRegister(bundleMetrics{func() *bundle.Set { return s.state.Load().bundles }})
	s.metrics.registry.MustRegister(cacheMetrics{s.answers.Stats})
	s.metrics.registry.MustRegister(thresholdMetrics{func() *threshold.Set { return s.state.Load().thresholds }})
	if o.Telemetry != nil {
		s.metrics.registry.MustRegister(o.Telemetry)
	}
	if l, ok := o.Ledger.(interface{ Stats() ledger.Stats }); ok {
		s.metrics.follow(l.Stats)
	}
	s.mux = http.NewServeMux()
	paths := map[string][]route{}            // of each path those of several families
	calls := map[string]map[string][]route{} // those of models, by their path up to the model and what is asked of it
	for _, rt := range s.routes() {
		base, verb, ok := strings.Cut(rt.path, ofModel)
		if !ok {
			paths[rt.path] = append(paths[rt.path], rt)
			continue
		}
		if calls[base] == nil {
			calls[base] = map[string][]route{}
		}
		calls[base][verb] = append(calls[base][verb], rt)
	}
	for path, of := range paths {
		s.mux.HandleFunc(path, s.atPath(of))
	}
	for base, of := range calls {
		s.mux.HandleFunc(base+"{call}", s.ofModels(of))
	}
	s.mux.HandleFunc("/", s.nowhere)
	return s, nil
}

// Handler returns the handler of the data plane.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answering(r)
		// A path that is not written plainly is no route: the mux would
		// answer with a redirect of its own.
		if u := r.URL; !strings.HasPrefix(u.Path, "/") || u.Path != u.EscapedPath() || u.Path != path.Clean(u.Path) || r.Method == http.MethodConnect {
			s.nowhere(w, r)
			return
		}
		s.mux.ServeHTTP(w, r)
	})
}

// nowhere answers what reaches no route.
func (s *Server) nowhere(w http.ResponseWriter, r *http.Request) {
	s.turnAway(s.outlet(w, s.state.Load(), spoken(r.URL.Path, r.Header)), r, "", unservedAt(r.URL.Path))
}

// handle returns the handler of a route, with what comes before any work: method,
// key, limits and place.
func (s *Server) handle(rt *route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		st := s.state.Load()
		x := &exchange{server: s, state: st, route: rt, r: r, began: time.Now(), out: s.outlet(w, st, rt.protocol)}
		x.id = x.out.request
		if h := rt.family.requestID; h != "" {
			x.out.w.Header().Set(h, x.id)
		}
		if f := s.admit(x, rt.method); f != nil {
			s.turnAway(x.out, r, "", f)
			return
		}
		var f *failure
		if x.grant, f = s.identify(r, rt.family.keys); f != nil {
			s.turnAway(x.out, r, "", f)
			return
		}
		release, f := acquire(x.grant, x.began)
		if f != nil {
			s.turnAway(x.out, r, x.grant.Application.Name, f)
			return
		}
		defer release()
		leave, f := x.enter()
		if f != nil {
			s.turnAway(x.out, r, x.grant.Application.Name, f)
			return
		}
		defer func() { leave(); s.metrics.inFlight.Dec() }()
		s.metrics.inFlight.Inc()
		ctx, cancel := context.WithTimeout(r.Context(), st.cfg.Limits.Total)
		defer cancel()
		x.r = r.WithContext(ctx)
		x.admitted()
		defer x.observed()
		if f = x.run(rt.serve); f != nil {
			begun := x.out.begun
			if x.failed(f); begun {
				x.out.abort() // what was sent must not look complete
			}
		}
	}
}

// atPath serves the routes of one path, of which each is another family's.
func (s *Server) atPath(routes []route) http.HandlerFunc {
	if len(routes) == 1 {
		return s.handle(&routes[0])
	}
	return func(w http.ResponseWriter, r *http.Request) { s.handle(meant(routes, r.Header))(w, r) }
}

// ofModels serves the calls to models below one path, by what is asked of the model.
func (s *Server) ofModels(calls map[string][]route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch rt, f, ok := asked(calls, r); {
		case !ok:
			s.nowhere(w, r)
		case f != nil:
			s.turnAway(s.outlet(w, s.state.Load(), rt.protocol), r, "", f)
		default:
			s.handle(&rt)(w, r)
		}
	}
}

// turnAway answers a request that is refused before any work. It is counted, and
// recorded together with others: a flood must not fill the audit log.
func (s *Server) turnAway(o *outlet, r *http.Request, application string, f *failure) {
	s.strangers.count(application, f.Code)
	s.metrics.refused(application, f)
	o.unread(r)
	o.fail(f)
}

func (s *Server) outlet(w http.ResponseWriter, st *state, p dialect.Protocol) *outlet {
	return newOutlet(w, newRequestID(), st.cfg.Limits.ClientWrite, p)
}

// admit refuses what is not served at all.
func (s *Server) admit(x *exchange, method string) *failure {
	switch {
	case x.r.Method != method:
		x.out.w.Header().Set("Allow", method)
		return &failMethod
	case x.r.Header.Get("Upgrade") != "":
		return &failUpgrade
	case s.draining.Load():
		return &failDraining
	case x.route.query != nil:
		return x.route.query(x.r.URL.RawQuery)
	}
	return nil
}

// identify finds the grant of the key in one of the headers.
func (s *Server) identify(r *http.Request, keys []keyHeader) (*access.Grant, *failure) {
	key, f := givenKey(r.Header, keys)
	if f != nil {
		return nil, f
	}
	g, err := s.directory.Lookup(key)
	switch {
	case err == nil:
		return g, nil
	case errors.Is(err, access.ErrNoKey):
		return nil, &failNoKey
	case errors.Is(err, access.ErrRevoked):
		return nil, &failRevoked
	case errors.Is(err, access.ErrExpired):
		return nil, &failExpired
	case errors.Is(err, access.ErrStale):
		return nil, &failStale
	}
	return nil, failBadKey.because(err)
}

func acquire(g *access.Grant, now time.Time) (func(), *failure) {
	release, err := g.Acquire(now)
	if err == nil {
		return release, nil
	}
	var l *access.LimitError
	if !errors.As(err, &l) {
		return nil, failInternal.because(err)
	}
	f := failRate
	if l.Kind == access.LimitConcurrent {
		f = failConcurrency
	}
	f.Retry = l.Retry
	return nil, &f
}

// newRequestID returns "req_" and the hex digits of a random UUID (RFC 9562,
// version 4), so that dialects which want a UUID can have the same id.
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var out [36]byte
	copy(out[:], "req_")
	hex.Encode(out[4:], b[:])
	return string(out[:])
}
