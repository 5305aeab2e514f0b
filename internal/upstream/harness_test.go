package upstream_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"warder.example/internal/config"
	"warder.example/internal/upstream"
)

// model is a model server that counts what reaches it.
type model struct {
	*httptest.Server
	hits atomic.Int64
}

func serve(t testing.TB, h http.HandlerFunc) *model {
	t.Helper()
	m := &model{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.hits.Add(1)
		h(w, r)
	}))
	t.Cleanup(m.Close)
	return m
}

// answers says one word with a status.
func answers(status int, word string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, word)
	}
}

// nobody is the address of a port at which nobody listens.
func nobody(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// never is a circuit that does not open.
var never = config.Circuit{Minimum: 100_000}

func pool(t testing.TB, o upstream.Options, list ...config.Upstream) *upstream.Pool {
	t.Helper()
	p, err := upstream.New(list, config.Limits{}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// group puts upstreams into one group, in order of priority, each with the rules of edit.
func group(edit func(*config.Upstream), list ...config.Upstream) []config.Upstream {
	for i := range list {
		list[i].Name = string(rune('a' + i))
		list[i].Group, list[i].Priority = "g", i
		if edit != nil {
			edit(&list[i])
		}
	}
	return list
}

// said is what came of a call, in short.
type said struct {
	status int
	text   string
	route  upstream.Route
	kind   upstream.Kind
	err    error
}

func do(t testing.TB, p *upstream.Pool, c upstream.Call) said {
	t.Helper()
	if c.Path == "" {
		c.Path = "/chat/completions"
	}
	if c.Body == nil {
		c.Body = []byte(`{"model":"m"}`)
	}
	res, route, err := p.Do(t.Context(), &c)
	s := said{route: route, err: err, kind: kindOf(t, err)}
	if err != nil {
		return s
	}
	defer res.Body.Close()
	s.status = res.StatusCode
	b, err := io.ReadAll(res.Body)
	s.text, s.err = string(b), err
	s.kind = kindOf(t, err)
	return s
}

func kindOf(t testing.TB, err error) upstream.Kind {
	t.Helper()
	if err == nil {
		return upstream.Unknown
	}
	var e *upstream.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %T %v; expected an upstream.Error", err, err)
	}
	return e.Kind
}

// seeded is a source of randomness that is the same each time.
func seeded() func(int) int {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(1, 2))
	return func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return r.IntN(n)
	}
}

// hosts is a resolver that knows some names.
type hosts map[string][]string

func (h hosts) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	list, ok := h[host]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	var out []netip.Addr
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out, nil
}

// authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its certificate
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{file: filepath.Join(t.TempDir(), "ca.pem")}
	var der []byte
	a.cert, a.key, der = sign(t, nil, func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	save(t, a.file, "CERTIFICATE", der)
	return a
}

// certificate returns a certificate for names, and saves it with its key.
func (a *authority) certificate(t testing.TB, edit func(*x509.Certificate), names ...string) (c tls.Certificate, certFile, keyFile string) {
	t.Helper()
	_, key, der := sign(t, a, func(c *x509.Certificate) {
		c.DNSNames, c.IPAddresses = names, []net.IP{net.IPv4(127, 0, 0, 1)}
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		if edit != nil {
			edit(c)
		}
	})
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	save(t, certFile, "CERTIFICATE", der)
	save(t, keyFile, "PRIVATE KEY", private)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, certFile, keyFile
}

func sign(t testing.TB, by *authority, edit func(*x509.Certificate)) (*x509.Certificate, *ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "\x1b[31mred"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	edit(c)
	parent, signer := c, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(crand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return out, key, der
}

func save(t testing.TB, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// serveTLS is serve over TLS.
func serveTLS(t testing.TB, tc *tls.Config, h http.HandlerFunc) *model {
	t.Helper()
	m := &model{}
	m.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.hits.Add(1)
		h(w, r)
	}))
	m.TLS = tc
	m.EnableHTTP2 = true
	m.Config.ErrorLog = discardLog
	m.StartTLS()
	t.Cleanup(m.Close)
	return m
}

// load reads a configuration as a server does.
func load(t testing.TB, text string, files map[string]string) (*config.Config, error) {
	t.Helper()
	dir := t.TempDir()
	for name, s := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "warder.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(path)
}
