package target

import (
	"encoding/json"

	"warder.example/internal/redteam/probe"
)

type object = map[string]any

// chat is OpenAI's chat completions, as many servers have them.
type chat struct{}

func (chat) request(c *conversation, f *File) (map[string]any, error) {
	var messages []any
	for _, t := range c.told() {
		m, err := chatMessage(t)
		if err != nil {
			return nil, err
		}
		messages = append(messages, m)
	}
	body := object{"model": f.Model, "messages": messages}
	var tools []any
	for _, t := range c.tools {
		tools = append(tools, object{"type": "function", "function": object{"name": t.Name, "description": t.Description, "parameters": parametersOf(t)}})
	}
	if tools != nil {
		body["tools"] = tools
	}
	return body, nil
}

// chatRoles are the names of roles.
var chatRoles = map[probe.Role]string{probe.RoleOperator: "system", probe.RoleUser: "user", probe.RoleModel: "assistant", probe.RoleTool: "tool"}

func chatMessage(t turn) (object, error) {
	m := object{"role": chatRoles[t.role], "content": t.text}
	if t.role == probe.RoleTool {
		m["tool_call_id"] = t.call.id
	}
	var calls []any
	for _, of := range t.calls {
		calls = append(calls, object{"id": of.id, "type": "function", "function": object{"name": of.tool, "arguments": string(arguments(of.arguments))}})
	}
	if calls != nil {
		m["tool_calls"] = calls
	}
	if len(t.files) == 0 {
		return m, nil
	}
	parts := []any{object{"type": "text", "text": t.text}}
	for _, f := range t.files {
		switch {
		case t.role == probe.RoleUser && isImage(f):
			parts = append(parts, object{"type": "image_url", "image_url": object{"url": dataURL(f)}})
		case t.role == probe.RoleUser && isPDF(f):
			parts = append(parts, object{"type": "file", "file": object{"filename": f.Name, "file_data": dataURL(f)}})
		default:
			return nil, noPlace(f, "chat completions")
		}
	}
	m["content"] = parts
	return m, nil
}

// functionCall is what a model calls.
type functionCall struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type chatAnswer struct {
	Model   string `json:"model"`
	Backend string `json:"system_fingerprint"`
	Choices []struct {
		Finish  string `json:"finish_reason"`
		Message struct {
			Content      json.RawMessage `json:"content"`
			Refusal      string          `json:"refusal"`
			FunctionCall *functionCall   `json:"function_call"`
			ToolCalls    []struct {
				Function functionCall `json:"function"`
			} `json:"tool_calls"`
		} `json:"message"`
	} `json:"choices"`
	Usage struct {
		Input  int `json:"prompt_tokens"`
		Output int `json:"completion_tokens"`
	} `json:"usage"`
}

func (chat) answer(body []byte) (probe.Reply, error) {
	var a chatAnswer
	if err := decode(body, &a); err != nil {
		return probe.Reply{}, err
	}
	if len(a.Choices) == 0 {
		return probe.Reply{}, withoutAnswer(body, "choices")
	}
	c := &a.Choices[0]
	r := probe.Reply{Text: contentText(c.Message.Content), Finish: c.Finish, Model: a.Model, Backend: a.Backend, Usage: probe.Usage{Input: a.Usage.Input, Output: a.Usage.Output}}
	if c.Message.Refusal != "" {
		r.Text = joined(r.Text, c.Message.Refusal)
	}
	r.Refused = c.Message.Refusal != "" || c.Finish == "content_filter"
	for _, t := range c.Message.ToolCalls {
		r.Calls = append(r.Calls, probe.Call{Tool: t.Function.Name, Arguments: t.Function.Arguments})
	}
	if f := c.Message.FunctionCall; f != nil {
		r.Calls = append(r.Calls, probe.Call{Tool: f.Name, Arguments: f.Arguments})
	}
	return r, nil
}

// contentText is a text, or the texts of parts.
func contentText(raw json.RawMessage) string {
	var parts []struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(raw, &parts) != nil {
		return text(raw)
	}
	out := ""
	for _, p := range parts {
		out += p.Text
	}
	return out
}

// joined joins two texts that stand one below the other.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}

// withoutAnswer is the failure of a body in which there is no answer.
func withoutAnswer(body []byte, place string) error {
	if said := errorText(body); said != "" {
		return failed(Unavailable, nil, "it answers with an error: %q", plain(said))
	}
	return failed(Malformed, nil, "the answer has no %s", place)
}
