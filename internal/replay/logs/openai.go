package logs

import (
	"encoding/json"
	"strings"

	"warder.example/guard"
)

// appKeys are the keys under which logs name the application.
var appKeys = []string{"application", "app", "app_id", "app_name", "service", "service_name", "project"}

// openAI reads bodies of OpenAI's APIs and of those that share their shapes, with or
// without something around them.
func (p *parser) openAI(o object) error {
	request, response := bodyOf(o, "request", "request_body", "body"), bodyOf(o, "response", "response_body", "completion")
	if request == nil && o.hasAny("messages", "prompt", "input", "contents", "input_messages", "prompt_messages") {
		request = o
	}
	var answer any = response
	switch {
	case response != nil:
	case o.hasAny("response", "response_body", "completion", "completion_message"):
		answer = unquoted(o.first("response", "response_body", "completion", "completion_message"))
	case o.hasAny("choices", "output", "candidates"):
		answer = map[string]any(o)
	default:
		answer = nil
	}
	r := Record{Time: o.time("timestamp", "time", "created_at", "created", "startTime", "start_time", "date", "ts")}
	r.request(request)
	r.answer(answer)
	meta := o.object("metadata")
	r.App = firstOf(o.name(appKeys...), meta.name(appKeys...), request.object("metadata").name(appKeys...))
	r.Model = firstOf(o.name("model"), request.name("model"), response.name("model", "modelVersion", "model_version"), o.name("modelVersion", "model_version"))
	if r.Time.IsZero() {
		r.Time = response.time("created", "created_at")
	}
	for _, b := range []object{o, response} {
		r.usage(b.object("usage"))
		r.geminiUsage(b.object("usageMetadata", "usage_metadata"))
	}
	r.price(o, "cost", "cost_usd", "response_cost", "total_cost")
	r.Whole = answer == nil && endsWithAnswer(r.Request)
	return p.add(&r)
}

func firstOf(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}

// bodyOf returns a logged body, taking off what batches and proxies put around it.
func bodyOf(o object, keys ...string) object {
	b := o.object(keys...)
	if in := b.object("body", "json"); in != nil {
		return in
	}
	return b
}

// request reads the texts of a request body.
func (r *Record) request(o object) {
	if o == nil {
		return
	}
	var ts texts
	for _, k := range []string{"system", "instructions", "system_instruction", "systemInstruction"} {
		ts.outside(o[k], guard.OriginOperator)
	}
	ts.tools(o.first("tools", "functions"))
	ts.messages(o.first("messages", "input_messages", "prompt_messages", "contents", "input", "prompt"), guard.OriginUser)
	r.Request = ts.out
}

// answer reads the texts of a response body: an object, a text, or the chunks of a
// stream.
func (r *Record) answer(v any) {
	var ts texts
	switch v := v.(type) {
	case string:
		if chunks := events(v); chunks != nil {
			r.chunks(chunks)
			return
		}
		ts.messages(v, guard.OriginModel)
	case []any:
		if isChunks(v) {
			r.chunks(v)
			return
		}
		ts.messages(v, guard.OriginModel)
	case map[string]any:
		ts.response(object(v))
	case object:
		ts.response(v)
	}
	r.Answer = ts.answered()
}

// response reads the body of an answer: choices (OpenAI), output (responses API),
// content (Anthropic) or a message by itself.
func (ts *texts) response(o object) {
	switch {
	case o["choices"] != nil:
		choices, _ := o["choices"].([]any)
		for i, c := range choices {
			choice, _ := c.(map[string]any)
			for _, k := range []string{"message", "text", "delta"} {
				if m := choice[k]; m != nil {
					ts.message(m, i, guard.OriginModel)
				}
			}
		}
	case o["output"] != nil:
		ts.messages(o["output"], guard.OriginModel)
	case o["candidates"] != nil:
		candidates, _ := o["candidates"].([]any)
		for i, c := range candidates {
			m, _ := c.(map[string]any)
			ts.message(m["content"], i, guard.OriginModel)
		}
	case o.hasAny("content", "parts", "tool_calls", "text", "refusal"):
		ts.message(map[string]any(o), 0, guard.OriginModel)
	case o["message"] != nil:
		ts.message(o["message"], 0, guard.OriginModel)
	}
}

// answered returns the texts as an answer's: the model wrote all of it.
func (ts *texts) answered() []Text {
	for i := range ts.out {
		ts.out[i].Origin = guard.OriginModel
	}
	return ts.out
}

// isChunks reports whether a list is the chunks of a stream.
func isChunks(v []any) bool {
	if len(v) == 0 {
		return false
	}
	m, _ := v[0].(map[string]any)
	return m["object"] == "chat.completion.chunk"
}

// events returns the chunks of a stream that was kept as server-sent events; nil if
// the text is none.
func events(s string) (out []any) {
	if !strings.HasPrefix(s, "data:") {
		return nil
	}
	for line := range strings.Lines(s) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data:")
		if !ok || tooDeep([]byte(data)) {
			continue
		}
		var v any
		if json.Unmarshal([]byte(data), &v) == nil {
			out = append(out, v)
		}
	}
	return out
}

// chunks puts the texts of a stream together: what the first choice says, and the
// arguments of its tools.
func (r *Record) chunks(chunks []any) {
	var says, arguments strings.Builder
	for _, c := range chunks {
		chunk, _ := c.(map[string]any)
		r.usage(object(chunk).object("usage"))
		choices, _ := chunk["choices"].([]any)
		for _, c := range choices {
			choice, _ := c.(map[string]any)
			delta := object(choice).object("delta")
			s, _ := delta["content"].(string)
			says.WriteString(s)
			calls, _ := delta["tool_calls"].([]any)
			for _, c := range calls {
				call, _ := c.(map[string]any)
				s, _ := object(call).object("function")["arguments"].(string)
				arguments.WriteString(s)
			}
		}
	}
	for i, s := range []string{says.String(), arguments.String()} {
		if s != "" {
			r.Answer = append(r.Answer, Text{Content: s, Origin: guard.OriginModel, Kind: guard.Kind(i), Said: i == 0})
		}
	}
}

// endsWithAnswer reports whether the last thing said is the model's.
func endsWithAnswer(ts []Text) bool {
	return len(ts) > 1 && ts[len(ts)-1].Origin == guard.OriginModel
}
