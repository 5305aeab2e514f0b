package practice

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// maxBody bounds a request to the target.
const maxBody = 4 << 20

// Options of the target's server.
type Options struct {
	// ChunkDelay is the time between two chunks of a stream, to look like a
	// model that thinks. Zero sends them at once.
	ChunkDelay time.Duration
	// Log, if set, is told what the target obeyed.
	Log func(model, obeyed string)
}

// Handler serves the target as OpenAI-compatible chat completions and a model
// list, and in the dialects of other providers. It checks no key.
func Handler(o Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", o.chat)
	mux.HandleFunc("POST /v1/messages", o.messages)
	mux.HandleFunc("POST /v1/messages/count_tokens", countTokens)
	mux.HandleFunc("POST /v1/responses", o.responses)
	mux.HandleFunc("POST /v1/completions", o.completions)
	mux.HandleFunc("POST /v1/embeddings", o.embeddings)
	mux.HandleFunc("POST /v1/models/{call}", o.gemini)
	mux.HandleFunc("POST /v1beta/models/{call}", o.gemini)
	mux.HandleFunc("GET /v1/models", models)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fail(w, http.StatusNotFound, "no such route") })
	return mux
}

type chatRequest struct {
	Model         string        `json:"model"`
	Messages      []chatMessage `json:"messages"`
	Stream        bool          `json:"stream"`
	N             int           `json:"n"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	Tools []struct {
		Function struct {
			Name        string `json:"name"`
			Description string `json:"description"`
			Parameters  struct {
				Properties map[string]json.RawMessage `json:"properties"`
				Required   []string                   `json:"required"`
			} `json:"parameters"`
		} `json:"function"`
	} `json:"tools"`
}

type chatMessage struct {
	Role    string  `json:"role"`
	Content content `json:"content"`
}

// content is a string or a list of parts, of which the texts count.
type content string

func (c *content) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*c = content(s)
		return nil
	}
	var parts []struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(b, &parts); err != nil {
		return fmt.Errorf("content is neither a string nor a list of parts")
	}
	for _, p := range parts {
		*c += content(p.Text + "\n")
	}
	return nil
}

func (o Options) chat(w http.ResponseWriter, r *http.Request) {
	var req chatRequest
	level, ok := read(w, r, &req, &req.Model)
	if !ok {
		return
	}
	if req.N < 1 {
		req.N = 1
	}
	if req.N > 8 || len(req.Messages) == 0 {
		fail(w, http.StatusBadRequest, "expected 1 to 8 choices and at least one message")
		return
	}
	turns := make([]Turn, len(req.Messages))
	for i, m := range req.Messages {
		turns[i] = Turn{Role: m.Role, Text: string(m.Content)}
	}
	var tools []Tool
	for _, t := range req.Tools {
		tools = append(tools, Tool{Name: t.Function.Name, Description: t.Function.Description, Parameters: t.Function.Parameters.Required})
	}
	reply := Answer(level, turns, tools)
	if o.Log != nil && reply.Obeyed != "" {
		o.Log(req.Model, reply.Obeyed)
	}
	id := "chatcmpl-" + identity(turns)
	if req.Stream {
		o.stream(w, r, req, id, reply)
		return
	}
	write(w, whole(req, id, turns, reply))
}

func whole(req chatRequest, id string, turns []Turn, reply Reply) map[string]any {
	var choices []any
	for i := range req.N {
		msg := map[string]any{"role": "assistant", "content": reply.Text, "refusal": nil}
		finish := "stop"
		if len(reply.Calls) > 0 {
			finish = "tool_calls"
			msg["content"] = nil
			msg["tool_calls"] = calls(id, reply)
		}
		choices = append(choices, map[string]any{"index": i, "message": msg, "logprobs": nil, "finish_reason": finish})
	}
	return map[string]any{"id": id, "object": "chat.completion", "created": created, "model": req.Model,
		"choices": choices, "usage": usage(turns, reply, req.N), "system_fingerprint": "fp_practice"}
}

// created is fixed, so that equal requests have equal answers.
const created = 1767225600

func calls(id string, reply Reply) []any {
	var out []any
	for i, c := range reply.Calls {
		args, _ := json.Marshal(c.Arguments) // a map of strings cannot fail
		out = append(out, map[string]any{"id": fmt.Sprintf("call_%s_%d", id[len(id)-8:], i), "type": "function",
			"function": map[string]any{"name": c.Name, "arguments": string(args)}})
	}
	return out
}

// usage counts words, which is what a simulator has for tokens.
func usage(turns []Turn, reply Reply, n int) map[string]int {
	in, out := 0, len(strings.Fields(reply.Text))*n
	for _, t := range turns {
		in += len(strings.Fields(t.Text))
	}
	return map[string]int{"prompt_tokens": in, "completion_tokens": out, "total_tokens": in + out}
}

func (o Options) stream(w http.ResponseWriter, r *http.Request, req chatRequest, id string, reply Reply) {
	event := o.events(w, r)
	send := func(choices []any, more map[string]any) bool {
		c := map[string]any{"id": id, "object": "chat.completion.chunk", "created": created, "model": req.Model, "choices": choices, "system_fingerprint": "fp_practice"}
		for k, v := range more {
			c[k] = v
		}
		return event("", c)
	}
	delta := func(i int, d map[string]any, finish any) []any {
		return []any{map[string]any{"index": i, "delta": d, "logprobs": nil, "finish_reason": finish}}
	}
	for i := range req.N {
		if !send(delta(i, map[string]any{"role": "assistant", "content": ""}, nil), nil) {
			return
		}
	}
	finish := "stop"
	for _, p := range pieces(reply.Text) {
		for i := range req.N {
			if !send(delta(i, map[string]any{"content": p}, nil), nil) {
				return
			}
		}
	}
	for n, c := range calls(id, reply) {
		finish = "tool_calls"
		f := c.(map[string]any)["function"].(map[string]any)
		head := map[string]any{"index": n, "id": c.(map[string]any)["id"], "type": "function", "function": map[string]any{"name": f["name"], "arguments": ""}}
		if !send(delta(0, map[string]any{"tool_calls": []any{head}}, nil), nil) {
			return
		}
		for _, p := range pieces(f["arguments"].(string)) {
			if !send(delta(0, map[string]any{"tool_calls": []any{map[string]any{"index": n, "function": map[string]any{"arguments": p}}}}, nil), nil) {
				return
			}
		}
	}
	for i := range req.N {
		if !send(delta(i, map[string]any{}, finish), nil) {
			return
		}
	}
	if req.StreamOptions.IncludeUsage && !send([]any{}, map[string]any{"usage": usage(nil, reply, req.N)}) {
		return
	}
	fmt.Fprint(w, "data: [DONE]\n\n")
}

// pieces cuts a text the way models stream: a few characters at a time, through
// the middle of words.
func pieces(s string) []string {
	var out []string
	r := []rune(s)
	for n := 0; len(r) > 0; n++ {
		k := min(len(r), 3+n%3)
		out = append(out, string(r[:k]))
		r = r[k:]
	}
	return out
}

func models(w http.ResponseWriter, r *http.Request) {
	var data []any
	for l := Level(1); l <= Levels; l++ {
		data = append(data, map[string]any{"id": l.Model(), "object": "model", "created": created, "owned_by": "warder-practice"})
	}
	write(w, map[string]any{"object": "list", "data": data})
}

func fail(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": "invalid_request_error", "param": nil, "code": nil}})
}
