package openai_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/dialecttest"
	"warder.example/internal/dialect/openai"
)

func TestAnswer(t *testing.T) {
	body := dialecttest.Read(t, "answer_full.json")
	a, err := openai.ParseAnswer(body, dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if a.ID != "chatcmpl-1" || a.Model != "small-1-2026" || a.Error {
		t.Errorf("answer = %+v", a)
	}
	if diff := cmp.Diff([]dialect.Choice{{Index: 1, Finish: "tool_calls"}, {Index: 0, Finish: "odd_end"}}, a.Choices); diff != "" {
		t.Errorf("choices (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(dialect.Usage{Prompt: 100, Completion: 20, Total: 120, Cached: 64, Reasoning: 5, Present: true}, a.Usage); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
	leaves := leavesOf(a.Leaves)
	const prose, name, args = guard.Prose, guard.Name, guard.ToolArguments
	for _, want := range []leaf{
		{"id", "chatcmpl-1", "model", name, -1, true, false},
		{"choices[0].message.content", "The card is from café \ufffd lone.", "model", prose, 0, true, false},
		{"choices[0].message.annotations[0].url_citation.url", "https://museum.example/c", "model", prose, 0, true, false},
		{"choices[0].message.audio.transcript", "The card", "model", prose, 0, true, false},
		{"choices[0].message.tool_calls[0].function.arguments@23", "Anna", "model", args, 0, true, true},
		{`choices[0].message."x_thought"."signature"`, "sig of thought", "model", prose, 0, false, false},
		{"choices[0].logprobs", "The card", "model", prose, 0, true, false},
		{"choices[1].message.content[0].text", "second", "model", prose, 1, true, false},
		{"choices[1].finish_reason", "odd_end", "model", name, 1, true, false},
	} {
		if diff := cmp.Diff(want, find(t, leaves, want.Path)); diff != "" {
			t.Errorf("leaf at %s (-want +got):\n%s", want.Path, diff)
		}
	}
	if !slices.ContainsFunc(leaves, func(l leaf) bool { return l.Text == "The\nA\n" }) {
		t.Error("the alternatives among the logprobs are in no leaf")
	}
	if got := a.Body(nil); &got[0] != &body[0] {
		t.Error("a body without changes was copied")
	}
}

func TestMaskedAnswerLosesLogprobs(t *testing.T) {
	body := []byte(`{"id":"a","choices":[{"index":0,"message":{"role":"assistant","content":"call 555"},"logprobs":{"content":[{"token":"call","logprob":-0.5},{"token":" 555","logprob":-1.25e-3}]},"finish_reason":"stop"},` +
		`{"index":1,"message":{"content":"no"}, "logprobs" : {"content":[]} ,"finish_reason":"stop"}],"created":1.0}`)
	a, err := openai.ParseAnswer(body, dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(a.Leaves, func(l dialect.Leaf) bool { return l.Text == "call 555" })
	want := `{"id":"a","choices":[{"index":0,"message":{"role":"assistant","content":"call [PHONE]"},"logprobs":null,"finish_reason":"stop"},` +
		`{"index":1,"message":{"content":"no"}, "logprobs" : null ,"finish_reason":"stop"}],"created":1.0}`
	if got := string(a.Body([]dialect.Edit{{Leaf: at, Masks: mask(5, 8, "[PHONE]")}})); got != want {
		t.Errorf("masked\n%s\nwant\n%s", got, want)
	}
	logs := slices.IndexFunc(a.Leaves, func(l dialect.Leaf) bool { return l.Path() == "choices[0].logprobs" })
	want = strings.Replace(want, "[PHONE]", "555", 1)
	if got := string(a.Body([]dialect.Edit{{Leaf: logs, Masks: mask(5, 8, "[PHONE]")}})); got != want {
		t.Errorf("masked in the logprobs only\n%s\nwant\n%s", got, want)
	}
}

func TestAnswersRefused(t *testing.T) {
	ran := 0
	for name, c := range map[string]struct{ body, code string }{
		"no choices":           {`{"id":"a"}`, dialect.CodeMissingField},
		"empty choices":        {`{"choices":[]}`, dialect.CodeMissingField},
		"choices are text":     {`{"choices":"x"}`, dialect.CodeWrongType},
		"a choice is text":     {`{"choices":["x"]}`, dialect.CodeWrongType},
		"index is text":        {`{"choices":[{"index":"0"}]}`, dialect.CodeWrongType},
		"index is negative":    {`{"choices":[{"index":-1}]}`, dialect.CodeInvalidValue},
		"index is large":       {`{"choices":[{"index":128}]}`, dialect.CodeInvalidValue},
		"index has a point":    {`{"choices":[{"index":0.0}]}`, dialect.CodeInvalidValue},
		"content twice":        {`{"choices":[{"message":{"content":"a","content":"b"}}]}`, dialect.CodeDuplicateKey},
		"content in capitals":  {`{"choices":[{"message":{"content":"a","CONTENT":"b"}}]}`, dialect.CodeCaseVariantKey},
		"content with escapes": {`{"choices":[{"message":{"c\u006fntent":"a"}}]}`, dialect.CodeEscapedKey},
		"html":                 {`<html>busy</html>`, dialect.CodeInvalidJSON},
		"two values":           {`{"choices":[{"index":0}]}{}`, dialect.CodeTrailingData},
		"bad bytes":            {"{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}", dialect.CodeInvalidUTF8},
		"content is a number":  {`{"choices":[{"message":{"content":4}}]}`, dialect.CodeWrongType},
	} {
		ran++
		_, err := openai.ParseAnswer([]byte(c.body), dialect.Limits{})
		if err == nil || dialecttest.Problem(t, err).Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	if ran != 15 {
		t.Errorf("ran %d", ran)
	}
}

func TestUsageIsOptional(t *testing.T) {
	for body, want := range map[string]dialect.Usage{
		`{"choices":[{"index":0}]}`:                                                                    {},
		`{"choices":[{"index":0}],"usage":null}`:                                                       {},
		`{"choices":[{"index":0}],"usage":{"prompt_tokens":5}}`:                                        {Prompt: 5},
		`{"choices":[{"index":0}],"usage":{"prompt_tokens":"5","completion_tokens":1.5}}`:              {},
		`{"choices":[{"index":0}],"usage":{"prompt_tokens":-5,"completion_tokens":2}}`:                 {Completion: 2},
		`{"choices":[{"index":0}],"usage":{"prompt_tokens":5,"completion_tokens":-2}}`:                 {Prompt: 5},
		`{"choices":[{"index":0}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}`: {Prompt: 3, Completion: 4, Total: 7, Present: true},
	} {
		a, err := openai.ParseAnswer([]byte(body), dialect.Limits{})
		if err != nil {
			t.Errorf("%s: %v", body, err)
		} else if a.Usage != want {
			t.Errorf("%s: usage = %+v, want %+v", body, a.Usage, want)
		}
	}
}

func TestModels(t *testing.T) {
	body := `{"object":"list","data":[{"id":"a","object":"model","created":1.50e9,"owned_by":"x","extra":{"k":[1, 2]}}, {"id":"b"},{ "id" : "c\u0064" , "root":"/m"}],"more":"x"}`
	m, err := openai.ParseModels([]byte(body), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "cd"}, m.IDs); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	for want, ids := range map[string][]string{
		`{"object":"list","data":[{"id":"a","object":"model","created":1.50e9,"owned_by":"x","extra":{"k":[1, 2]}},{ "id" : "c\u0064" , "root":"/m"}]}`: {"a", "cd"},
		`{"object":"list","data":[{"id":"b"}]}`: {"b"},
		`{"object":"list","data":[]}`:           nil,
	} {
		names := func(id string) []string {
			if !slices.Contains(ids, id) {
				return nil
			}
			return []string{id}
		}
		if got := string(m.Body(names)); got != want {
			t.Errorf("models %v = %s, want %s", ids, got, want)
		}
	}
	for _, bad := range []string{`{}`, `{"data":{}}`, `{"data":[{}]}`, `{"data":["a"]}`, `{"data":[{"id":1}]}`, `{"data":[{"id":"a","ID":"b"}]}`, `[]`} {
		if _, err := openai.ParseModels([]byte(bad), dialect.Limits{}); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}

func TestErrors(t *testing.T) {
	for status, kind := range map[int]string{400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "invalid_request_error",
		413: "invalid_request_error", 429: "rate_limit_error", 500: "server_error", 503: "server_error"} {
		body := openai.ErrorBody(status, "some_code", "a \"b\"\n\x00 \u2028 \xff", "req_1", "messages[0]")
		var got struct {
			Error struct {
				Message, Type, Param, Code string
				RequestID                  string `json:"request_id"`
			}
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		e := got.Error
		if e.Message != "a \"b\"\n\x00 \u2028 \ufffd" || e.Type != kind || e.Code != "some_code" || e.RequestID != "req_1" || e.Param != "messages[0]" {
			t.Errorf("status %d: %s", status, body)
		}
		leaves, err := openai.ParseError(body, dialect.Limits{})
		if err != nil || find(t, leavesOf(leaves), "error.message").Text != e.Message {
			t.Errorf("status %d: read again: %v", status, err)
		}
	}
	if got := string(openai.ErrorBody(400, "c", "m", "", "")); got != `{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"c"}}` {
		t.Errorf("without param and request: %s", got)
	}
	leaves, err := openai.ParseError([]byte(`{"error":"plain words","x":"more"}`), dialect.Limits{})
	if err != nil || len(leaves) != 2 {
		t.Errorf("an error that is a string: %v, %v", leavesOf(leaves), err)
	}
	for _, bad := range []string{`{}`, `{"error":null}`, `busy`, `{"choices":[]}`} {
		if _, err := openai.ParseError([]byte(bad), dialect.Limits{}); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}

// said is what a client reads from a stream.
type said struct{ Role, Content, Finish string }

func readStream(t *testing.T, stream []byte) (choices map[int]*said, done bool) {
	t.Helper()
	choices = map[int]*said{}
	er := dialect.NewEventReader(bytes.NewReader(stream), 0)
	for {
		ev, err := er.Next()
		if err != nil {
			if len(ev.Raw) > 0 {
				t.Fatalf("stream ends within an event: %q", ev.Raw)
			}
			return choices, done
		}
		if done {
			t.Fatalf("event %q behind the end", ev.Raw)
		}
		c, err := openai.ParseChunk(ev.Data, dialect.Limits{Unknown: dialect.RefuseUnknown})
		if err != nil {
			t.Fatalf("chunk %s: %v", ev.Data, err)
		}
		if done = c.Done; done {
			continue
		}
		if c.ID != "id-1" || c.Model != `m"1` {
			t.Errorf("chunk %s: id or model is wrong", ev.Data)
		}
		var body struct {
			Object  string
			Created int64
			Choices []struct {
				Index        int
				Delta        struct{ Role, Content string }
				FinishReason string `json:"finish_reason"`
			}
		}
		if err := json.Unmarshal(ev.Data, &body); err != nil {
			t.Fatal(err)
		}
		if body.Object != "chat.completion.chunk" || body.Created != 1760000000 {
			t.Errorf("chunk %s: object or created is wrong", ev.Data)
		}
		for _, ch := range body.Choices {
			s := choices[ch.Index]
			if s == nil {
				s = &said{}
				choices[ch.Index] = s
			}
			if s.Finish != "" {
				t.Errorf("choice %d goes on behind its end", ch.Index)
			}
			s.Role += ch.Delta.Role
			s.Content += ch.Delta.Content
			s.Finish = ch.FinishReason
		}
	}
}

func TestRefusals(t *testing.T) {
	const text = "This was \"stopped\"\nby policy. \u2028 😀"
	for _, n := range []int{0, 1, 3} {
		a, err := openai.ParseAnswer(openai.RefusalAnswer("id-1", `m"1`, text, 1760000000, n), dialect.Limits{Unknown: dialect.RefuseUnknown})
		if err != nil {
			t.Fatal(err)
		}
		if a.ID != "id-1" || a.Model != `m"1` || len(a.Choices) != max(n, 1) || !a.Usage.Present {
			t.Errorf("%d choices: %+v", n, a)
		}
		for i, c := range a.Choices {
			if c != (dialect.Choice{Index: i, Finish: "content_filter"}) {
				t.Errorf("choice %d = %+v", i, c)
			}
		}
		choices, done := readStream(t, openai.RefusalStream("id-1", `m"1`, text, 1760000000, n))
		if !done || len(choices) != max(n, 1) {
			t.Errorf("%d choices: stream done %v with %d", n, done, len(choices))
		}
		for i, s := range choices {
			if *s != (said{"assistant", text, "content_filter"}) {
				t.Errorf("choice %d of the stream = %+v", i, s)
			}
		}
	}
	choices, done := readStream(t, openai.RefusalTail("id-1", `m"1`, 1760000000, []int{2, 0}))
	if !done || len(choices) != 2 || *choices[2] != (said{Finish: "content_filter"}) || *choices[0] != (said{Finish: "content_filter"}) {
		t.Errorf("tail: done %v, %v", done, choices)
	}
	if got := string(openai.RefusalTail("id-1", "m", 1, nil)); got != "data: [DONE]\n\n" {
		t.Errorf("tail without choices = %q", got)
	}
}
