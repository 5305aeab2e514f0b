package gateway

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"warder.example/guard"
	"warder.example/guard/segment"
	"warder.example/internal/access"
	"warder.example/internal/dialect"
	"warder.example/internal/event"
)

// examination is a request to one of the guard-only endpoints: its texts are
// judged and recorded as those of a chat are, and nothing is sent on. Unlike a
// chat it marks no turn as refused, so asking about a text changes nothing.
type examination struct {
	*exchange
	protection *protection
	app        *access.Application
	operator   []string       // what an answer must not repeat
	texts      []guard.Text   // what is judged
	leaves     []dialect.Leaf // of texts, in their order
	index      []int          // of texts: place among the leaves of the body
	// conversation says that the leaves are all messages of one.
	conversation bool
	together     [][]int        // texts that are one, where the leaves do not say so
	verdict      guard.Verdict  // on all texts
	actions      []guard.Action // what the policy says of each finding
}

// examine begins an examination. subject is the end user that the body names.
func (x *exchange) examine(subject string) (*examination, *failure) {
	app := &x.grant.Application
	subject, f := x.claimedSubject(subject)
	if f != nil {
		return nil, f
	}
	x.subject = event.Commitment(x.server.salt, app.ID, subject)
	p, ok := x.state.protectionFor(app.Policy)
	if !ok {
		return nil, failGuard.because(errors.New("the application's policy is not in the configuration"))
	}
	if f := x.reserveRequest(); f != nil {
		return nil, f
	}
	return &examination{exchange: x, protection: p, app: app}, nil
}

// limits returns the bounds of a request body of this application.
func (x *exchange) limits() dialect.Limits {
	return x.state.limits(x.state.cfg.Applications[x.grant.Application.Name])
}

// add has a leaf judged. at is its place among the leaves of the body.
func (e *examination) add(l *dialect.Leaf, at int, d guard.Direction) {
	e.texts = append(e.texts, guard.Text{Content: l.Text, Origin: l.Origin, Kind: l.Kind, Direction: d})
	e.leaves, e.index = append(e.leaves, *l), append(e.index, at)
}

// judge inspects the texts, those in which something is pasted part by part as
// well and those that a model reads as one joined as well, decides, and keeps the
// opened record. size is that of the body. Findings that counts is false for are
// as if never made; nil counts all.
func (e *examination) judge(size int, counts func(*guard.Finding) bool) *failure {
	rules := regions(e.state.cfg.Applications[e.app.Name])
	about := &guard.Exchange{Application: e.app.ID, Caller: e.caller(), Environment: e.app.Environment, DataClass: e.app.DataClass,
		Operator: operatorTexts(e.operator, rules)}
	for i := range e.texts {
		e.texts[i].Exchange = about
	}
	g := e.protection.guardFor(e.app.Mode)
	began := time.Now()
	all, joined := joinParts(e.leaves, e.texts, e.together...)
	found, _, err := segment.Find(e.r.Context(), g, e.facts(guard.Request), all, rules)
	e.inspected("inspect_request", began)
	if err != nil {
		return failGuard.because(err)
	}
	found, _ = joined.fold(found)
	if e.conversation {
		whole, err := e.protection.converse(e.r.Context(), g, e.leaves, e.texts, nil)
		if err != nil {
			return failGuard.because(err)
		}
		found = append(slices.Clip(found), whole.found...)
		slices.SortStableFunc(found, func(a, b guard.Finding) int { return a.Text - b.Text })
	}
	if counts != nil {
		found = slices.DeleteFunc(found, func(f guard.Finding) bool { return !counts(&f) })
	}
	request, answer := e.decide(g, found)
	e.server.metrics.found(request, guard.Request)
	e.server.metrics.found(answer, guard.Answer)
	path := func(i int) string { return e.leaves[i].Path() }
	c := &e.closing
	c.Action, c.Would, c.Rule = answer.Action, answer.Would, answer.Rule
	c.Count, c.Findings = len(answer.Findings), findingRecords(answer.Findings, path)
	masked := 0
	for _, t := range e.edits() {
		for _, m := range t.Masks {
			masked += m.End - m.Start
		}
	}
	err = e.open(Opened{
		Key: e.grant.Key.ID, Route: e.r.URL.Path, Bytes: size, Texts: len(e.texts), Masked: masked,
		Action: request.Action, Would: request.Would, Code: request.Code, Rule: request.Rule, Policy: e.protection.policy.Digest(),
		Count: len(request.Findings), Findings: findingRecords(request.Findings, path),
	})
	if err != nil {
		return failLedger.because(err)
	}
	return nil
}

