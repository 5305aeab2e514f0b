package config

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"warder.example/guard/strictyaml"
)

// Telemetry says where traces and metrics go, over OTLP/HTTP. Nothing is taken from
// OTEL_ variables of the environment.
type Telemetry struct {
	// Endpoint is the base address of a collector, such as
	// http://127.0.0.1:4318; /v1/traces and /v1/metrics are appended. Empty sends
	// nothing. It is reached by the rules of upstreams: no redirects and no proxies.
	Endpoint string `yaml:"endpoint"`
	// Headers are sent with every export, such as a key. A value is env:NAME or
	// file:PATH. They need https, a private address, or allow_private.
	Headers map[string]Secret `yaml:"headers"`
	// CAFile is a PEM file of the authorities to trust for it instead of the
	// system's.
	CAFile string `yaml:"ca_file"`
	// AllowPrivate permits a host name that resolves to a private, loopback or
	// link-local address.
	AllowPrivate bool `yaml:"allow_private"`
	// Sample is the share of exchanges that are traced, 0 to 1. Metrics count all.
	Sample float64 `yaml:"sample"`
	// TrustCallers continues the trace that a caller's traceparent names, and traces
	// what the caller traces whatever sample says. Otherwise each exchange begins a
	// trace of its own, with a link to the caller's. Set it only where callers are
	// your own.
	TrustCallers bool `yaml:"trust_callers"`
	// Resource are further attributes of the server, such as
	// deployment.environment.name.
	Resource map[string]string `yaml:"resource"`
	// Every is the time between two exports of metrics.
	Every time.Duration `yaml:"every"`
}

// Bounds of telemetry.
const (
	maxResource      = 32
	maxResourceValue = 256 // bytes
)

// Base returns the parsed endpoint; nil if there is none or it is no base address.
func (t *Telemetry) Base() *url.URL {
	u, err := url.Parse(t.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Contains(t.Endpoint, "?") {
		return nil
	}
	return u
}

var resourceKey = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$`)

func (t *Telemetry) check(r report) {
	if t.Endpoint != "" && t.Base() == nil {
		r("telemetry.endpoint", "telemetry.endpoint is %.80q; expected http(s)://host[:port][/path] without user, query and fragment", redacted(t.Endpoint))
	}
	if t.Endpoint == "" && (len(t.Headers) > 0 || len(t.Resource) > 0 || t.CAFile != "" || t.TrustCallers || t.AllowPrivate) {
		r("telemetry", "telemetry has no endpoint; expected one, or nothing else in telemetry")
	}
	if !(t.Sample >= 0 && t.Sample <= 1) { // nor is it NaN
		r("telemetry.sample", "telemetry.sample is %v; expected 0 to 1", t.Sample)
	}
	if t.Every < time.Second || t.Every > time.Hour {
		r("telemetry.every", "telemetry.every is %s; expected 1s to 1h", t.Every)
	}
	t.checkHeaders(r)
	if u := t.Base(); u != nil && len(t.Headers) > 0 && u.Scheme == "http" && !private(u.Hostname()) && !t.AllowPrivate {
		r("telemetry.endpoint", "telemetry.endpoint %.80q would carry telemetry.headers in the clear; expected https, or allow_private: true for a name of your own network", t.Endpoint)
	}
	if len(t.Resource) > maxResource {
		r("telemetry.resource", "%d attributes; expected at most %d", len(t.Resource), maxResource)
	}
	for k, v := range t.Resource {
		if len(k) > 128 || !resourceKey.MatchString(k) || strings.HasPrefix(k, "telemetry.sdk.") || v == "" || len(v) > maxResourceValue || strings.ContainsFunc(v, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0xfffd }) {
			r(strictyaml.Join("telemetry.resource", k), "resource attribute %.80q; expected a name such as deployment.environment.name and a value of 1 to %d bytes", k, maxResourceValue)
		}
	}
}

// redacted takes off an address what may be a credential.
func redacted(endpoint string) string {
	if _, after, ok := strings.Cut(endpoint, "@"); ok {
		return "…@" + after
	}
	before, _, _ := strings.Cut(endpoint, "?")
	return before
}

// exportHeaders are written by the exporter itself, or are for one connection only.
var exportHeaders = []string{"Host", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Connection", "Keep-Alive",
	"Proxy-Connection", "Te", "Trailer", "Upgrade", "Expect", "User-Agent"}

func (t *Telemetry) checkHeaders(r report) {
	if len(t.Headers) > maxHeaders {
		r("telemetry.headers", "%d headers; expected at most %d", len(t.Headers), maxHeaders)
	}
	seen := map[string]bool{}
	for name, s := range t.Headers {
		at, canonical := strictyaml.Join("telemetry.headers", name), http.CanonicalHeaderKey(name)
		if !headerForm.MatchString(name) || slices.Contains(exportHeaders, canonical) || seen[canonical] {
			r(at, "header %.80q of telemetry; expected one, once, that the exporter does not write itself", name)
		}
		seen[canonical] = true
		if _, ref, ok := cutReference(s.ref); s.ref != "" && (!ok || ref == "") || s.IsZero() {
			r(at, "the value of header %.80q of telemetry is written in the file or empty; give it as env:NAME or file:PATH", name)
		}
	}
}

// telemetry resolves what the section refers to.
func (r *resolver) telemetry(t *Telemetry) {
	t.CAFile = r.path(t.CAFile)
	for name, s := range t.Headers {
		t.Headers[name] = r.key(strictyaml.Join("telemetry.headers", name), s)
	}
}

// Same reports whether two sections mean the same.
func (t Telemetry) Same(o Telemetry) bool {
	text := func(t Telemetry) string { return fmt.Sprintf("%+v", t) } // maps are printed in order
	if text(t) != text(o) {
		return false
	}
	for name, s := range t.Headers {
		if s.Reveal() != o.Headers[name].Reveal() {
			return false
		}
	}
	return true
}

// note says where the section gives up a protection.
func (t *Telemetry) note() []string {
	u := t.Base()
	if u == nil || u.Scheme == "https" || loopback(u.Hostname()) {
		return nil
	}
	return []string{"telemetry.endpoint is plain http: names of applications and models, and telemetry.headers, travel in the clear"}
}
