// Package egress reaches exactly one configured host and port, at an address that
// was checked after resolving: there is no second resolution for a name to be
// rebound in between, and nothing that a caller sends can name a host. Private,
// loopback, link-local and special-purpose addresses (RFC 6890) are reached only by
// permission.
package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// ErrDenied is wrapped when a connection would go where it may not.
var ErrDenied = errors.New("egress is not allowed")

// maxAddresses is how many addresses of one host are tried.
const maxAddresses = 8

// Dialer reaches one host and port. It is safe for concurrent use. The zero value
// reaches nothing.
type Dialer struct {
	Host, Port string
	Private    bool          // addresses that are not of the internet are allowed
	Timeout    time.Duration // of resolving and connecting together; 0 means ten seconds
	// LookupNetIP resolves names; nil means the system's resolver.
	LookupNetIP func(ctx context.Context, network, host string) ([]netip.Addr, error)
	// Connect connects to an address that was checked; nil means a [net.Dialer].
	Connect func(ctx context.Context, network, address string) (net.Conn, error)
}

// For returns a dialer for the host of a URL. An address that says itself that it is
// local (localhost, a literal address) is permission enough.
func For(u *url.URL, private bool) *Dialer {
	return &Dialer{Host: u.Hostname(), Port: Port(u), Private: private || LocalName(u.Hostname())}
}

// Port returns the port of a URL, that of its scheme if it names none.
func Port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// DialContext connects to addr, which must be the dialer's host and port.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host == "" || host != d.Host || port != d.Port {
		return nil, fmt.Errorf("dialing %.200q: %w; expected %s", addr, ErrDenied, net.JoinHostPort(d.Host, d.Port))
	}
	timeout := d.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ips, err := d.addresses(ctx)
	if err != nil {
		return nil, err
	}
	var last error
	for i, ip := range ips {
		c, err := d.connect(ctx, network, net.JoinHostPort(ip.String(), port), len(ips)-i)
		if err == nil {
			return c, nil
		}
		last = err
	}
	return nil, last
}

// connect connects to one of the addresses that are left, in its share of the time
// that is left: one that swallows everything does not keep the others from being tried.
func (d *Dialer) connect(ctx context.Context, network, address string, left int) (net.Conn, error) {
	if until, ok := ctx.Deadline(); ok && left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(until)/time.Duration(left))
		defer cancel()
	}
	if d.Connect != nil {
		return d.Connect(ctx, network, address)
	}
	return (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext(ctx, network, address)
}

// addresses returns those addresses of the host that may be connected to.
func (d *Dialer) addresses(ctx context.Context) ([]netip.Addr, error) {
	lookup := d.LookupNetIP
	if lookup == nil {
		lookup = net.DefaultResolver.LookupNetIP
	}
	var ips []netip.Addr
	if ip, err := netip.ParseAddr(d.Host); err == nil {
		ips = []netip.Addr{ip}
	} else if ips, err = lookup(ctx, "ip", d.Host); err != nil {
		return nil, fmt.Errorf("resolving %.200q: %w", d.Host, err)
	}
	var out []netip.Addr
	for _, ip := range ips {
		if ip = ip.Unmap(); d.Private || public(ip) {
			out = append(out, ip)
		}
	}
	switch {
	case len(ips) == 0:
		return nil, fmt.Errorf("resolving %.200q: no addresses", d.Host)
	case len(out) == 0:
		return nil, fmt.Errorf("%w: %.200q leads to private addresses only; set allow_private if that is meant", ErrDenied, d.Host)
	}
	return out[:min(len(out), maxAddresses)], nil
}

// special are networks that are not private by name, but no public servers live in:
// of the registries of RFC 6890, and those in which an IPv4 address is embedded.
var special = parsePrefixes(`0.0.0.0/8 100.64.0.0/10 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4
	::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fec0::/10`)

func parsePrefixes(list string) (out []netip.Prefix) {
	for s := range strings.FieldsSeq(list) {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// public reports whether an address, which is not an IPv4 address within IPv6, is
// one of the internet.
func public(ip netip.Addr) bool {
	if ip.Zone() != "" || !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range special {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// LocalName reports whether a host is this machine's own name or a literal address,
// which no name server can turn against it.
func LocalName(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}
