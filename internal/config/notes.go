package config

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"

	"warder.example/guard/policy"
	"warder.example/guard/textmodel"
	"warder.example/guard/threshold"
)

// Notes returns what an operator should know about a valid configuration: where
// it gives up a protection. One sentence each.
func (c *Config) Notes() []string {
	var out []string
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && !loopback(host) && c.TLS.Cert == "" {
		out = append(out, "listen is not a loopback address and tls is not set: keys and texts travel in the clear unless a proxy in front ends TLS")
	}
	if c.AdminPublic {
		out = append(out, "admin_public is set: whoever reaches the admin address reads metrics")
	}
	if c.AdminPublic && len(c.AdminTokens) > 0 {
		out = append(out, "admin_public is set and so are admin_tokens: these travel in the clear unless a proxy in front ends TLS")
	}
	for i := range c.Upstreams {
		if u := &c.Upstreams[i]; u.AllowPrivate {
			out = append(out, fmt.Sprintf("upstream %s has allow_private: its name may lead to any address of the inner network", u.Name))
		}
	}
	if c.Guard.Detectors == DetectorsOff {
		out = append(out, "guard.detectors is off: nothing is inspected")
	}
	if c.Ledger.Checkpoint.File == "" {
		out = append(out, "ledger.checkpoint.file is empty: a rewrite of the whole audit log could not be proven")
	}
	if c.Ledger.Sync == SyncOS {
		out = append(out, "ledger.sync is os: records of the last seconds can be lost with the power")
	}
	out = append(out, c.cacheNotes()...)
	out = append(out, c.budgetNotes()...)
	return append(out, c.Telemetry.note()...)
}

// LoadPolicy returns the compiled policy that the configuration calls name, or its
// default one for the empty name.
func (c *Config) LoadPolicy(name string) (*policy.Policy, error) {
	path := c.Policy
	if name != "" {
		var ok bool
		if path, ok = c.Policies[name]; !ok {
			return nil, fmt.Errorf("unknown policy %.80q; expected one of policies in the configuration: %q", name, slices.Sorted(maps.Keys(c.Policies)))
		}
	}
	if path == "" {
		return policy.Default(), nil
	}
	return policy.Load(path)
}

// LoadThresholds returns the thresholds that the configuration names, nil if it
// names none. It is an error when they must not be used at that time with the model
// that Warder ships ([threshold.Set.Usable]).
func (c *Config) LoadThresholds(now time.Time) (*threshold.Set, error) {
	return c.LoadThresholdsFor(textmodel.Guard(), now)
}

// LoadThresholdsFor is [Config.LoadThresholds] for another model than the one that
// Warder ships.
func (c *Config) LoadThresholdsFor(m *textmodel.Model, now time.Time) (*threshold.Set, error) {
	if c.Guard.Thresholds == "" {
		return nil, nil
	}
	s, err := threshold.Load(c.Guard.Thresholds)
	if err != nil {
		return nil, err
	}
	if err := s.Usable(m.Digest(), now); err != nil {
		return nil, fmt.Errorf("guard.thresholds %q: %w", c.Guard.Thresholds, err)
	}
	return s, nil
}

// CheckFiles reads every file that the configuration names and returns what is
// wrong with them, and what this build lacks to serve the configuration.
func (c *Config) CheckFiles() []error {
	var out []error
	add := func(err error) {
		if err != nil {
			out = append(out, err)
		}
	}
	for _, name := range append([]string{""}, slices.Sorted(maps.Keys(c.Policies))...) {
		_, err := c.LoadPolicy(name)
		add(err)
	}
	_, err := c.LoadThresholds(time.Now())
	add(err)
	_, err = c.BudgetRules()
	add(err)
	if c.TLS.Cert != "" {
		if _, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key); err != nil {
			add(fmt.Errorf("tls: %w", err))
		}
	}
	for i := range c.Upstreams {
		_, err := c.Upstreams[i].Roots()
		add(err)
		_, err = c.Upstreams[i].Certificate()
		add(err)
	}
	_, err = c.Telemetry.Roots()
	add(err)
	add(c.located("ext_proc", c.ExtProc.Built()))
	return out
}

// Roots returns the authorities of CAFile; nil, for the system's, without one.
func (u *Upstream) Roots() (*x509.CertPool, error) {
	return readRoots(u.CAFile, "upstream "+u.Name)
}

// Roots returns the authorities of CAFile; nil, for the system's, without one.
func (t *Telemetry) Roots() (*x509.CertPool, error) { return readRoots(t.CAFile, "telemetry") }

func readRoots(path, of string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	data, err := readBounded(path, 4<<20)
	if err != nil {
		return nil, fmt.Errorf("ca_file %q of %s: %w", path, of, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("ca_file %q of %s holds no certificate; expected PEM", path, of)
	}
	return pool, nil
}

// Certificate returns the client certificate; nil without one.
func (u *Upstream) Certificate() (*tls.Certificate, error) {
	if u.ClientCert == "" {
		return nil, nil
	}
	c, err := tls.LoadX509KeyPair(u.ClientCert, u.ClientKey)
	if err != nil {
		return nil, fmt.Errorf("client certificate of upstream %s: %w", u.Name, err)
	}
	return &c, nil
}
