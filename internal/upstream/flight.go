package upstream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// landed stands in flight.waiting once the body was closed.
const landed = -1

// flight is one attempt, and then the body of its answer. One timer watches all of its
// phases: arming one for each read would cost more than reading. Times are counted from
// its beginning on a clock that nobody sets.
type flight struct {
	server    *server
	cancel    context.CancelFunc
	body      io.ReadCloser // of the answer
	timer     *time.Timer
	began     time.Time
	total     time.Duration // from the beginning
	waiting   atomic.Int64  // since when the upstream is waited for; 0: it is not
	patience  atomic.Int64  // for how long it may be
	phase     atomic.Uint32 // the Kind of the deadline that is next
	late      atomic.Uint32 // the Kind of the deadline that passed
	sent      atomic.Bool   // the request was sent, or a part of it
	whole     atomic.Bool   // all of it was
	handshake atomic.Bool   // a TLS handshake has begun
	payload   bytes.Reader
	trace     httptrace.ClientTrace
}

// fly sends a request. until is when the whole call ends.
func (s *server) fly(ctx context.Context, r *request, until time.Time) (*http.Response, *Error) {
	f := &flight{server: s, began: time.Now()}
	f.total = until.Sub(f.began)
	f.patience.Store(int64(s.deadlines.FirstByte))
	f.phase.Store(uint32(FirstByteTimeout))
	f.trace.WroteHeaders, f.trace.WroteRequest = f.wrote, f.wroteAll
	f.trace.TLSHandshakeStart = f.shakes
	inner, cancel := context.WithCancel(httptrace.WithClientTrace(ctx, &f.trace))
	f.cancel = cancel
	f.timer = time.AfterFunc(min(f.total, s.deadlines.FirstByte), f.look)
	res, err := s.transport.RoundTrip(f.request(r).WithContext(inner))
	if err != nil {
		f.stop()
		return nil, f.failure(ctx, err)
	}
	if res.StatusCode < 200 || res.StatusCode >= 300 && res.StatusCode < 400 {
		f.stop()
		res.Body.Close()
		return nil, &Error{Kind: Redirected, Upstream: s.name, sent: true}
	}
	f.arrived()
	f.forget(r)
	f.body, res.Body = res.Body, f
	res.Request = nil // its header holds the credential
	return res, nil
}

func (f *flight) request(r *request) *http.Request {
	out := &http.Request{Method: r.method, URL: f.server.endpoint(r), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: r.header, Host: f.server.base.Host}
	if len(r.body) > 0 {
		f.payload.Reset(r.body)
		// What net/http knows to be in memory leaves in one write with the header.
		out.Body, out.ContentLength = io.NopCloser(&f.payload), int64(len(r.body))
		out.GetBody = func() (io.ReadCloser, error) { // for the transport, when a kept connection turns out to be dead
			return io.NopCloser(bytes.NewReader(r.body)), nil
		}
	}
	return out
}

// since returns the time since the beginning, never 0.
func (f *flight) since() int64 { return int64(time.Since(f.began)) + 1 }

func (f *flight) wrote() {
	f.sent.Store(true)
	now := f.since()
	if f.waiting.CompareAndSwap(0, now) && f.phase.Load() != uint32(FirstByteTimeout) {
		f.waiting.CompareAndSwap(now, 0) // the answer was faster
	}
}

func (f *flight) wroteAll(httptrace.WroteRequestInfo) { f.whole.Store(true) }

// forget lets the body of a request go of which an answer has begun: the transport
// keeps the request as long as the answer lasts, and asks for no other body then. One
// that is still being sent, as an upstream answered early, stays.
func (f *flight) forget(r *request) {
	if r.body = nil; f.whole.Load() {
		f.payload.Reset(nil)
	}
}

func (f *flight) shakes() { f.handshake.Store(true) }

// arrived begins the phase of the body.
func (f *flight) arrived() {
	f.phase.Store(uint32(IdleTimeout))
	f.patience.Store(int64(f.server.deadlines.Idle))
	f.waiting.Store(0)
	f.timer.Reset(min(f.server.deadlines.Idle, f.total-time.Since(f.began)))
}

// look gives up what has taken too long, else looks again when it would have.
func (f *flight) look() {
	since, now := f.waiting.Load(), f.since()
	if since == landed {
		return
	}
	left, kind := time.Duration(f.patience.Load()), Kind(f.phase.Load())
	if since != 0 {
		left -= time.Duration(now - since)
	}
	if rest := f.total - time.Duration(now); rest < left {
		left, kind = rest, TotalTimeout
	}
	if left <= 0 {
		f.late.Store(uint32(kind))
		f.cancel()
		return
	}
	f.timer.Reset(left)
}

// Read implements [io.Reader]. Its errors are [io.EOF] and [Error].
func (f *flight) Read(p []byte) (int, error) {
	now := f.since()
	f.waiting.CompareAndSwap(0, now)
	n, err := f.body.Read(p)
	f.waiting.CompareAndSwap(now, 0)
	if err == nil || err == io.EOF {
		return n, err
	}
	e := &Error{Kind: Cut, Upstream: f.server.name, sent: true, err: err}
	switch {
	case f.late.Load() != 0:
		e.Kind = Kind(f.late.Load())
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		e.Kind = Canceled
	}
	f.server.tally.failed(e.Kind)
	return n, e
}

// Close implements [io.Closer].
func (f *flight) Close() error {
	f.stop()
	return f.body.Close()
}

func (f *flight) stop() {
	f.waiting.Store(landed)
	f.timer.Stop()
	f.cancel()
}
