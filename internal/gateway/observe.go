package gateway

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/telemetry"
	"warder.example/internal/upstream"
)

// observation is what telemetry and metrics are told of an exchange. Its parts do
// nothing while telemetry is off.
type observation struct {
	seen   *telemetry.Exchange
	call   *telemetry.Attempt // the last one
	result telemetry.Result   // of that
	looked time.Time          // since when a whole answer is looked into
}

// admitted begins the observation of an exchange whose key is known.
func (x *exchange) admitted() {
	app := &x.grant.Application
	x.seen = x.server.telemetry.Admit(telemetry.Admission{Began: x.began, Method: x.route.method, Route: x.route.path, Request: x.id,
		Application: app.ID, Environment: app.Environment, Header: x.r.Header})
}

// asked tells what a request asks a model for, and the verdict on it.
func (t *talk) asked(v *guard.Verdict, since time.Time) {
	t.seen.Asked(t.route.protocol.Name(), t.model, t.req.Stream, t.req.MaxTokens)
	t.seen.Inspected(guard.Request, since, v)
}

// answered tells the verdict on an answer, and by which model it is unless something was
// found in the name.
func (t *talk) answered(v *guard.Verdict, path func(int) string) {
	since := t.looked
	if since.IsZero() {
		since = time.Now() // a stream is looked into as it comes
	}
	t.seen.Inspected(guard.Answer, since, v)
	for i := range v.Findings {
		// Of a stream, a finding without a place may be in the name.
		if p := path(v.Findings[i].Text); p == "model" || p == "" {
			t.result.Model = hidden
		}
	}
}

// said notes what an answer says about itself. The strings may alias a buffer.
func (o *observation) said(model string, choices []dialect.Choice, u dialect.Usage) {
	if o == nil {
		return
	}
	if u.Present {
		// A stream may tell it more than once, and not all of it each time.
		o.result.Input, o.result.Output = max(o.result.Input, bounded(u.Prompt)), max(o.result.Output, bounded(u.Completion))
	}
	if o.seen == nil {
		return
	}
	if model != "" && o.result.Model == "" {
		o.result.Model = strings.Clone(model)
	}
	for _, c := range choices {
		if c.Finish != "" && len(o.result.Reasons) < maxReasons {
			o.result.Reasons = append(o.result.Reasons, strings.Clone(c.Finish))
		}
	}
}

const (
	maxReasons = 8       // why the choices of one answer ended
	maxCounted = 1 << 30 // tokens of one exchange that an upstream is believed
)

func bounded(tokens int) int { return min(max(tokens, 0), maxCounted) }

// observed ends the observation.
func (x *exchange) observed() {
	c := &x.closing
	if strings.HasPrefix(c.Code, "upstream_") {
		x.result.Code = c.Code
	}
	x.call.End(x.result)
	x.seen.Answered(telemetry.Answer{Status: c.Status, Code: c.Code, End: c.End})
	x.server.metrics.used(x.grant.Application.Name, x.result.Input, x.result.Output)
}

// attempting ends the attempt before and begins the next, whose trace goes into h.
func (o *observation) attempting(a upstream.Attempt, h http.Header) {
	o.call.End(telemetry.Result{Code: "upstream_" + a.Before.String()})
	port, _ := strconv.Atoi(a.Port)
	o.call = o.seen.Call(telemetry.Call{Upstream: a.Upstream, Host: a.Host, Port: port}, h)
}
