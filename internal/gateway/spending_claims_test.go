package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// written is a text of two hundred tokens, as Warder and most encodings count it.
var written = strings.Repeat("word ", 200)

// sseOf writes events of a stream, named by their type where the dialect names them.
func sseOf(named bool, events ...string) string {
	var b strings.Builder
	for _, e := range events {
		if named {
			_, rest, _ := strings.Cut(e, `"type":"`)
			name, _, _ := strings.Cut(rest, `"`)
			fmt.Fprintf(&b, "event: %s\n", name)
		}
		fmt.Fprintf(&b, "data: %s\n\n", e)
	}
	return b.String()
}

// claimed is one dialect: its route and the answers that tell a usage.
type claimed struct {
	config, path, stream, body string
	whole                      func(usage string) string
	// streamed is a stream that tells one usage before its text and one after it.
	streamed func(before, after string) string
}

var (
	claimedChat = claimed{path: "/v1/chat/completions", stream: "/v1/chat/completions", body: `"max_tokens":800,"messages":[{"role":"user","content":"hi"}]`,
		whole: func(u string) string {
			return `{"id":"c","object":"chat.completion","created":1,"model":"m1","choices":[{"index":0,"message":{"role":"assistant","content":"` + written + `"},"finish_reason":"stop"}],"usage":` + u + `}`
		},
		streamed: func(before, after string) string {
			usage := func(u string) string {
				return `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m1","choices":[],"usage":` + u + `}`
			}
			return sseOf(false, usage(before), `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m1","choices":[{"index":0,"delta":{"content":"`+written+`"},"finish_reason":"stop"}]}`, usage(after), "[DONE]")
		}}
	claimedMessages = claimed{config: "    family: anthropic\n", path: "/v1/messages", stream: "/v1/messages", body: `"max_tokens":800,"messages":[{"role":"user","content":"hi"}]`,
		whole: func(u string) string {
			return `{"id":"msg_1","type":"message","role":"assistant","model":"m1","content":[{"type":"text","text":"` + written + `"}],"stop_reason":"end_turn","stop_sequence":null,"usage":` + u + `}`
		},
		streamed: func(before, after string) string {
			return sseOf(true, `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m1","content":[],"stop_reason":null,"usage":`+before+`}}`,
				`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
				`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"`+written+`"}}`, `{"type":"content_block_stop","index":0}`,
				`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":`+after+`}`, `{"type":"message_stop"}`)
		}}
	claimedResponses = claimed{path: "/v1/responses", stream: "/v1/responses", body: `"max_output_tokens":800,"input":"hi"`,
		whole: func(u string) string {
			return `{"id":"r","object":"response","created_at":1,"status":"completed","model":"m1","output":[{"type":"message","id":"ms","role":"assistant","status":"completed","content":[{"type":"output_text","text":"` + written + `","annotations":[]}]}],"usage":` + u + `}`
		},
		streamed: func(before, after string) string {
			return sseOf(true, `{"type":"response.created","sequence_number":0,"response":{"id":"r","object":"response","status":"in_progress","output":[],"usage":`+before+`}}`,
				`{"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"type":"message","id":"ms","role":"assistant","status":"in_progress","content":[]}}`,
				`{"type":"response.output_text.delta","sequence_number":2,"item_id":"ms","output_index":0,"content_index":0,"delta":"`+written+`"}`,
				`{"type":"response.completed","sequence_number":3,"response":{"id":"r","object":"response","status":"completed","output":[],"usage":`+after+`}}`)
		}}
	claimedGemini = claimed{config: "    family: gemini\n", path: "/v1beta/models/m1:generateContent", stream: "/v1beta/models/m1:streamGenerateContent?alt=sse",
		body: `"generationConfig":{"maxOutputTokens":800},"contents":[{"parts":[{"text":"hi"}]}]`,
		whole: func(u string) string {
			return `{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"` + written + `"}]},"finishReason":"STOP"}],"usageMetadata":` + u + `}`
		},
		streamed: func(before, after string) string {
			half := `{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"` + written[:500] + `"}]}%s}],"usageMetadata":%s}`
			return sseOf(false, fmt.Sprintf(half, "", before), fmt.Sprintf(half, `,"finishReason":"STOP"`, after))
		}}
)

