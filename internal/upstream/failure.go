package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"time"
)

// Kind says what went wrong. The zero value is unknown.
type Kind uint8

// Kinds of errors, and of failures in [Stats]. Their names are labels of metrics.
const (
	Unknown          Kind = iota
	NoUpstream            // none is configured for the call
	CircuitOpen           // all that could be asked are left alone for now
	BadCall               // the call cannot be sent to an upstream
	Unreachable           // no connection
	TLSFailed             // no TLS: a certificate, a version
	ConnectTimeout        // no connection in time
	TLSTimeout            // no TLS in time
	FirstByteTimeout      // no answer in time
	IdleTimeout           // silence within the answer
	TotalTimeout          // the whole call took too long
	Broken                // the connection ended before an answer, or what came is none
	Cut                   // the answer ended before it was complete
	Redirected            // a redirect, which is never followed
	Canceled              // the caller gave up
	Refused               // a status that sends callers elsewhere: 401, 403, 429, 502, 503, 504, 529
	kinds
)

var kindTexts = [kinds]struct{ name, text string }{
	{"unknown", "failed"},
	{"no_upstream", "no upstream serves the model"},
	{"circuit_open", "every upstream of the model is left alone for now since it failed"},
	{"bad_call", "the request cannot be sent to it"},
	{"unreachable", "could not be reached"},
	{"tls_failed", "no TLS connection"},
	{"connect_timeout", "could not be reached in time"},
	{"tls_timeout", "the TLS handshake took too long"},
	{"first_byte_timeout", "did not begin to answer in time"},
	{"idle_timeout", "was silent too long within its answer"},
	{"total_timeout", "did not finish in time"},
	{"broken", "ended the connection without an answer that can be read"},
	{"cut", "ended its answer before it was complete"},
	{"redirected", "answered with a redirect, which is not followed"},
	{"canceled", "the caller gave up"},
	{"refused", "refused the request"},
}

// String returns the kind's name: lower-case letters and _.
func (k Kind) String() string { return kindTexts[min(k, kinds-1)].name }

// Timeout reports whether a deadline passed.
func (k Kind) Timeout() bool { return k >= ConnectTimeout && k <= TotalTimeout }

// Error is why a call failed, of [Pool.Do] and of reading the answer's body. Its
// text holds nothing that an upstream or caller chose.
type Error struct {
	Kind     Kind
	Upstream string // empty if nobody was asked
	// Retry is when to come back, of CircuitOpen: from a second to a minute.
	Retry time.Duration

	sent bool // the upstream may have got the request
	err  error
}

// Sent reports whether the upstream may have got the request and worked on it.
func (e *Error) Sent() bool { return e.sent }

// Error tells what happened to which upstream.
func (e *Error) Error() string {
	s := kindTexts[min(e.Kind, kinds-1)].text
	if e.Upstream != "" {
		// Not quoted, since logs leave out what is: the configuration allows a name
		// letters, digits and dashes.
		s = "upstream " + e.Upstream + ": " + s
	}
	if d := e.detail(); d != "" {
		s += ": " + d
	}
	return s
}

// GoString is Error: %#v must not reach the cause.
func (e *Error) GoString() string { return e.Error() }

// Unwrap returns the cause; [os.ErrDeadlineExceeded] if a deadline passed. Do not
// print it: it may quote what the upstream sent.
func (e *Error) Unwrap() error {
	if e.Kind.Timeout() {
		return os.ErrDeadlineExceeded
	}
	return e.err
}

// Timeout reports whether a deadline passed, as for [net.Error].
func (e *Error) Timeout() bool { return e.Kind.Timeout() }

// detail is what of the cause can be told.
func (e *Error) detail() string {
	var d *dialError
	var p *proxyError
	switch {
	case e.Kind == BadCall:
		return e.err.Error()
	case errors.As(e.err, &d):
		return d.Error()
	case errors.As(e.err, &p):
		return p.Error()
	case e.Kind == TLSFailed:
		return describeTLS(e.err)
	}
	return ""
}

// describeTLS says why there is no TLS, in words of its own: a certificate's names are
// the other side's text.
func describeTLS(err error) string {
	var invalid x509.CertificateInvalidError
	var alert *net.OpError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or is not valid yet"
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "its certificate is signed by an authority that is not trusted; name that in ca_file"
	case errors.As(err, new(x509.HostnameError)):
		return "its certificate is for another name; see server_name"
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return "its certificate cannot be verified"
	case errors.As(err, new(tls.RecordHeaderError)):
		return "it does not speak TLS"
	case errors.As(err, &alert) && alert.Op == "remote error":
		return "it refuses the handshake (" + alert.Err.Error() + ")" // fixed texts of crypto/tls
	}
	return "the handshake failed"
}

// failure names why an attempt got no answer.
func (f *flight) failure(ctx context.Context, err error) *Error {
	e := &Error{Kind: Broken, Upstream: f.server.name, sent: f.sent.Load(), err: err}
	var d *dialError
	var alert *net.OpError
	switch {
	case f.late.Load() != 0:
		e.Kind = Kind(f.late.Load())
	case ctx.Err() != nil:
		e.Kind = Canceled
		e.err = context.Cause(ctx)
	case errors.As(err, &alert) && alert.Op == "remote error": // a client certificate is refused after the handshake
		e.Kind = TLSFailed
	case e.sent:
	case errors.As(err, &d) && d.timeout:
		e.Kind = ConnectTimeout
	case d != nil || errors.As(err, new(*proxyError)):
		e.Kind = Unreachable
	case f.handshake.Load():
		e.Kind = TLSFailed
		if t, ok := errors.AsType[interface {
			error
			Timeout() bool
		}](err); ok && t.Timeout() {
			e.Kind = TLSTimeout
		}
	}
	return e
}
