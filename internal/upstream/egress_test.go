package upstream_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"warder.example/internal/config"
	"warder.example/internal/upstream"
)

// TestEgress: to which addresses of a name connections go.
func TestEgress(t *testing.T) {
	m := serve(t, answers(200, "good"))
	real := m.Listener.Addr().String()
	for _, c := range []struct {
		name      string
		addresses []string
		private   bool
		dialed    string // space between
		kind      upstream.Kind
	}{
		{"public", []string{"8.8.4.4"}, false, "8.8.4.4", 0},
		{"mixed", []string{"10.0.0.5", "8.8.4.4", "127.0.0.1", "fd00::1"}, false, "8.8.4.4", 0},
		{"mixed, IPv4 in IPv6", []string{"::ffff:10.0.0.5", "::ffff:8.8.4.4", "64:ff9b::a00:5", "2002:a00:5::1", "::127.0.0.1"}, false, "8.8.4.4", 0},
		{"private only", []string{"10.0.0.5", "192.168.1.1", "169.254.169.254", "::1", "fe80::1", "0.0.0.0", "100.64.0.1", "198.18.0.1", "240.0.0.1", "255.255.255.255", "224.0.0.1"}, false, "", upstream.Unreachable},
		{"private, allowed", []string{"10.0.0.5"}, true, "10.0.0.5", 0},
		{"none", []string{}, false, "", upstream.Unreachable},
	} {
		t.Run(c.name, func(t *testing.T) {
			var dialed []string
			o := upstream.Options{Resolver: hosts{"models.example": c.addresses}, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				host, _, _ := net.SplitHostPort(address)
				dialed = append(dialed, host)
				return new(net.Dialer).DialContext(ctx, network, real)
			}}
			p := pool(t, o, config.Upstream{Name: "a", URL: "http://models.example/v1", AllowPrivate: c.private, Retry: config.Retry{Attempts: 1}})
			s := do(t, p, upstream.Call{Model: "m"})
			if s.kind != c.kind || strings.Join(dialed, " ") != c.dialed {
				t.Errorf("%+v after dialing %q; expected %s, %q", s, dialed, c.kind, c.dialed)
			}
			if c.kind != 0 && len(c.addresses) > 0 && !errors.Is(s.err, upstream.ErrEgress) {
				t.Errorf("%v", s.err)
			}
		})
	}
}

// TestRebinding: a name that answers differently the second time is not asked twice
// for one connection.
func TestRebinding(t *testing.T) {
	m := serve(t, answers(200, "good"))
	asked := 0
	o := upstream.Options{Resolver: resolver(func() hosts {
		if asked++; asked > 1 {
			return hosts{"models.example": {"127.0.0.1"}}
		}
		return hosts{"models.example": {"8.8.4.4"}}
	}), Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if !strings.HasPrefix(address, "8.8.4.4:") {
			t.Errorf("dialed %s", address)
		}
		return new(net.Dialer).DialContext(ctx, network, m.Listener.Addr().String())
	}}
	p := pool(t, o, config.Upstream{Name: "a", URL: "http://models.example"})
	if s := do(t, p, upstream.Call{Model: "m"}); s.text != "good" || asked != 1 {
		t.Errorf("%+v; the resolver was asked %d times", s, asked)
	}
}

// TestSlowAddress: an address that swallows everything leaves time for the next, and the
// time to connect is that of all addresses together.
func TestSlowAddress(t *testing.T) {
	for addresses, want := range map[string]upstream.Kind{"8.8.4.4 8.8.8.8": 0, "8.8.4.4": upstream.ConnectTimeout, "8.8.4.4 8.8.4.4 8.8.4.4": upstream.ConnectTimeout} {
		synctest.Test(t, func(t *testing.T) {
			network := newPipes()
			s := &http.Server{Handler: answers(200, "good")}
			go s.Serve(network)
			o := upstream.Options{Resolver: hosts{"models.example": strings.Fields(addresses)}, Dial: func(ctx context.Context, n, address string) (net.Conn, error) {
				if strings.HasPrefix(address, "8.8.4.4:") {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return network.dial(ctx, n, address)
			}}
			p := pool(t, o, config.Upstream{Name: "a", URL: "http://models.example", Deadlines: config.Deadlines{Connect: 10 * time.Second}, Retry: config.Retry{Attempts: 1}})
			began := time.Now()
			got := do(t, p, upstream.Call{Model: "m"})
			if took := time.Since(began); got.kind != want || want == 0 && took != 5*time.Second || want != 0 && took != 10*time.Second {
				t.Errorf("%s: %+v after %s", addresses, got, took)
			}
			p.Close()
			s.Close()
			synctest.Wait()
		})
	}
}

// resolver answers from hosts that may change.
type resolver func() hosts

func (r resolver) LookupNetIP(ctx context.Context, network, host string) (list []netip.Addr, err error) {
	return r().LookupNetIP(ctx, network, host)
}

// proxy is an HTTP proxy that connects everything to one place.
type proxy struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string // host and credentials
}

