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
	out, f := x.joinedModels(func(string) bool { return true })
	if f != nil {
		return f
	}
	return x.answerOwn(scanned(out))
}

// model serves GET /v1/models/{model}: the model's entry in that list.
func (s *Server) model(x *exchange) *failure {
	name := x.r.PathValue("call")
	if !x.mayUse(name) {
		return &failModel
	}
	found := false // a list may have it twice
	out, f := x.joinedModels(func(as string) bool {
		first := as == name && !found
		found = found || first
		return first
	})
	if f != nil {
		return f
	}
	one := entries(out)
	if len(one) == 0 {
		return &failModel
	}
	return x.answerOwn(scanned(one))
}

// joinedModels returns the list of those of all upstreams' models that are wanted, by the
// names that callers use.
func (x *exchange) joinedModels(wanted func(name string) bool) ([]byte, *failure) {
	if f := x.reserveRequest(); f != nil {
		return nil, f
	}
	var lists [][]byte
	var last *failure
	for _, name := range x.state.pool.Names(x.route.family.name) {
		b, f := x.listModels(name, wanted)
		if f != nil {
			last = f
			continue
		}
		lists = append(lists, b)
	}
	if len(lists) == 0 && last != nil {
		return nil, last
	}
	return joinModels(lists), nil
}

// listModels returns what one upstream lists of the models that are wanted.
func (x *exchange) listModels(name string, wanted func(name string) bool) ([]byte, *failure) {
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
		return slices.DeleteFunc(pool.Called(name, family, id), func(as string) bool { return !wanted(as) || !x.grant.AllowsModel(as) })
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
		e := entries(l)
		if len(e) == 0 {
			continue
		}
		if !first {
			out.WriteByte(',')
		}
		first = false
		out.Write(e)
	}
	out.WriteString("]}")
	return out.Bytes()
}

// entries returns those of a list that ParseModels wrote, without what holds them.
func entries(list []byte) []byte {
	i, j := bytes.IndexByte(list, '['), bytes.LastIndexByte(list, ']')
	if i < 0 || j <= i {
		return nil
	}
	return bytes.TrimSpace(list[i+1 : j])
}
