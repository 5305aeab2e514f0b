package gateway

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// lateReader sends all of a request before it reads, as many clients do, and
// returns what it then gets. Its socket takes little ahead.
func lateReader(t *testing.T, c net.Conn, raw *net.TCPConn, send string) string {
	t.Helper()
	if err := raw.SetWriteBuffer(64 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, send); err != nil {
		return "while sending: " + err.Error()
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return "while reading: " + err.Error()
	}
	b, err := io.ReadAll(res.Body)
	p := reply{res.StatusCode, res.Header, string(b), err}
	return fmt.Sprintf("%d %s", p.status, p.code())
}

// TestRefusalReachesLateReader: who sends all of a body before it reads gets the
// refusal, also when it sends far more than the limit.
func TestRefusalReachesLateReader(t *testing.T) {
	x := newRawRig(t, "limits:\n  body: 1MiB\n")
	body := chatBody(strings.Repeat("a", 2<<20))
	certified := httptest.NewTLSServer(nil)
	t.Cleanup(certified.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	secret := serveOn(t, x.server, tls.NewListener(l, &tls.Config{Certificates: certified.TLS.Certificates}), time.Second)
	client := certified.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	client.ServerName = "example.com" // as in the certificate
	for _, c := range []struct{ name, send, want string }{
		{"that closes", x.rawPost(body, "Connection: close"), "413 request_too_large"},
		{"in HTTP/1.0", strings.Replace(x.rawPost(body), "HTTP/1.1", "HTTP/1.0", 1), "413 request_too_large"},
		{"of another type that closes", x.rawPost(body, "Content-Type: text/plain", "Connection: close"), "415 unsupported_content_type"},
		{"of a stranger that closes", x.rawPost(body, "Authorization: Bearer wk_no", "Connection: close"), "401 invalid_api_key"},
		{"to nowhere that closes", strings.Replace(x.rawPost(body, "Connection: close"), "completions", "compositions", 1), "404 unknown_route"},
		{"chunked that closes", x.rawPost(chunked(body[:1<<20], body[1<<20:]), "Transfer-Encoding: chunked", "Content-Length:-", "Connection: close"), "413 request_too_large"},
		{"with its length", x.rawPost(body), "413 request_too_large"},
		{"chunked", x.rawPost(chunked(body[:1<<20], body[1<<20:]), "Transfer-Encoding: chunked", "Content-Length:-"), "413 request_too_large"},
		{"of another type", x.rawPost(body, "Content-Type: text/plain"), "415 unsupported_content_type"},
		{"of a stranger", x.rawPost(body, "Authorization: Bearer wk_no"), "401 invalid_api_key"},
		{"to nowhere", strings.Replace(x.rawPost(body), "completions", "compositions", 1), "404 unknown_route"},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := dialRaw(t, x.addr)
			if got := lateReader(t, raw, raw, c.send); got != c.want {
				t.Errorf("got %s; want %s", got, c.want)
			}
			raw = dialRaw(t, secret)
			if got := lateReader(t, tls.Client(raw, client), raw, c.send); got != c.want {
				t.Errorf("over TLS: got %s; want %s", got, c.want)
			}
		})
	}
	if len(x.seen) != 0 {
		t.Errorf("the upstream saw %d bodies", len(x.seen))
	}
}

// TestLingeringHoldsNoPlace: while Warder reads on what a refused caller still
// sends, others are served; and it reads only so much.
func TestLingeringHoldsNoPlace(t *testing.T) {
	x := newRawRig(t, "limits:\n  concurrent: 1\n  body: 64KiB\n")
	for _, c := range []struct{ name, head, want string }{
		{"too large", x.rawPost("", "Content-Length: 99999999"), "413 request_too_large"},
		{"a stranger", x.rawPost("", "Content-Length: 99999999", "Authorization: Bearer wk_no"), "401 invalid_api_key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			slow := dialRaw(t, x.addr)
			if _, err := io.WriteString(slow, c.head); err != nil {
				t.Fatal(err)
			}
			rd := bufio.NewReader(slow)
			res, err := http.ReadResponse(rd, nil)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(res.Body)
			if got := fmt.Sprintf("%d %s", res.StatusCode, reply{body: string(b)}.code()); got != c.want || !res.Close {
				t.Errorf("got %s, close %v; want %s and a connection that ends", got, res.Close, c.want)
			}
			if _, err := rd.ReadByte(); err != io.EOF { // the caller knows that no more comes
				t.Errorf("behind the refusal: %v; want the end", err)
			}
			if _, err := slow.Write(make([]byte, 16<<10)); err != nil { // it may go on all the same
				t.Errorf("sending on: %v", err)
			}
			if p, _ := x.rawAnswers(t, x.rawPost(chatBody("hello")), false); fmt.Sprint(p) != "[200]" {
				t.Errorf("meanwhile others get %v; want 200", p)
			}
			if n, err := io.Copy(slow, io.LimitReader(endless{}, 64<<20)); err == nil {
				t.Errorf("%d bytes more were taken; want the connection closed before", n)
			}
		})
	}
}

// TestLingeringEnds: reading on ends when its time is over, and when the server
// drains, however much more may come.
func TestLingeringEnds(t *testing.T) {
	x := newRawRig(t, "limits:\n  body: 1GiB\n  decompressed: 1GiB\n")
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	late := &lingering{x.server, here, time.Now()}
	if n, err := late.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("past its end it read %d bytes, %v", n, err)
	}

	slow := dialRaw(t, x.addr)
	if _, err := io.WriteString(slow, x.rawPost("", "Content-Length: 9999999999")); err != nil {
		t.Fatal(err)
	}
	rd := bufio.NewReader(slow)
	res, err := http.ReadResponse(rd, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d, %v; want 413", res.StatusCode, err)
	}
	if _, err := rd.ReadByte(); err != io.EOF {
		t.Errorf("behind the refusal: %v; want the end", err)
	}
	x.server.draining.Store(true)
	if n, err := io.Copy(slow, io.LimitReader(endless{}, 256<<20)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a draining server took %d bytes more, %v; want the connection closed", n, err)
	}
}

// endless is a reader that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }
