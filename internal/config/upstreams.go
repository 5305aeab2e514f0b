package config

import (
	"slices"
	"time"

	"warder.example/guard/strictyaml"
)

// Families of upstreams: which wire format they speak, and in which header they
// expect their key.
const (
	FamilyOpenAI    = "openai"
	FamilyAnthropic = "anthropic"
	FamilyGemini    = "gemini"
)

// Upstream is one model server.
type Upstream struct {
	// Name is how logs and metrics call it: lower-case letters, digits and
	// dashes.
	Name string `yaml:"name" schema:"required"`
	// URL is the base address that /chat/completions is appended to, for
	// example http://127.0.0.1:11434/v1. A literal private or loopback
	// address, or localhost, is permission enough to connect to it.
	URL string `yaml:"url" schema:"required"`
	// Family is the wire format it speaks: requests of one family never go to an
	// upstream of another. It also decides the header of the key: Authorization,
	// X-Api-Key or X-Goog-Api-Key. Default: openai.
	Family string `yaml:"family" enum:"openai,anthropic,gemini"`
	// Models are the models it serves, * standing for any run of characters.
	// Empty means all.
	Models []string `yaml:"models"`
	// Aliases are further names of models, each with what this upstream calls
	// the model. Callers ask for the alias.
	Aliases map[string]string `yaml:"aliases"`
	// Group names upstreams that stand in for each other. Texts go to another
	// upstream than the first whose models match only within its group; without
	// a group there is no failover.
	Group string `yaml:"group"`
	// Priority orders the upstreams of a group: the lowest that can be used are
	// tried first, 0 to 100.
	Priority int `yaml:"priority"`
	// Weight is the share of requests among upstreams of one group and priority, 1
	// to 1000. Default: 1.
	Weight int `yaml:"weight"`
	// Key is the credential sent to it, as env:NAME or file:PATH. Empty
	// sends none. Callers' keys are never passed on. A file is read again when it
	// changes; others than its owner and group may not read it.
	Key Secret `yaml:"key"`
	// Keys are further credentials, as key. The next one is used once the
	// upstream refuses one with 401, 403 or 429.
	Keys []Secret `yaml:"keys"`
	// CAFile is a PEM file of the authorities to trust for it instead of the
	// system's.
	CAFile string `yaml:"ca_file"`
	// ClientCert is a PEM file of the certificate to show to it; client_key is
	// needed, too. Both are read again for each connection.
	ClientCert string `yaml:"client_cert"`
	// ClientKey is the PEM file of the private key of client_cert.
	ClientKey string `yaml:"client_key"`
	// MinTLS is the oldest version of TLS to speak with it. Default: 1.2.
	MinTLS string `yaml:"min_tls" enum:"1.2,1.3"`
	// ServerName is the name that its certificate must hold, if that is not the
	// host of url.
	ServerName string `yaml:"server_name"`
	// Proxy is an HTTP proxy to reach it through, http://host:port or https://.
	// One with a user and password must be given as env:NAME or file:PATH. Proxies
	// of the environment are never used. The proxy resolves the upstream's name:
	// allow_private then speaks of the proxy's address.
	Proxy Secret `yaml:"proxy"`
	// Headers are set on every request to it. A value may be given as env:NAME or
	// file:PATH.
	Headers map[string]Secret `yaml:"headers"`
	// OutputCap is how it calls the cap of an answer's tokens that a budget has
	// written into chat completions without one. Servers that do not know the name
	// ignore it and write more, or refuse it. Default: max_completion_tokens.
	OutputCap string `yaml:"output_cap" enum:"max_completion_tokens,max_tokens"`
	// AllowPrivate permits a host name that resolves to a private, loopback
	// or link-local address. Without it such an address is never connected to,
	// since it is how a name is turned against the inner network.
	AllowPrivate bool `yaml:"allow_private"`
	// Deadlines are its own times instead of those of limits.
	Deadlines Deadlines `yaml:"deadlines"`
	// Retry says when a request that failed is tried again.
	Retry Retry `yaml:"retry"`
	// Circuit says when it gets no requests for a while since it fails.
	Circuit Circuit `yaml:"circuit"`
	// Health asks it from time to time whether it is well.
	Health HealthCheck `yaml:"health"`
}

// Deadlines bound the phases of one request to an upstream. What is left out is as
// limits says.
type Deadlines struct {
	// Connect is the time to find and reach it. Default: limits.upstream_connect.
	Connect time.Duration `yaml:"connect"`
	// TLS is the time of the TLS handshake. Default: limits.upstream_connect.
	TLS time.Duration `yaml:"tls"`
	// FirstByte is the time from sending the request until the answer begins.
	// Default: limits.upstream_first_byte.
	FirstByte time.Duration `yaml:"first_byte"`
	// Idle is the longest silence within the answer. Default:
	// limits.upstream_idle.
	Idle time.Duration `yaml:"idle"`
	// Total is the time of the request with all that is tried again. Default:
	// limits.total.
	Total time.Duration `yaml:"total"`
}

