package telemetry

import (
	"context"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"warder.example/guard"
)

// Admission is a request that a known key may make.
type Admission struct {
	Began       time.Time
	Method      string      // of HTTP
	Route       string      // the route's own path, not what the caller wrote
	Request     string      // id of the request
	Application string      // id of the application
	Environment string      // of the application
	Header      http.Header // the caller's; only traceparent is read
}

// Exchange is told what becomes of one request. A nil one does nothing, at no cost. It
// is for one goroutine at a time.
type Exchange struct {
	t          *Telemetry
	ctx        context.Context // holds the span
	span       trace.Span
	began      time.Time
	kind       [2]attribute.KeyValue // operation and provider, of a call to a model
	model      string                // as the caller asks for it
	stream     bool
	attempts   int
	upstreamed bool // an upstream answered
	answering  time.Duration
}

// Admit begins the record of an exchange; nil if telemetry is off.
func (t *Telemetry) Admit(a Admission) *Exchange {
	if t == nil {
		return nil
	}
	e := &Exchange{t: t, began: a.Began}
	ctx, options := t.parent(a.Header)
	options = append(options, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(a.Began), trace.WithAttributes(
		keyMethod.String(a.Method), keyRoute.String(a.Route), keyRequest.String(a.Request), keyApplication.String(a.Application), keyEnvironment.String(a.Environment)))
	e.ctx, e.span = t.tracer.Start(ctx, a.Method+" "+a.Route, options...)
	return e
}

// parent returns where a trace begins: at the caller's span if callers are trusted,
// else anew with a link to it. Of what callers send only a valid traceparent counts
// (W3C Trace Context): tracestate and baggage hold texts of theirs.
func (t *Telemetry) parent(h http.Header) (context.Context, []trace.SpanStartOption) {
	given := h[http.CanonicalHeaderKey(traceparent)]
	if len(given) != 1 {
		return context.Background(), nil
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{traceparent: given[0]})
	sc := trace.SpanContextFromContext(ctx)
	switch {
	case !sc.IsValid():
		return context.Background(), nil
	case t.trust:
		return ctx, nil
	}
	return context.Background(), []trace.SpanStartOption{trace.WithLinks(trace.Link{SpanContext: sc})}
}

const traceparent = "traceparent"

// Asked tells what a call to a model asks for, once it was understood. protocol is the
// name of its wire format, such as "openai.chat".
func (e *Exchange) Asked(protocol, model string, stream bool, maxTokens int) {
	if e == nil {
		return
	}
	family, _, _ := strings.Cut(protocol, ".")
	e.kind = [2]attribute.KeyValue{keyOperation.String(operationOf(protocol)), keyProvider.String(providerOf(family))}
	e.model, e.stream = model, stream
	e.span.SetAttributes(e.kind[0], keyRequestModel.String(modelName(model)), keyRequestStream.Bool(stream))
	if maxTokens > 0 {
		e.span.SetAttributes(keyMaxTokens.Int(maxTokens))
	}
}

// Inspected tells what the policy decided on the request or on the answer, and since
// when that was looked into.
func (e *Exchange) Inspected(d guard.Direction, since time.Time, v *guard.Verdict) {
	if e == nil {
		return
	}
	action := attribute.String(string(keyAction), v.Action.String())
	direction := keyDirection.String(d.String())
	e.t.measures.verdicts.Add(e.ctx, 1, metric.WithAttributes(action, direction))
	_, s := e.t.tracer.Start(e.ctx, "inspect "+d.String(), trace.WithTimestamp(since),
		trace.WithAttributes(direction, action, keyWould.String(v.Would.String()), keyFindings.Int(len(v.Findings))))
	if c := categories(v); len(c) > 0 {
		s.SetAttributes(keyCategories.StringSlice(c))
	}
	if v.Policy != "" {
		s.SetAttributes(keyPolicy.String(v.Policy))
	}
	s.End()
}

// FirstByte tells that the answer begins to leave for the caller. Only the first call
// counts.
func (e *Exchange) FirstByte() {
	if e != nil && e.answering == 0 {
		e.answering = max(time.Since(e.began), 1)
	}
}

// Answer is how an exchange ended.
type Answer struct {
	Status int    // of HTTP, sent to the caller
	Code   string // stable code of a refusal or failure; empty for none
	End    string // as in the closed record
}

// Answered ends the record of the exchange.
func (e *Exchange) Answered(a Answer) {
	if e == nil {
		return
	}
	e.span.SetAttributes(keyStatus.Int(a.Status), keyEnd.String(a.End))
	if a.Code != "" {
		e.span.SetAttributes(keyErrorType.String(a.Code))
	}
	if a.Status >= 500 || a.End == "upstream" && a.Status == http.StatusOK {
		e.span.SetStatus(codes.Error, a.Code)
	}
	e.span.End()
	if !e.kind[0].Valid() {
		return
	}
	with := e.labels(e.upstreamed, a.Code)
	e.t.measures.duration.Record(e.ctx, time.Since(e.began).Seconds(), with)
	if e.stream && e.answering > 0 && a.Code == "" {
		e.t.measures.firstToken.Record(e.ctx, e.answering.Seconds(), with)
	}
}

// labels are what metrics of the exchange have in common.
func (e *Exchange) labels(answered bool, code string) metric.MeasurementOption {
	out := make([]attribute.KeyValue, 0, 4)
	out = append(out, e.kind[0], e.kind[1], keyRequestModel.String(e.t.models.label(e.model, answered)))
	if code != "" {
		out = append(out, keyErrorType.String(code))
	}
	return metric.WithAttributeSet(attribute.NewSet(out...))
}
