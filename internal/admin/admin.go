// Package admin is the administrative API of a running Warder: what the commands
// beside the server do, over HTTP on the admin listener, for programs.
//
// # Who may
//
// Every route needs one of the admin tokens of the configuration, as Authorization:
// Bearer TOKEN, with the scope of the route. A token is compared by its SHA-256, in
// time that depends on no secret. An address that guesses is put off. Without tokens
// in the configuration there is no API. No cookie is looked at, and bodies need a JSON
// content type, so no page in a browser can use the API behind its user's back.
//
// # The routes
//
//	POST   /v1/threats                 remember attacks               threats:write
//	GET    /v1/threats                 list them, in pages            threats:read
//	GET    /v1/threats/{id}            show one                       threats:read
//	POST   /v1/threats/{id}/dry-run    measure it on honest texts     threats:read
//	POST   /v1/threats/{id}/activate   the same, and activate it      threats:write
//	POST   /v1/threats/{id}/promote    for all applications           threats:write
//	POST   /v1/threats/{id}/suspend    exact copies only              threats:write
//	DELETE /v1/threats/{id}            forget it                      threats:write
//
// docs/threats.md has their bodies. They do what the commands of those names do, by
// the same code; the audit log calls who did it "token:" and the name of the token.
// Errors have the form of the data plane (docs/errors.md). What a text says is neither
// logged nor sent back.
package admin

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/config"
	"warder.example/internal/store"
	"warder.example/internal/threats"
)

// Store is what the API needs of the store.
type Store interface {
	threats.ActStore
	ThreatPage(ctx context.Context, after string, limit int, ended bool) ([]store.Threat, error)
	SuspendThreat(ctx context.Context, id string, why any) (store.Threat, error)
	PromoteThreat(ctx context.Context, id string) (store.Threat, error)
	RemoveThreat(ctx context.Context, id string) (store.Threat, error)
}

// API serves the routes. It is safe for concurrent use.
type API struct {
	store  Store
	tokens func() []config.AdminToken
	log    *slog.Logger
	now    func() time.Time
	wrong  guesses
	runs   chan struct{} // holds the dry run in progress
	mux    *http.ServeMux
}

var _ http.Handler = (*API)(nil)

// New returns an API. tokens returns those of the configuration in use, and is asked
// for each request. now tells the time; nil means time.Now.
func New(s Store, tokens func() []config.AdminToken, log *slog.Logger, now func() time.Time) *API {
	if now == nil {
		now = time.Now
	}
	a := &API{store: s, tokens: tokens, log: log, now: now, runs: make(chan struct{}, 1), mux: http.NewServeMux()}
	a.handle("POST /v1/threats", config.ScopeThreatsWrite, a.addThreats)
	a.handle("GET /v1/threats", config.ScopeThreatsRead, a.listThreats)
	a.handle("GET /v1/threats/{id}", config.ScopeThreatsRead, a.showThreat)
	a.handle("POST /v1/threats/{id}/dry-run", config.ScopeThreatsRead, a.dryRun)
	a.handle("POST /v1/threats/{id}/activate", config.ScopeThreatsWrite, a.activate)
	a.handle("POST /v1/threats/{id}/promote", config.ScopeThreatsWrite, a.promote)
	a.handle("POST /v1/threats/{id}/suspend", config.ScopeThreatsWrite, a.suspend)
	a.handle("DELETE /v1/threats/{id}", config.ScopeThreatsWrite, a.remove)
	return a
}

// call is one request.
type call struct {
	*http.Request
	w http.ResponseWriter // for the bounds of the body and deadlines, not for answers
}

// reply is what an act answers with: a status and what is encoded as JSON.
type reply struct {
	status int
	body   any
}

// act does what a route is for.
type act func(c *call) (reply, *failure)

// handle has a route served for tokens with a scope.
func (a *API) handle(pattern, scope string, do act) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		id := requestID()
		t, f := a.authorize(r, scope)
		if f != nil {
			a.fail(w, r, id, f)
			return
		}
		ctx := access.WithActor(r.Context(), "token:"+t.Name)
		out, f := do(&call{r.WithContext(ctx), w})
		if f != nil {
			a.fail(w, r, id, f)
			return
		}
		send(w, id, out.status, out.body)
	})
}

// ServeHTTP implements [http.Handler].
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	methods := a.methods(r)
	switch {
	case len(a.tokens()) == 0:
		a.fail(w, r, requestID(), &failOff)
	case len(methods) == 0:
		a.fail(w, r, requestID(), &failRoute)
	case !slices.Contains(methods, r.Method):
		w.Header().Set("Allow", strings.Join(methods, ", "))
		a.fail(w, r, requestID(), &failMethod)
	default:
		a.mux.ServeHTTP(w, r)
	}
}

// methods returns those that the path is served with. A path that is not written
// plainly is no route: the mux would answer with a redirect of its own.
func (a *API) methods(r *http.Request) (out []string) {
	if r.URL.Path != r.URL.EscapedPath() || r.URL.Path != path.Clean(r.URL.Path) {
		return nil
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		asked := *r
		asked.Method = method
		if _, pattern := a.mux.Handler(&asked); pattern != "" {
			out = append(out, method)
		}
	}
	return out
}

// requestID names a request in its answer and in the log.
func requestID() string { return "req_" + strings.ToLower(rand.Text()) }
