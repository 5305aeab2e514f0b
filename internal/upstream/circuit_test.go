package upstream_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"warder.example/internal/config"
	"warder.example/internal/upstream"
)

// pipes is a network in memory: in a bubble of synctest, its clock is the test's.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	in, out := net.Pipe()
	select {
	case p.conns <- out:
		return in, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// inMemory calls f in a bubble with a pool whose only upstream is h.
func inMemory(t *testing.T, u config.Upstream, h http.HandlerFunc, f func(*testing.T, *upstream.Pool)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		net := newPipes()
		s := &http.Server{Handler: h, ErrorLog: discardLog}
		go s.Serve(net)
		u.Name, u.URL = "a", "http://127.0.0.1:1"
		p, err := upstream.New([]config.Upstream{u}, config.Limits{}, upstream.Options{Dial: net.dial, Random: seeded()})
		if err != nil {
			t.Fatal(err)
		}
		f(t, p)
		p.Close()
		s.Close()
		synctest.Wait()
	})
}

// TestCircuit: it opens at the rate and not before the minimum, lets exactly as many
// probes through as configured, opens again when one fails and closes when all succeed.
func TestCircuit(t *testing.T) {
	var status, hits atomic.Int64
	hold := make(chan struct{})
	var held atomic.Bool
	handler := func(w http.ResponseWriter, _ *http.Request) {
		hits.Add(1)
		if held.Load() {
			<-hold
		}
		w.WriteHeader(int(status.Load()))
	}
	u := config.Upstream{Retry: config.Retry{Attempts: 1}, Circuit: config.Circuit{Failures: 50, Minimum: 10, Window: 10 * time.Second, Open: 5 * time.Second, Probes: 3}}
	inMemory(t, u, handler, func(t *testing.T, p *upstream.Pool) {
		hold = make(chan struct{}) // of this bubble
		send := func(n int) {
			for range n {
				do(t, p, upstream.Call{Model: "m"})
			}
		}
		is := func(want string) {
			t.Helper()
			if got := p.Stats()[0].Circuit; got != want {
				t.Fatalf("the circuit is %s after %d requests; expected %s", got, hits.Load(), want)
			}
		}
		wait := func(d time.Duration) { <-time.After(d) }
		probe := func() int64 { // how many of ten at once get through
			before := hits.Load()
			held.Store(true)
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() { do(t, p, upstream.Call{Model: "m"}) })
			}
			synctest.Wait()
			n := hits.Load() - before
			held.Store(false)
			for range n {
				hold <- struct{}{}
			}
			all.Wait()
			return n
		}

		status.Store(500)
		send(30) // a caller may bring that about
		status.Store(429)
		send(30)
		is("closed")
		status.Store(503)
		send(9)
		is("closed")
		wait(15 * time.Second) // the window has passed
		send(9)
		is("closed")
		send(1)
		is("open")
		before := hits.Load()
		if s := do(t, p, upstream.Call{Model: "m"}); s.kind != upstream.CircuitOpen || s.route.Attempts != 0 || hits.Load() != before {
			t.Fatalf("%+v while the circuit is open", s)
		}
		wait(5 * time.Second)
		is("half_open")
		if n := probe(); n != 3 {
			t.Fatalf("%d probes; expected 3", n)
		}
		is("open")
		wait(5 * time.Second)
		status.Store(429) // says nothing: the place of the probe is free again
		send(5)
		is("half_open")
		status.Store(200)
		if n := probe(); n != 3 {
			t.Fatalf("%d probes; expected 3", n)
		}
		is("closed")
		send(10)
		status.Store(503)
		send(9)
		is("closed") // 9 of 19
		send(1)
		is("open")
	})
}

