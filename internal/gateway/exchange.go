package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/event"
)

// exchange is one request and its answer.
type exchange struct {
	server   *Server
	state    *state
	route    *route
	out      *outlet
	r        *http.Request
	id       string
	began    time.Time
	grant    *access.Grant
	subject  string // commitment
	protocol string // of a call to a model
	read     bool   // the body was read to its end
	reset    bool   // the caller broke the connection while it sent its body
	opened   bool   // an opened record was kept
	over     bool   // a closed record was kept
	closing  Closed
	spent    spending
	guarding time.Duration // spent on inspection
	observation
}

// run serves the exchange. A panic, as of a detector that a text broke, becomes
// a failure that is answered and recorded as any other.
func (x *exchange) run(serve func(*exchange) *failure) (f *failure) {
	defer func() {
		switch p := recover(); {
		case p == nil:
		case p == http.ErrAbortHandler:
			panic(p)
		default:
			// The value may quote a text; its type and the stack don't.
			x.server.log.Error("panic", "request", x.id, "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			f = failInternal.because(fmt.Errorf("panic of type %T", p))
		}
	}()
	return serve(x)
}

// failed answers a failure and records it.
func (x *exchange) failed(f *failure) {
	s, app := x.server, x.grant.Application
	s.metrics.refused(app.Name, f)
	level := slog.LevelInfo
	if f.Status >= 500 {
		level = slog.LevelWarn
	}
	s.log.LogAttrs(x.r.Context(), level, "request failed", slog.String("request", x.id), slog.String("application", app.Name),
		slog.String("code", f.Code), slog.Int("status", f.Status), budgetOf(f.cause), cause(f.cause))
	x.closing.Status, x.closing.End, x.closing.Code = f.Status, "failed", f.Code
	if x.gone() {
		x.closing.End = "caller_gone"
	}
	if !x.opened {
		x.open(Opened{Key: x.grant.Key.ID, Route: x.route.path, Protocol: x.protocol, Code: f.Code})
	}
	if !x.out.begun {
		x.closing.Bytes = int64(len(x.out.words(f)))
	}
	x.close()
	switch {
	case x.read || x.r.ContentLength == 0:
	case f.Code == failMedia.Code:
		x.out.unread(x.r)
	default:
		x.out.last()
	}
	x.out.fail(f)
}

// inspected notes how long one of timedParts took that is inspection.
func (x *exchange) inspected(part string, began time.Time) {
	x.server.metrics.took(part, began)
	x.guarding += time.Since(began)
}

// caller tells callers apart where one alone must not bring something about: the key
// and, where the configuration says which header names the end user, the end user. A
// name in the body is a claim that a caller makes as often as it likes.
func (x *exchange) caller() string {
	if x.state.cfg.Applications[x.grant.Application.Name].SubjectHeader == "" {
		return x.grant.Key.ID
	}
	return x.grant.Key.ID + " " + x.subject
}

// gone reports whether the caller has gone away, or takes nothing any more.
func (x *exchange) gone() bool {
	return x.reset || errors.Is(x.r.Context().Err(), context.Canceled)
}

// recordTime bounds how long a record may take: a caller that goes away must
// not take its record with it.
const recordTime = 30 * time.Second

// open keeps the opened record.
func (x *exchange) open(p Opened) error {
	if err := x.record(KindOpened, &p); err != nil {
		return err
	}
	x.opened = true
	return nil
}

// close keeps the closed record, once. It is called before the last byte to the
// caller leaves; closing.Bytes holds how many are about to.
func (x *exchange) close() error {
	if x.over {
		return nil
	}
	x.over = true
	x.charge()
	c := &x.closing
	c.Bytes += x.out.sent + int64(len(x.out.pending)) // to what the caller of close is about to send
	c.Millis, c.Guard = time.Since(x.began).Milliseconds(), x.guarding.Microseconds()
	x.server.metrics.exchanges.WithLabelValues(x.grant.Application.Name, x.protocol, c.End).Inc()
	if !x.opened {
		return nil
	}
	return x.record(KindClosed, c)
}

func (x *exchange) record(kind string, payload any) error {
	ctx := patient(x.r.Context(), recordTime)
	defer ctx.stop()
	_, err := x.server.ledger.Append(ctx, event.Event{
		Time: time.Now(), Kind: kind, Application: x.grant.Application.ID,
		Subject: x.subject, Request: x.id, Payload: payload,
	})
	if err != nil {
		x.server.log.LogAttrs(ctx, slog.LevelError, "record was not kept", slog.String("request", x.id),
			slog.String("kind", kind), cause(err))
	}
	return err
}
