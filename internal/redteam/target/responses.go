package target

import "warder.example/internal/redteam/probe"

// responses is OpenAI's Responses API. Nothing is kept at the provider: the whole
// conversation is told each time.
type responses struct{}

func (responses) request(c *conversation, f *File) (map[string]any, error) {
	var input []any
	for _, t := range c.told() {
		items, err := responseItems(t)
		if err != nil {
			return nil, err
		}
		input = append(input, items...)
	}
	body := object{"model": f.Model, "input": input, "store": false}
	var tools []any
	for _, t := range c.tools {
		tools = append(tools, object{"type": "function", "name": t.Name, "description": t.Description, "parameters": parametersOf(t), "strict": false})
	}
	if tools != nil {
		body["tools"] = tools
	}
	return body, nil
}

func responseItems(t turn) ([]any, error) {
	if t.role == probe.RoleTool {
		if len(t.files) > 0 {
			return nil, noPlace(t.files[0], "the Responses API")
		}
		return []any{object{"type": "function_call_output", "call_id": t.call.id, "output": t.text}}, nil
	}
	kind := "input_text"
	if t.role == probe.RoleModel {
		kind = "output_text"
	}
	var parts, items []any
	if t.text != "" {
		parts = append(parts, object{"type": kind, "text": t.text})
	}
	for _, f := range t.files {
		switch {
		case t.role == probe.RoleUser && isImage(f):
			parts = append(parts, object{"type": "input_image", "image_url": dataURL(f)})
		case t.role == probe.RoleUser && isPDF(f):
			parts = append(parts, object{"type": "input_file", "filename": f.Name, "file_data": dataURL(f)})
		default:
			return nil, noPlace(f, "the Responses API")
		}
	}
	if parts != nil {
		items = append(items, object{"type": "message", "role": chatRoles[t.role], "content": parts})
	}
	for _, of := range t.calls {
		items = append(items, object{"type": "function_call", "call_id": of.id, "name": of.tool, "arguments": string(arguments(of.arguments))})
	}
	return items, nil
}

type responseAnswer struct {
	Model  string `json:"model"`
	Status string `json:"status"`
	Output []struct {
		Type      string `json:"type"`
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
		Content   []struct {
			Text    string `json:"text"`
			Refusal string `json:"refusal"`
		} `json:"content"`
	} `json:"output"`
	Incomplete struct {
		Reason string `json:"reason"`
	} `json:"incomplete_details"`
	Usage struct {
		Input  int `json:"input_tokens"`
		Output int `json:"output_tokens"`
	} `json:"usage"`
}

func (responses) answer(body []byte) (probe.Reply, error) {
	var a responseAnswer
	if err := decode(body, &a); err != nil {
		return probe.Reply{}, err
	}
	finish := a.Status
	if a.Incomplete.Reason != "" {
		finish = a.Incomplete.Reason
	}
	r := probe.Reply{Finish: finish, Model: a.Model, Refused: finish == "content_filter", Usage: probe.Usage{Input: a.Usage.Input, Output: a.Usage.Output}}
	if len(a.Output) == 0 && !r.Refused {
		return probe.Reply{}, withoutAnswer(body, "output")
	}
	for _, item := range a.Output {
		switch item.Type {
		case "message":
			for _, p := range item.Content {
				r.Text += p.Text + p.Refusal
				r.Refused = r.Refused || p.Refusal != ""
			}
		case "function_call":
			r.Calls = append(r.Calls, probe.Call{Tool: item.Name, Arguments: item.Arguments})
		}
	}
	return r, nil
}
