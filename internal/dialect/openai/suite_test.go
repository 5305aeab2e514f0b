package openai_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/dialecttest"
	"warder.example/internal/dialect/openai"
)

// load reads vectors of testdata.
func load(t testing.TB, name string, into any) {
	t.Helper()
	if err := json.Unmarshal(dialecttest.Read(t, name), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// claims are requests with the extension at many places.
var claims = []dialecttest.Example{
	{Name: "claims first", Body: []byte(`{"warder":{},"model":"m","messages":[]}`)},
	{Name: "claims amid", Body: []byte(`{"model":"m","warder":{"subject":"a"},"messages":[]}`)},
	{Name: "claims last", Body: []byte(`{"model":"m","messages":[],"warder":{"session":"b"}}`)},
	{Name: "claims with space", Body: []byte(`{ "warder" : {} , "model" : "m" , "messages" : [ { "warder" : {"origin":"tool"} , "role" : "user" } ] }`)},
	{Name: "claims in parts", Body: []byte(`{"model":"m","messages":[{"role":"user","content":[{"warder":{"origin":"email"}},{"type":"text","warder":{},"text":"x"}]}]}`)},
}

// delta returns a text of choice 5 that stands in a delta between these.
func delta(before, behind, field string, tool int) dialecttest.Text {
	return dialecttest.Text{
		Key: dialect.Key{Choice: 5, Tool: tool, Field: field}, Arguments: field == dialect.FieldArguments,
		Event: func(p ...string) (string, string) {
			return "", `{"id":"c","choices":[{"index":5,"delta":{` + before + p[0] + behind + `},"finish_reason":null}]}`
		},
	}
}

// rough returns files of testdata with members that the table does not know.
func rough(t testing.TB, pattern string) []dialecttest.Example {
	files := dialecttest.Files(t, pattern)
	for i := range files {
		files[i].Rough = true
	}
	return files
}

// vectors returns bodies that make good seeds.
func vectors(t testing.TB) (out [][]byte) {
	var refused []struct{ Body []byte }
	load(t, "refused.json", &refused)
	for _, v := range refused {
		out = append(out, v.Body)
	}
	var chunks []struct{ Data string }
	load(t, "chunks.json", &chunks)
	for _, v := range chunks {
		out = append(out, []byte(v.Data))
	}
	for _, body := range odd {
		out = append(out, []byte(body))
	}
	return append(out, []byte(`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"arguments":"{\"a\":\"\\ud83d\\ude00\\n\"}"}}]}]}`))
}

func chat(t testing.TB) dialecttest.Suite {
	return dialecttest.Suite{
		Protocol:  openai.Chat,
		Requests:  slices.Concat(dialecttest.Files(t, "chat_request_*.json"), rough(t, "request_full.json"), claims),
		Answers:   append(dialecttest.Files(t, "chat_answer_*.json"), rough(t, "answer_full.json")...),
		Errors:    dialecttest.Files(t, "error_*.json"),
		Events:    rough(t, "chunk_full.json"),
		Streams:   dialecttest.Files(t, "chat_stream_*.txt"),
		Seeds:     vectors(t),
		Extension: regexp.MustCompile(`^(\.messages\[\](\.content\[\])?)?\.warder$`),
		Dropped:   regexp.MustCompile(`^\.choices\[\]\.logprobs$`),
		Words:     structure,
		Texts: []dialecttest.Text{
			delta(`"content":`, "", dialect.FieldContent, -1), delta(`"refusal":`, "", dialect.FieldRefusal, -1),
			delta(`"tool_calls":[{"index":1,"function":{"arguments":`, `}}]`, dialect.FieldArguments, 1),
		},
		Call: func(arguments string) []byte {
			return []byte(`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":` + arguments + `}}]}]}`)
		},
		Refusal: dialecttest.Refusal{ID: "chatcmpl-", Finish: "content_filter", Several: true},
		Least:   map[string]int{"request": 3500, "answer": 2000, "error": 100, "failure": 60, "event": 3000},
	}
}

func completions(t testing.TB) dialecttest.Suite {
	s := chat(t)
	s.Protocol, s.Events, s.Call = openai.Completions, nil, nil
	s.Requests, s.Answers = dialecttest.Files(t, "text_request_*.json"), dialecttest.Files(t, "text_answer_*.json")
	s.Streams = dialecttest.Files(t, "text_stream_*.txt")
	s.Extension = regexp.MustCompile(`^\.warder$`)
	s.Texts = []dialecttest.Text{{Key: dialect.Key{Choice: 5, Tool: -1, Field: dialect.FieldContent}, Event: func(p ...string) (string, string) {
		return "", `{"id":"c","choices":[{"text":` + p[0] + `,"index":5,"finish_reason":null}]}`
	}}}
	s.Refusal.ID = "cmpl-"
	s.Least = map[string]int{"request": 280, "answer": 300, "error": 50, "failure": 30, "event": 300}
	return s
}

func embeddings(t testing.TB) dialecttest.Suite {
	s := completions(t)
	s.Protocol, s.Streams, s.Texts = openai.Embeddings, nil, nil
	s.Requests, s.Answers = dialecttest.Files(t, "embeddings_request_*.json"), dialecttest.Files(t, "embeddings_answer_*.json")
	s.Dropped = nil
	s.Refusal = dialecttest.Refusal{None: true}
	s.Least = map[string]int{"request": 120, "answer": 200, "error": 50, "failure": 30}
	return s
}

func TestChat(t *testing.T)        { dialecttest.Run(t, chat(t)) }
func TestCompletions(t *testing.T) { dialecttest.Run(t, completions(t)) }
func TestEmbeddings(t *testing.T)  { dialecttest.Run(t, embeddings(t)) }

func FuzzRequest(f *testing.F)           { dialecttest.FuzzRequest(f, chat(f)) }
func FuzzAnswer(f *testing.F)            { dialecttest.FuzzAnswer(f, chat(f)) }
func FuzzError(f *testing.F)             { dialecttest.FuzzError(f, chat(f)) }
func FuzzChunk(f *testing.F)             { dialecttest.FuzzEvent(f, chat(f)) }
func FuzzStream(f *testing.F)            { dialecttest.FuzzText(f, chat(f)) }
func FuzzCompletions(f *testing.F)       { dialecttest.FuzzRequest(f, completions(f)) }
func FuzzCompletionsAnswer(f *testing.F) { dialecttest.FuzzAnswer(f, completions(f)) }
func FuzzCompletionsChunk(f *testing.F)  { dialecttest.FuzzEvent(f, completions(f)) }
func FuzzEmbeddings(f *testing.F)        { dialecttest.FuzzRequest(f, embeddings(f)) }
func FuzzEmbeddingsAnswer(f *testing.F)  { dialecttest.FuzzAnswer(f, embeddings(f)) }

// structure are the words of the tables that are no texts.
var structure = strings.Fields(`system developer user assistant tool function text image_url input_audio file refusal video_url audio_url auto low high
	medium wav mp3 aac flac opus pcm16 ephemeral 5m 1h custom url_citation file_citation file_path object string number integer boolean array null
	grammar lark regex allowed_tools none required json_object json_schema approximate content audio minimal xhigh default flex priority scale
	in_memory in-memory 24h stop length tool_calls content_filter function_call chat.completion chat.completion.chunk list model text_completion
	embedding float base64`)
