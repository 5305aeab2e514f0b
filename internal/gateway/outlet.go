package gateway

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"warder.example/internal/dialect"
)

// outlet is the only holder of a response writer. Everything that leaves
// Warder towards a caller goes through one of its methods, and each of them
// takes bytes that Warder made itself or that a scan has released. A test
// (TestOnlyTheOutletWrites) holds that no other file writes to a response.
type outlet struct {
	w        http.ResponseWriter
	rc       *http.ResponseController
	idle     time.Duration    // longest a single write may take
	request  string           // id of the request, in every answer
	protocol dialect.Protocol // of failures
	begun    bool
	status   int
	sent     int64
	pending  []byte // cleared and not yet written
	dirty    bool   // written and not flushed
}

func newOutlet(w http.ResponseWriter, request string, idle time.Duration, p dialect.Protocol) *outlet {
	return &outlet{w: w, rc: http.NewResponseController(w), idle: idle, request: request, protocol: p}
}

// cleared is a body that may leave: made here, or released by a scan. The type
// has no constructor but the three below, so that a reader can find every place
// that clears bytes.
type cleared struct{ b []byte }

// made clears bytes that Warder built itself from its own words and ids.
func made(b []byte) cleared { return cleared{b} }

// scanned clears bytes of an upstream of which every text was inspected and
// released, with masks applied.
func scanned(b []byte) cleared { return cleared{b} }

// returned clears bytes that Warder built from its own words and from what the
// same request brought: whoever sent a text may have it back.
func returned(b []byte) cleared { return cleared{b} }

// whole sends a complete answer.
func (o *outlet) whole(status int, contentType string, h http.Header, body cleared) error {
	if o.begun {
		return nil
	}
	o.head(status, contentType, h)["Content-Length"] = []string{strconv.Itoa(len(body.b))}
	o.w.WriteHeader(status)
	o.pending = body.b
	return o.put()
}

// stream begins a streamed answer.
func (o *outlet) stream(status int, h http.Header) {
	if o.begun {
		return
	}
	to := o.head(status, "text/event-stream", h)
	to.Set("Cache-Control", "no-cache")
	to.Set("X-Accel-Buffering", "no")
	o.w.WriteHeader(status)
	o.dirty = true
}

// head writes what every answer's header has, and returns the header.
func (o *outlet) head(status int, contentType string, h http.Header) http.Header {
	o.begun, o.status = true, status
	to := o.w.Header()
	for k, v := range h {
		to[k] = v
	}
	// Names in the form that Set would give them, and one array for all values.
	v := [...]string{contentType, o.request, "nosniff"}
	to["Content-Type"], to["X-Request-Id"], to["X-Content-Type-Options"] = v[0:1:1], v[1:2:2], v[2:3:3]
	return to
}

// write adds one more piece of the body. It leaves with the next flush, or when
// enough has gathered.
func (o *outlet) write(body cleared) error {
	o.pending = append(o.pending, body.b...)
	if len(o.pending) < maxPending {
		return nil
	}
	return o.put()
}

// maxPending bounds what gathers before it is written: many small events that
// came together leave together.
const maxPending = 16 << 10

// put hands what has gathered to the connection.
func (o *outlet) put() error {
	if len(o.pending) == 0 {
		return nil
	}
	if o.idle > 0 {
		_ = o.rc.SetWriteDeadline(time.Now().Add(o.idle)) // not supported by test recorders
	}
	n, err := o.w.Write(o.pending)
	o.sent += int64(n)
	o.pending = o.pending[:0]
	o.dirty = true
	return err
}

// flush sends what was written on its way.
func (o *outlet) flush() error {
	if err := o.put(); err != nil || !o.dirty {
		return err
	}
	o.dirty = false
	return o.rc.Flush()
}

// abort breaks the connection, so that the caller cannot take what it has for
// the whole answer.
func (o *outlet) abort() { panic(http.ErrAbortHandler) }

// unreadTime is how long an answer may wait for the rest of a body that was not
// read.
const unreadTime = time.Second

// unread says that nothing of the request's body was read. If the connection may be
// used again, the server reads a little of it before it writes the answer: for a
// bounded time, and once the handler has returned, so that who sends nothing holds
// no place.
func (o *outlet) unread(r *http.Request) {
	switch {
	case r.ContentLength == 0:
	case r.Close:
		o.last()
	default:
		_ = o.rc.SetReadDeadline(time.Now().Add(unreadTime)) // not supported by test recorders
	}
}

// last says that no other request can follow on the connection, since a part of the
// body was not read. The server answers at once, ends its sending side and reads on
// for a while, see [callerConn.CloseWrite].
func (o *outlet) last() {
	_ = o.rc.SetReadDeadline(time.Now()) // net/http itself reads no more
	// It does all this when a body exceeds a limit of its own, and on no other
	// request: one byte is over the limit of none.
	_, _ = http.MaxBytesReader(o.w, io.NopCloser(strings.NewReader(".")), 0).Read(make([]byte, 1))
}
