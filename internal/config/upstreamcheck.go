package config

import (
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"warder.example/guard/strictyaml"
)

func (c *Config) checkUpstreams(r report) {
	if n := len(c.Upstreams); n == 0 || n > maxUpstreams {
		r("upstreams", "%d upstreams; expected 1 to %d, each with name and url", n, maxUpstreams)
		return
	}
	for i := range c.Upstreams {
		u, before := &c.Upstreams[i], c.Upstreams[:i]
		path := strictyaml.Index("upstreams", i)
		if !upstreamName.MatchString(u.Name) {
			r(path+".name", "upstream name %.80q; expected lower-case letters, digits and dashes, at most 63", u.Name)
		}
		if slices.ContainsFunc(before, func(o Upstream) bool { return o.Name == u.Name }) {
			r(path+".name", "upstream %q is there twice", u.Name)
		}
		u.check(r, path)
		u.checkGroup(r, path, before)
	}
}

// checkGroup checks an upstream against those before it.
func (u *Upstream) checkGroup(r report, path string, before []Upstream) {
	member := slices.IndexFunc(before, func(o Upstream) bool { return u.Group != "" && o.Group == u.Group })
	if member >= 0 {
		if o := &before[member]; o.family() != u.family() {
			r(path+".family", "upstream %.80q speaks %s, and %q of the same group %s; expected one family a group", u.Name, u.family(), o.Name, o.family())
		} else if a, b := u.outputCap(), o.outputCap(); a != b {
			r(path+".output_cap", "upstream %.80q calls the cap of an answer %s, and %q of the same group %s; expected one name a group, since a request is written once", u.Name, a, o.Name, b)
		}
		return // reached through the group
	}
	all := slices.IndexFunc(before, func(o Upstream) bool { return o.family() == u.family() && o.servesAll() })
	if all >= 0 {
		r(path, "upstream %.80q serves nothing: %q before it serves every model", u.Name, before[all].Name)
	}
}

func (u *Upstream) check(r report, path string) {
	u.checkURL(r, path+".url")
	u.checkModels(r, path)
	for i, s := range append([]Secret{u.Key}, u.Keys...) {
		at := path + ".key"
		if i > 0 {
			at = strictyaml.Index(path+".keys", i-1)
		}
		if _, name, ok := cutReference(s.ref); s.ref != "" && (!ok || name == "") {
			r(at, "the key of upstream %.80q is written in the file; give it as env:NAME or file:PATH", u.Name)
		}
	}
	if len(u.Keys) > maxKeys {
		r(path+".keys", "%d keys; expected at most %d", len(u.Keys), maxKeys)
	}
	if u.Group != "" && !upstreamName.MatchString(u.Group) {
		r(path+".group", "group of upstream %.80q is %.80q; expected lower-case letters, digits and dashes, at most 63", u.Name, u.Group)
	}
	if (u.ClientCert == "") != (u.ClientKey == "") {
		r(path+".client_cert", "upstream %.80q needs both client_cert and client_key, or neither", u.Name)
	}
	if u.ServerName != "" && !hostForm.MatchString(u.ServerName) {
		r(path+".server_name", "server_name of upstream %.80q is %.80q; expected a host name", u.Name, u.ServerName)
	}
	u.checkProxy(r, path+".proxy")
	u.checkHeaders(r, path+".headers")
	u.checkNumbers(r, path)
	if p := u.Health.Path; p != "" && !pathForm.MatchString(p) {
		r(path+".health.path", "health.path of upstream %.80q is %.80q; expected one such as /models", u.Name, p)
	}
}

var (
	hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$`)
	pathForm = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,99}){1,10}$`)
)

func (u *Upstream) checkModels(r report, path string) {
	if len(u.Models) > maxModels {
		r(path+".models", "%d models; expected at most %d", len(u.Models), maxModels)
	}
	for i, m := range u.Models {
		at := strictyaml.Index(path+".models", i)
		if !modelForm(m) {
			r(at, "model %.80q; expected a name without spaces, at most 256 bytes", m)
		}
		if slices.Contains(u.Models[:i], m) {
			r(at, "model %.80q is listed twice", m)
		}
	}
	if len(u.Aliases) > maxModels {
		r(path+".aliases", "%d aliases; expected at most %d", len(u.Aliases), maxModels)
	}
	for alias, m := range u.Aliases {
		if !modelForm(alias) || !modelForm(m) || strings.Contains(alias+m, "*") {
			r(strictyaml.Join(path+".aliases", alias), "alias %.80q for model %.80q; expected names without spaces and *, at most 256 bytes", alias, m)
		}
	}
}

func modelForm(m string) bool {
	return m != "" && len(m) <= 256 && !strings.ContainsFunc(m, func(c rune) bool { return c <= ' ' || c == 0x7f })
}

