package target

import (
	"encoding/json"

	"warder.example/internal/redteam/probe"
)

// generate is Gemini's generateContent.
type generate struct{}

func (generate) request(c *conversation, _ *File) (map[string]any, error) {
	system := ""
	var contents []any
	for _, t := range c.told() {
		if t.role == probe.RoleOperator {
			system = joined(system, t.text)
			continue
		}
		m, err := geminiContent(t)
		if err != nil {
			return nil, err
		}
		contents = append(contents, m)
	}
	body := object{"contents": contents}
	if system != "" {
		body["systemInstruction"] = object{"parts": []any{object{"text": system}}}
	}
	var tools []any
	for _, t := range c.tools {
		d := object{"name": t.Name, "description": t.Description}
		if t.Schema != "" {
			d["parameters"] = json.RawMessage(t.Schema)
		}
		tools = append(tools, d)
	}
	if tools != nil {
		body["tools"] = []any{object{"functionDeclarations": tools}}
	}
	return body, nil
}

func geminiContent(t turn) (object, error) {
	role := "user"
	var parts []any
	switch {
	case t.role == probe.RoleModel:
		role = "model"
	case t.role == probe.RoleTool:
		parts = append(parts, object{"functionResponse": object{"name": t.call.tool, "response": object{"result": t.text}}})
	}
	if t.text != "" && t.role != probe.RoleTool {
		parts = append(parts, object{"text": t.text})
	}
	for _, f := range t.files {
		if t.role != probe.RoleUser || !isImage(f) && !isPDF(f) {
			return nil, noPlace(f, "generateContent")
		}
		parts = append(parts, object{"inlineData": object{"mimeType": f.Media, "data": base64Of(f)}})
	}
	for _, of := range t.calls {
		parts = append(parts, object{"functionCall": object{"name": of.tool, "args": arguments(of.arguments)}})
	}
	return object{"role": role, "parts": parts}, nil
}

type geminiAnswer struct {
	Model      string `json:"modelVersion"`
	Candidates []struct {
		Finish  string `json:"finishReason"`
		Content struct {
			Parts []struct {
				Text    string `json:"text"`
				Thought bool   `json:"thought"`
				Call    *struct {
					Name string          `json:"name"`
					Args json.RawMessage `json:"args"`
				} `json:"functionCall"`
			} `json:"parts"`
		} `json:"content"`
	} `json:"candidates"`
	Feedback struct {
		Block string `json:"blockReason"`
	} `json:"promptFeedback"`
	Usage struct {
		Input    int `json:"promptTokenCount"`
		Output   int `json:"candidatesTokenCount"`
		Thoughts int `json:"thoughtsTokenCount"`
	} `json:"usageMetadata"`
}

// filtered are the ends by which the provider's own filter stopped an answer.
var filtered = map[string]bool{"SAFETY": true, "PROHIBITED_CONTENT": true, "BLOCKLIST": true, "SPII": true, "IMAGE_SAFETY": true}

func (generate) answer(body []byte) (probe.Reply, error) {
	var a geminiAnswer
	if err := decode(body, &a); err != nil {
		return probe.Reply{}, err
	}
	r := probe.Reply{Model: a.Model, Finish: a.Feedback.Block, Refused: a.Feedback.Block != "", Usage: probe.Usage{Input: a.Usage.Input, Output: a.Usage.Output + a.Usage.Thoughts}}
	if len(a.Candidates) == 0 {
		if r.Refused {
			return r, nil
		}
		return probe.Reply{}, withoutAnswer(body, "candidates")
	}
	c := &a.Candidates[0]
	r.Finish, r.Refused = c.Finish, r.Refused || filtered[c.Finish]
	for _, p := range c.Content.Parts {
		if !p.Thought {
			r.Text += p.Text
		}
		if p.Call != nil {
			r.Calls = append(r.Calls, probe.Call{Tool: p.Call.Name, Arguments: string(p.Call.Args)})
		}
	}
	return r, nil
}
