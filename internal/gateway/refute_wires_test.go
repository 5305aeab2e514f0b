package gateway

import (
	"encoding/json"
	"fmt"
	"strings"
)

// wire is how one kind of call is written, for tests that play both ends of it.
type wire struct {
	protocol, path string
	streamPath     string // where streams are asked for; empty: the same
	family         string // of its upstreams; empty for openai
	request        func(text string, stream bool) string
	whole          func(text string) string
	stream         func(pieces []string) string // nil: it has none
	runs           []string                     // places in events where a text goes on
	same           map[string]string            // places in events that are one, by their paths
	dotted         bool                         // types of events are names with dots
}

func quote(s string) string { b, _ := json.Marshal(s); return string(b) }

func flag(on bool) string {
	if on {
		return `"stream":true,`
	}
	return ""
}

func events(named bool, events ...string) string {
	var b strings.Builder
	for _, e := range events {
		if named {
			var x struct{ Type string }
			_ = json.Unmarshal([]byte(e), &x)
			b.WriteString("event: " + x.Type + "\n")
		}
		b.WriteString("data: " + e + "\n\n")
	}
	return b.String()
}

// each returns an event for each piece.
func each(format string, pieces []string) (out []string) {
	for _, p := range pieces {
		out = append(out, fmt.Sprintf(format, quote(p)))
	}
	return out
}

const (
	textChunk = `{"id":"cmpl-1","object":"text_completion","created":1,"model":"m1","choices":[{"index":0,"text":%s,"finish_reason":null}]}`
	textEnd   = `{"id":"cmpl-1","object":"text_completion","created":1,"model":"m1","choices":[{"index":0,"text":"","finish_reason":"stop"}]}`
	itemDelta = `{"type":"response.output_text.delta","item_id":"msg-a","output_index":0,"content_index":0,"delta":%s,"logprobs":[]}`
)

func responseBody(status, output string) string {
	return `{"id":"resp-a","object":"response","created_at":1,"status":"` + status + `","model":"m1","error":null,"output":[` + output + `],"usage":null}`
}

func responsePart(text string) string {
	return `{"type":"output_text","text":` + quote(text) + `,"annotations":[]}`
}

func responseItem(status, parts string) string {
	return `{"id":"msg-a","type":"message","status":"` + status + `","role":"assistant","content":[` + parts + `]}`
}

func responseStream(pieces []string) string {
	text := strings.Join(pieces, "")
	at := func(kind, more string) string {
		return `{"type":"response.` + kind + `","output_index":0,` + more + `}`
	}
	all := []string{
		`{"type":"response.created","response":` + responseBody("in_progress", "") + `}`,
		at("output_item.added", `"item":`+responseItem("in_progress", "")),
		at("content_part.added", `"item_id":"msg-a","content_index":0,"part":`+responsePart("")),
	}
	all = append(all, each(itemDelta, pieces)...)
	return events(true, append(all,
		at("output_text.done", `"item_id":"msg-a","content_index":0,"text":`+quote(text)),
		at("content_part.done", `"item_id":"msg-a","content_index":0,"part":`+responsePart(text)),
		at("output_item.done", `"item":`+responseItem("completed", responsePart(text))),
		`{"type":"response.completed","response":`+responseBody("completed", responseItem("completed", responsePart(text)))+`}`)...)
}

// sameInResponses are the places where events of the Responses API say the same:
// a text when it is whole, and the name of an item.
var sameInResponses = map[string]string{
	".text": "text", ".part.text": "text", ".item.content.text": "text", ".response.output.content.text": "text",
	".item.id": "item", ".response.output.id": "item",
}

// wires are the calls to models, by the name of their protocol.
var wires = []wire{
	{protocol: "openai.chat", path: "/v1/chat/completions",
		request: func(text string, stream bool) string {
			return `{` + flag(stream) + `"model":"m1","messages":[{"role":"user","content":` + quote(text) + `}]}`
		},
		whole: answerBody, stream: func(pieces []string) string { return streamBody(pieces...) }, runs: []string{".choices.delta.content"}},
	{protocol: "openai.completions", path: "/v1/completions",
		request: func(text string, stream bool) string {
			return `{` + flag(stream) + `"model":"m1","prompt":` + quote(text) + `}`
		},
		whole: func(text string) string {
			return `{"id":"cmpl-1","object":"text_completion","created":1,"model":"m1","choices":[{"index":0,"text":` + quote(text) + `,"finish_reason":"stop"}],"x_note":"from afar"}`
		},
		stream: func(pieces []string) string {
			return events(false, append(each(textChunk, pieces), textEnd, "[DONE]")...)
		},
		runs: []string{".choices.text"}},
	{protocol: "openai.embeddings", path: "/v1/embeddings",
		request: func(text string, _ bool) string { return `{"model":"m1","input":` + quote(text) + `}` },
		whole: func(string) string {
			return `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.25,-0.5]}],"model":"m1","usage":{"prompt_tokens":1,"total_tokens":1}}`
		}},
	{protocol: "gemini.embed", path: "/v1beta/models/m1:embedContent", family: "gemini",
		request: func(text string, _ bool) string { return `{"content":{"parts":[{"text":` + quote(text) + `}]}}` },
		whole:   func(string) string { return `{"embedding":{"values":[0.25,-0.5]}}` }},
	{protocol: "gemini.embed_batch", path: "/v1beta/models/m1:batchEmbedContents", family: "gemini",
		request: func(text string, _ bool) string {
			return `{"requests":[{"content":{"parts":[{"text":` + quote(text) + `}]}}]}`
		},
		whole: func(string) string { return `{"embeddings":[{"values":[0.25,-0.5]}]}` }},
	{protocol: "openai.responses", path: "/v1/responses",
		request: func(text string, stream bool) string {
			return `{` + flag(stream) + `"model":"m1","input":` + quote(text) + `}`
		},
		whole: func(text string) string {
			return responseBody("completed", responseItem("completed", responsePart(text)))
		},
		stream: responseStream, runs: []string{".delta"}, same: sameInResponses, dotted: true},
	{protocol: "anthropic.messages", path: "/v1/messages", family: "anthropic",
		request: func(text string, stream bool) string {
			return `{` + flag(stream) + `"model":"m1","max_tokens":64,"messages":[{"role":"user","content":` + quote(text) + `}]}`
		},
		whole: anthropicAnswer, stream: func(pieces []string) string { return anthropicStream(pieces...) }, runs: []string{".delta.text"}},
	{protocol: "anthropic.count_tokens", path: "/v1/messages/count_tokens", family: "anthropic",
		request: func(text string, _ bool) string {
			return `{"model":"m1","messages":[{"role":"user","content":` + quote(text) + `}]}`
		},
		whole: func(string) string { return `{"input_tokens":14}` }},
	{protocol: "gemini.generate", path: geminiWhole, streamPath: geminiEvents, family: "gemini", request: geminiRequest, whole: geminiAnswer,
		stream: func(pieces []string) string { return geminiStreamed("STOP", append(pieces, "")...) }, runs: []string{".candidates.content.parts.text"}},
	{protocol: "gemini.count_tokens", path: geminiCount, family: "gemini", request: geminiRequest,
		whole: func(string) string { return `{"totalTokens":14}` }},
}

func geminiRequest(text string, _ bool) string {
	return `{"contents":[{"role":"user","parts":[{"text":` + quote(text) + `}]}]}`
}
