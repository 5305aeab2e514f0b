package gateway

import (
	"context"
	"net/http"
	"slices"
	"time"

	"warder.example/internal/dialect"
)

// A Carrier brings a judged request to a model server in the gateway's place: a
// proxy that asks the gateway what may pass. body is the request's, as it is to be
// sent. The answer's body is read before the exchange ends.
type Carrier func(ctx context.Context, body []byte) (*http.Response, error)

// carriedUpstream is what records call a model server that a [Carrier] reaches. No
// upstream of a configuration can have the name.
const carriedUpstream = "(carried)"

type carrierKey struct{}

// Carried returns the request as one that [Server.Handler] serves as any other, but
// for the way to a model server. Which server has the model, and whether any has, is
// the carrier's business; whether the application may use it is not. What is no call
// to a model is answered and not carried.
func Carried(r *http.Request, carry Carrier) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), carrierKey{}, carry))
}

// KeyHeaders returns the names of all headers in which callers may give keys.
func (s *Server) KeyHeaders() []string {
	var out []string
	for _, rt := range s.routes() {
		for _, k := range rt.family.keys {
			out = append(out, k.name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// carrierOf returns who carries a request, nil for the gateway itself.
func carrierOf(r *http.Request) Carrier {
	c, _ := r.Context().Value(carrierKey{}).(Carrier)
	return c
}

// destination returns who a request for a model goes to first.
func (x *exchange) destination(model string) (upstream string, ok bool) {
	if carrierOf(x.r) != nil {
		return carriedUpstream, true
	}
	target, ok := x.state.pool.Target(x.route.family.name, model)
	return target.Upstream, ok
}

// carried sends a request with the edits by its carrier.
func (t *talk) carried(carry Carrier, edits []dialect.Edit) (*http.Response, *failure) {
	t.closing.Upstream, t.closing.Attempts = carriedUpstream, 1
	began := time.Now()
	res, err := carry(t.r.Context(), t.req.Body(edits))
	t.spent.sent(err)
	if err != nil {
		return nil, upstreamFailure(err)
	}
	t.server.metrics.took("upstream_first_byte", began)
	return res, nil
}
