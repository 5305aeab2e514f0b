package gateway

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// ownCases are requests that net/http refuses itself, with what callers are told.
var ownCases = []struct {
	name, send string
	status     int
	code, says string
}{
	{"request line", "GARBAGE\r\n\r\n", 400, "malformed_request", "not valid HTTP/1.1."},
	{"no host", "GET /v1/models HTTP/1.1\r\n\r\n", 400, "malformed_request", "missing required Host header."},
	{"header name", "GET /v1/models HTTP/1.1\r\nHost: a\r\nA\x01B: c\r\n\r\n", 400, "malformed_request", "HTTP/1.1"},
	{"header without end", "GET /v1/models HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", 64<<10), 431, "header_too_large", "limit"},
	{"coding", "POST /v1/models HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nabc", 501, "unsupported_transfer_encoding", "chunked"},
	{"version", "GET /v1/models HTTP/3.0\r\nHost: a\r\n\r\n", 505, "unsupported_http_version", "HTTP/1.1"},
	{"expectation", "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nContent-Length: 3\r\n\r\nabc", 417, "unsupported_expectation", "100-continue"},
}

// refusals reads how many refusals with this code and of no application the admin
// listener counts.
func (r *rig) refusals(code string) (n int) {
	r.t.Helper()
	w := httptest.NewRecorder()
	r.server.AdminHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if _, err := fmt.Sscanf(line, `warder_refusals_total{application="",code="`+code+`"} %d`, &n); err == nil {
			return n
		}
	}
	return 0
}

// TestOwnRefusals: what net/http refuses before a handler sees it is told in the
// dialect of the callers, once, with an id, and counted.
func TestOwnRefusals(t *testing.T) {
	x := newRawRig(t, "limits:\n  header: 4KiB\n")
	ids := map[string]bool{}
	for _, c := range ownCases {
		t.Run(c.name, func(t *testing.T) {
			x.server.strangers.take()
			before := x.refusals(c.code)
			conn := dialRaw(t, x.addr)
			if _, err := io.WriteString(conn, c.send); err != nil && !isReset(err) {
				t.Fatal(err)
			}
			rd := bufio.NewReader(conn)
			res, err := http.ReadResponse(rd, nil)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(res.Body)
			rest, _ := io.ReadAll(rd)
			p := reply{res.StatusCode, res.Header, string(b), err}
			if p.status != c.status || p.code() != c.code || !strings.Contains(p.body, c.says) || err != nil || len(rest) > 0 {
				t.Errorf("%d %s, then %q, %v; want %d %s", p.status, p.body, rest, err, c.status, c.code)
			}
			if p.header.Get("Content-Type") != "application/json" || !res.Close || res.ContentLength != int64(len(b)) || p.header.Get("Date") == "" {
				t.Errorf("header %v", p.header)
			}
			if id := p.request(); !strings.HasPrefix(id, "req_") || ids[id] || !strings.Contains(p.body, id) {
				t.Errorf("request id %q", id)
			}
			ids[p.request()] = true
			if n := x.server.strangers.take(); len(n) != 1 || n[c.code] != 1 || x.refusals(c.code) != before+1 {
				t.Errorf("counted %v and %v; want one %s", n, x.refusals(c.code)-before, c.code)
			}
		})
	}
	if len(x.ledger.events) > 0 {
		t.Errorf("refusals are recorded one by one: %v", x.ledger.events)
	}
}

// TestOwnRefusalsBehindAnswers: a connection that was answered properly gets the
// refusal of its next request in the same form, behind a whole answer.
func TestOwnRefusalsBehindAnswers(t *testing.T) {
	x := newRawRig(t, "limits:\n  header: 4KiB\n")
	for _, c := range ownCases {
		got, _ := x.rawAnswers(t, x.rawPost(chatBody("hello"))+x.rawPost(chatBody("say "+denied))+c.send, false)
		if want := fmt.Sprintf("[200 400 blocked %d %s]", c.status, c.code); fmt.Sprint(got) != want {
			t.Errorf("%s: %v; want %s", c.name, got, want)
		}
	}
}

// TestHandlersAnswerForThemselves: bytes of a handler are never touched, however
// much they look like a refusal of net/http and however they are written.
func TestHandlersAnswerForThemselves(t *testing.T) {
	r := newRig(t, answers("application/json", answerBody("fine")), rigOptions{})
	const like = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
	srv := r.server.dataServer(r.server.state.Load().cfg.Limits)
	srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		answering(q)
		switch q.URL.Path {
		case "/plain": // as net/http would have written it
			w.Header()["Date"] = nil
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, "400 Bad Request")
		case "/pieces":
			_ = http.NewResponseController(w).Flush()
			for range 3 {
				_, _ = io.WriteString(w, like)
				_ = http.NewResponseController(w).Flush()
			}
		case "/large":
			_, _ = io.WriteString(w, strings.Repeat(like, 1000))
		}
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = srv.Serve(r.server.callers(l, time.Second)) }()
	t.Cleanup(func() { srv.Close(); <-ended })
	for path, want := range map[string]string{"/plain": "400 Bad Request", "/pieces": strings.Repeat(like, 3), "/large": strings.Repeat(like, 1000)} {
		for _, head := range []string{" HTTP/1.0\r\n\r\n", " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"} {
			conn := dialRaw(t, l.Addr().String())
			if _, err := io.WriteString(conn, "GET "+path+head); err != nil {
				t.Fatal(err)
			}
			raw, err := io.ReadAll(conn)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(raw))), nil)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(res.Body); err != nil || string(b) != want || res.Header.Get("X-Request-Id") != "" {
				t.Errorf("%s%q: %d bytes, %v; want %d untouched: %.200q", path, head, len(b), err, len(want), raw)
			}
			if path == "/plain" && !strings.HasSuffix(string(raw), "\r\n\r\n400 Bad Request") {
				t.Errorf("%s: %q", path, raw)
			}
		}
	}
	if n := r.server.strangers.take(); len(n) > 0 {
		t.Errorf("counted %v", n)
	}
}

// TestOwnRefusalsOverTLS: the same inside of TLS; who speaks no TLS there is told
// so, and who says nothing is cut off.
func TestOwnRefusalsOverTLS(t *testing.T) {
	x := newRawRig(t, "limits:\n  header: 4KiB\n  read_header: 250ms\n")
	certified := httptest.NewTLSServer(nil)
	t.Cleanup(certified.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x.addr = serveOn(t, x.server, tls.NewListener(l, &tls.Config{Certificates: certified.TLS.Certificates}), 25*time.Millisecond)
	client := certified.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	client.ServerName = "example.com" // as in the certificate
	for _, c := range ownCases {
		conn := tls.Client(dialRaw(t, x.addr), client)
		if _, err := io.WriteString(conn, x.rawPost(chatBody("hello"))+c.send); err != nil && !isReset(err) {
			t.Fatal(err)
		}
		got, _ := readAnswers(t, conn, c.send)
		if want := fmt.Sprintf("[200 %d %s]", c.status, c.code); fmt.Sprint(got) != want {
			t.Errorf("%s: %v; want %s", c.name, got, want)
		}
	}
	for send, want := range map[string]string{
		x.rawPost(chatBody("hello")):              "[400 https_required]",
		"\x16\x03\x01\x02\x00garbage of a record": "",
		"garbage that is none":                    "[]",
		"":                                        "[]",
	} {
		if got, _ := x.rawAnswers(t, send, false); want != "" && fmt.Sprint(got) != want {
			t.Errorf("without TLS, %q: %v; want %s", send, got, want)
		}
	}
}
