package practice

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"warder.example/internal/jsonerr"
)

// messagesRequest is a request in the dialect of Anthropic's Messages API.
type messagesRequest struct {
	Model    string  `json:"model"`
	System   content `json:"system"`
	Messages []struct {
		Role    string `json:"role"`
		Content blocks `json:"content"`
	} `json:"messages"`
	Stream    bool `json:"stream"`
	MaxTokens int  `json:"max_tokens"`
	Tools     []struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Schema      struct {
			Required []string `json:"required"`
		} `json:"input_schema"`
	} `json:"tools"`
}

// blocks are a string or a list of blocks: what was said, and what came from
// somewhere else.
type blocks struct {
	said    string
	results []string
}

func (b *blocks) UnmarshalJSON(raw []byte) error {
	if json.Unmarshal(raw, &b.said) == nil {
		return nil
	}
	var list []struct {
		Type    string  `json:"type"`
		Text    string  `json:"text"`
		Content content `json:"content"`
		Source  struct {
			Data string `json:"data"`
		} `json:"source"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("content is neither a string nor a list of blocks")
	}
	for _, l := range list {
		switch l.Type {
		case "text":
			b.said += l.Text + "\n"
		case "tool_result":
			b.results = append(b.results, string(l.Content))
		case "document":
			b.results = append(b.results, l.Source.Data)
		}
	}
	return nil
}

// turns returns the conversation as the target reads it.
func (r *messagesRequest) turns() (out []Turn) {
	if r.System != "" {
		out = append(out, Turn{Role: "system", Text: string(r.System)})
	}
	for _, m := range r.Messages {
		if m.Content.said != "" {
			out = append(out, Turn{Role: m.Role, Text: m.Content.said})
		}
		for _, t := range m.Content.results {
			out = append(out, Turn{Role: "tool", Text: t})
		}
	}
	return out
}

// readMessages reads a request and answers it if it is wrong.
func readMessages(w http.ResponseWriter, r *http.Request) (req messagesRequest, l Level, ok bool) {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&req); err != nil {
		failMessages(w, http.StatusBadRequest, "invalid_request_error", "the body is not a request: "+jsonerr.Plain(err, &req).Error())
		return req, l, false
	}
	if l, ok = ParseModel(req.Model); !ok {
		failMessages(w, http.StatusNotFound, "not_found_error", "no such model; expected practice-1 to practice-5")
		return req, l, false
	}
	if len(req.Messages) == 0 {
		failMessages(w, http.StatusBadRequest, "invalid_request_error", "messages: expected at least one")
		return req, l, false
	}
	return req, l, true
}

func (o Options) messages(w http.ResponseWriter, r *http.Request) {
	req, level, ok := readMessages(w, r)
	if !ok {
		return
	}
	if req.MaxTokens < 1 {
		failMessages(w, http.StatusBadRequest, "invalid_request_error", "max_tokens: expected at least 1")
		return
	}
	turns := req.turns()
	var tools []Tool
	for _, t := range req.Tools {
		tools = append(tools, Tool{Name: t.Name, Description: t.Description, Parameters: t.Schema.Required})
	}
	reply := Answer(level, turns, tools)
	if o.Log != nil && reply.Obeyed != "" {
		o.Log(req.Model, reply.Obeyed)
	}
	hash := sha256.New()
	for _, t := range turns {
		fmt.Fprintf(hash, "%s\x00%s\x00", t.Role, t.Text)
	}
	message := said(req.Model, hex.EncodeToString(hash.Sum(nil)[:12]), turns, reply)
	if req.Stream {
		o.streamMessage(w, r, message)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(message)
}

// countTokens counts words, which is what a simulator has for tokens.
func countTokens(w http.ResponseWriter, r *http.Request) {
	req, _, ok := readMessages(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"input_tokens": usage(req.turns(), Reply{}, 1)["prompt_tokens"]})
}

// message is an answer. Its blocks have text, or a tool's name and input.
type message struct {
	ID      string           `json:"id"`
	Type    string           `json:"type"`
	Role    string           `json:"role"`
	Model   string           `json:"model"`
	Content []map[string]any `json:"content"`
	Stop    *string          `json:"stop_reason"`
	Word    *string          `json:"stop_sequence"`
	Usage   map[string]int   `json:"usage"`
}

func said(model, id string, turns []Turn, reply Reply) message {
	stop := "end_turn"
	m := message{ID: "msg_" + id, Type: "message", Role: "assistant", Model: model, Stop: &stop, Content: []map[string]any{}}
	if reply.Text != "" {
		m.Content = append(m.Content, map[string]any{"type": "text", "text": reply.Text})
	}
	for i, c := range reply.Calls {
		stop = "tool_use"
		m.Content = append(m.Content, map[string]any{"type": "tool_use", "id": fmt.Sprintf("toolu_%s_%d", id[len(id)-8:], i), "name": c.Name, "input": c.Arguments})
	}
	u := usage(turns, reply, 1)
	m.Usage = map[string]int{"input_tokens": u["prompt_tokens"], "output_tokens": u["completion_tokens"]}
	return m
}

// streamMessage sends an answer as events.
func (o Options) streamMessage(w http.ResponseWriter, r *http.Request, m message) {
	w.Header().Set("Content-Type", "text/event-stream")
	rc := http.NewResponseController(w)
	gone := false
	send := func(kind string, payload map[string]any) {
		payload["type"] = kind
		b, err := json.Marshal(payload)
		if gone = gone || err != nil || r.Context().Err() != nil; gone {
			return
		}
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", kind, b); err != nil || rc.Flush() != nil {
			gone = true
			return
		}
		select {
		case <-time.After(o.ChunkDelay):
		case <-r.Context().Done():
			gone = true
		}
	}
	begun := m
	begun.Content, begun.Stop = []map[string]any{}, nil
	send("message_start", map[string]any{"message": begun})
	send("ping", map[string]any{})
	for i, b := range m.Content {
		about := func(name string, v any) map[string]any { return map[string]any{"index": i, name: v} }
		if b["type"] == "text" {
			send("content_block_start", about("content_block", map[string]any{"type": "text", "text": ""}))
			for _, p := range pieces(b["text"].(string)) {
				send("content_block_delta", about("delta", map[string]any{"type": "text_delta", "text": p}))
			}
		} else {
			input, _ := json.Marshal(b["input"]) // a map of strings cannot fail
			send("content_block_start", about("content_block", map[string]any{"type": b["type"], "id": b["id"], "name": b["name"], "input": map[string]any{}}))
			for _, p := range pieces(string(input)) {
				send("content_block_delta", about("delta", map[string]any{"type": "input_json_delta", "partial_json": p}))
			}
		}
		send("content_block_stop", map[string]any{"index": i})
	}
	send("message_delta", map[string]any{"delta": map[string]any{"stop_reason": m.Stop, "stop_sequence": nil}, "usage": map[string]any{"output_tokens": m.Usage["output_tokens"]}})
	send("message_stop", map[string]any{})
}

func failMessages(w http.ResponseWriter, status int, kind, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "error", "error": map[string]any{"type": kind, "message": strings.TrimSpace(text)}})
}