// TestClaimedUsage: what a provider says of its usage is charged if it can be true of
// what it sent; else the estimate is.
func TestClaimedUsage(t *testing.T) {
	const none = "null"
	for _, c := range []struct {
		name          string
		by            claimed
		before, after string // of a stream; before alone of a whole answer, where after is empty
		counted       bool
	}{
		{"chat", claimedChat, `{"prompt_tokens":9,"completion_tokens":200}`, "", true},
		{"chat negative", claimedChat, `{"prompt_tokens":9,"completion_tokens":-5}`, "", false},
		{"chat zero", claimedChat, `{"prompt_tokens":9,"completion_tokens":0}`, "", false},
		{"chat far too few", claimedChat, `{"prompt_tokens":9,"completion_tokens":20}`, "", false},
		{"chat nothing read", claimedChat, `{"prompt_tokens":0,"completion_tokens":200}`, "", false},
		{"chat stream", claimedChat, none, `{"prompt_tokens":9,"completion_tokens":200}`, true},
		{"chat stream early", claimedChat, `{"prompt_tokens":9,"completion_tokens":30}`, none, false},
		{"chat stream negative", claimedChat, none, `{"prompt_tokens":9,"completion_tokens":-5}`, false},
		{"messages", claimedMessages, `{"input_tokens":9,"output_tokens":200}`, "", true},
		{"messages negative", claimedMessages, `{"input_tokens":9,"output_tokens":-5}`, "", false},
		{"messages stream", claimedMessages, `{"input_tokens":9,"output_tokens":1}`, `{"output_tokens":200}`, true},
		{"messages placeholder", claimedMessages, `{"input_tokens":9,"output_tokens":1}`, none, false},
		{"messages large placeholder", claimedMessages, `{"input_tokens":9,"output_tokens":30}`, none, false},
		{"responses", claimedResponses, `{"input_tokens":9,"output_tokens":200}`, "", true},
		{"responses negative", claimedResponses, `{"input_tokens":9,"output_tokens":-5}`, "", false},
		{"responses stream", claimedResponses, none, `{"input_tokens":9,"output_tokens":200}`, true},
		{"responses stream early", claimedResponses, `{"input_tokens":9,"output_tokens":30}`, none, false},
		{"gemini", claimedGemini, `{"promptTokenCount":9,"candidatesTokenCount":200,"totalTokenCount":209}`, "", true},
		{"gemini total alone", claimedGemini, `{"promptTokenCount":9,"totalTokenCount":209}`, "", true},
		{"gemini null", claimedGemini, `{"promptTokenCount":9,"candidatesTokenCount":null}`, "", false},
		{"gemini text", claimedGemini, `{"promptTokenCount":9,"candidatesTokenCount":"200"}`, "", false},
		{"gemini fraction", claimedGemini, `{"promptTokenCount":9,"candidatesTokenCount":1000.0}`, "", false},
		{"gemini negative", claimedGemini, `{"promptTokenCount":9,"candidatesTokenCount":-5,"totalTokenCount":4}`, "", false},
		{"gemini stream", claimedGemini, `{"promptTokenCount":9,"totalTokenCount":9}`, `{"promptTokenCount":9,"candidatesTokenCount":200,"totalTokenCount":209}`, true},
		{"gemini stream total", claimedGemini, `{"promptTokenCount":9,"totalTokenCount":9}`, `{"promptTokenCount":9,"totalTokenCount":209}`, true},
		{"gemini stream empty", claimedGemini, `{"promptTokenCount":9,"totalTokenCount":9}`, `{}`, false},
		{"gemini stream early", claimedGemini, `{"promptTokenCount":9,"candidatesTokenCount":30}`, `{}`, false},
		{"gemini stream odd total", claimedGemini, `{"promptTokenCount":9,"totalTokenCount":9}`, `{"totalTokenCount":500}`, false},
	} {
		answer, kind, path, begin := c.by.whole(c.before), "application/json", c.by.path, `{"model":"m1",`
		if c.after != "" {
			answer, kind, path, begin = c.by.streamed(c.before, c.after), "text/event-stream", c.by.stream, `{"model":"m1","stream":true,`
		}
		if c.by.config == claimedGemini.config {
			begin = "{" // its path says the rest
		}
		s := newSpentRig(t, answers(kind, answer), c.by.config+manyTokens)
		p := s.call(http.MethodPost, path, begin+c.by.body+"}")
		if p.status != 200 || !strings.Contains(p.body, "word word") {
			t.Errorf("%s: %d %s", c.name, p.status, p.body)
			continue
		}
		u := s.used(p)
		if u.Estimated == c.counted || u.Input == 0 || u.Output < 200 || u.Output > 260 || c.counted && (u.Output != 200 || u.Input != 9) {
			t.Errorf("%s: recorded %+v", c.name, u)
		}
		if n := s.counter("many/total_tokens/month"); n.Settled != u.Input+u.Output || n.Reserved != 0 {
			t.Errorf("%s: the counter is %+v; recorded %+v", c.name, n, u)
		}
	}
}

// TestBudgetOfAlias: a budget for a model holds by the name that callers use and by the
// one that the upstream knows, and the log says which budget refused.
func TestBudgetOfAlias(t *testing.T) {
	const config = "    aliases: {m-smart: house}\nbudgets:\n  - {name: tight, what: requests, amount: 0, every: month, models: [%s]}\n"
	for pattern, refused := range map[string]bool{"m-smart": true, `"m-s*"`: true, "house": true, "other": false} {
		s := newSpentRig(t, answers("application/json", counted), fmt.Sprintf(config, pattern))
		p := s.call(http.MethodPost, "/v1/chat/completions", strings.Replace(chatBody("hi"), `"m1"`, `"m-smart"`, 1))
		if (p.code() == "request_over_budget") != refused || !refused && p.status != 200 {
			t.Errorf("models %s: %d %s", pattern, p.status, p.body)
		}
		if log := s.log.String(); refused && (!strings.Contains(log, " budget=tight ") || !strings.Contains(log, "budget tight allows 0 requests")) {
			t.Errorf("models %s: the log does not name the budget: %s", pattern, log)
		}
	}
}

// TestPlaceholder: what Anthropic's streams begin with is no count, even if nothing that
// counts as text follows.
func TestPlaceholder(t *testing.T) {
	s := newSpentRig(t, answers("text/event-stream", sseOf(true,
		`{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m1","content":[],"stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`, `{"type":"content_block_stop","index":0}`,
		`{"type":"message_stop"}`)), claimedMessages.config+manyTokens)
	p := s.call(http.MethodPost, claimedMessages.stream, `{"model":"m1","stream":true,`+claimedMessages.body+`}`)
	if u := s.used(p); p.status != 200 || !u.Estimated || u.Input != 9 || u.Output != 1 {
		t.Errorf("%d %s: recorded %+v", p.status, p.body, u)
	}
}