// TestCircuitOpensForHangs: answers that do not begin count when that is known, though
// the wait is longer than the window.
func TestCircuitOpensForHangs(t *testing.T) {
	u := config.Upstream{Deadlines: config.Deadlines{FirstByte: time.Minute}, Circuit: config.Circuit{Minimum: 10, Window: 5 * time.Second}}
	inMemory(t, u, hang, func(t *testing.T, p *upstream.Pool) {
		began := time.Now()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if s := do(t, p, upstream.Call{Model: "m"}); s.kind != upstream.FirstByteTimeout {
					t.Errorf("%+v", s)
				}
			})
		}
		all.Wait()
		if took := time.Since(began); took != time.Minute {
			t.Errorf("given up after %s", took)
		}
		if got := p.Stats()[0]; got.Circuit != "open" || got.Failures["first_byte_timeout"] != 10 {
			t.Errorf("%+v", got)
		}
	})
}

// TestIdleDeadline: it is of each silence, not of the answer; and time in which nobody
// reads is not the upstream's.
func TestIdleDeadline(t *testing.T) {
	u := config.Upstream{Deadlines: config.Deadlines{FirstByte: time.Minute, Idle: 10 * time.Second, Total: time.Hour}}
	handler := func(w http.ResponseWriter, r *http.Request) {
		for range 5 {
			<-time.After(9 * time.Second)
			_, _ = w.Write([]byte("x"))
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}
	inMemory(t, u, handler, func(t *testing.T, p *upstream.Pool) {
		res, _, err := p.Do(t.Context(), &upstream.Call{Path: "/x", Model: "m"})
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		<-time.After(30 * time.Second) // nobody reads
		b, n := make([]byte, 1), 0
		began := time.Now()
		for {
			k, err := res.Body.Read(b)
			n += k
			if err != nil {
				if kindOf(t, err) != upstream.IdleTimeout {
					t.Error(err)
				}
				break
			}
		}
		if took := time.Since(began); n != 5 || took != 37*time.Second { // the writer waited for the reader, too: three pauses and the silence
			t.Errorf("%d bytes, given up after %s; expected 5 and 37s", n, took)
		}
	})
}

// TestHealth: while the check fails, the upstream rests.
func TestHealth(t *testing.T) {
	var status atomic.Int64
	status.Store(500)
	var asked atomic.Int64
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" && r.Method == http.MethodGet {
			asked.Add(1)
		}
		w.WriteHeader(int(status.Load()))
	}
	u := config.Upstream{Health: config.HealthCheck{Path: "/health", Every: 10 * time.Second}}
	inMemory(t, u, handler, func(t *testing.T, p *upstream.Pool) {
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { p.Watch(ctx) })
		synctest.Wait()
		if s := p.Stats()[0]; s.Healthy || !s.Resting || asked.Load() != 1 {
			t.Errorf("%+v after %d questions", s, asked.Load())
		}
		status.Store(200)
		<-time.After(12 * time.Second)
		if s := p.Stats()[0]; !s.Healthy || s.Resting || s.Attempts != 0 || asked.Load() < 2 {
			t.Errorf("%+v after %d questions", s, asked.Load())
		}
		<-time.After(100 * time.Second)
		if n := asked.Load(); n < 9 || n > 15 {
			t.Errorf("%d questions in 112 seconds", n)
		}
		cancel()
		all.Wait()
	})
}

// TestPanicFreesTheProbe: what a dialect does wrong does not keep a circuit half open.
func TestPanicFreesTheProbe(t *testing.T) {
	var status atomic.Int64
	status.Store(503)
	u := config.Upstream{Aliases: map[string]string{"m": "n"}, Retry: config.Retry{Attempts: 1}, Circuit: config.Circuit{Minimum: 1, Open: time.Second, Probes: 1}}
	inMemory(t, u, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(status.Load())) }, func(t *testing.T, p *upstream.Pool) {
		rename := func(string) (string, []byte) { return "/x", nil }
		do(t, p, upstream.Call{Model: "m", Rename: rename})
		<-time.After(time.Second)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			do(t, p, upstream.Call{Model: "m", Rename: func(string) (string, []byte) { panic("x") }})
		}()
		status.Store(200)
		if s := do(t, p, upstream.Call{Model: "m", Rename: rename}); s.status != 200 || p.Stats()[0].Circuit != "closed" {
			t.Errorf("%+v, %+v", s, p.Stats())
		}
	})
}
