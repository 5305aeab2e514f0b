package gateway

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// rawWait bounds every wait for a peer in these tests; nothing should come near it.
const rawWait = 20 * time.Second

// rawRig is a gateway behind a server as Run makes it, for callers that write
// bytes themselves, and what its upstream has seen.
type rawRig struct {
	*rig
	addr string
	mu   sync.Mutex
	seen []string // bodies that reached the upstream
}

func newRawRig(t *testing.T, more string) *rawRig {
	t.Helper()
	x := &rawRig{}
	x.rig = newRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		x.mu.Lock()
		x.seen = append(x.seen, string(b))
		x.mu.Unlock()
		answers("application/json", answerBody("fine")).ServeHTTP(w, q)
	}), rigOptions{config: "policy: p.yaml\n" + more, files: map[string]string{"p.yaml": policyText}})
	x.addr = serveRaw(t, x.server, 25*time.Millisecond)
	return x
}

// serveRaw serves the data plane as Run does and returns its address. It closes
// connections that have asked nothing for idle.
func serveRaw(t *testing.T, s *Server, idle time.Duration) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, s, l, idle)
}

// serveOn is serveRaw with a listener.
func serveOn(t *testing.T, s *Server, l net.Listener, idle time.Duration) string {
	t.Helper()
	limits := s.state.Load().cfg.Limits
	srv := s.dataServer(limits)
	srv.IdleTimeout = idle
	ended := make(chan struct{})
	go func() { defer close(ended); _ = srv.Serve(s.callers(l, limits.ReadHeader)) }()
	t.Cleanup(func() { srv.Close(); <-ended })
	return l.Addr().String()
}

func dialRaw(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(rawWait)); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// rawPost is a chat request as bytes. Lines are added to its header, in which a
// line of the same name replaces the usual one.
func (x *rawRig) rawPost(body string, lines ...string) string {
	head := []string{"Host: warder.example", "Authorization: Bearer " + x.keys["app"], "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body))}
	var b strings.Builder
	b.WriteString("POST /v1/chat/completions HTTP/1.1\r\n")
	for _, h := range head {
		name, _, _ := strings.Cut(h, ":")
		replaced := false
		for _, l := range lines {
			n, _, _ := strings.Cut(l, ":")
			replaced = replaced || strings.EqualFold(n, name)
		}
		if !replaced {
			b.WriteString(h + "\r\n")
		}
	}
	for _, l := range lines {
		if !strings.HasSuffix(l, ":-") { // NAME:- only leaves a line out
			b.WriteString(l + "\r\n")
		}
	}
	return b.String() + "\r\n" + body
}

// rawAnswers sends bytes and returns what came back until the server closed, as
// "STATUS CODE" for each answer, in order. Anything that is no answer is quoted.
// half ends the sending side behind the bytes: the server takes that for a caller
// that is gone, unless it waits for the rest of a request.
func (x *rawRig) rawAnswers(t *testing.T, send string, half bool) (out []string, requests []string) {
	t.Helper()
	c := dialRaw(t, x.addr)
	if _, err := io.WriteString(c, send); err != nil && !errors.Is(err, net.ErrClosed) && !isReset(err) {
		t.Fatal(err)
	}
	if half {
		_ = c.CloseWrite()
	}
	return readAnswers(t, c, send)
}

func isReset(err error) bool {
	return strings.Contains(err.Error(), "reset") || strings.Contains(err.Error(), "broken pipe")
}

func readAnswers(t *testing.T, c net.Conn, send string) (out []string, requests []string) {
	t.Helper()
	method, _, _ := strings.Cut(send, " ")
	rd := bufio.NewReader(c)
	for {
		if _, err := rd.Peek(1); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("the server neither answered nor closed; so far %v", out)
			}
			return out, requests
		}
		res, err := http.ReadResponse(rd, &http.Request{Method: method})
		if err != nil {
			rest, _ := io.ReadAll(rd)
			return append(out, fmt.Sprintf("%v %q", err, rest)), requests
		}
		b, err := io.ReadAll(res.Body)
		p := reply{res.StatusCode, res.Header, string(b), err}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%d %s", p.status, p.code())))
		requests = append(requests, p.request())
	}
}

const denied = "xyzzyplugh" // by policyText

// chunked is a body in chunks.
func chunked(pieces ...string) string {
	var b strings.Builder
	for _, p := range pieces {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(p), p)
	}
	return b.String() + "0\r\n\r\n"
}

