package logs

import (
	"fmt"
	"strings"

	"warder.example/guard"
)

// otel reads OTLP JSON (opentelemetry.io/docs/specs/otel/protocol/file-exporter):
// resources, scopes, spans or log records; or one span as the console exporter of
// the SDKs prints it.
func (p *parser) otel(o object) error {
	if isSpan(o) {
		return p.span(o, object{})
	}
	for _, r := range list(o.first("resourceSpans", "resource_spans", "resourceLogs", "resource_logs")) {
		resource := attributes(r.object("resource")["attributes"])
		for _, s := range list(r.first("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "scopeLogs", "scope_logs")) {
			for _, span := range list(s.first("spans", "logRecords", "log_records")) {
				if err := p.span(span, resource); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// isSpan reports whether an object is a span with attributes of a model's call.
func isSpan(o object) bool {
	for k := range attributes(o["attributes"]) {
		if strings.HasPrefix(k, "gen_ai.") {
			return true
		}
	}
	return false
}

// list returns the objects of a list.
func list(v any) (out []object) {
	l, _ := v.([]any)
	for _, e := range l {
		if m, ok := e.(map[string]any); ok {
			out = append(out, object(m))
		}
	}
	return out
}

// attributes returns attributes by their keys: a list of {key, value} with typed
// values in OTLP, an object in what SDKs print.
func attributes(v any) object {
	if m, ok := v.(map[string]any); ok {
		return object(m)
	}
	out := object{}
	for _, kv := range list(v) {
		if k, ok := kv["key"].(string); ok {
			out[k] = anyValue(kv["value"])
		}
	}
	return out
}

// anyValue takes off the type of an OTLP value.
func anyValue(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for _, k := range []string{"stringValue", "intValue", "doubleValue", "boolValue"} {
		if x, ok := m[k]; ok {
			return x
		}
	}
	if a, ok := m["arrayValue"].(map[string]any); ok {
		l, _ := a["values"].([]any)
		out := make([]any, len(l))
		for i := range l {
			out[i] = anyValue(l[i])
		}
		return out
	}
	if a, ok := m["kvlistValue"].(map[string]any); ok {
		return map[string]any(attributes(a["values"]))
	}
	return nil
}

// span reads a span, or a log record that has the attributes of one.
func (p *parser) span(o, resource object) error {
	a := attributes(o["attributes"])
	if !o.hasAny("attributes") || !isSpan(o) {
		return p.left(NotGeneration)
	}
	r := Record{
		Time:  o.time("startTimeUnixNano", "start_time_unix_nano", "timeUnixNano", "start_time"),
		Model: a.name("gen_ai.request.model", "gen_ai.response.model"),
		App:   firstOf(resource.name("service.name"), attributes(o.object("resource")["attributes"]).name("service.name"), a.name("gen_ai.agent.name")),
	}
	r.InputTokens = a.tokens("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
	r.OutputTokens = a.tokens("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
	r.price(a, "gen_ai.usage.cost", "gen_ai.usage.total_cost")
	in := spanTexts{}
	in.attributes(a)
	for _, e := range list(o["events"]) {
		in.event(e.name("name"), attributes(e["attributes"]))
	}
	r.Request, r.Answer = in.request.out, in.answer.answered()
	return p.add(&r)
}

// spanTexts collects the texts of a span.
type spanTexts struct {
	request, answer texts
	n               int // messages of events
}

// attributes reads the attributes of the conventions, and the indexed ones of older
// libraries.
func (s *spanTexts) attributes(a object) {
	s.request.outside(a["gen_ai.system_instructions"], guard.OriginOperator)
	s.request.tools(unquoted(a["gen_ai.tool.definitions"]))
	if v := a.first("gen_ai.input.messages", "gen_ai.prompt"); v != nil {
		s.request.messages(v, guard.OriginUser)
	} else {
		s.request.messages(indexed(a, "gen_ai.prompt."), guard.OriginUser)
	}
	if v := a.first("gen_ai.output.messages", "gen_ai.completion"); v != nil {
		s.answer.messages(v, guard.OriginModel)
	} else {
		s.answer.messages(indexed(a, "gen_ai.completion."), guard.OriginModel)
	}
}

// indexed gathers gen_ai.prompt.0.role, gen_ai.prompt.0.content and so on.
func indexed(a object, prefix string) any {
	var out []any
	for i := range MaxTexts {
		role, content := a[fmt.Sprintf("%s%d.role", prefix, i)], a[fmt.Sprintf("%s%d.content", prefix, i)]
		if role == nil && content == nil {
			break
		}
		out = append(out, map[string]any{"role": role, "content": unquoted(content)})
	}
	if out == nil {
		return nil
	}
	return out
}

// event reads an event of a span: that of the conventions with all attributes, and
// the older ones with one message each.
func (s *spanTexts) event(name string, a object) {
	role, isMessage := strings.CutSuffix(strings.TrimPrefix(name, "gen_ai."), ".message")
	switch {
	case name == "gen_ai.client.inference.operation.details":
		s.attributes(a)
	case name == "gen_ai.content.prompt":
		s.request.messages(a["gen_ai.prompt"], guard.OriginUser)
	case name == "gen_ai.content.completion":
		s.answer.messages(a["gen_ai.completion"], guard.OriginModel)
	case name == "gen_ai.choice":
		m := a.first("message", "gen_ai.event.content", "content")
		if m = unquoted(m); m != nil {
			if o, ok := m.(map[string]any); ok && o["message"] != nil {
				m = o["message"]
			}
			s.answer.message(m, s.n, guard.OriginModel)
		}
	case isMessage:
		m, ok := unquoted(a.first("gen_ai.event.content", "content")).(map[string]any)
		if !ok {
			m = map[string]any{"content": a.first("content", "gen_ai.event.content"), "tool_calls": unquoted(a["tool_calls"])}
		}
		if m["role"] == nil {
			m["role"] = role
		}
		s.request.message(m, s.n, guard.OriginUser)
		s.n++
	}
}
