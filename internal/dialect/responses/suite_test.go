package responses_test

import (
	"regexp"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/dialecttest"
	"warder.example/internal/dialect/responses"
)

// delta returns the text of item 3, part 2 that events of this kind tell.
func delta(kind, part, field string) dialecttest.Text {
	key := dialect.Key{Choice: 3, Tool: 2, Field: field}
	if part == "" {
		key.Tool = -1
	}
	return dialecttest.Text{
		Key: key, Arguments: field == dialect.FieldArguments || field == "custom_tool_call.input",
		Event: func(p ...string) (string, string) {
			return kind, `{"type":"` + kind + `","output_index":3,` + part + `"delta":` + p[0] + `}`
		},
	}
}

// examplesOf returns the bodies of testdata that are of a kind.
func examplesOf(t testing.TB, kind string) (out []dialecttest.Example) {
	for _, b := range load[body](t, "bodies.json") {
		if b.Kind == kind {
			out = append(out, dialecttest.Example{Name: b.Name, Body: b.Body})
		}
	}
	return out
}

func suite(t testing.TB) dialecttest.Suite {
	const content, summary = `"content_index":2,`, `"summary_index":2,`
	s := dialecttest.Suite{
		Protocol:  responses.Responses,
		Requests:  examplesOf(t, "request"),
		Answers:   examplesOf(t, "answer"),
		Errors:    examplesOf(t, "error"),
		Extension: regexp.MustCompile(`^(\.input\[\](\.(content|summary|output)(\[\])?)?)?\.warder$`),
		Dropped:   regexp.MustCompile(`^((\.response)?\.(output|input|instructions)\[\]|\.item)\.content\[\]\.logprobs$|^(\.part)?\.logprobs$`),
		Texts: []dialecttest.Text{
			delta("response.output_text.delta", content, dialect.FieldContent), delta("response.refusal.delta", content, dialect.FieldRefusal),
			delta("response.reasoning_text.delta", content, "reasoning"), delta("response.reasoning_summary_text.delta", summary, "reasoning.summary"),
			delta("response.function_call_arguments.delta", "", dialect.FieldArguments), delta("response.mcp_call_arguments.delta", "", dialect.FieldArguments),
			delta("response.custom_tool_call_input.delta", "", "custom_tool_call.input"), delta("response.code_interpreter_call_code.delta", "", "code"),
			delta("response.audio.transcript.delta", "", "audio.transcript"),
		},
		Call: func(arguments string) []byte {
			return []byte(`{"model":"m","input":[{"type":"function_call","call_id":"c","name":"f","arguments":` + arguments + `}]}`)
		},
		Refusal: dialecttest.Refusal{ID: "resp_", Finish: "content_filter", Abrupt: true},
		Least:   map[string]int{"request": 5000, "answer": 2000, "error": 50, "failure": 30, "event": 5000},
	}
	for _, x := range load[stream](t, "streams.json") {
		s.Streams = append(s.Streams, dialecttest.Example{Name: x.Name, Body: []byte(x.Stream)})
	}
	return s
}

func TestResponses(t *testing.T) { dialecttest.Run(t, suite(t)) }

func FuzzRequest(f *testing.F) { dialecttest.FuzzRequest(f, suite(f)) }
func FuzzAnswer(f *testing.F)  { dialecttest.FuzzAnswer(f, suite(f)) }
func FuzzError(f *testing.F)   { dialecttest.FuzzError(f, suite(f)) }
func FuzzEvent(f *testing.F)   { dialecttest.FuzzEvent(f, suite(f)) }
func FuzzStream(f *testing.F)  { dialecttest.FuzzText(f, suite(f)) }
