package telemetry

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// traces is a batch of spans as OTLP has it: TracesData and the request of an export
// are the same on the wire.
func (c *collector) traces(batch []sdktrace.ReadOnlySpan) *tracepb.TracesData {
	spans := make([]*tracepb.Span, len(batch))
	for i, s := range batch {
		spans[i] = span(s)
	}
	return &tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{Resource: c.resource, SchemaUrl: schemaURL,
		ScopeSpans: []*tracepb.ScopeSpans{{Scope: c.scope, Spans: spans, SchemaUrl: schemaURL}}}}}
}

func span(s sdktrace.ReadOnlySpan) *tracepb.Span {
	id, sid := s.SpanContext().TraceID(), s.SpanContext().SpanID()
	out := &tracepb.Span{TraceId: id[:], SpanId: sid[:], Name: strings.ToValidUTF8(s.Name(), "\uFFFD"), Kind: tracepb.Span_SpanKind(s.SpanKind()),
		StartTimeUnixNano: uint64(s.StartTime().UnixNano()), EndTimeUnixNano: uint64(s.EndTime().UnixNano()),
		Attributes: keyValues(s.Attributes()), Flags: uint32(s.SpanContext().TraceFlags())}
	if p := s.Parent(); p.SpanID().IsValid() {
		pid := p.SpanID()
		out.ParentSpanId = pid[:]
	}
	for _, l := range s.Links() {
		lid, lsid := l.SpanContext.TraceID(), l.SpanContext.SpanID()
		out.Links = append(out.Links, &tracepb.Span_Link{TraceId: lid[:], SpanId: lsid[:], Flags: uint32(l.SpanContext.TraceFlags())})
	}
	if st := s.Status(); st.Code == codes.Error {
		out.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: st.Description}
	}
	return out
}

// keyValues are attributes as OTLP has them, of the types that are used here.
func keyValues(in []attribute.KeyValue) []*common.KeyValue {
	out := make([]*common.KeyValue, 0, len(in))
	for _, kv := range in {
		out = append(out, &common.KeyValue{Key: string(kv.Key), Value: value(kv.Value)})
	}
	return out
}

func value(v attribute.Value) *common.AnyValue {
	switch v.Type() {
	case attribute.BOOL:
		return &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: v.AsBool()}}
	case attribute.INT64:
		return &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: v.AsInt64()}}
	case attribute.FLOAT64:
		return &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: v.AsFloat64()}}
	case attribute.STRINGSLICE:
		list := &common.ArrayValue{}
		for _, s := range v.AsStringSlice() {
			list.Values = append(list.Values, text("", s).Value)
		}
		return &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: list}}
	}
	return text("", v.AsString()).Value
}
