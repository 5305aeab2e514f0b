package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/config"
)

// errEgress is returned when a connection would go where the configuration
// does not say it may.
var errEgress = errors.New("egress is not allowed")

// upstream is one configured model server. All of its connections go through
// one dialer that reaches exactly its configured host, at an address that was
// checked after resolving: nothing that a caller sends can name a host.
type upstream struct {
	name      string
	base      *url.URL
	models    []string // patterns
	bearer    []string // of the Authorization header; nil for none
	transport *http.Transport
}

func newUpstream(c config.Upstream, lim config.Limits) (*upstream, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, fmt.Errorf("upstream %q: %w", c.Name, err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("upstream %q: url %q; expected http(s)://host[:port][/path]", c.Name, c.URL)
	}
	up := &upstream{name: c.Name, base: u, models: c.Models}
	if key := c.Key.Reveal(); key != "" {
		up.bearer = []string{"Bearer " + key}
	}
	tc := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("upstream %q: reading its CA file: %w", c.Name, err)
		}
		tc.RootCAs = x509.NewCertPool()
		if !tc.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("upstream %q: no certificate in %q; expected PEM", c.Name, c.CAFile)
		}
	}
	d := egress{
		host: u.Hostname(), port: port(u), private: c.AllowPrivate || localName(u.Hostname()),
		dialer: net.Dialer{Timeout: lim.UpstreamConnect, KeepAlive: 30 * time.Second},
	}
	up.transport = &http.Transport{
		Proxy:                  nil, // an environment variable must not redirect traffic
		DialContext:            d.dial,
		TLSClientConfig:        tc,
		TLSHandshakeTimeout:    10 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           0,
		MaxIdleConnsPerHost:    1024,
		IdleConnTimeout:        90 * time.Second,
		ResponseHeaderTimeout:  lim.UpstreamFirstByte,
		ExpectContinueTimeout:  time.Second,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
		WriteBufferSize:        16 << 10,
		ReadBufferSize:         16 << 10,
	}
	return up, nil
}

// endpoint returns the upstream's URL for a path below its base.
func (u *upstream) endpoint(p string) *url.URL {
	e := *u.base
	e.Path = strings.TrimSuffix(e.Path, "/") + p
	return &e
}

// serves reports whether the upstream is configured for a model.
func (u *upstream) serves(model string) bool {
	for _, p := range u.models {
		if access.MatchModel(p, model) {
			return true
		}
	}
	return len(u.models) == 0
}

// egress is a dialer that reaches one host.
type egress struct {
	host, port string
	private    bool // private and loopback addresses are allowed
	dialer     net.Dialer
}

// dial resolves the configured host, checks every address, and connects to an
// address that was checked: there is no second resolution to rebind.
func (e *egress) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host != e.host || port != e.port {
		return nil, fmt.Errorf("dialing %q: %w: expected %s", addr, errEgress, net.JoinHostPort(e.host, e.port))
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("resolving the upstream: %w", err)
	}
	var last error
	for _, ip := range ips {
		ip = ip.Unmap()
		if !e.private && !public(ip) {
			last = fmt.Errorf("dialing %s: %w: a private address; set allow_private on the upstream if that is meant", host, errEgress)
			continue
		}
		c, err := e.dialer.DialContext(ctx, network, net.JoinHostPort(ip.String(), port))
		if err == nil {
			return c, nil
		}
		last = err
	}
	if last == nil {
		last = fmt.Errorf("resolving %s: no addresses", host)
	}
	return nil, last
}

var sharedSpace = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598

func public(ip netip.Addr) bool {
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && !sharedSpace.Contains(ip)
}

// localName reports whether a configured host says itself that it is local, so
// that no further permission is needed.
func localName(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}
