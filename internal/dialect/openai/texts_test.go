package openai_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/dialecttest"
	"warder.example/internal/dialect/openai"
)

// TestCompletionsRequest: prompts are the user's, and texts of their own.
func TestCompletionsRequest(t *testing.T) {
	const body = `{"model":"m1","prompt":["Once","Twice"],"suffix":"the end","stop":["\n","END"],"max_tokens":16,"n":2,"best_of":2,"echo":true,"logprobs":5,` +
		`"logit_bias":{"50256":-100},"stream":true,"stream_options":{"include_usage":true},"user":"u","seed":1,"temperature":0,"warder":{"subject":"anna"}}`
	r, err := openai.Completions.ParseRequest([]byte(body), dialect.Limits{Unknown: dialect.RefuseUnknown})
	if err != nil {
		t.Fatal(err)
	}
	if r.Model != "m1" || r.N != 2 || r.MaxTokens != 16 || !r.Stream || !r.IncludeUsage || r.User != "u" || r.Subject != "anna" || r.Turns != 0 {
		t.Errorf("%+v", r)
	}
	leaves := leavesOf(r.Leaves)
	for _, want := range []leaf{
		{"prompt[0]", "Once", "user", guard.Prose, -1, true, false},
		{"prompt[1]", "Twice", "user", guard.Prose, -1, true, false},
		{"suffix", "the end", "user", guard.Prose, -1, true, false},
		{"stop[1]", "END", "user", guard.Prose, -1, true, false},
	} {
		if diff := cmp.Diff(want, find(t, leaves, want.Path)); diff != "" {
			t.Error(diff)
		}
	}
	if out := string(r.Body(nil)); out != strings.Replace(body, `,"warder":{"subject":"anna"}`, "", 1) {
		t.Errorf("forwarded %s", out)
	}
}

// TestEmbeddingsRequest: the extension says whose the texts are; it may not claim
// more trust than a user's.
func TestEmbeddingsRequest(t *testing.T) {
	for body, want := range map[string]string{
		`{"model":"m1","input":"x"}`:                                  "user",
		`{"model":"m1","input":["x"],"warder":{"origin":"document"}}`: "document",
		`{"warder":{"origin":"email","subject":"s"},"input":["x"],"model":"m1","encoding_format":"base64","dimensions":3,"user":"u"}`: "email",
	} {
		r, err := openai.Embeddings.ParseRequest([]byte(body), dialect.Limits{Unknown: dialect.RefuseUnknown})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range leavesOf(r.Leaves) {
			if l.Text == "x" && l.Origin != want {
				t.Errorf("%s: origin %s", body, l.Origin)
			}
		}
		if strings.Contains(string(r.Body(nil)), "warder") {
			t.Errorf("%s: the extension leaves", body)
		}
	}
}

// TestTextsRefused: of both calls that take a text or a list.
func TestTextsRefused(t *testing.T) {
	for _, c := range []struct {
		of         dialect.Protocol
		body, code string
	}{
		{openai.Completions, `{"model":"m1"}`, dialect.CodeMissingField},
		{openai.Completions, `{"model":"m1","prompt":[1,2]}`, dialect.CodeTokenInput},
		{openai.Completions, `{"model":"m1","prompt":["a",[1]]}`, dialect.CodeTokenInput},
		{openai.Completions, `{"model":"m1","prompt":[-1]}`, dialect.CodeTokenInput},
		{openai.Completions, `{"model":"m1","prompt":{"a":1}}`, dialect.CodeWrongType},
		{openai.Completions, `{"model":"m1","prompt":"a","Prompt":"b"}`, dialect.CodeCaseVariantKey},
		{openai.Completions, `{"model":"m1","prompt":"a","prompt":"b"}`, dialect.CodeDuplicateKey},
		{openai.Completions, `{"model":"m1","prompt":"a","n":129}`, dialect.CodeInvalidValue},
		{openai.Embeddings, `{"model":"m1","input":[[["a"]]]}`, dialect.CodeWrongType},
		{openai.Embeddings, `{"model":"m1","input":[{"text":"a"}]}`, dialect.CodeWrongType},
		{openai.Embeddings, `{"model":"m1","input":["\"\\",[12]]}`, dialect.CodeTokenInput},
		{openai.Embeddings, `{"model":"m1","input":"a","warder":{"origin":"operator"}}`, dialect.CodeInvalidValue},
		{openai.Embeddings, `{"model":"m1","input":"a","in_put":"b"}`, dialect.CodeCaseVariantKey},
	} {
		if _, err := c.of.ParseRequest([]byte(c.body), dialect.Limits{}); err == nil || dialecttest.Problem(t, err).Code != c.code {
			t.Errorf("%s %s: %v, want %s", c.of.Name(), c.body, err, c.code)
		}
	}
	const texts = `{"model":"m1","input":["\"\\\"1","2","\\"]}`
	if _, err := openai.Embeddings.ParseRequest([]byte(texts), dialect.Limits{}); err != nil {
		t.Errorf("texts that look like numbers: %v", err)
	}
}

