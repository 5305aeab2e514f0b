package telemetry

import (
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Call is one attempt to have an upstream answer.
type Call struct {
	Upstream string // its name in the configuration
	Host     string // without port
	Port     int
}

// Attempt is told what becomes of a call. A nil one does nothing.
type Attempt struct {
	e     *Exchange
	span  trace.Span
	began time.Time
	first time.Duration
	whole time.Duration
}

// Call begins an attempt and writes its traceparent into the header of the request to
// the upstream. End ends it.
func (e *Exchange) Call(c Call, h http.Header) *Attempt {
	if e == nil {
		return nil
	}
	e.attempts++
	a := &Attempt{e: e, began: time.Now()}
	ctx, span := e.t.tracer.Start(e.ctx, e.kind[0].Value.AsString()+" "+modelName(e.model), trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(a.began),
		trace.WithAttributes(e.kind[0], e.kind[1], keyRequestModel.String(modelName(e.model)), keyRequestStream.Bool(e.stream),
			keyServerAddress.String(c.Host), keyServerPort.Int(c.Port), keyUpstream.String(c.Upstream), keyAttempt.Int(e.attempts)))
	a.span = span
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	h.Set(traceparent, carrier[traceparent])
	return a
}

// FirstByte tells that the first event of a stream has come.
func (a *Attempt) FirstByte() {
	if a != nil && a.first == 0 {
		a.first = max(time.Since(a.began), 1)
	}
}

// LastByte tells that the answer was read to its end. What is told afterwards does not
// count as time of the attempt.
func (a *Attempt) LastByte() {
	if a != nil {
		a.whole = max(time.Since(a.began), 1)
	}
}

// Result is how an attempt ended.
type Result struct {
	Code    string   // stable code of what failed; empty if the upstream answered
	Model   string   // that answered, as the upstream says
	Reasons []string // why its choices ended
	Input   int      // tokens, as the upstream counts; 0 if it did not
	Output  int
}

// End ends the attempt.
func (a *Attempt) End(r Result) {
	if a == nil {
		return
	}
	e, m := a.e, &a.e.t.measures
	e.upstreamed = e.upstreamed || r.Code == ""
	if r.Code != "" {
		a.span.SetAttributes(keyErrorType.String(r.Code))
		a.span.SetStatus(codes.Error, r.Code)
	}
	if r.Model != "" {
		a.span.SetAttributes(keyResponseModel.String(modelName(r.Model)))
	}
	if len(r.Reasons) > 0 {
		a.span.SetAttributes(keyFinishReasons.StringSlice(finishReasons(r.Reasons)))
	}
	if a.first > 0 {
		a.span.SetAttributes(keyFirstChunk.Float64(a.first.Seconds()))
	}
	with := e.labels(r.Code == "", r.Code)
	if a.whole == 0 {
		a.LastByte()
	}
	m.callDuration.Record(e.ctx, a.whole.Seconds(), with)
	if a.first > 0 {
		m.callFirstChunk.Record(e.ctx, a.first.Seconds(), with)
	}
	a.tokens(keyInputTokens, "input", r.Input, with)
	a.tokens(keyOutputTokens, "output", r.Output, with)
	a.span.End(trace.WithTimestamp(a.began.Add(a.whole)))
}

// tokens counts the tokens of one type.
func (a *Attempt) tokens(key attribute.Key, kind string, n int, with metric.MeasurementOption) {
	if n <= 0 {
		return
	}
	a.span.SetAttributes(key.Int(n))
	a.e.t.measures.tokens.Record(a.e.ctx, int64(n), with, metric.WithAttributes(keyTokenType.String(kind)))
}
