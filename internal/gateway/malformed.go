package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"warder.example/internal/config"
	"warder.example/internal/dialect"
)

// What net/http refuses before a handler sees it. docs/errors.md lists them.
var (
	failMalformed   = failure{Status: 400, Code: "malformed_request", Message: "The request is not valid HTTP/1.1"}
	failPlain       = failure{Status: 400, Code: "https_required", Message: "This address is served over HTTPS only"}
	failExpectation = failure{Status: 417, Code: "unsupported_expectation", Message: "Only the expectation 100-continue is supported"}
	failHeader      = failure{Status: 431, Code: "header_too_large", Message: "The request header is larger than the limit"}
	failCoding      = failure{Status: 501, Code: "unsupported_transfer_encoding", Message: "Send the body with its length or as chunked"}
	failVersion     = failure{Status: 505, Code: "unsupported_http_version", Message: "Use HTTP/1.1"}
)

// dataServer returns the server of the data plane. It serves listeners that
// callers made.
func (s *Server) dataServer(l config.Limits) *http.Server {
	srv := s.httpServer(s.Handler(), l)
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) }
	srv.ConnState = func(c net.Conn, st http.ConnState) {
		if c, ok := c.(*callerConn); ok && st == http.StateIdle { // the answer was written whole
			c.answering.Store(false)
		}
	}
	return srv
}

// callers has the connections of a listener answer in Warder's words where
// net/http refuses a request itself. handshake bounds the one of TLS.
func (s *Server) callers(l net.Listener, handshake time.Duration) net.Listener {
	return &callerListener{l, s, handshake}
}

type callerListener struct {
	net.Listener
	server    *Server
	handshake time.Duration
}

// Accept implements [net.Listener].
func (l *callerListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	out := &callerConn{Conn: c, server: l.server, handshake: l.handshake}
	out.tls, _ = c.(*tls.Conn)
	return out, nil
}

// connKey finds the connection of a request in its context.
type connKey struct{}

// callerConn is a connection of a caller. net/http writes to it either what a
// handler answered, which passes untouched, or a refusal of its own in plain
// text, which the caller gets as an error in its dialect instead. Which one it is
// is not read from the bytes: a handler says that it has begun.
type callerConn struct {
	net.Conn
	server    *Server
	tls       *tls.Conn // Conn, until its handshake is done; nil without TLS
	handshake time.Duration
	answering atomic.Bool // since a handler has begun, until its answer is written
	refused   bool        // nothing may follow
}

// answering says that from now on, until the answer is complete, what is written
// to the connection of a request comes from a handler.
func answering(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(*callerConn); ok {
		c.answering.Store(true)
	}
}

// Read implements [net.Conn]. The first one makes the handshake of TLS: net/http
// does that only for connections whose type it knows.
func (c *callerConn) Read(b []byte) (int, error) {
	if c.tls != nil {
		ctx, cancel := context.WithTimeout(context.Background(), c.handshake)
		err := c.tls.HandshakeContext(ctx)
		cancel()
		c.tls = nil
		if err != nil {
			c.failedHandshake(err)
			return 0, net.ErrClosed
		}
	}
	return c.Conn.Read(b)
}

// failedHandshake tells a caller that speaks HTTP without TLS, and closes.
func (c *callerConn) failedHandshake(err error) {
	c.server.log.Debug("TLS handshake failed", "cause", err)
	var re tls.RecordHeaderError
	if !c.refused && errors.As(err, &re) && re.Conn != nil && speaksHTTP(re.RecordHeader[:]) {
		_ = c.refuse(re.Conn, &failPlain, "")
	}
	c.refused = true
	c.Conn.Close()
}

// speaksHTTP reports whether a line of a request begins so.
func speaksHTTP(begin []byte) bool {
	for _, m := range []string{"GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "PATCH", "DELET"} {
		if string(begin) == m {
			return true
		}
	}
	return false
}

// Write implements [net.Conn].
func (c *callerConn) Write(b []byte) (int, error) {
	if c.answering.Load() {
		return c.Conn.Write(b)
	}
	if c.refused {
		return len(b), nil
	}
	f, reason := ownRefusal(b)
	if err := c.refuse(c.Conn, f, reason); err != nil {
		return 0, err
	}
	return len(b), nil
}

// refuseTime bounds how long a refusal is written and read on behind.
const refuseTime = time.Second

// refuse answers and counts. It then reads a little of what the caller still
// sends: closing before would take the answer from it.
func (c *callerConn) refuse(to net.Conn, f *failure, reason string) error {
	c.refused = true
	c.server.strangers.count("", f.Code)
	c.server.metrics.refused("", f)
	_ = to.SetDeadline(time.Now().Add(refuseTime))
	if _, err := to.Write(refusalBytes(f, reason)); err != nil {
		return err
	}
	if w, ok := to.(interface{ CloseWrite() error }); ok && w.CloseWrite() == nil {
		_, _ = io.CopyN(io.Discard, to, 256<<10)
	}
	return nil
}

// refusalBytes returns a whole answer. reason is one of net/http's own words.
func refusalBytes(f *failure, reason string) []byte {
	id := newRequestID()
	message := f.Message
	if reason != "" {
		message += ": " + reason
	}
	body := unrouted.Failure(dialect.Failure{Status: f.Status, Code: f.Code, Message: message + ".", Request: id})
	head := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nX-Request-Id: %s\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
		f.Status, http.StatusText(f.Status), time.Now().UTC().Format(http.TimeFormat), len(body), id)
	return append(head, body...)
}

// ownRefusal says what a refusal that net/http wrote is about. Its status line may
// end in a reason, which is a literal of its source.
func ownRefusal(b []byte) (f *failure, reason string) {
	line, _, _ := bytes.Cut(b, []byte("\r\n"))
	_, rest, _ := strings.Cut(string(line), " ")
	code, text, _ := strings.Cut(rest, " ")
	status, _ := strconv.Atoi(code)
	for _, k := range []*failure{&failExpectation, &failHeader, &failCoding, &failVersion} {
		if k.Status == status {
			return k, ""
		}
	}
	_, reason, _ = strings.Cut(text, ": ")
	return &failMalformed, reason
}
