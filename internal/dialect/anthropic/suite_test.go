package anthropic_test

import (
	"regexp"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/anthropic"
	"warder.example/internal/dialect/dialecttest"
)

// extension is wherever a message or a block is, also a block within a block.
var extension = regexp.MustCompile(`^(\.messages\[\](\.(content|source|tool_references|tool_changes|state_changes)(\[\])?)*)?\.warder$`)

// uncapped has no place that would say how long an answer may be.
var uncapped = []byte(`{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"How late is it?"}]}`)

// delta returns a text that deltas of this kind tell in block 4.
func delta(kind, member, field string) dialecttest.Text {
	return dialecttest.Text{
		Key: dialect.Key{Choice: 4, Tool: -1, Field: field}, Arguments: field == dialect.FieldArguments,
		Event: func(p ...string) (string, string) {
			return "content_block_delta", `{"type":"content_block_delta","index":4,"delta":{"type":"` + kind + `","` + member + `":` + p[0] + `}}`
		},
	}
}

func messages(t testing.TB) dialecttest.Suite {
	return dialecttest.Suite{
		Protocol:  anthropic.Messages,
		Requests:  append(dialecttest.Files(t, "request_*.json"), dialecttest.Example{Name: "without a cap", Body: uncapped}),
		Answers:   dialecttest.Files(t, "answer_*.json"),
		Errors:    dialecttest.Files(t, "error.json"),
		Streams:   dialecttest.Files(t, "stream_*.txt"),
		Extension: extension,
		Texts: []dialecttest.Text{
			delta("text_delta", "text", dialect.FieldContent), delta("thinking_delta", "thinking", "thinking"),
			delta("input_json_delta", "partial_json", dialect.FieldArguments), delta("compaction_delta", "content", "content"),
		},
		Refusal: dialecttest.Refusal{ID: "msg_", Finish: "refusal"},
		Least:   map[string]int{"request": 5000, "answer": 1900, "error": 100, "failure": 60, "event": 3000},
		Seeds: [][]byte{
			[]byte(`{"model":"m","messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"\ud83d\ude00"}]}]}]}`),
			[]byte(`{"type":"content_block_delta","index":3,"delta":{"partial_json":"{\"a\":\"\\ud83d"}}`),
		},
	}
}

func countTokens(t testing.TB) dialecttest.Suite {
	s := messages(t)
	s.Protocol, s.Answers, s.Streams, s.Texts = anthropic.CountTokens, dialecttest.Files(t, "count.json"), nil, nil
	s.Refusal = dialecttest.Refusal{Wordless: true}
	s.Least = map[string]int{"request": 5000, "answer": 50, "error": 100, "failure": 60}
	return s
}

func TestMessages(t *testing.T)    { dialecttest.Run(t, messages(t)) }
func TestCountTokens(t *testing.T) { dialecttest.Run(t, countTokens(t)) }

func FuzzRequest(f *testing.F) { dialecttest.FuzzRequest(f, messages(f)) }
func FuzzAnswer(f *testing.F)  { dialecttest.FuzzAnswer(f, messages(f)) }
func FuzzError(f *testing.F)   { dialecttest.FuzzError(f, messages(f)) }
func FuzzEvent(f *testing.F)   { dialecttest.FuzzEvent(f, messages(f)) }
func FuzzStream(f *testing.F)  { dialecttest.FuzzText(f, messages(f)) }
func FuzzCount(f *testing.F)   { dialecttest.FuzzAnswer(f, countTokens(f)) }
