package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"warder.example/internal/config"
	"warder.example/internal/event"
)

// strangerInterval is how often requests without a valid key are recorded.
const strangerInterval = 10 * time.Second

// Run serves until ctx ends, then drains: no new requests, those in flight may
// end within the configured time. ready, if not nil, is called with the
// addresses once both listeners accept.
func (s *Server) Run(ctx context.Context, ready func(data, admin net.Addr)) error {
	cfg := s.state.Load().cfg
	data, err := listen(cfg)
	if err != nil {
		return err
	}
	admin, err := net.Listen("tcp", cfg.Admin)
	if err != nil {
		data.Close()
		return fmt.Errorf("listening for admin: %w", err)
	}
	if err := s.lifecycle(ctx, "start"); err != nil {
		data.Close()
		admin.Close()
		return fmt.Errorf("recording the start: %w", err)
	}
	front := s.dataServer(cfg.Limits)
	back := s.httpServer(s.AdminHandler(), cfg.Limits)
	back.WriteTimeout = 30 * time.Second

	bg, stop := context.WithCancel(context.WithoutCancel(ctx))
	var beside sync.WaitGroup
	beside.Go(func() { s.recordStrangers(bg, strangerInterval) })
	beside.Go(func() { s.watchThresholds(bg, thresholdInterval) })
	beside.Go(func() { s.watchUpstreams(bg) })
	ended := make(chan error, 2)
	go func() { ended <- front.Serve(s.callers(data, cfg.Limits.ReadHeader)) }()
	go func() { ended <- back.Serve(admin) }()
	if ready != nil {
		ready(data.Addr(), admin.Addr())
	}

	select {
	case <-ctx.Done():
	case err = <-ended:
		s.log.Error("listener ended", "cause", err)
	}
	err = errors.Join(ignoreClosed(err), s.drain(ctx, front, cfg.Drain))
	back.Close()
	stop()
	beside.Wait()
	return errors.Join(err, s.lifecycle(ctx, "stop"))
}

// drain lets requests in flight end, at most for d.
func (s *Server) drain(ctx context.Context, front *http.Server, d time.Duration) error {
	s.draining.Store(true)
	running, waiting := s.gate.Load()
	s.log.Info("draining", "in_flight", running, "waiting", waiting, "at_most", d)
	err := s.lifecycle(ctx, "drain")
	dctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d)
	defer cancel()
	if serr := front.Shutdown(dctx); serr != nil {
		running, _ = s.gate.Load()
		s.log.Warn("requests were cut by the end of the drain", "in_flight", running)
		front.Close()
		s.settle(cuttingTime)
	}
	return err
}

// cuttingTime bounds how long requests that were cut may take to keep their
// records.
const cuttingTime = 5 * time.Second

// settle waits until no request holds a place: Close ends connections, not the
// handlers behind them, and the ledger must not close before they have recorded.
func (s *Server) settle(d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	if s.gate.Idle(ctx) != nil {
		s.log.Error("requests did not end when they were cut")
	}
}

func (s *Server) lifecycle(ctx context.Context, what string) error {
	st := s.state.Load()
	rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	p := &Lifecycle{What: what, Config: st.digest, Policies: s.Policies(), Thresholds: st.thresholds.Digest()}
	p.Policy, p.Bundles = p.Policies[""], bundlesInForce(st.bundles)
	delete(p.Policies, "")
	_, err := s.ledger.Append(rctx, event.Event{Time: time.Now(), Kind: KindServer, Payload: p})
	return err
}

// Reload reads the configuration again. When it is wrong, the one in use stays
// and the error says why. Addresses, the store, the ledger and where
// budgets are counted cannot change while running.
func (s *Server) Reload(ctx context.Context) error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	next, err := load(s.path, s.threats, s.state.Load().bundles, s.log)
	if err == nil {
		err = fixed(s.state.Load().cfg, next.cfg)
	}
	if err == nil {
		err = s.budgets.SetRules(next.rules)
	}
	if err != nil {
		_ = s.lifecycle(ctx, "reload_failed")
		return fmt.Errorf("reloading: %w; the configuration in use stays", err)
	}
	s.replace(next)
	s.gate.SetLimits(gateLimits(next.cfg.Limits))
	s.answers.Resize(int64(next.cfg.Cache.Memory))
	s.log.Info("configuration reloaded", "digest", next.digest)
	return s.lifecycle(ctx, "reload")
}

// fixed names what changed and needs a restart.
func fixed(a, b *config.Config) error {
	for _, c := range []struct {
		name string
		same bool
	}{
		{"listen", a.Listen == b.Listen},
		{"admin", a.Admin == b.Admin},
		{"data", a.Data == b.Data},
		{"store", a.Store.Reveal() == b.Store.Reveal()},
		{"tls", a.TLS == b.TLS},
		{"ext_proc", a.ExtProc.Same(b.ExtProc)},
		{"ledger", a.Ledger == b.Ledger},
		{"telemetry", a.Telemetry.Same(b.Telemetry)},
		{"spending.counters", a.Spending.Counters == b.Spending.Counters},
	} {
		if !c.same {
			return fmt.Errorf("%s changed; restart to change it", c.name)
		}
	}
	return nil
}

func (s *Server) httpServer(h http.Handler, l config.Limits) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: l.ReadHeader,
		// Also bounds what net/http itself reads of a body that a handler
		// left, before a refusal leaves. It clears the deadline once a body
		// was read whole, so that long answers are not touched.
		ReadTimeout:                  l.ReadHeader + l.ReadBody,
		IdleTimeout:                  2 * time.Minute,
		MaxHeaderBytes:               int(l.Header),
		DisableGeneralOptionsHandler: true, // OPTIONS * is no route here
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

func listen(cfg *config.Config) (net.Listener, error) {
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	if cfg.TLS.Cert == "" {
		return l, nil
	}
	cert, err := tls.LoadX509KeyPair(cfg.TLS.Cert, cfg.TLS.Key)
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("loading the certificate: %w", err)
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}), nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