// Retry bounds how often a request is tried again, on the same upstream or on
// another of its group: only before the answer began, and only if the upstream
// cannot have worked on it or has refused it (429, 502, 503, 529).
type Retry struct {
	// Attempts is how often one request is tried at most, 1 to 10; 1 tries nothing
	// again. Default: 3.
	Attempts int `yaml:"attempts"`
	// Budget is how many requests of a hundred may be tried again, 1 to 100, so
	// that retries cannot make an outage worse. Default: 20.
	Budget int `yaml:"budget"`
	// Floor is how many retries a second are allowed beside the budget, 1 to 1000.
	// Default: 1.
	Floor int `yaml:"floor"`
	// MaxWait is the longest wait before trying the same upstream again: one whose
	// Retry-After is longer is not asked again. Default: 2s.
	MaxWait time.Duration `yaml:"max_wait"`
	// OnTimeout tries again also when no answer began in time, or a gateway in
	// front of the upstream says so (504). The upstream may then do the work
	// twice, and charge for it.
	OnTimeout bool `yaml:"on_timeout"`
}

// Circuit is the circuit breaker of an upstream. Failures are connections that fail,
// answers that do not begin in time, and the statuses 502, 503, 504 and 529. Other
// statuses are not, since a caller may bring them about.
type Circuit struct {
	// Failures is the percentage of failures at which the circuit opens, 1 to 100.
	// Default: 50.
	Failures int `yaml:"failures"`
	// Minimum is how many requests there must have been within the window.
	// Default: 20.
	Minimum int `yaml:"minimum"`
	// Window is the time over which failures are counted. Default: 10s.
	Window time.Duration `yaml:"window"`
	// Open is how long the circuit stays open. Default: 5s.
	Open time.Duration `yaml:"open"`
	// Probes is how many requests are let through after that; the circuit closes
	// when all of them succeed and opens again when one fails. Default: 3.
	Probes int `yaml:"probes"`
}

// HealthCheck asks an upstream from time to time. While it does not answer with a
// status of 200 to 299, others of its group are preferred.
type HealthCheck struct {
	// Path is asked for with GET, below url, such as /models. Empty asks for
	// nothing.
	Path string `yaml:"path"`
	// Every is the time between two questions, give or take a fifth. Default: 10s.
	Every time.Duration `yaml:"every"`
}

// Credentials returns Key and Keys as far as they are given.
func (u *Upstream) Credentials() []Secret {
	var out []Secret
	for _, s := range append([]Secret{u.Key}, u.Keys...) {
		if !s.IsZero() {
			out = append(out, s)
		}
	}
	return out
}

// Names of caps.
const (
	CapCompletion = "max_completion_tokens"
	CapOlder      = "max_tokens"
)

func (u *Upstream) family() string { return orDefault(u.Family, FamilyOpenAI) }

func (u *Upstream) outputCap() string { return orDefault(u.OutputCap, CapCompletion) }

// servesAll reports whether it serves every model.
func (u *Upstream) servesAll() bool { return len(u.Models) == 0 || slices.Contains(u.Models, "*") }

// upstream resolves the paths and secrets of an upstream.
func (r *resolver) upstream(u *Upstream, at string) {
	for _, p := range []*string{&u.CAFile, &u.ClientCert, &u.ClientKey} {
		*p = r.path(*p)
	}
	if !u.Key.IsZero() {
		u.Key = r.key(at+".key", u.Key)
	}
	for i := range u.Keys {
		u.Keys[i] = r.key(strictyaml.Index(at+".keys", i), u.Keys[i])
	}
	if !u.Proxy.IsZero() {
		u.Proxy.value = r.secret(at+".proxy", u.Proxy)
		u.checkProxy(r.file.Errorf, at+".proxy")
	}
	for name, s := range u.Headers {
		s.value = r.secret(strictyaml.Join(at+".headers", name), s)
		u.Headers[name] = s
	}
}

// key resolves a credential that is read again when its file changes.
func (r *resolver) key(at string, s Secret) Secret {
	s.value = r.secret(at, s)
	scheme, name, _ := cutReference(s.ref)
	if scheme != "file" || s.value == "" {
		return s
	}
	s.path = r.path(name)
	if err := checkMode(s.path); err != nil {
		r.file.Errorf(at, "%s: %q: %v", at, name, err)
	}
	return s
}

// orDefault returns v, or def for its zero value.
func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