// TestRawRequests: whatever bytes a client writes, each request that is seen is
// inspected, bodies reach the upstream as they were meant or not at all, and
// nothing is answered that was not asked.
func TestRawRequests(t *testing.T) {
	x := newRawRig(t, "limits:\n  header: 4KiB\n")
	good, bad := chatBody("hello"), chatBody("say "+denied)
	te := "Transfer-Encoding: chunked"
	ran := 0
	for _, c := range []struct {
		name string
		send string
		want string // answers, after a ! when the sender stops behind the bytes
		seen string // bodies at the upstream
	}{
		{"plain", x.rawPost(good), "200", good},
		{"chunked", x.rawPost(chunked(good[:7], good[7:]), te, "Content-Length:-"), "200", good},
		{"pipelined", x.rawPost(good) + x.rawPost(bad) + x.rawPost(good), "200,400 blocked,200", good + good},
		{"pipelined behind a refusal", x.rawPost("{}") + x.rawPost(good), "400 missing_field,200", good},
		{"pipelined behind a stranger", x.rawPost(good, "Authorization: Bearer wk_no") + x.rawPost(bad), "401 invalid_api_key,400 blocked", ""},
		{"both lengths", x.rawPost(chunked(good), te, "Content-Length: 5"), "200", good},
		{"both lengths hide a request", x.rawPost(chunked(good)+x.rawPost(bad), te), "200,400 blocked", good},
		{"same length twice", x.rawPost(good, fmt.Sprintf("Content-Length: %d", len(good)), fmt.Sprintf("Content-Length: %d", len(good))), "200", good},
		{"two lengths", x.rawPost(good, "Content-Length: 1", fmt.Sprintf("Content-Length: %d", len(good))), "400 malformed_request", ""},
		{"length list", x.rawPost(good, fmt.Sprintf("Content-Length: %d, %d", len(good), len(good))), "400 malformed_request", ""},
		{"signed length", x.rawPost(good, fmt.Sprintf("Content-Length: +%d", len(good))), "400 malformed_request", ""},
		{"negative length", x.rawPost(good, "Content-Length: -1"), "400 malformed_request", ""},
		{"huge length", x.rawPost(good, "Content-Length: 99999999999999999999"), "400 malformed_request", ""},
		{"length above the limit", x.rawPost(good, "Content-Length: 999999999999"), "!413 request_too_large", ""},
		{"no length", x.rawPost(good, "Content-Length:-"), "!400 invalid_json,400 malformed_request", ""},
		{"length too short", x.rawPost(good, fmt.Sprintf("Content-Length: %d", len(good)-1)), "400 invalid_json", ""},
		{"ends within its body", x.rawPost(good, fmt.Sprintf("Content-Length: %d", len(good)+9)), "!400 unreadable_body", ""},
		{"ends within its header", x.rawPost(good)[:80], "!400 malformed_request", ""},
		{"garbage for a chunk size", x.rawPost("zz\r\n"+good+"\r\n0\r\n\r\n", te, "Content-Length:-"), "!400 unreadable_body", ""},
		{"chunk longer than said", x.rawPost("5\r\n"+good+"\r\n0\r\n\r\n", te, "Content-Length:-"), "!400 unreadable_body", ""},
		{"chunk never ends", x.rawPost("7fffffff\r\n"+good, te, "Content-Length:-"), "!400 unreadable_body", ""},
		{"chunk size overflows", x.rawPost("ffffffffffffffffff\r\n"+good, te, "Content-Length:-"), "!400 unreadable_body", ""},
		{"chunk lines end in LF", x.rawPost(strings.ReplaceAll(chunked(good), "\r\n", "\n"), te, "Content-Length:-"), "!400 unreadable_body", ""},
		{"chunk extension", x.rawPost(fmt.Sprintf("%x;a=b\r\n%s\r\n0\r\n\r\n", len(good), good), te, "Content-Length:-"), "200", good},
		{"trailer", x.rawPost(strings.TrimSuffix(chunked(good), "\r\n")+"Authorization: Bearer x\r\n\r\n", te, "Content-Length:-"), "200", good},
		{"unknown coding", x.rawPost(good, "Transfer-Encoding: gzip"), "501 unsupported_transfer_encoding", ""},
		{"coding list", x.rawPost(chunked(good), "Transfer-Encoding: identity, chunked"), "501 unsupported_transfer_encoding", ""},
		{"coding twice", x.rawPost(chunked(good), te, te), "501 unsupported_transfer_encoding", ""},
		{"coding misspelt", x.rawPost(chunked(good), "Transfer-Encoding: xchunked"), "501 unsupported_transfer_encoding", ""},
		{"lines end in LF", strings.ReplaceAll(x.rawPost(bad), "\r\n", "\n"), "400 blocked", ""},
		{"folded line", x.rawPost(good, "X-A: b\r\n c"), "200", good},
		{"space before colon", x.rawPost(good, "X-A : b"), "400 malformed_request", ""},
		{"no colon", x.rawPost(good, "X-A"), "400 malformed_request", ""},
		{"null in a value", x.rawPost(good, "X-A: a\x00b"), "400 malformed_request", ""},
		{"null in a name", x.rawPost(good, "X\x00A: b"), "400 malformed_request", ""},
		{"null in the path", strings.Replace(x.rawPost(good), "completions", "comp\x00letions", 1), "400 malformed_request", ""},
		{"null in the body", x.rawPost(strings.Replace(good, "hello", "he\x00llo", 1)), "400 invalid_json", ""},
		{"carriage return in a value", x.rawPost(good, "X-A: a\rb"), "400 malformed_request", ""},
		{"huge header", x.rawPost(good, "X-A: "+strings.Repeat("a", 16<<10)), "431 header_too_large", ""},
		{"many headers", x.rawPost(good, strings.Split(strings.Repeat("X-A: b\n", 2000), "\n")[:2000]...), "431 header_too_large", ""},
		{"no host", x.rawPost(good, "Host:-"), "400 malformed_request", ""},
		{"two hosts", x.rawPost(good, "Host: a", "Host: b"), "400 malformed_request", ""},
		{"HTTP/1.0", strings.Replace(x.rawPost(good), "HTTP/1.1", "HTTP/1.0", 1) + x.rawPost(good), "200", good},
		{"HTTP/0.9", "GET /v1/models\r\n\r\n", "400 malformed_request", ""},
		{"HTTP/3.0", strings.Replace(x.rawPost(good), "HTTP/1.1", "HTTP/3.0", 1), "505 unsupported_http_version", ""},
		{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "404 unknown_route", ""},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 64), "!400 malformed_request", ""},
		{"absolute form", strings.Replace(x.rawPost(good), "POST /", "POST http://other.example/", 1), "200", good},
		{"absolute form, refused text", strings.Replace(x.rawPost(bad), "POST /", "POST http://other.example/", 1), "400 blocked", ""},
		{"authority form", strings.Replace(x.rawPost(good), "POST /v1/chat/completions", "POST other.example:80", 1), "404 unknown_route", ""},
		{"opaque form", strings.Replace(x.rawPost(good), "POST /v1", "POST other:v1", 1), "404 unknown_route", ""},
		{"CONNECT", "CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n", "404 unknown_route", ""},
		{"CONNECT with a path", "CONNECT /v1/chat/completions HTTP/1.1\r\nHost: a\r\n\r\n", "404 unknown_route", ""},
		{"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "404 unknown_route", ""},
		{"asterisk to post", strings.Replace(x.rawPost(good), "POST /v1/chat/completions", "POST *", 1), "404 unknown_route", ""},
		{"OPTIONS", "OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: a\r\n\r\n", "405 method_not_allowed", ""},
		{"HEAD", "HEAD /v1/models HTTP/1.1\r\nHost: a\r\n\r\n", "405", ""},
		{"TRACE", "TRACE /v1/models HTTP/1.1\r\nHost: a\r\n\r\n", "405 method_not_allowed", ""},
		{"lower-case method", strings.Replace(x.rawPost(good), "POST", "post", 1), "405 method_not_allowed", ""},
		{"WebSocket", x.rawPost(good, "Connection: Upgrade", "Upgrade: websocket"), "400 upgrade_not_supported", ""},
		{"h2c", x.rawPost(good, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"), "400 upgrade_not_supported", ""},
		{"doubled slash", strings.Replace(x.rawPost(good), "/v1/", "//v1/", 1), "404 unknown_route", ""},
		{"dots", strings.Replace(x.rawPost(good), "/v1/", "/v1/../v1/", 1), "404 unknown_route", ""},
		{"trailing slash", strings.Replace(x.rawPost(good), "completions", "completions/", 1), "404 unknown_route", ""},
		{"escaped path", strings.Replace(x.rawPost(good), "completions", "%63ompletions", 1), "404 unknown_route", ""},
		{"escaped slash", strings.Replace(x.rawPost(good), "chat/completions", "chat%2fcompletions", 1), "404 unknown_route", ""},
		{"upper-case path", strings.Replace(x.rawPost(good), "completions", "Completions", 1), "404 unknown_route", ""},
		{"100-continue", x.rawPost(good, "Expect: 100-continue"), "100,200", good},
		{"unknown expectation", x.rawPost(good, "Expect: miracles"), "417 unsupported_expectation", ""},
		{"nothing", "", "!", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ran++
			x.seen = nil
			want, half := strings.CutPrefix(c.want, "!")
			got, _ := x.rawAnswers(t, c.send, half)
			x.mu.Lock()
			defer x.mu.Unlock()
			if g, s := strings.Join(got, ","), strings.Join(x.seen, ""); g != want || s != c.seen {
				t.Errorf("answers %q, upstream saw %q\nwant %q and %q", g, s, want, c.seen)
			}
		})
	}
	if ran < 60 {
		t.Errorf("%d requests were tried; expected at least 60", ran)
	}
}
