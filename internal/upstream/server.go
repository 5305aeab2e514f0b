package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/config"
	"warder.example/internal/egress"
)

// transport is what a server's connections are for; [http.Transport] is one.
type transport interface {
	http.RoundTripper
	CloseIdleConnections()
}

// server is one configured upstream. All but its state is immutable.
type server struct {
	name, family, group string
	base                *url.URL
	models              []string // patterns
	aliases             map[string]string
	priority, weight    int
	extra               http.Header
	deadlines           config.Deadlines
	retry               config.Retry
	health              config.HealthCheck
	credentials         *credentials
	transport           transport

	circuit circuit
	budget  *budget
	sick    atomic.Bool  // its health check failed
	rests   atomic.Int64 // until when it asked to be left alone, Unix nanoseconds
	tally   tally
}

// newServer makes a server of a configuration with all defaults filled in.
func newServer(c config.Upstream, o Options) (*server, error) {
	base, err := url.Parse(c.URL)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("unusable url; expected http(s)://host[:port][/path]")
	}
	s := &server{
		name: c.Name, family: c.Family, group: c.Group, base: base, models: c.Models, aliases: c.Aliases, priority: c.Priority, weight: c.Weight,
		extra: http.Header{}, deadlines: c.Deadlines, retry: c.Retry, health: c.Health, circuit: circuit{rules: c.Circuit, began: time.Now()},
		budget: newBudget(c.Retry.Budget, c.Retry.Floor), credentials: newCredentials(c.Family, c.Credentials(), o.Log.With("upstream", c.Name)),
	}
	for k, v := range c.Headers {
		s.extra.Set(k, v.Reveal())
	}
	if s.transport, err = newTransport(c, base, o); err != nil {
		return nil, err
	}
	return s, nil
}

// bufferSize is how much each connection reads ahead, and gathers before it writes.
// Most calls and answers fit; a larger body passes by it, and a stream that is waited
// for holds both buffers all the time.
const bufferSize = 2 << 10

// newTransport returns the transport of a server. The environment has no say in it.
func newTransport(c config.Upstream, base *url.URL, o Options) (*http.Transport, error) {
	tc, err := tlsConfig(&c)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{
		TLSClientConfig:        tc,
		TLSHandshakeTimeout:    c.Deadlines.TLS,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
		MaxIdleConnsPerHost:    1024,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
		WriteBufferSize:        bufferSize,
		ReadBufferSize:         bufferSize,
	}
	reach := base
	if address := c.Proxy.Reveal(); address != "" {
		proxy, err := url.Parse(address)
		if err != nil || proxy.Scheme != "http" && proxy.Scheme != "https" || proxy.Host == "" {
			return nil, errors.New("unusable proxy; expected http(s)://host:port") // its address may hold a password
		}
		reach = proxy
		t.Proxy = http.ProxyURL(proxy)
		t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, res *http.Response) error {
			if res.StatusCode != http.StatusOK {
				return &proxyError{res.StatusCode}
			}
			return nil
		}
	}
	d := &dialer{*egress.For(reach, c.AllowPrivate)}
	d.Timeout, d.LookupNetIP, d.Connect = c.Deadlines.Connect, o.Resolver.LookupNetIP, o.Dial
	t.DialContext = d.dial
	if reach != base && reach.Scheme == "https" {
		t.DialTLSContext = d.dialProxyTLS
	}
	return t, nil
}

// tlsConfig returns how to speak TLS with an upstream. A client certificate is read
// anew for each connection, so that a short-lived one can be replaced.
func tlsConfig(c *config.Upstream) (*tls.Config, error) {
	roots, err := c.Roots()
	if err != nil {
		return nil, err
	}
	tc := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: c.ServerName}
	if c.MinTLS == "1.3" {
		tc.MinVersion = tls.VersionTLS13
	}
	first, err := c.Certificate()
	if err != nil || first == nil {
		return tc, err
	}
	var last atomic.Pointer[tls.Certificate]
	last.Store(first)
	tc.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if now, err := c.Certificate(); err == nil {
			last.Store(now)
		} // half-written files: the last good one
		return last.Load(), nil
	}
	return tc, nil
}

// serves reports whether the server may get a call.
func (s *server) serves(c *Call) bool {
	if s.family != familyOr(c.Family) {
		return false
	}
	if _, ok := s.aliases[c.Model]; ok || len(s.models) == 0 {
		return true
	}
	for _, p := range s.models {
		if access.MatchModel(p, c.Model) {
			return true
		}
	}
	return false
}

// called returns what the server calls a model.
func (s *server) called(model string) string {
	if m, ok := s.aliases[model]; ok {
		return m
	}
	return model
}

// resting reports whether others are to be preferred.
func (s *server) resting(now time.Time) bool {
	left := time.Duration(s.rests.Load() - now.UnixNano())
	return s.sick.Load() || left > 0 && left <= maxRest // more is a clock that was set back
}

// maxRest is the longest time that an upstream can ask to be left alone.
const maxRest = time.Minute

func (s *server) rest(d time.Duration, now time.Time) {
	if d > 0 {
		s.rests.Store(now.Add(min(d, maxRest)).UnixNano())
	}
}

// request is a call as one server gets it.
type request struct {
	method, path, query string
	header              http.Header
	body                []byte
}

// translate returns the call as this server gets it, and what it calls the model.
func (s *server) translate(c *Call, t *token) (request, string, error) {
	r := request{method: c.Method, path: c.Path, query: c.Query, header: s.header(c.Header, t), body: c.Body}
	if r.method == "" {
		r.method = http.MethodPost
	}
	model := s.called(c.Model)
	if model != c.Model {
		if c.Rename == nil {
			return r, c.Model, fmt.Errorf("model %.80q is called otherwise there, and the request cannot be rewritten", c.Model)
		}
		r.path, r.body = c.Rename(model)
	}
	if err := checkPath(r.path); err != nil {
		return r, model, err
	}
	return r, model, checkQuery(r.query)
}

// endpoint returns the server's URL for a path below its base.
func (s *server) endpoint(r *request) *url.URL {
	u := *s.base
	u.Path = strings.TrimSuffix(u.Path, "/") + r.path
	u.RawPath, u.RawQuery = "", r.query
	return &u
}

// proxyError is a proxy's refusal to connect.
type proxyError struct{ status int }

func (e *proxyError) Error() string {
	return fmt.Sprintf("its proxy refuses with status %d", e.status)
}

// dialProxyTLS connects to a proxy that speaks TLS: its certificate is for its own
// name, from an authority of the system, and it is shown none.
func (d *dialer) dialProxyTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	plain, err := d.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	c := tls.Client(plain, &tls.Config{MinVersion: tls.VersionTLS12, ServerName: d.Host})
	if err := c.HandshakeContext(ctx); err != nil {
		plain.Close()
		return nil, &dialError{timeout: ctx.Err() != nil, err: errors.New("the TLS handshake with its proxy failed: " + describeTLS(err))}
	}
	return c, nil
}
