package gateway

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"warder.example/guard"
	"warder.example/guard/segment"
	"warder.example/internal/access"
	"warder.example/internal/config"
	"warder.example/internal/dialect"
)

// talk is an exchange with a model once its request was understood.
type talk struct {
	*exchange
	path       string // below the upstream's base, see Server.talk
	model      string // its name for records, see modelName
	req        *dialect.Request
	upstream   string // the first that serves the model
	protection *protection
	guard      *guard.Guard
	facts      guard.Facts
	about      *guard.Exchange
	regions    []segment.Rule
	planted    []dialect.Edit // a canary in the system prompt
	pseudonyms *pseudonyms    // nil: nothing comes back
	session    string         // commitment
	cached     cached
}

// talk serves a call to a model: at a path below the upstream's base, with {model}
// where the path has the upstream's name for it, and perhaps a query.
func (s *Server) talk(path string) func(*exchange) *failure {
	return func(x *exchange) *failure { return s.understand(x, path) }
}

// understand reads a request to a model and prepares what judges and carries it.
func (s *Server) understand(x *exchange, path string) *failure {
	x.protocol = x.route.protocol.Name()
	body, f := x.readRequest()
	if f != nil {
		return f
	}
	app := &x.grant.Application
	ac := x.state.cfg.Applications[app.Name]
	req, err := x.route.protocol.ParseRequest(body, x.state.limits(ac))
	if err != nil {
		return problem(err)
	}
	if len(req.References) > 0 && ac.References == config.ReferencesRefuse {
		return failReference.naming(req.References[0])
	}
	subject, f := x.claimedSubject(req.Subject)
	if f != nil {
		return f
	}
	session, f := x.claimedSession(req.Session)
	if f != nil {
		return f
	}
	x.subject = s.committer.Commit(app.ID, subject)
	t := &talk{exchange: x, path: path, req: req}
	t.session = s.session(app.ID, x.subject, session, req)
	if len(req.Model) > maxModel {
		return &failModel
	}
	if misspelled(req.Model) {
		return problem(failModelSpelling)
	}
	req.Model = strings.Clone(req.Model) // it is told to others, who must not keep the body with it
	var ok bool
	if t.upstream, ok = x.destination(req.Model); !ok || !x.grant.AllowsModel(req.Model) {
		return &failModel
	}
	if t.protection, ok = x.state.protectionFor(app.Policy); !ok {
		return failGuard.because(errors.New("the application's policy is not in the configuration"))
	}
	t.guard = t.protection.guardFor(app.Mode)
	t.facts = guard.Facts{Application: app.ID, Environment: app.Environment, DataClass: app.DataClass}
	t.about = &guard.Exchange{Application: app.ID, Caller: x.caller(), Environment: app.Environment, DataClass: app.DataClass}
	t.regions = regions(ac)
	t.about.Operator = operatorTexts(req.Operator(), t.regions)
	canary := s.canary(t.protection, app.ID, ac)
	if e, ok := plant(req, canary); ok {
		t.planted, t.about.Canaries = []dialect.Edit{e}, []string{canary}
	}
	return t.request(len(body))
}

// request judges the request, records it, and sends it on or refuses it.
func (t *talk) request(size int) *failure {
	began := time.Now()
	j, err := t.protection.judge(t.r.Context(), t.guard, t.facts, t.about, t.req, t.regions)
	t.inspected("inspect_request", began)
	if err != nil {
		return failGuard.because(err)
	}
	v := &j.verdict
	t.server.metrics.found(v, guard.Request)
	t.model = t.modelName(v)
	t.asked(v, began)
	var edits []dialect.Edit
	if !v.Action.Stops() {
		t.pseudonyms = t.protection.pseudonymise(j, t.req, t.server.random)
		edits = append(j.edits, t.planted...)
		if f := t.reserve(size, edits); f != nil {
			return f
		}
		t.recall(j, edits)
	}
	err = t.open(Opened{
		Key: t.grant.Key.ID, Route: t.route.path, Protocol: t.protocol, Model: t.model, Upstream: t.upstream, Stream: t.req.Stream,
		Bytes: size, Texts: len(j.texts), Masked: j.masked, Carried: j.carried, Pseudonyms: t.pseudonyms.count(), Session: t.session, Canary: t.canaryDigest(),
		FromCache: t.cached.result == cacheHit, References: t.req.References, Action: v.Action, Would: v.Would, Code: v.Code, Rule: v.Rule, Policy: v.Policy,
		Count: len(v.Findings), Findings: findingRecords(v.Findings, func(i int) string { return t.req.Leaves[i].Path() }),
	})
	if err != nil {
		return failLedger.because(err)
	}
	if v.Action.Stops() {
		return t.refuse(v)
	}
	if t.cached.result == cacheHit {
		return t.again()
	}
	res, f := t.send(edits)
	if f != nil {
		return f
	}
	defer res.Body.Close()
	return t.answer(res)
}

