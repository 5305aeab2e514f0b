package config

import (
	"errors"
	"strings"
)

// ExtProc is a listener for Envoy, as its external processor (ext_proc).
type ExtProc struct {
	// Listen is the address that Envoy calls by gRPC, as host:port; empty for none.
	// It must be a loopback address unless it has TLS.
	Listen string `yaml:"listen"`
	// TLS is its certificate; without it the listener speaks plain HTTP/2.
	TLS TLS `yaml:"tls"`
	// Key is a key of the application that every request is judged for, as env:NAME
	// or file:PATH. Empty for the callers' own keys, which are then taken off the
	// requests.
	Key Secret `yaml:"key"`
}

func (e *ExtProc) check(c *Config, r report) {
	if (e.TLS.Cert == "") != (e.TLS.Key == "") {
		r("ext_proc.tls", "tls of ext_proc needs both cert and key, or neither")
	}
	if e.Listen == "" {
		if e.TLS != (TLS{}) || !e.Key.IsZero() {
			r("ext_proc", "ext_proc has no listen; expected an address such as 127.0.0.1:9191")
		}
		return
	}
	if _, ref, ok := cutReference(e.Key.ref); e.Key.ref != "" && (!ok || ref == "") {
		r("ext_proc.key", "the key of ext_proc is written in the file; give it as env:NAME or file:PATH")
	}
	host, ok := checkAddress(r, "ext_proc.listen", e.Listen)
	if !ok {
		return
	}
	if (e.Listen == c.Listen || e.Listen == c.Admin) && !strings.HasSuffix(e.Listen, ":0") {
		r("ext_proc.listen", "ext_proc.listen is %.80q, which listen or admin is too; expected an address of its own", e.Listen)
	}
	switch {
	case loopback(host):
	case e.TLS.Cert == "":
		r("ext_proc.listen", "ext_proc.listen is %.80q, not a loopback address; expected one such as 127.0.0.1:9191, or tls", e.Listen)
	case !e.Key.IsZero():
		r("ext_proc.key", "ext_proc has a key and listens on %.80q, where anybody could use it; expected a loopback address, or no key", e.Listen)
	}
}

// Built returns an error if there is a listener and this build cannot serve Envoy,
// whose gRPC is not in every build.
func (e *ExtProc) Built() error {
	if e.Listen != "" && !servesEnvoy {
		return errors.New("ext_proc is configured and this build cannot serve Envoy; build with -tags extproc, or take ext_proc out")
	}
	return nil
}

// extProc resolves what the section refers to.
func (r *resolver) extProc(e *ExtProc) {
	e.TLS.Cert, e.TLS.Key = r.path(e.TLS.Cert), r.path(e.TLS.Key)
	if !e.Key.IsZero() {
		e.Key = r.key("ext_proc.key", e.Key)
	}
}

// Same reports whether two sections mean the same.
func (e ExtProc) Same(o ExtProc) bool {
	return e.Listen == o.Listen && e.TLS == o.TLS && e.Key.Reveal() == o.Key.Reveal()
}
