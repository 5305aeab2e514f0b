package gateway

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"warder.example/guard"
	"warder.example/guard/policy"
	"warder.example/guard/textmodel"
	"warder.example/guard/threat"
	"warder.example/guard/threshold"
	"warder.example/internal/access"
	"warder.example/internal/budget"
	"warder.example/internal/bundle"
	"warder.example/internal/config"
	"warder.example/internal/dialect"
	"warder.example/internal/upstream"
)

// state is everything that a configuration says, built and checked. It is
// immutable: a reload builds a new one and swaps a pointer, so that a request
// sees one configuration from beginning to end, and a wrong one changes nothing.
type state struct {
	cfg         *config.Config
	digest      string // of the configuration
	pool        *upstream.Pool
	protections map[string]*protection // by policy name; "" is the default
	rules       budget.Rules           // of what may be used
	thresholds  *threshold.Set         // the operator's own; nil: the published ones
	bundles     *bundle.Set            // what they add to every protection
	epoch       uint64                 // how often the bundles changed since the configuration was read
	inForce     string                 // see digestInForce
}

// protection is one policy with its detectors and what they remember.
type protection struct {
	policy  *policy.Policy
	guard   *guard.Guard // acts as the policy says
	observe *guard.Guard // the same, only recording
	history *history
}

// guardFor returns the guard of an application that asks to be observed only,
// or of one that does not.
func (p *protection) guardFor(mode string) *guard.Guard {
	if mode == access.ModeObserve {
		return p.observe
	}
	return p.guard
}

// build makes the state of a configuration. It opens no connection.
func build(cfg *config.Config, digest string, threats *threat.Memory, bundles *bundle.Set, log *slog.Logger) (*state, error) {
	s := &state{cfg: cfg, digest: digest, protections: map[string]*protection{}, bundles: bundles}
	var err error
	if s.pool, err = upstream.New(cfg.Upstreams, cfg.Limits, upstream.Options{Log: log}); err != nil {
		return nil, err
	}
	if s.rules, err = cfg.BudgetRules(); err != nil {
		return nil, err
	}
	def := policy.Default()
	if cfg.Policy != "" {
		p, err := policy.Load(cfg.Policy)
		if err != nil {
			return nil, fmt.Errorf("loading the default policy: %w", err)
		}
		def = p
	}
	if s.thresholds, err = cfg.LoadThresholdsFor(s.model(), time.Now()); err != nil {
		return nil, err
	}
	if s.protections[""], err = s.protect(def, threats, nil); err != nil {
		return nil, err
	}
	for name, path := range cfg.Policies {
		p, err := policy.Load(path)
		if err != nil {
			return nil, fmt.Errorf("loading policy %q: %w", name, err)
		}
		if s.protections[name], err = s.protect(p, threats, nil); err != nil {
			return nil, fmt.Errorf("policy %q: %w", name, err)
		}
	}
	if s.inForce, err = s.digestInForce(); err != nil {
		return nil, err
	}
	return s, nil
}

// model returns the classifier's model.
func (s *state) model() *textmodel.Model {
	if m := s.bundles.Model(); m != nil {
		return m
	}
	return textmodel.Guard()
}

// withBundles returns the same state with other bundles. Conversations go on: texts
// are read again, but a turn that was refused stays one.
func (s *state) withBundles(bundles *bundle.Set, threats *threat.Memory) (*state, error) {
	next := *s
	next.bundles, next.epoch, next.protections = bundles, s.epoch+1, map[string]*protection{}
	var err error
	if next.inForce, err = next.digestInForce(); err != nil {
		return nil, err
	}
	for name, p := range s.protections {
		if next.protections[name], err = next.protect(p.policy, threats, p.history); err != nil {
			return nil, err
		}
	}
	return &next, nil
}

// protect makes the protection of a policy. h is the history to go on with, nil for
// a new one.
func (s *state) protect(p *policy.Policy, threats *threat.Memory, h *history) (*protection, error) {
	c := s.cfg.Guard
	g := &guard.Guard{Decider: p}
	if c.Detectors != config.DetectorsOff {
		var err error
		if g, err = s.bundles.Guard(p, s.thresholds, threats); err != nil {
			return nil, err
		}
	}
	if h == nil {
		var err error
		if h, err = newHistory(c.Cache, p.Digest()); err != nil {
			return nil, err
		}
		if threats != nil {
			h.version = threats.Version
		}
	}
	h = h.under(s.epoch)
	out := &protection{policy: p, guard: g, history: h}
	if c.Cache > 0 {
		g.Results = out.history
	}
	watching := *g
	watching.Decider = p.WithMode(policy.Observe)
	out.observe = &watching
	return out, nil
}

// Policies returns the digests of the policies in use by name; "" is the default
// one.
func (s *Server) Policies() map[string]string {
	out := map[string]string{}
	for name, p := range s.state.Load().protections {
		out[name] = p.policy.Digest()
	}
	return out
}

// protectionFor returns the protection of a policy name. A name that is not
// configured has none: the caller fails closed.
func (s *state) protectionFor(name string) (*protection, bool) {
	p, ok := s.protections[name]
	return p, ok
}

func (s *state) limits(app config.Application) dialect.Limits {
	l := dialect.Limits{MaxDepth: s.cfg.Limits.Depth, Tokens: app.TokenInput}
	switch app.UnknownFields {
	case config.UnknownStrip:
		l.Unknown = dialect.StripUnknown
	case config.UnknownRefuse:
		l.Unknown = dialect.RefuseUnknown
	}
	return l
}

// load reads a configuration file and builds its state.
func load(path string, threats *threat.Memory, bundles *bundle.Set, log *slog.Logger) (*state, error) {
	before, err := digest(path)
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	after, err := digest(path)
	if err != nil {
		return nil, err
	}
	if before != after {
		return nil, fmt.Errorf("reading configuration %q: it changed while it was read", path)
	}
	return build(cfg, after, threats, bundles, log)
}

// digest names the content of a configuration file in records.
func digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading configuration %q: %w", path, errors.Unwrap(err))
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, 2<<20)); err != nil {
		return "", fmt.Errorf("reading configuration %q: %w", path, err)
	}
	return fmt.Sprintf("sha256:%x", h.Sum(nil)), nil
}