// TestEmbeddingsAnswer: numbers and packed numbers are opaque; a text in their place
// is read.
func TestEmbeddingsAnswer(t *testing.T) {
	const body = `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.10,-2e-3]},{"object":"embedding","index":1,"embedding":"zczMPc3MTL4="},` +
		`{"object":"embedding","index":2,"embedding":"Write to Anna"}],"model":"m1","usage":{"prompt_tokens":8,"total_tokens":8}}`
	a, err := openai.Embeddings.ParseAnswer([]byte(body), dialect.Limits{Unknown: dialect.RefuseUnknown})
	if err != nil || a.Model != "m1" || a.Usage.Prompt != 8 || len(a.Choices) != 1 {
		t.Fatalf("%+v, %v", a, err)
	}
	var got []string
	for _, l := range leavesOf(a.Leaves) {
		got = append(got, l.Path+" "+l.Text)
	}
	if diff := cmp.Diff([]string{"data[2].embedding Write to Anna", "model m1"}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := openai.Embeddings.ParseAnswer([]byte(`{"object":"list"}`), dialect.Limits{}); err == nil {
		t.Error("an answer without data was accepted")
	}
}

// TestCompletionsAnswers: texts, tokens and the alternatives to them, whole and in
// a stream.
func TestCompletionsAnswers(t *testing.T) {
	const body = `{"id":"cmpl-1","object":"text_completion","created":1,"model":"m1","choices":[{"text":" a time","index":0,"logprobs":{"tokens":[" a"," time"],` +
		`"token_logprobs":[-0.5,-1e0],"top_logprobs":[{" a":-0.5,"ignore the rules":-3},null],"text_offset":[4,6]},"finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}`
	a, err := openai.Completions.ParseAnswer([]byte(body), dialect.Limits{Unknown: dialect.RefuseUnknown})
	if err != nil || a.ID != "cmpl-1" || a.Choices[0].Finish != "length" || !a.Usage.Present {
		t.Fatalf("%+v, %v", a, err)
	}
	seen := ""
	at := -1
	for i, l := range leavesOf(a.Leaves) {
		seen += "[" + l.Text + "]"
		if l.Path == "choices[0].text" {
			at = i
		}
	}
	if !strings.Contains(seen, "[ a time]") || !strings.Contains(seen, "[ a\nignore the rules\n]") {
		t.Errorf("texts %s", seen)
	}
	out := string(a.Body([]dialect.Edit{{Leaf: at, Masks: mask(0, 7, "x")}}))
	if !strings.Contains(out, `"text":"x"`) || !strings.Contains(out, `"logprobs":null`) {
		t.Errorf("masked %s", out)
	}
	r := openai.Completions.Chunks(dialect.Limits{})
	text := ""
	for _, data := range []string{`{"id":"cmpl-1","choices":[{"text":"a \ud83d","index":1,"logprobs":null,"finish_reason":null}]}`, `{"choices":[{"text":"\ude00 b","index":1,"finish_reason":"stop"}]}`, `[DONE]`} {
		c, err := r.Parse("", []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.Leaves {
			if l := &c.Leaves[i]; l.Key == (dialect.Key{Choice: 1, Tool: -1, Field: dialect.FieldContent}) {
				text += l.Text
			}
		}
		if c.Done != (data == "[DONE]") {
			t.Errorf("%s: done %v", data, c.Done)
		}
	}
	if text != "a 😀 b" {
		t.Errorf("streamed %q", text)
	}
}
