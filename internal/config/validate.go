package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"warder.example/guard"
	"warder.example/guard/strictyaml"
)

// Bounds of lists.
const (
	maxUpstreams = 64
	maxModels    = 256 // and aliases, of one upstream
	maxKeys      = 16  // of one upstream, beside its first
	maxHeaders   = 32  // set by one upstream
	maxPolicies  = 1000
	maxRegions   = 32
	maxDelimiter = 256 // bytes
)

// report adds a problem of the value at a path.
type report func(path, format string, args ...any)

// Validate checks a configuration that did not come from a file. Its error
// names every value that is out of bounds.
func (c *Config) Validate() error {
	var list []string
	c.check(func(path, format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) })
	if len(list) == 0 {
		return nil
	}
	return fmt.Errorf("invalid configuration: %s", strings.Join(list, "; "))
}

func (c *Config) check(r report) {
	c.checkAddresses(r)
	if c.Data == "" {
		r("data", "data is empty; expected a folder")
	}
	c.checkStore(r)
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		r("tls", "tls needs both cert and key, or neither")
	}
	c.checkUpstreams(r)
	c.checkNumbers(r)
	c.checkPolicies(r)
	c.checkApplications(r)
	c.checkAdminTokens(r)
	c.Bundles.check(r)
	c.checkBudgets(r)
	c.checkCache(r)
	c.Telemetry.check(r)
	c.ExtProc.check(c, r)
}

func (c *Config) checkAddresses(r report) {
	host, ok := checkAddress(r, "admin", c.Admin)
	if ok && !c.AdminPublic && !loopback(host) {
		r("admin", "admin is %.80q, not a loopback address; expected one such as 127.0.0.1:9090, or admin_public: true", c.Admin)
	}
	checkAddress(r, "listen", c.Listen)
	if c.Listen == c.Admin && !strings.HasSuffix(c.Admin, ":0") {
		r("admin", "admin and listen are both %.80q; expected two addresses", c.Admin)
	}
}

// checkAddress checks host:port; port 0 takes a free one.
func checkAddress(r report, path, s string) (host string, ok bool) {
	host, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = netip.ParseAddrPort("127.0.0.1:" + port)
	}
	if err != nil || strings.ContainsFunc(host, func(c rune) bool { return c <= ' ' || c == '/' }) {
		r(path, "%s is %.80q; expected host:port such as 127.0.0.1:8080", path, s)
		return "", false
	}
	return host, true
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}

func (c *Config) checkStore(r report) {
	dsn := c.Store.value
	if dsn == "" {
		if _, _, ok := cutReference(c.Store.ref); ok {
			return // not resolved yet
		}
		dsn = c.Store.ref
	}
	if dsn == "" {
		return
	}
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		r("store", "store is not a postgres:// address; expected one, or nothing for SQLite in the data folder")
		return
	}
	if _, has := u.User.Password(); (has || u.Query().Has("password")) && c.Store.ref == dsn {
		r("store", "store holds a password; give the address as env:NAME or file:PATH")
	}
}

