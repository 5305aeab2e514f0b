package target

import (
	"encoding/json"

	"warder.example/internal/redteam/probe"
)

// messages is Anthropic's Messages API.
type messages struct{}

// answerTokens is what an answer may have where the parameters do not say: this API
// wants to be told.
const answerTokens = 1024

func (messages) request(c *conversation, f *File) (map[string]any, error) {
	system := ""
	var told []any
	for _, t := range c.told() {
		if t.role == probe.RoleOperator {
			system = joined(system, t.text)
			continue
		}
		m, err := anthropicMessage(t)
		if err != nil {
			return nil, err
		}
		told = append(told, m)
	}
	body := object{"model": f.Model, "messages": told, "max_tokens": answerTokens}
	if system != "" {
		body["system"] = system
	}
	var tools []any
	for _, t := range c.tools {
		tools = append(tools, object{"name": t.Name, "description": t.Description, "input_schema": parametersOf(t)})
	}
	if tools != nil {
		body["tools"] = tools
	}
	return body, nil
}

func anthropicMessage(t turn) (object, error) {
	role := "user"
	var blocks []any
	switch {
	case t.role == probe.RoleModel:
		role = "assistant"
	case t.role == probe.RoleTool:
		blocks = append(blocks, object{"type": "tool_result", "tool_use_id": t.call.id, "content": t.text})
	}
	if t.text != "" && t.role != probe.RoleTool {
		blocks = append(blocks, object{"type": "text", "text": t.text})
	}
	for _, f := range t.files {
		source := object{"type": "base64", "media_type": f.Media, "data": base64Of(f)}
		switch {
		case t.role == probe.RoleUser && isImage(f):
			blocks = append(blocks, object{"type": "image", "source": source})
		case t.role == probe.RoleUser && isPDF(f):
			blocks = append(blocks, object{"type": "document", "source": source})
		default:
			return nil, noPlace(f, "the Messages API")
		}
	}
	for _, of := range t.calls {
		blocks = append(blocks, object{"type": "tool_use", "id": of.id, "name": of.tool, "input": arguments(of.arguments)})
	}
	return object{"role": role, "content": blocks}, nil
}

type anthropicAnswer struct {
	Model   string `json:"model"`
	Stop    string `json:"stop_reason"`
	Content []struct {
		Type  string          `json:"type"`
		Text  string          `json:"text"`
		Name  string          `json:"name"`
		Input json.RawMessage `json:"input"`
	} `json:"content"`
	Usage struct {
		Input  int `json:"input_tokens"`
		Output int `json:"output_tokens"`
	} `json:"usage"`
}

func (messages) answer(body []byte) (probe.Reply, error) {
	var a anthropicAnswer
	if err := decode(body, &a); err != nil {
		return probe.Reply{}, err
	}
	if len(a.Content) == 0 && a.Stop == "" {
		return probe.Reply{}, withoutAnswer(body, "content")
	}
	r := probe.Reply{Finish: a.Stop, Model: a.Model, Refused: a.Stop == "refusal", Usage: probe.Usage{Input: a.Usage.Input, Output: a.Usage.Output}}
	for _, b := range a.Content {
		switch b.Type {
		case "text":
			r.Text += b.Text
		case "tool_use":
			r.Calls = append(r.Calls, probe.Call{Tool: b.Name, Arguments: string(b.Input)})
		}
	}
	return r, nil
}