func (e *examination) facts(d guard.Direction) guard.Facts {
	return guard.Facts{Application: e.app.ID, Environment: e.app.Environment, DataClass: e.app.DataClass, Direction: d}
}

// decide has the policy judge what was found in each direction by itself, as it
// would in a chat, and joins the two verdicts.
func (e *examination) decide(g *guard.Guard, found []guard.Finding) (request, answer *guard.Verdict) {
	var part [2][]guard.Finding
	var from [2][]int // place in found
	for i, f := range found {
		d := e.texts[f.Text].Direction
		part[d], from[d] = append(part[d], f), append(from[d], i)
	}
	var vs [2]guard.Verdict
	all := guard.Verdict{Action: guard.Allow, Would: guard.Allow, Findings: found}
	e.actions = slices.Repeat([]guard.Action{guard.Allow}, len(found))
	for d := range vs {
		v := g.Decide(e.facts(guard.Direction(d)), part[d])
		if vs[d] = v; v.Would < all.Would {
			all.Would, all.Rule = v.Would, v.Rule
		}
		if v.Action < all.Action {
			all.Action, all.Code = v.Action, v.Code
		}
		all.Observed = all.Observed || v.Observed
		for _, c := range v.Decisions {
			c.Finding = from[d][c.Finding]
			e.actions[c.Finding] = min(e.actions[c.Finding], c.Action)
			all.Decisions = append(all.Decisions, c)
		}
	}
	slices.SortStableFunc(all.Decisions, func(a, b guard.Decision) int { return a.Finding - b.Finding })
	all.Policy = e.protection.policy.Digest()
	e.verdict = all
	return &vs[guard.Request], &vs[guard.Answer]
}

// edits returns what the verdict masks, by leaf of the body.
func (e *examination) edits() []dialect.Edit {
	if e.verdict.Observed {
		return nil
	}
	byText := map[int][]guard.Mask{}
	for i := range e.verdict.Findings {
		f := &e.verdict.Findings[i]
		if e.actions[i] != guard.Redact {
			continue
		}
		for _, sp := range f.Spans {
			byText[f.Text] = append(byText[f.Text], guard.Mask{Span: sp, With: guard.MaskText(f.Category)})
		}
	}
	var out []dialect.Edit
	for i := range e.texts {
		if ms := byText[i]; len(ms) > 0 {
			out = append(out, dialect.Edit{Leaf: e.index[i], Masks: guard.MergeMasks(ms)})
		}
	}
	return out
}

// enforced reports whether the text that finding i is in must not pass as it is.
func (e *examination) enforced(i int) bool {
	return !e.verdict.Observed && e.actions[i] <= guard.Redact
}

// explains reports whether the caller may learn why: applications that are not
// in production are where detectors are tuned and nothing is attacked.
func (e *examination) explains() bool {
	return e.app.Environment == access.Dev || e.app.Environment == access.Test
}

// reply keeps the closed record and answers.
func (e *examination) reply(body []byte, err error) *failure {
	if err != nil {
		return failInternal.because(err)
	}
	e.closing.Status, e.closing.End = http.StatusOK, "complete"
	if err := e.close(); err != nil {
		return failLedger.because(err)
	}
	_ = e.out.whole(http.StatusOK, "application/json", nil, returned(body))
	return nil
}

// uuid writes the id of the request as a UUID (RFC 9562): the same digits.
func (x *exchange) uuid() string {
	h := x.id[len("req_"):]
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