var upstreamName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// checkNumbers checks sizes, counts and times against their bounds.
func (c *Config) checkNumbers(r report) {
	l := &c.Limits
	for _, x := range []struct {
		path      string
		v, lo, hi ByteSize
	}{
		{"limits.body", l.Body, 1 << 10, 1 << 30}, {"limits.decompressed", l.Decompressed, 1 << 10, 1 << 30},
		{"limits.answer", l.Answer, 1 << 10, 1 << 30}, {"limits.event", l.Event, 1 << 10, 64 << 20}, {"limits.header", l.Header, 1 << 10, 1 << 20},
		{"ledger.reserve", c.Ledger.Reserve, 1 << 20, 1 << 40}, {"ledger.segment_bytes", c.Ledger.SegmentBytes, 1 << 20, 1 << 32},
	} {
		if x.v < x.lo || x.v > x.hi {
			r(x.path, "%s is %s; expected %s to %s", x.path, x.v, x.lo, x.hi)
		}
	}
	for _, x := range []struct {
		path      string
		v, lo, hi int
	}{{"limits.depth", l.Depth, 4, 1000}, {"limits.concurrent", l.Concurrent, 1, 1_000_000}, {"limits.waiting", l.Waiting, 0, 1_000_000}, {"guard.cache", c.Guard.Cache, 0, 10_000_000}} {
		if x.v < x.lo || x.v > x.hi {
			r(x.path, "%s is %d; expected %d to %d", x.path, x.v, x.lo, x.hi)
		}
	}
	for _, x := range []struct {
		path      string
		v, lo, hi time.Duration
	}{
		{"limits.read_header", l.ReadHeader, time.Millisecond, time.Hour}, {"limits.read_body", l.ReadBody, time.Millisecond, time.Hour},
		{"limits.upstream_connect", l.UpstreamConnect, time.Millisecond, time.Hour}, {"limits.upstream_first_byte", l.UpstreamFirstByte, time.Millisecond, time.Hour},
		{"limits.upstream_idle", l.UpstreamIdle, time.Millisecond, time.Hour}, {"limits.client_write", l.ClientWrite, time.Millisecond, time.Hour},
		{"limits.total", l.Total, time.Millisecond, 24 * time.Hour}, {"ledger.checkpoint.every", c.Ledger.Checkpoint.Every, time.Second, 24 * time.Hour},
		{"limits.patience", l.Patience, 0, time.Minute}, {"drain", c.Drain, 0, time.Hour},
	} {
		if x.v < x.lo || x.v > x.hi {
			r(x.path, "%s is %s; expected %s to %s", x.path, x.v, x.lo, x.hi)
		}
	}
	if l.Decompressed < l.Body {
		r("limits.decompressed", "limits.decompressed is %s, less than limits.body (%s)", l.Decompressed, l.Body)
	}
}

func (c *Config) checkPolicies(r report) {
	if len(c.Policies) > maxPolicies {
		r("policies", "%d policies; expected at most %d", len(c.Policies), maxPolicies)
	}
	for name, path := range c.Policies {
		at := strictyaml.Join("policies", name)
		if !upstreamName.MatchString(name) {
			r(at, "policy name %.80q; expected lower-case letters, digits and dashes, at most 63", name)
		}
		if path == "" {
			r(at, "policy %.80q has no path", name)
		}
	}
}

// reservedHeaders are read by the server itself, or removed on the way.
var reservedHeaders = []string{"authorization", "x-api-key", "api-key", "host", "content-length", "content-type", "content-encoding", "transfer-encoding",
	"connection", "cookie", "accept", "accept-encoding", "te", "trailer", "upgrade", "expect"}

var headerForm = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$")

func (c *Config) checkApplications(r report) {
	if len(c.Applications) > maxPolicies {
		r("applications", "%d applications; expected at most %d", len(c.Applications), maxPolicies)
	}
	for name, a := range c.Applications {
		at := strictyaml.Join("applications", name)
		if !upstreamName.MatchString(name) {
			r(at, "application name %.80q; expected lower-case letters, digits and dashes, at most 63", name)
		}
		for _, h := range []struct{ key, value string }{{"subject_header", a.SubjectHeader}, {"session_header", a.SessionHeader}} {
			if h.value != "" && (!headerForm.MatchString(h.value) || slices.Contains(reservedHeaders, strings.ToLower(h.value))) {
				r(at+"."+h.key, "%s is %.80q; expected the name of a header of your own, such as X-User", h.key, h.value)
			}
		}
		checkRegions(r, at+".regions", a.Regions)
	}
}

func checkRegions(r report, path string, list []Region) {
	if len(list) > maxRegions {
		r(path, "%d regions; expected at most %d", len(list), maxRegions)
	}
	for i, g := range list {
		at := strictyaml.Index(path, i)
		if strings.TrimSpace(g.Start) == "" || len(g.Start) > maxDelimiter || len(g.End) > maxDelimiter {
			r(at, "region %d; expected start with something visible in it, and delimiters of at most %d bytes", i+1, maxDelimiter)
		}
		switch g.Origin {
		case guard.OriginDocument, guard.OriginTool, guard.OriginEmail, guard.OriginUser:
		default:
			r(at+".origin", "origin of region %d is %s; expected document, tool, email or user", i+1, g.Origin)
		}
		if slices.ContainsFunc(list[:i], func(o Region) bool { return o.Start == g.Start }) {
			r(at+".start", "two regions begin with the same delimiter")
		}
	}
}
