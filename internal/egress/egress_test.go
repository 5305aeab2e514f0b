package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

// resolved is a resolver that gives these addresses for every name.
func resolved(list ...string) func(context.Context, string, string) ([]netip.Addr, error) {
	return func(context.Context, string, string) (out []netip.Addr, err error) {
		for _, s := range list {
			out = append(out, netip.MustParseAddr(s))
		}
		return out, nil
	}
}

// TestReaches: only the configured host and port is reached, by an address that was
// checked.
func TestReaches(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, c := range []struct {
		name    string
		dialer  Dialer
		address string
		want    string // in the error; empty for a connection
	}{
		{"literal address", *For(&url.URL{Scheme: "http", Host: "127.0.0.1:" + port}, false), "127.0.0.1:" + port, ""},
		{"name, by permission", Dialer{Host: "collector.example", Port: port, Private: true, LookupNetIP: resolved("127.0.0.1")}, "collector.example:" + port, ""},
		{"name that leads inside", Dialer{Host: "collector.example", Port: port, LookupNetIP: resolved("127.0.0.1", "10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1")}, "collector.example:" + port, "private addresses only"},
		{"other host", Dialer{Host: "127.0.0.1", Port: port, Private: true}, "127.0.0.2:" + port, "not allowed"},
		{"other port", Dialer{Host: "127.0.0.1", Port: "1", Private: true}, "127.0.0.1:" + port, "not allowed"},
		{"zero value", Dialer{}, ":" + port, "not allowed"},
		{"no addresses", Dialer{Host: "collector.example", Port: port, LookupNetIP: resolved()}, "collector.example:" + port, "no addresses"},
	} {
		conn, err := c.dialer.DialContext(t.Context(), "tcp", c.address)
		if conn != nil {
			conn.Close()
		}
		if got := err == nil; got != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; expected %q", c.name, err, c.want)
		}
	}
}

// TestMixedAddresses: of public and private addresses only the public ones are tried.
func TestMixedAddresses(t *testing.T) {
	d := Dialer{Host: "collector.example", Port: "9", Timeout: time.Second, LookupNetIP: resolved("127.0.0.1", "192.168.0.1", "8.8.8.8", "100.64.0.1", "2001:db8::1")}
	ips, err := d.addresses(t.Context())
	if err != nil || len(ips) != 1 || ips[0].String() != "8.8.8.8" {
		t.Errorf("%v, %v; expected only 8.8.8.8", ips, err)
	}
	d.LookupNetIP = resolved("fe80::1", "169.254.169.254", "::1")
	if _, err := d.addresses(t.Context()); !errors.Is(err, ErrDenied) {
		t.Errorf("%v; expected that it is denied", err)
	}
}

func TestDefaultPorts(t *testing.T) {
	for raw, want := range map[string]string{"http://a.example": "80", "https://a.example": "443", "https://a.example:4318/x": "4318"} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if d := For(u, false); d.Port != want || d.Private {
			t.Errorf("%s: %+v; expected port %s and no private addresses", raw, d, want)
		}
	}
}

// TestLocalName: what says itself that it is this machine.
func TestLocalName(t *testing.T) {
	for name, want := range map[string]bool{"127.0.0.1": true, "localhost": true, "::1": true, "a.localhost": true, "example.org": false, "localhost.example.org": false} {
		if LocalName(name) != want {
			t.Errorf("LocalName(%q) is %v", name, !want)
		}
	}
}
