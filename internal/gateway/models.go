package gateway

import (
	"bytes"
	"errors"
	"net/http"

	"warder.example/guard"
	"warder.example/internal/dialect"
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
	if err := x.open(Opened{Key: x.grant.Key.ID, Route: x.r.URL.Path, Action: guard.Allow, Would: guard.Allow}); err != nil {
		return failLedger.because(err)
	}
	out := joinModels(lists)
	c := &x.closing
	c.Status, c.End, c.Action, c.Would, c.Bytes = http.StatusOK, "complete", guard.Allow, guard.Allow, int64(len(out))
	if err := x.close(); err != nil {
		return failLedger.because(err)
	}
	_ = x.out.whole(http.StatusOK, "application/json", nil, scanned(out))
	return nil
}

func (x *exchange) listModels(u *upstream) ([]byte, *failure) {
	req := (&http.Request{Method: http.MethodGet, URL: u.endpoint("/models"), Host: u.base.Host,
		Header: x.upstreamHeader(u)}).WithContext(x.r.Context())
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
	bad, f := x.badModels(m)
	if f != nil {
		return nil, f
	}
	return m.Body(func(id string) bool { return !bad[id] && x.grant.AllowsModel(id) && x.state.route(id) == u }), nil
}

// badModels returns the ids of the entries in which the policy stops or masks
// something: they are not listed.
func (x *exchange) badModels(m *openai.Models) (map[string]bool, *failure) {
	app := &x.grant.Application
	p, ok := x.state.protectionFor(app.Policy)
	if !ok {
		return nil, failGuard.because(errors.New("the application's policy is not in the configuration"))
	}
	g := p.guardFor(app.Mode)
	about := &guard.Exchange{Application: app.ID, Environment: app.Environment, DataClass: app.DataClass}
	found, err := g.Find(x.r.Context(), answerTexts(m.Leaves, about))
	if err != nil {
		return nil, failGuard.because(err)
	}
	v := g.Decide(guard.Facts{Application: app.ID, Environment: app.Environment, DataClass: app.DataClass, Direction: guard.Answer}, found)
	bad := map[string]bool{}
	for i := range v.Findings {
		if a := v.ActionFor(i); v.Observed || a == guard.Allow || a == guard.Flag {
			continue
		}
		turn := m.Leaves[v.Findings[i].Text].Turn
		if turn < 0 || turn >= len(m.IDs) {
			return nil, failUpGarbage.because(errors.New("the policy stops the list of models"))
		}
		bad[m.IDs[turn]] = true
	}
	return bad, nil
}

// answerTexts are the texts of what an upstream said.
func answerTexts(leaves []dialect.Leaf, about *guard.Exchange) []guard.Text {
	texts := make([]guard.Text, len(leaves))
	for i := range leaves {
		l := &leaves[i]
		texts[i] = guard.Text{Content: l.Text, Origin: l.Origin, Kind: l.Kind, Direction: guard.Answer, Exchange: about}
	}
	return texts
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