// maxModel is the longest name of a model in bytes, as in the configuration.
const maxModel = 256

// readRequest reads the body within its bounds of size and time.
func (x *exchange) readRequest() ([]byte, *failure) {
	l := x.state.cfg.Limits
	if !isJSON(x.r.Header.Get("Content-Type")) {
		return nil, &failMedia
	}
	_ = x.out.rc.SetReadDeadline(time.Now().Add(l.ReadBody))
	body, err := readBody(x.r.Body, x.r.ContentLength, int64(l.Body))
	x.read = err == nil
	if err == nil {
		_ = x.out.rc.SetReadDeadline(time.Time{})
		body, err = inflate(body, strings.Join(x.r.Header.Values("Content-Encoding"), ","), int64(l.Decompressed))
	}
	if errors.Is(err, syscall.ECONNRESET) {
		x.reset = true
	}
	var ne net.Error
	switch {
	case err == nil:
		return body, nil
	case errors.Is(err, errTooLarge):
		return nil, failTooLarge.because(err)
	case errors.Is(err, errEncoding):
		return nil, failEncoding.because(err)
	case errors.As(err, &ne) && ne.Timeout():
		return nil, failSlowBody.because(err)
	}
	return nil, failBody.because(err)
}

// refuse tells the caller that the policy stopped its request or the answer, as
// the application wants to hear it. Nothing was sent before.
func (t *talk) refuse(v *guard.Verdict) *failure {
	code, category := refusal(v)
	t.closing.Status, t.closing.End, t.closing.Code = http.StatusOK, "refused", code
	t.closing.Restored = 0 // nothing comes back
	t.server.metrics.refusals.WithLabelValues(t.grant.Application.Name, code).Inc()
	message := refusalMessage(code, category, t.id)
	answer := t.route.protocol.Refusal(t.refusalSaying(message))
	if answer == nil || t.grant.Application.Refusal != access.RefusalContentFilter {
		f := &failure{Status: http.StatusBadRequest, Code: code, Message: message}
		t.closing.Status, t.closing.Bytes = f.Status, int64(len(t.out.words(f)))
		if err := t.close(); err != nil {
			return failLedger.because(err)
		}
		t.out.fail(f)
		return nil
	}
	if t.req.Stream {
		answer = t.route.protocol.RefusalStream(t.refusalSaying(message))
	}
	t.closing.Bytes = int64(len(answer))
	if err := t.close(); err != nil {
		return failLedger.because(err)
	}
	if t.req.Stream {
		t.out.stream(http.StatusOK, nil)
		_ = t.out.write(made(answer))
		_ = t.out.flush()
		return nil
	}
	_ = t.out.whole(http.StatusOK, "application/json", nil, made(answer))
	return nil
}

// refusalSaying returns the answer in place of the model's that says text.
func (t *talk) refusalSaying(text string) dialect.Refusal {
	return dialect.Refusal{Request: t.id, Model: t.req.Model, Text: text, Created: t.began.Unix(), N: t.req.N, Prompt: t.closing.Attempts == 0}
}

// refusal returns the stable code and the coarse category of a verdict.
func refusal(v *guard.Verdict) (code, category string) {
	code = v.Code
	if code == "" {
		code = "blocked"
	}
	for i := range v.Findings {
		if v.ActionFor(i) == v.Action {
			if c, ok := guard.LookupCategory(v.Findings[i].Category); ok {
				return code, c.Coarse
			}
		}
	}
	return code, "policy"
}

func refusalMessage(code, category, request string) string {
	if code == "approval_required" {
		return "This needs a person's approval (" + category + "). Request id: " + request + "."
	}
	return "This was stopped by the application's safety policy (" + category + "). Request id: " + request + "."
}
