package gemini_test

import (
	"regexp"
	"strings"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/dialecttest"
	"warder.example/internal/dialect/gemini"
)

// part returns a text of candidate 4 whose parts have more members.
func part(more, field string) dialecttest.Text {
	return dialecttest.Text{
		Key: dialect.Key{Choice: 4, Tool: -1, Field: field}, Pieces: 3,
		Event: func(pieces ...string) (string, string) {
			parts := make([]string, len(pieces))
			for i, p := range pieces {
				parts[i] = `{"text":` + p + more + `}`
			}
			return "", `{"candidates":[{"index":4,"content":{"role":"model","parts":[` + strings.Join(parts, ",") + `]}}]}`
		},
	}
}

func generate(t testing.TB) dialecttest.Suite {
	return dialecttest.Suite{
		Protocol:  gemini.Generate,
		Requests:  dialecttest.Files(t, "request_*.json"),
		Answers:   dialecttest.Files(t, "answer_*.json"),
		Errors:    dialecttest.Files(t, "error.json"),
		Streams:   dialecttest.Files(t, "stream_*.txt"),
		Extension: regexp.MustCompile(`^\.model$|^(\.contents(\[\])?(\.parts(\[\])?)?)?\.warder$`),
		Dropped:   regexp.MustCompile(`^\.candidates\[\]\.logprobsResult$`),
		Declared:  regexp.MustCompile(`\.(mimeType|mime_type)$`),
		Texts:     []dialecttest.Text{part("", dialect.FieldContent), part(`,"thought":true`, "thought")},
		Refusal:   dialecttest.Refusal{Finish: "SAFETY", Several: true},
		Least:     map[string]int{"request": 4500, "answer": 1900, "error": 100, "failure": 60, "event": 1500},
		Seeds: [][]byte{
			[]byte(`{"contents":{"parts":{"text":"\ud83d\ude00"}},"generation_config":{}}`),
			[]byte(`{"candidates":[{"index":3,"content":{"parts":[{"text":"\ud83d","thought":true}]}}]}`),
		},
	}
}

func countTokens(t testing.TB) dialecttest.Suite {
	s := generate(t)
	s.Protocol, s.Requests, s.Answers, s.Streams, s.Texts = gemini.CountTokens, append(s.Requests, dialecttest.Files(t, "count_request_*.json")...), dialecttest.Files(t, "count.json"), nil, nil
	s.Extension = regexp.MustCompile(`^\.model$|^(\.(generateContentRequest|generate_content_request))?\.contents(\[\])?(\.parts(\[\])?)?\.warder$|^\.warder$`)
	s.Refusal = dialecttest.Refusal{Wordless: true}
	s.Least = map[string]int{"request": 4500, "answer": 50, "error": 100, "failure": 60}
	return s
}

func embed(t testing.TB) dialecttest.Suite {
	s := generate(t)
	s.Protocol, s.Streams, s.Texts, s.Dropped = gemini.Embed, nil, nil, nil
	s.Requests, s.Answers = dialecttest.Files(t, "embed_request_*.json"), dialecttest.Files(t, "embed_answer_*.json")
	s.Extension = regexp.MustCompile(`^\.model$|^(\.content(\.parts(\[\])?)?)?\.warder$`)
	s.Refusal = dialecttest.Refusal{None: true}
	s.Least = map[string]int{"request": 350, "answer": 100, "error": 100, "failure": 60}
	return s
}

func embedBatch(t testing.TB) dialecttest.Suite {
	s := embed(t)
	s.Protocol = gemini.EmbedBatch
	s.Requests, s.Answers = dialecttest.Files(t, "embedbatch_request_*.json"), dialecttest.Files(t, "embedbatch_answer_*.json")
	s.Extension = regexp.MustCompile(`^\.model$|^(\.requests(\[\])?\.content(\.parts(\[\])?)?)?\.warder$`)
	s.Least = map[string]int{"request": 190, "answer": 50, "error": 100, "failure": 60}
	return s
}

func TestGenerate(t *testing.T)    { dialecttest.Run(t, generate(t)) }
func TestCountTokens(t *testing.T) { dialecttest.Run(t, countTokens(t)) }
func TestEmbed(t *testing.T)       { dialecttest.Run(t, embed(t)) }
func TestEmbedBatch(t *testing.T)  { dialecttest.Run(t, embedBatch(t)) }

func FuzzRequest(f *testing.F)     { dialecttest.FuzzRequest(f, generate(f)) }
func FuzzAnswer(f *testing.F)      { dialecttest.FuzzAnswer(f, generate(f)) }
func FuzzError(f *testing.F)       { dialecttest.FuzzError(f, generate(f)) }
func FuzzEvent(f *testing.F)       { dialecttest.FuzzEvent(f, generate(f)) }
func FuzzStream(f *testing.F)      { dialecttest.FuzzText(f, generate(f)) }
func FuzzCount(f *testing.F)       { dialecttest.FuzzRequest(f, countTokens(f)) }
func FuzzCountAnswer(f *testing.F) { dialecttest.FuzzAnswer(f, countTokens(f)) }
func FuzzEmbed(f *testing.F)       { dialecttest.FuzzRequest(f, embed(f)) }
func FuzzEmbedBatch(f *testing.F)  { dialecttest.FuzzRequest(f, embedBatch(f)) }
func FuzzEmbedAnswer(f *testing.F) { dialecttest.FuzzAnswer(f, embed(f)) }
