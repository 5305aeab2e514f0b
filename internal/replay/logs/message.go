package logs

import (
	"maps"
	"slices"
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// origins says who writes in a role, by the names that the formats use.
var origins = map[string]guard.Origin{
	"system": guard.OriginOperator, "developer": guard.OriginOperator,
	"user": guard.OriginUser, "human": guard.OriginUser,
	"assistant": guard.OriginModel, "ai": guard.OriginModel, "model": guard.OriginModel, "reasoning": guard.OriginModel,
	"tool": guard.OriginTool, "function": guard.OriginTool, "tool_message": guard.OriginTool,
}

// kinds are the types of messages and their parts that are not what a message says.
var kinds = map[string]struct {
	origin guard.Origin
	kind   guard.Kind
}{
	"tool_use": {guard.OriginModel, guard.ToolArguments}, "tool_call": {guard.OriginModel, guard.ToolArguments},
	"function_call": {guard.OriginModel, guard.ToolArguments}, "function": {guard.OriginModel, guard.ToolArguments},
	"tool_result": {guard.OriginTool, guard.Prose}, "tool_call_response": {guard.OriginTool, guard.Prose},
	"function_call_output": {guard.OriginTool, guard.Prose},
}

// structure are keys whose strings nobody reads as text.
var structure = map[string]bool{
	"role": true, "type": true, "id": true, "object": true, "index": true, "tool_call_id": true, "tool_use_id": true, "call_id": true,
	"finish_reason": true, "stop_reason": true, "status": true, "mime_type": true, "media_type": true, "modality": true, "detail": true,
	"cache_control": true, "logprobs": true, "model": true, "encrypted_content": true, "signature": true, "usage": true, "token_ids": true,
}

// said are keys of a message under which stands what it says.
var said = map[string]bool{"content": true, "parts": true, "text": true, "delta": true}

// texts collects the texts of messages.
type texts struct {
	out []Text
}

// messages reads a list of messages, or one message, or one text, which is origin's.
func (ts *texts) messages(v any, origin guard.Origin) {
	switch v := unquoted(v).(type) {
	case []any:
		for i, m := range v {
			ts.message(m, i, origin)
		}
	case nil:
	default:
		ts.message(v, 0, origin)
	}
}

// message reads one message. origin is that of messages that name no role.
func (ts *texts) message(v any, index int, origin guard.Origin) {
	part := walk{ts: ts, message: index, origin: origin}
	m, ok := v.(map[string]any)
	if !ok {
		part.said = true
		part.value(v, 0)
		return
	}
	o := object(m)
	for _, k := range []string{"role", "type"} {
		if name, ok := o[k].(string); ok {
			if who, known := origins[strings.ToLower(name)]; known {
				part.origin = who
				break
			} else if k == "role" {
				part.origin = guard.OriginUnknown
				break
			}
		}
	}
	if as, ok := kinds[strings.ToLower(o.name("type"))]; ok {
		part.kind, part.origin = as.kind, as.origin
	}
	part.members(o, 0)
}

// walk reads the strings of one message.
type walk struct {
	ts      *texts
	message int
	origin  guard.Origin
	kind    guard.Kind
	said    bool
	parts   *[]string // what the message says, so far
}

// members reads an object. What a message says becomes one text.
func (w walk) members(o object, depth int) {
	var parts []string
	if depth == 0 {
		w.parts = &parts
	}
	for _, k := range slices.Sorted(maps.Keys(o)) {
		if structure[k] || o[k] == nil {
			continue
		}
		in := w
		in.said = w.said || depth == 0 && said[k] && w.kind == guard.Prose
		switch k {
		case "tool_calls", "function_call", "arguments":
			in.said, in.kind = false, guard.ToolArguments
		case "name":
			in.said, in.kind = false, guard.Name
		}
		in.value(o[k], depth+1)
	}
	if depth == 0 && len(parts) > 0 {
		w.ts.add(Text{Content: strings.Join(parts, "\n"), Origin: w.origin, Kind: guard.Prose, Message: w.message, Said: true})
	}
}

// value reads any value. Depth is bounded by the value that was parsed.
func (w walk) value(v any, depth int) {
	switch v := v.(type) {
	case string:
		w.text(v)
	case []any:
		for _, e := range v {
			w.value(e, depth+1)
		}
	case map[string]any:
		o := object(v)
		if as, ok := kinds[strings.ToLower(o.name("type"))]; ok {
			w.kind, w.origin, w.said = as.kind, as.origin, false
		}
		w.members(o, depth+1)
	}
}

func (w walk) text(s string) {
	if strings.TrimSpace(s) == "" || dialect.IsMedia(s) || dialect.IsMediaURL(s) {
		return
	}
	if w.said && w.parts != nil {
		*w.parts = append(*w.parts, s)
		return
	}
	w.ts.add(Text{Content: s, Origin: w.origin, Kind: w.kind, Message: w.message, Said: w.said})
}

func (ts *texts) add(t Text) {
	if len(ts.out) <= MaxTexts { // one more than allowed, which add of parser refuses
		ts.out = append(ts.out, t)
	}
}

// outside adds texts that stand outside of the messages, such as instructions.
func (ts *texts) outside(v any, origin guard.Origin) {
	v = unquoted(v)
	if v == nil {
		return
	}
	walk{ts: ts, message: -1, origin: origin}.value(v, 1)
}

// tools adds what describes the tools: the application's own words.
func (ts *texts) tools(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			ts.tools(e)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if s, ok := v[k].(string); ok && k == "description" && strings.TrimSpace(s) != "" {
				ts.add(Text{Content: s, Origin: guard.OriginOperator, Message: -1})
			} else {
				ts.tools(v[k])
			}
		}
	}
}
