package gateway

import (
	"bytes"
	"net/http"

	"warder.example/internal/dialect/openai"
)

// models serves GET /v1/models: what the upstreams list, as far as this
// application may use it and it would be routed to that upstream.
func (s *Server) models(x *exchange) *failure {
	var lists [][]byte
	var last *failure
	for _, u := range x.state.upstreams {
		b, f := x.listModels(u)
		if f != nil {
			last = f
			continue
		}
		lists = append(lists, b)
	}
	if len(lists) == 0 {
		return last
	}
	x.closing.Status, x.closing.End = http.StatusOK, "complete"
	_ = x.close() // listing opens no exchange; this only counts it
	_ = x.out.whole(http.StatusOK, "application/json", nil, scanned(joinModels(lists)))
	return nil
}

func (x *exchange) listModels(u *upstream) ([]byte, *failure) {
	req := (&http.Request{Method: http.MethodGet, URL: u.endpoint("/models"), Host: u.base.Host,
		Header: upstreamHeader(nil, u)}).WithContext(x.r.Context())
	res, err := u.transport.RoundTrip(req)
	if err != nil {
		return nil, upstreamFailure(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, &failUpGarbage
	}
	l := x.state.cfg.Limits
	body, err := readBody(res.Body, res.ContentLength, int64(l.Body))
	if err != nil {
		return nil, failUpGarbage.because(err)
	}
	m, err := openai.ParseModels(body, x.state.limits(x.state.cfg.Applications[x.grant.Application.Name]))
	if err != nil {
		return nil, failUpGarbage.because(err)
	}
	return m.Body(func(id string) bool { return x.grant.AllowsModel(id) && x.state.route(id) == u }), nil
}

// joinModels joins lists that ParseModels wrote: {"object":"list","data":[…]}.
// One list stays as it is.
func joinModels(lists [][]byte) []byte {
	if len(lists) == 1 {
		return lists[0]
	}
	var out bytes.Buffer
	out.WriteString(`{"object":"list","data":[`)
	first := true
	for _, l := range lists {
		i, j := bytes.IndexByte(l, '['), bytes.LastIndexByte(l, ']')
		if i < 0 || j <= i || len(bytes.TrimSpace(l[i+1:j])) == 0 {
			continue
		}
		if !first {
			out.WriteByte(',')
		}
		first = false
		out.Write(l[i+1 : j])
	}
	out.WriteString("]}")
	return out.Bytes()
}
