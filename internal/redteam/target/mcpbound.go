package target

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// forMCP returns a client for the SDK: it goes to the same host alone, with the same
// headers, and reads no more than the bound.
func (c *client) forMCP(long *atomic.Bool) *http.Client {
	out := *c.http
	out.Transport = &mcpTransport{c, long}
	return &out
}

// mcpTransport carries requests of the SDK.
type mcpTransport struct {
	c    *client
	long *atomic.Bool // set when an answer is longer than the bound
}

// RoundTrip implements [http.RoundTripper].
func (t *mcpTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	for _, headers := range []map[string]string{t.c.header, t.c.secret} {
		for k, v := range headers {
			req.Header.Set(k, v)
		}
	}
	res, err := t.c.http.Transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	f, _ := errors.AsType[*Failure](t.c.failure(&answer{status: res.StatusCode, header: res.Header}))
	// What a server rejects is for the SDK to read: it asks in older versions then.
	if f != nil && f.Kind != Rejected || res.StatusCode/100 == 3 {
		res.Body.Close()
		return nil, f
	}
	res.Body = &boundedBody{ReadCloser: res.Body, left: t.c.max, long: t.long}
	return res, nil
}

// boundedBody fails where a body is longer than what is read.
type boundedBody struct {
	io.ReadCloser
	left int64
	long *atomic.Bool
}

// errBound ends a body; the session says what is meant.
var errBound = errors.New("longer than limits.answer")

// Read implements [io.Reader].
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errBound
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.long.Store(true)
		return 0, errBound
	}
	return n, err
}

// boundedLines fails where a line is longer than what is read.
type boundedLines struct {
	io.ReadCloser
	max, line int
	long      *atomic.Bool
}

// Read implements [io.Reader].
func (b *boundedLines) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	for i, rest := 0, p[:n]; len(rest) > 0; rest = rest[i:] {
		if i = 1 + bytes.IndexByte(rest, '\n'); i > 0 {
			b.line = 0
			continue
		}
		i = len(rest)
		if b.line += i; b.line > b.max {
			b.long.Store(true)
			return 0, errBound
		}
	}
	return n, err
}
