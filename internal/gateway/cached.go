package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"warder.example/guard"
	"warder.example/internal/answercache"
	"warder.example/internal/config"
	"warder.example/internal/dialect"
)

// cached is what the cache has to do with one exchange. The zero value has nothing to do
// with it.
type cached struct {
	result string // hit, miss or bypass; empty where the application has no cache
	key    answercache.Key
	answer answercache.Answer // of a hit
}

// What the cache did, as callers hear it.
const (
	cacheHit    = "hit"
	cacheMiss   = "miss"
	cacheBypass = "bypass"
	cacheHeader = "X-Warder-Cache"
)

// recall looks for an answer to a request that passed, whose edits are to be sent along.
// It comes when the body is as a model server would get it.
func (t *talk) recall(j *judged, edits []dialect.Edit) {
	ttl := t.application().Cache.TTL
	if ttl <= 0 {
		return
	}
	if t.cached.result = cacheBypass; !t.repeatable(j) {
		return
	}
	t.cached.result, t.cached.key = cacheMiss, t.server.answers.Key(t.question(edits))
	if a, ok := t.server.answers.Get(t.cached.key, ttl, time.Now()); ok {
		t.cached.result, t.cached.answer = cacheHit, a
	}
}

// application returns what the configuration says of the application.
func (x *exchange) application() config.Application {
	return x.state.cfg.Applications[x.grant.Application.Name]
}

// repeatable reports whether a request may have the same answer again: it says of which
// end user it is where the application has a header for that, something looked for
// findings in it and nothing was found, nothing in it is hidden from detectors or says
// what a tool did, and its dialect promises that the answer depends on it alone.
func (t *talk) repeatable(j *judged) bool {
	v, files := &j.verdict, 0
	switch files, _ = t.req.Opaque(); {
	case t.application().SubjectHeader != "" && t.subject == "", len(t.guard.Detectors) == 0, v.Action != guard.Allow, v.Would != guard.Allow, len(v.Findings) > 0, j.carried > 0, len(j.edits) > 0,
		files > 0, t.req.HasTools, t.req.Stream, t.req.N != 1, t.application().TokenInput, wantsItsOwn(t.r.Header):
		return false
	}
	if slices.ContainsFunc(t.req.Leaves, beyondWords) {
		return false
	}
	return answercache.Repeatable(t.protocol, t.req.Members(), t.state.cfg.Cache.OnlyDeterministic)
}

// beyondWords reports whether a text of a request is more than what somebody said: a
// call of a tool or its result, the name of a file or item that the provider keeps, or
// something that the table does not know.
func beyondWords(l dialect.Leaf) bool {
	if l.Turn < 0 {
		return !l.Known
	}
	return !l.Known || l.Kind != guard.Prose || l.Origin == guard.OriginTool || l.Rule() == nil || l.Rule().Name != dialect.FieldContent
}

// wantsItsOwn reports whether a caller asks for an answer that was not given before
// (RFC 9111, section 5.2.1).
func wantsItsOwn(h http.Header) bool {
	for d := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, _, _ := strings.Cut(d, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "no-store", "no-cache", "max-age":
			return true
		}
	}
	return false
}

// question returns all that the answer to the request with the edits depends on.
func (t *talk) question(edits []dialect.Edit) *answercache.Question {
	app := &t.grant.Application
	var header strings.Builder
	_ = t.upstreamHeader().Write(&header) // in the order of names; a Builder fails never
	threats := uint64(0)
	if t.server.threats != nil {
		threats = t.server.threats.Version()
	}
	return &answercache.Question{
		Application: fmt.Sprintf("%q %q %q %q", app.ID, app.Environment, app.DataClass, app.Mode), Subject: t.subject,
		Rules:  fmt.Sprintf("%s %s %d", t.state.inForce, t.protection.policy.Digest(), threats),
		Target: fmt.Sprintf("%q %q %q", t.upstream, t.path, t.req.Model), Protocol: t.protocol,
		Header: header.String(), Body: t.req.Body(edits),
	}
}

// digestInForce names all that answers depend on and a policy does not say: who is asked,
// and with what texts are judged.
func (s *state) digestInForce() (string, error) {
	var bundles []string
	if s.bundles != nil {
		for _, l := range s.bundles.Active {
			bundles = append(bundles, l.Digest)
		}
	}
	b, err := json.Marshal([]any{s.cfg.Upstreams, s.cfg.Guard.Detectors, s.model().Digest(), s.thresholds.Digest(), bundles})
	if err != nil {
		return "", fmt.Errorf("encoding what is in force: %w", err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(b)), nil
}

// finishes are how a model ends an answer that is whole and calls no tool, in the words
// of all dialects.
var finishes = []string{"stop", "end_turn", "stop_sequence", "completed"}

// keep keeps a whole answer that was not in the cache, if there was nothing to find or
// to change in it. Its closed record has been kept.
func (t *talk) keep(a *dialect.Answer, v *guard.Verdict, edits []dialect.Edit, body []byte) {
	files, _ := a.Opaque()
	if t.cached.result != cacheMiss || v.Action != guard.Allow || v.Would != guard.Allow || len(v.Findings) > 0 || len(edits) > 0 ||
		a.Error || files > 0 || len(body) > int(t.state.cfg.Cache.Answer) {
		return
	}
	for _, c := range a.Choices {
		if !slices.Contains(finishes, c.Finish) {
			return
		}
	}
	if slices.ContainsFunc(a.Leaves, func(l dialect.Leaf) bool { return l.Kind == guard.ToolArguments }) {
		return
	}
	t.server.answers.Put(t.cached.key, answercache.Answer{Body: body, Account: t.closing.Account, Kept: time.Now()}, t.application().Cache.TTL)
}

// again gives the answer that was found. It was judged when it came, by what is in force
// now: what judges is in its key. The exchange counts as a request that used nothing.
func (t *talk) again() *failure {
	a, c := &t.cached.answer, &t.closing
	t.spent.asked, t.spent.free = true, true
	c.Action, c.Would, c.Account = guard.Allow, guard.Allow, a.Account
	c.Status, c.End, c.Bytes = http.StatusOK, "complete", int64(len(a.Body))
	c.FromCache, c.Age = true, time.Since(a.Kept).Milliseconds()
	if err := t.close(); err != nil {
		return failLedger.because(err)
	}
	t.server.metrics.states["released"].Add(float64(a.Account.Released))
	// A copy, since an outlet writes where it has written.
	_ = t.out.whole(http.StatusOK, "application/json", t.tell(nil), scanned(bytes.Clone(a.Body)))
	return nil
}

// tell adds what the cache did to the header of an answer, if the application wants its
// callers to know.
func (t *talk) tell(h http.Header) http.Header {
	if t.cached.result == "" || !t.application().Cache.Header {
		return h
	}
	if h == nil {
		h = http.Header{}
	}
	h.Set(cacheHeader, t.cached.result)
	return h
}
