package practice

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// responsesRequest is a request of OpenAI's Responses API, as far as the target
// looks at it.
type responsesRequest struct {
	Model        string `json:"model"`
	Instructions string `json:"instructions"`
	Input        items  `json:"input"`
	Stream       bool   `json:"stream"`
	Tools        []struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Parameters  struct {
			Required []string `json:"required"`
		} `json:"parameters"`
	} `json:"tools"`
}

// items is a text, or a list of messages and outputs of calls.
type items []Turn

func (it *items) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*it = items{{Role: "user", Text: s}}
		return nil
	}
	var list []struct {
		Type, Role string
		Content    content
		Output     content
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return errors.New("input is neither a string nor a list of items")
	}
	for _, i := range list {
		switch {
		case i.Type == "" || i.Type == "message":
			*it = append(*it, Turn{Role: i.Role, Text: string(i.Content)})
		case strings.HasSuffix(i.Type, "_output"):
			*it = append(*it, Turn{Role: "tool", Text: string(i.Output)})
		}
	}
	return nil
}

func (o Options) responses(w http.ResponseWriter, r *http.Request) {
	var req responsesRequest
	level, ok := read(w, r, &req, &req.Model)
	if !ok {
		return
	}
	turns := []Turn(req.Input)
	if req.Instructions != "" {
		turns = append([]Turn{{Role: "system", Text: req.Instructions}}, turns...)
	}
	if len(turns) == 0 {
		fail(w, http.StatusBadRequest, "expected an input")
		return
	}
	var tools []Tool
	for _, t := range req.Tools {
		tools = append(tools, Tool{Name: t.Name, Description: t.Description, Parameters: t.Parameters.Required})
	}
	reply := Answer(level, turns, tools)
	if o.Log != nil && reply.Obeyed != "" {
		o.Log(req.Model, reply.Obeyed)
	}
	a := response{model: req.Model, id: identity(turns), reply: reply, turns: turns}
	if !req.Stream {
		write(w, a.body("completed", a.output()))
		return
	}
	a.stream(o.events(w, r))
}

// response is an answer of the Responses API.
type response struct {
	id, model string
	reply     Reply
	turns     []Turn
}

func (a *response) body(status string, output []any) map[string]any {
	u := usage(a.turns, a.reply, 1)
	return map[string]any{"id": "resp_" + a.id, "object": "response", "created_at": created, "status": status, "model": a.model, "output": output,
		"error": nil, "incomplete_details": nil, "instructions": nil, "metadata": map[string]any{}, "parallel_tool_calls": true, "tool_choice": "auto",
		"tools": []any{}, "temperature": 1, "top_p": 1,
		"usage": map[string]any{"input_tokens": u["prompt_tokens"], "input_tokens_details": map[string]int{"cached_tokens": 0},
			"output_tokens": u["completion_tokens"], "output_tokens_details": map[string]int{"reasoning_tokens": 0}, "total_tokens": u["total_tokens"]}}
}

func textPart(text string) map[string]any {
	return map[string]any{"type": "output_text", "text": text, "annotations": []any{}, "logprobs": []any{}}
}

func (a *response) message(status string, parts ...any) map[string]any {
	return map[string]any{"id": "msg_" + a.id, "type": "message", "role": "assistant", "status": status, "content": append([]any{}, parts...)}
}

// output is a message, or the calls of tools.
func (a *response) output() []any {
	if len(a.reply.Calls) == 0 {
		return []any{a.message("completed", textPart(a.reply.Text))}
	}
	var out []any
	for i, c := range a.reply.Calls {
		args, _ := json.Marshal(c.Arguments) // a map of strings cannot fail
		out = append(out, map[string]any{"id": fmt.Sprintf("fc_%s_%d", a.id, i), "type": "function_call", "status": "completed",
			"call_id": fmt.Sprintf("call_%s_%d", a.id, i), "name": c.Name, "arguments": string(args)})
	}
	return out
}

// stream sends the answer as events, each text in deltas and whole.
func (a *response) stream(send func(name string, body map[string]any) bool) {
	n := -1
	event := func(kind string, body map[string]any) bool {
		n++
		body["type"], body["sequence_number"] = kind, n
		return send(kind, body)
	}
	ok := event("response.created", map[string]any{"response": a.body("in_progress", []any{})}) &&
		event("response.in_progress", map[string]any{"response": a.body("in_progress", []any{})})
	for i, it := range a.output() {
		item := it.(map[string]any)
		at := func(more map[string]any) map[string]any {
			more["output_index"], more["item_id"] = i, item["id"]
			return more
		}
		if args, called := item["arguments"].(string); called {
			empty := map[string]any{"id": item["id"], "type": "function_call", "status": "in_progress", "call_id": item["call_id"], "name": item["name"], "arguments": ""}
			ok = ok && event("response.output_item.added", map[string]any{"output_index": i, "item": empty})
			for _, p := range pieces(args) {
				ok = ok && event("response.function_call_arguments.delta", at(map[string]any{"delta": p}))
			}
			ok = ok && event("response.function_call_arguments.done", at(map[string]any{"arguments": args, "name": item["name"]}))
		} else {
			in := func(more map[string]any) map[string]any {
				more["content_index"] = 0
				return at(more)
			}
			ok = ok && event("response.output_item.added", map[string]any{"output_index": i, "item": a.message("in_progress")}) &&
				event("response.content_part.added", in(map[string]any{"part": textPart("")}))
			for _, p := range pieces(a.reply.Text) {
				ok = ok && event("response.output_text.delta", in(map[string]any{"delta": p, "logprobs": []any{}}))
			}
			ok = ok && event("response.output_text.done", in(map[string]any{"text": a.reply.Text, "logprobs": []any{}})) &&
				event("response.content_part.done", in(map[string]any{"part": textPart(a.reply.Text)}))
		}
		ok = ok && event("response.output_item.done", map[string]any{"output_index": i, "item": item})
	}
	_ = ok && event("response.completed", map[string]any{"response": a.body("completed", a.output())})
}
