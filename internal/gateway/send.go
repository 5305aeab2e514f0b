package gateway

import (
	"net/http"
	"strings"
	"time"

	"warder.example/internal/dialect"
	"warder.example/internal/upstream"
)

// send asks for an answer to the request with the edits, of one of the upstreams that
// serve its model. The answer's header has come when it returns. The way that it went is
// noted in the closed record.
func (t *talk) send(edits []dialect.Edit) (*http.Response, *failure) {
	if carry := carrierOf(t.r); carry != nil {
		return t.carried(carry, edits)
	}
	h := t.upstreamHeader()
	path, query, _ := strings.Cut(t.path, "?")
	at := func(model string) string { return strings.Replace(path, "{model}", model, 1) }
	call := upstream.Call{
		Path: at(t.req.Model), Query: query, Header: h, Body: t.req.Body(edits), Family: t.route.family.name, Model: t.req.Model,
		Rename: func(model string) (string, []byte) { return at(model), t.req.Body(t.req.Rename(model, edits)) },
	}
	if t.spent.pinned {
		call.Upstream = t.upstream
	}
	if t.seen != nil {
		call.Attempting = func(a upstream.Attempt) { t.attempting(a, h) }
	}
	began := time.Now()
	res, way, err := t.state.pool.Do(t.r.Context(), &call)
	t.spent.sent(err)
	t.spent.model = way.Model
	c := &t.closing
	if c.Upstream, c.Attempts = way.Upstream, way.Attempts; way.Model != t.req.Model {
		c.Model = way.Model
	}
	if err != nil {
		return nil, upstreamFailure(err)
	}
	t.server.metrics.took("upstream_first_byte", began)
	return res, nil
}