func newProxy(t *testing.T, status int, to string) *proxy {
	p := &proxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.Host+" "+r.Header.Get("Proxy-Authorization"))
		p.mu.Unlock()
		if status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
		p.tunnel(t, w, to)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *proxy) tunnel(t *testing.T, w http.ResponseWriter, to string) {
	out, err := net.Dial("tcp", to)
	if err != nil {
		t.Error(err)
		return
	}
	defer out.Close()
	in, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer in.Close()
	_, _ = io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(out, in); out.Close() }()
	_, _ = io.Copy(in, out)
}

// TestProxy: an upstream with a proxy is reached through it and nowhere else, others are
// not, and the environment's proxies are for nobody.
func TestProxy(t *testing.T) {
	ca := newAuthority(t)
	cert, _, _ := ca.certificate(t, nil, "models.example")
	m := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{cert}}, answers(200, "good"))
	px := newProxy(t, 200, m.Listener.Addr().String())
	theirs := newProxy(t, 200, m.Listener.Addr().String())
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, theirs.URL)
	}
	var dialed []string
	o := upstream.Options{Resolver: hosts{"models.example": {"8.8.4.4"}}, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		dialed = append(dialed, address)
		if strings.HasPrefix(address, "8.8.4.4:") {
			address = m.Listener.Addr().String()
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	withUser := config.NewSecret(strings.Replace(px.URL, "http://", "http://user:tops3cret@", 1))
	p := pool(t, o,
		config.Upstream{Name: "through", URL: "https://models.example:8443/v1", CAFile: ca.file, Proxy: withUser, Models: []string{"a"}},
		config.Upstream{Name: "direct", URL: "https://models.example/v1", CAFile: ca.file, Models: []string{"b"}},
	)
	if s := do(t, p, upstream.Call{Model: "a"}); s.text != "good" {
		t.Errorf("%+v", s)
	}
	want := "[CONNECT models.example:8443 Basic " + base64.StdEncoding.EncodeToString([]byte("user:tops3cret")) + "]"
	if got := fmt.Sprint(px.asked); got != want || fmt.Sprint(dialed) != "["+px.Listener.Addr().String()+"]" {
		t.Errorf("the proxy was asked %s; dialed %q", got, dialed)
	}
	dialed = nil
	if s := do(t, p, upstream.Call{Model: "b"}); s.text != "good" || len(px.asked) != 1 || fmt.Sprint(dialed) != "[8.8.4.4:443]" {
		t.Errorf("%+v after dialing %q", s, dialed)
	}
	if len(theirs.asked) != 0 {
		t.Errorf("the proxy of the environment was asked: %q", theirs.asked)
	}
}

// TestProxyRefuses: its words go nowhere.
func TestProxyRefuses(t *testing.T) {
	px := newProxy(t, 407, "")
	p := pool(t, upstream.Options{}, config.Upstream{Name: "a", URL: "https://models.example", Proxy: config.NewSecret(px.URL), Retry: config.Retry{Attempts: 1}})
	if s := do(t, p, upstream.Call{Model: "m"}); s.kind != upstream.Unreachable || s.err.Error() != `upstream a: could not be reached: its proxy refuses with status 407` {
		t.Errorf("%+v", s)
	}
	// A proxy with a public name and a private address is not connected to.
	o := upstream.Options{Resolver: hosts{"proxy.example": {"10.0.0.1"}}}
	p = pool(t, o, config.Upstream{Name: "a", URL: "https://models.example", Proxy: config.NewSecret("http://proxy.example:3128"), Retry: config.Retry{Attempts: 1}})
	if s := do(t, p, upstream.Call{Model: "m"}); s.kind != upstream.Unreachable || !errors.Is(s.err, upstream.ErrEgress) {
		t.Errorf("%+v", s)
	}
}
