package gateway

import (
	"bytes"
	"errors"
	"net/http"
	"slices"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
	"warder.example/internal/upstream"
)

// models serves GET /v1/models: what the upstreams list, as far as this
// application may use it and it would be routed to that upstream.
func (s *Server) models(x *exchange) *failure {
	var lists [][]byte
	var last *failure
	if f := x.reserveRequest(); f != nil {
		return f
	}
	for _, name := range x.state.pool.Names(x.route.family.name) {
		b, f := x.listModels(name)
		if f != nil {
			last = f
			continue
		}
		lists = append(lists, b)
	}
	if len(lists) == 0 && last != nil {
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

// listModels returns what one upstream lists, by the names that callers use.
func (x *exchange) listModels(name string) ([]byte, *failure) {
	pool, family := x.state.pool, x.route.family.name
	res, _, err := pool.Do(x.r.Context(), &upstream.Call{Method: http.MethodGet, Path: "/models", Header: x.upstreamHeader(), Family: family, Upstream: name})
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
	return m.Body(func(id string) []string {
		if bad[id] {
			return nil
		}
		return slices.DeleteFunc(pool.Called(name, family, id), func(as string) bool { return !x.grant.AllowsModel(as) })
	}), nil
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