func (u *Upstream) checkURL(r report, path string) {
	v, err := url.Parse(u.URL)
	switch {
	case err != nil || v.Scheme != "http" && v.Scheme != "https" || v.Hostname() == "" || v.Opaque != "":
		r(path, "the url of upstream %.80q; expected one such as https://models.example.com/v1", u.Name)
	case v.User != nil:
		r(path, "the url of upstream %.80q holds a user name or password; use key", u.Name)
	case v.RawQuery != "" || v.ForceQuery || v.Fragment != "":
		r(path, "the url of upstream %.80q holds a query or fragment; expected only a base address", u.Name)
	case v.Scheme == "http" && !private(v.Hostname()) && !u.AllowPrivate:
		r(path, "the url of upstream %.80q would carry texts in the clear; expected https, or allow_private: true for a name of your own network", u.Name)
	}
}

// checkProxy checks the proxy once it is known. It may hold a password: nothing of
// it is quoted.
func (u *Upstream) checkProxy(r report, path string) {
	address := u.Proxy.value
	if address == "" {
		if _, _, ok := cutReference(u.Proxy.ref); ok {
			return // not resolved yet
		}
		address = u.Proxy.ref
	}
	if address == "" {
		return
	}
	v, err := url.Parse(address)
	if err != nil || v.Scheme != "http" && v.Scheme != "https" || v.Hostname() == "" || strings.Trim(v.Path, "/") != "" || v.RawQuery != "" || v.Fragment != "" {
		r(path, "the proxy of upstream %.80q; expected http://host:port or https://host:port", u.Name)
		return
	}
	if v.User != nil && u.Proxy.ref == address {
		r(path, "the proxy of upstream %.80q holds a user or password; give it as env:NAME or file:PATH", u.Name)
	}
}

// ownHeaders are headers that the gateway itself writes, or that are for one
// connection only.
var ownHeaders = []string{"Authorization", "Proxy-Authorization", "Proxy-Authenticate", "X-Api-Key", "X-Goog-Api-Key", "Cookie", "Host", "Accept", "Accept-Encoding",
	"Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Upgrade", "Expect"}

func (u *Upstream) checkHeaders(r report, path string) {
	if len(u.Headers) > maxHeaders {
		r(path, "%d headers; expected at most %d", len(u.Headers), maxHeaders)
	}
	seen := map[string]bool{}
	for name, s := range u.Headers {
		at, canonical := strictyaml.Join(path, name), http.CanonicalHeaderKey(name)
		if !headerForm.MatchString(name) || slices.Contains(ownHeaders, canonical) {
			r(at, "header %.80q of upstream %.80q; expected one that the gateway does not write itself; use key for credentials", name, u.Name)
		}
		if seen[canonical] {
			r(at, "header %.80q of upstream %.80q is there twice", name, u.Name)
		}
		seen[canonical] = true
		if len(s.ref) > 4096 || strings.ContainsFunc(s.ref, func(c rune) bool { return c < ' ' || c > '~' }) {
			r(at, "the value of header %.80q of upstream %.80q; expected printable ASCII, at most 4096 bytes", name, u.Name)
		}
	}
}

// checkNumbers checks what has a default against its bounds; zero is the default.
func (u *Upstream) checkNumbers(r report, path string) {
	for _, x := range []struct {
		key    string
		v, max int
	}{
		{"priority", u.Priority, 100}, {"weight", u.Weight, 1000}, {"retry.attempts", u.Retry.Attempts, 10}, {"retry.budget", u.Retry.Budget, 100},
		{"retry.floor", u.Retry.Floor, 1000}, {"circuit.failures", u.Circuit.Failures, 100}, {"circuit.minimum", u.Circuit.Minimum, 100_000}, {"circuit.probes", u.Circuit.Probes, 100},
	} {
		if x.v < 0 || x.v > x.max {
			r(path+"."+x.key, "%s of upstream %.80q is %d; expected at most %d", x.key, u.Name, x.v, x.max)
		}
	}
	d := &u.Deadlines
	for _, x := range []struct {
		key    string
		v      time.Duration
		lo, hi time.Duration
	}{
		{"deadlines.connect", d.Connect, time.Millisecond, time.Hour}, {"deadlines.tls", d.TLS, time.Millisecond, time.Hour}, {"deadlines.first_byte", d.FirstByte, time.Millisecond, time.Hour},
		{"deadlines.idle", d.Idle, time.Millisecond, time.Hour}, {"deadlines.total", d.Total, time.Millisecond, 24 * time.Hour}, {"retry.max_wait", u.Retry.MaxWait, time.Millisecond, time.Minute},
		{"circuit.window", u.Circuit.Window, time.Second, 10 * time.Minute}, {"circuit.open", u.Circuit.Open, 100 * time.Millisecond, time.Hour}, {"health.every", u.Health.Every, time.Second, time.Hour},
	} {
		if x.v != 0 && (x.v < x.lo || x.v > x.hi) {
			r(path+"."+x.key, "%s of upstream %.80q is %s; expected %s to %s", x.key, u.Name, x.v, x.lo, x.hi)
		}
	}
}

// private reports whether a URL's host is written so that nobody can take it
// for a public one: localhost, or a literal address of an inner network.
func private(host string) bool {
	a, err := netip.ParseAddr(host)
	a = a.Unmap()
	return host == "localhost" || err == nil && (a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast())
}
