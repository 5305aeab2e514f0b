package upstream_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"warder.example/internal/config"
	"warder.example/internal/upstream"
)

// TestTLS: private authorities, client certificates, names, versions, expiry.
func TestTLS(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	good, _, _ := ca.certificate(t, nil)
	named, _, _ := ca.certificate(t, func(c *x509.Certificate) { c.IPAddresses = nil }, "inner.example")
	expired, _, _ := ca.certificate(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	_, cert, key := ca.certificate(t, nil)
	_, badCert, badKey := other.certificate(t, nil)
	clients := x509.NewCertPool()
	clients.AddCert(ca.cert)
	// Under TLS 1.3 a client learns of such a refusal only after it has sent its request,
	// and then maybe no more than that the connection ended.
	mutual := &tls.Config{MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	old := &tls.Config{Certificates: []tls.Certificate{good}, MaxVersion: tls.VersionTLS12}
	for _, c := range []struct {
		name   string
		server *tls.Config
		edit   config.Upstream
		kind   upstream.Kind
		why    string
	}{
		{"private authority", &tls.Config{Certificates: []tls.Certificate{good}}, config.Upstream{CAFile: ca.file}, 0, ""},
		{"unknown authority", &tls.Config{Certificates: []tls.Certificate{good}}, config.Upstream{}, upstream.TLSFailed, "an authority that is not trusted; name that in ca_file"},
		{"expired", &tls.Config{Certificates: []tls.Certificate{expired}}, config.Upstream{CAFile: ca.file}, upstream.TLSFailed, "has expired"},
		{"other name", &tls.Config{Certificates: []tls.Certificate{named}}, config.Upstream{CAFile: ca.file}, upstream.TLSFailed, "is for another name; see server_name"},
		{"server_name", &tls.Config{Certificates: []tls.Certificate{named}}, config.Upstream{CAFile: ca.file, ServerName: "inner.example"}, 0, ""},
		{"client certificate", mutual, config.Upstream{CAFile: ca.file, ClientCert: cert, ClientKey: key}, 0, ""},
		{"no client certificate", mutual, config.Upstream{CAFile: ca.file}, upstream.TLSFailed, "it refuses the handshake (tls: handshake failure)"},
		{"another's client certificate", mutual, config.Upstream{CAFile: ca.file, ClientCert: badCert, ClientKey: badKey}, upstream.TLSFailed, "it refuses the handshake"},
		{"old version", old, config.Upstream{CAFile: ca.file}, 0, ""},
		{"too old a version", old, config.Upstream{CAFile: ca.file, MinTLS: "1.3"}, upstream.TLSFailed, "it refuses the handshake (tls: protocol version not supported)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := serveTLS(t, c.server, answers(200, "good"))
			c.edit.Name, c.edit.URL = "a", m.URL
			p := pool(t, upstream.Options{}, c.edit)
			s := do(t, p, upstream.Call{Model: "m"})
			if s.kind != c.kind || c.kind == 0 && s.text != "good" || c.kind != 0 && (!strings.Contains(s.err.Error(), c.why) || strings.Contains(s.err.Error(), "\x1b")) {
				t.Errorf("%+v; expected %s, %q", s, c.kind, c.why)
			}
			if c.kind != 0 && m.hits.Load() != 0 {
				t.Error("the request arrived")
			}
		})
	}
}

// TestClientCertificateIsReplaced: the next connection shows what the files hold then.
func TestClientCertificateIsReplaced(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	good, _, _ := ca.certificate(t, nil)
	_, cert, key := ca.certificate(t, nil)
	_, wrong, wrongKey := other.certificate(t, nil)
	clients := x509.NewCertPool()
	clients.AddCert(ca.cert)
	m := serveTLS(t, &tls.Config{MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}, answers(200, "good"))
	at := t.TempDir()
	put := func(from, to string) {
		b, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(at+to, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put(wrong, "/c")
	put(wrongKey, "/k")
	p := pool(t, upstream.Options{}, config.Upstream{Name: "a", URL: m.URL, CAFile: ca.file, ClientCert: at + "/c", ClientKey: at + "/k"})
	if s := do(t, p, upstream.Call{Model: "m"}); s.kind != upstream.TLSFailed {
		t.Errorf("%+v", s)
	}
	put(cert, "/c")
	put(key, "/k")
	if s := do(t, p, upstream.Call{Model: "m"}); s.text != "good" {
		t.Errorf("%+v", s)
	}
}

// TestFilesAreRead: what is wrong with files is known before the first request.
func TestFilesAreRead(t *testing.T) {
	for _, u := range []config.Upstream{{CAFile: "none.pem"}, {ClientCert: "none.pem", ClientKey: "none.pem"}, {Proxy: config.NewSecret("ftp://u:tops3cret@x")}, {URL: "https://u:tops3cret@a.example"}} {
		u.Name = "a"
		if u.URL == "" {
			u.URL = "https://a.example"
		}
		if _, err := upstream.New([]config.Upstream{u}, config.Limits{}, upstream.Options{}); err == nil || !strings.Contains(err.Error(), `upstream "a"`) || strings.Contains(err.Error(), "tops3cret") {
			t.Errorf("error %v", err)
		}
	}
}

// TestHTTP2: deadlines and cut answers over HTTP/2, and one hanging request does not take
// the others of its connection with it.
func TestHTTP2(t *testing.T) {
	ca := newAuthority(t)
	good, _, _ := ca.certificate(t, nil)
	m := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{good}}, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("the protocol is %s", r.Proto)
		}
		switch r.URL.Path {
		case "/hang":
			hang(w, r)
		case "/cut":
			answers(200, "beg")(w, r)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		answers(200, "good")(w, r)
	})
	p := pool(t, upstream.Options{}, config.Upstream{Name: "a", URL: m.URL, CAFile: ca.file, Deadlines: config.Deadlines{FirstByte: time.Second}})
	var all sync.WaitGroup
	all.Go(func() {
		if s := do(t, p, upstream.Call{Path: "/hang", Model: "m"}); s.kind != upstream.FirstByteTimeout || s.route.Attempts != 1 {
			t.Errorf("%+v", s)
		}
	})
	for range 5 {
		if s := do(t, p, upstream.Call{Path: "/good", Model: "m"}); s.text != "good" {
			t.Errorf("%+v", s)
		}
	}
	if s := do(t, p, upstream.Call{Path: "/cut", Model: "m"}); s.kind != upstream.Cut || s.text != "beg" {
		t.Errorf("%+v", s)
	}
	all.Wait()
	if s := p.Stats()[0]; s.Failures["first_byte_timeout"] != 1 || s.Failures["cut"] != 1 {
		t.Errorf("%+v", s)
	}
}
