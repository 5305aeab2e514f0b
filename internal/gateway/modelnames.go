package gateway

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"warder.example/guard"
)

// namedModels serves a list of models that asks no upstream: those whose names the
// configuration spells out, or the application's own list, as far as the application may
// use them and an upstream of the family serves them. A pattern names no model.
func (s *Server) namedModels(list func(names []string) []byte) func(*exchange) *failure {
	return func(x *exchange) *failure {
		return x.tell(func() ([]byte, *failure) { return list(x.modelNames()), nil })
	}
}

// namedModel serves what there is to say of one model, by the same rule; here a pattern
// of the configuration is enough.
func (s *Server) namedModel(one func(name string) []byte) func(*exchange) *failure {
	return func(x *exchange) *failure {
		return x.tell(func() ([]byte, *failure) {
			name := x.r.PathValue("call")
			if !x.mayUse(name) {
				return nil, &failModel
			}
			return one(name), nil
		})
	}
}

// modelNames returns the names, sorted.
func (x *exchange) modelNames() []string {
	var names []string
	for i := range x.state.cfg.Upstreams {
		u := &x.state.cfg.Upstreams[i]
		names = append(names, u.Models...)
		for alias := range u.Aliases {
			names = append(names, alias)
		}
	}
	names = append(names, x.grant.Application.Models...)
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return strings.Contains(name, "*") || !x.mayUse(name) })
}

// mayUse reports whether the application may use a model, and there is an upstream of the
// route's family for it.
func (x *exchange) mayUse(name string) bool {
	family := x.route.family
	if len(name) > maxModel || !x.grant.AllowsModel(name) || family == &geminiFamily && !geminiModel.MatchString(name) {
		return false
	}
	_, ok := x.state.pool.Target(family.name, name)
	return ok
}

// tell answers a call that asks no model with what Warder makes itself.
func (x *exchange) tell(answer func() ([]byte, *failure)) *failure {
	if f := x.reserveRequest(); f != nil {
		return f
	}
	b, f := answer()
	if f != nil {
		return f
	}
	return x.answerOwn(made(b))
}

// answerOwn records a call that asks no model and sends its answer.
func (x *exchange) answerOwn(b cleared) *failure {
	if err := x.open(Opened{Key: x.grant.Key.ID, Route: x.route.path, Action: guard.Allow, Would: guard.Allow}); err != nil {
		return failLedger.because(err)
	}
	c := &x.closing
	c.Status, c.End, c.Action, c.Would, c.Bytes = http.StatusOK, "complete", guard.Allow, guard.Allow, int64(len(b.b))
	if err := x.close(); err != nil {
		return failLedger.because(err)
	}
	_ = x.out.whole(http.StatusOK, "application/json", nil, b)
	return nil
}

// checkPage refuses what the URL of a list of Google's has behind its path, but for the
// size of a page, which may be larger than asked for: there is one page.
func checkPage(query string) *failure {
	values, err := url.ParseQuery(query)
	if err != nil {
		return failPage.because(err)
	}
	for name, v := range values {
		switch {
		case name == "key" || name == "access_token":
			return &failURLKey
		case name == "alt" && len(v) == 1 && v[0] == "json":
		case name != "pageSize" && name != "page_size" || len(v) != 1 || len(v[0]) > 9 || strings.Trim(v[0], "0123456789") != "":
			return &failPage
		}
	}
	return nil
}
