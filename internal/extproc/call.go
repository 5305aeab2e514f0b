package extproc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// call is one exchange, between Envoy's stream and the handler, which runs beside
// it. Each channel carries one thing, once.
type call struct {
	ctx     context.Context
	wants   chan struct{}       // closed: the handler reads the request's body
	body    chan []byte         // that body
	forward chan []byte         // the body to be sent
	reply   chan *http.Response // what came back
	done    chan struct{}       // closed: the handler has returned

	carried bool   // of the handler
	out     answer // read after done
	aborted bool   // likewise: the answer is not complete
}

func newCall(ctx context.Context) *call {
	return &call{ctx: ctx, wants: make(chan struct{}), body: make(chan []byte, 1), forward: make(chan []byte, 1),
		reply: make(chan *http.Response, 1), done: make(chan struct{}), out: answer{header: http.Header{}}}
}

// run has the handler serve the exchange. A panic ends this exchange, not the
// program, as in net/http; its value may quote a text.
func (c *call) run(serve Handler, r *http.Request, log *slog.Logger) {
	defer close(c.done)
	defer func() {
		p := recover()
		if c.aborted = p != nil; c.aborted && p != http.ErrAbortHandler {
			log.Error("panic", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		}
	}()
	serve(&c.out, r, c.carry)
}

var errCarried = errors.New("the request was sent before")

// carry gives a request to Envoy and waits for what comes back.
func (c *call) carry(ctx context.Context, body []byte) (*http.Response, error) {
	if c.carried {
		return nil, errCarried
	}
	c.carried = true
	c.forward <- body
	select {
	case res := <-c.reply:
		return res, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// requestBody is the body of a request that may not have come yet.
type requestBody struct {
	call   *call
	asked  bool
	reader *bytes.Reader // nil: not here yet
}

// Read implements [io.Reader].
func (b *requestBody) Read(p []byte) (int, error) {
	if !b.asked {
		b.asked = true
		close(b.call.wants)
	}
	if b.reader == nil {
		select {
		case body := <-b.call.body:
			b.reader = bytes.NewReader(body)
		case <-b.call.ctx.Done():
			return 0, b.call.ctx.Err()
		}
	}
	return b.reader.Read(p)
}

func (b *requestBody) Close() error { return nil }

var _ io.ReadCloser = (*requestBody)(nil)

// answer gathers what the handler answers.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

var (
	_ http.ResponseWriter = (*answer)(nil)
	_ http.Flusher        = (*answer)(nil)
)

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// Flush implements [http.Flusher]: all of it leaves together.
func (a *answer) Flush() {}
