package openai_test

import (
	"testing"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// TestBlanks: a cap of an answer's tokens and the wish for a stream's usage are
// written into whatever a caller left of them, and nothing else changes.
func TestBlanks(t *testing.T) {
	const rest = `"model":"m","messages":[{"role":"user","content":"a@example.org"}]`
	for _, c := range []struct{ name, body, cap, older, usage string }{
		{"nothing", `{` + rest + `}`, `{"max_completion_tokens":7,` + rest + `}`, `{"max_tokens":7,` + rest + `}`, `{"stream_options":{"include_usage":true},` + rest + `}`},
		{"space", " {\n " + rest + ` }`, ` {"max_completion_tokens":7,` + "\n " + rest + ` }`, ` {"max_tokens":7,` + "\n " + rest + ` }`, ` {"stream_options":{"include_usage":true},` + "\n " + rest + ` }`},
		{"nulls", `{"stream_options": null,"max_tokens":null ,"max_completion_tokens":null,` + rest + `}`,
			`{"stream_options": null,"max_tokens":null ,"max_completion_tokens":7,` + rest + `}`,
			`{"stream_options": null,"max_tokens":7 ,"max_completion_tokens":null,` + rest + `}`,
			`{"stream_options": {"include_usage":true},"max_tokens":null ,"max_completion_tokens":null,` + rest + `}`},
		{"empty options", `{` + rest + `,"stream_options":{ }}`, "", "", `{` + rest + `,"stream_options":{"include_usage":true }}`},
		{"other options", `{` + rest + `,"stream_options":{"include_obfuscation":false}}`, "", "", `{` + rest + `,"stream_options":{"include_usage":true,"include_obfuscation":false}}`},
		{"not wanted", `{` + rest + `,"stream_options":{"include_usage":false}}`, "", "", `{` + rest + `,"stream_options":{"include_usage":true}}`},
		{"null wanted", `{` + rest + `,"stream_options":{"include_usage":null}}`, "", "", `{` + rest + `,"stream_options":{"include_usage":true}}`},
		{"extension first", `{"warder":{"subject":"x"},` + rest + `}`, `{"max_completion_tokens":7,` + rest + `}`, `{"max_tokens":7,` + rest + `}`, `{"stream_options":{"include_usage":true},` + rest + `}`},
		{"all stripped", `{` + rest + `,"stream_options":{"odd":"x", "even":"y" }}`, "", "", `{` + rest + `,"stream_options":{"include_usage":true }}`},
		{"extension last", `{` + rest + `,"warder":{}}`, `{"max_completion_tokens":7,` + rest + `}`, `{"max_tokens":7,` + rest + `}`, `{"stream_options":{"include_usage":true},` + rest + `}`},
	} {
		for _, w := range []struct {
			what, want string
			write      func(*dialect.Request) bool
		}{
			{"cap", c.cap, func(r *dialect.Request) bool { return r.Cap(7, false) }},
			{"older cap", c.older, func(r *dialect.Request) bool { return r.Cap(7, true) }},
			{"usage", c.usage, (*dialect.Request).AskUsage},
		} {
			if w.want == "" {
				continue
			}
			r, err := openai.ParseRequest([]byte(c.body), dialect.Limits{Unknown: dialect.StripUnknown})
			if err != nil {
				t.Fatal(c.name, err)
			}
			if !w.write(r) {
				t.Errorf("%s: no place for the %s", c.name, w.what)
			}
			if got := string(r.Body(nil)); got != w.want {
				t.Errorf("%s, %s:\n got %s\nwant %s", c.name, w.what, got, w.want)
			}
			if _, err := openai.ParseRequest(r.Body([]dialect.Edit{{Leaf: 0, Masks: []guard.Mask{{Span: guard.Span{End: 1}, With: "[x]"}}}}), dialect.Limits{}); err != nil {
				t.Errorf("%s, %s: what is written with a mask cannot be read: %v", c.name, w.what, err)
			}
		}
	}
}

// TestUnaskedUsage: what tells a usage that the caller did not ask for is marked or
// left out, and everything else stays.
func TestUnaskedUsage(t *testing.T) {
	r := openai.Chat.Chunks(dialect.Limits{Unasked: true})
	for _, c := range []struct {
		name, data, want string
		unasked          bool
	}{
		{"null", `{"id":"a","choices":[{"index":0,"delta":{"content":"x"}}],"usage":null}`, `{"id":"a","choices":[{"index":0,"delta":{"content":"x"}}]}`, false},
		{"null again, longer", `{"id":"a","choices":[{"index":0,"delta":{"content":"xyz"}}],"usage":null}`, `{"id":"a","choices":[{"index":0,"delta":{"content":"xyz"}}]}`, false},
		{"null first", `{"usage":null, "id":"a","choices":[]}`, `{"id":"a","choices":[]}`, false},
		{"none", `{"id":"a","choices":[{"index":0,"delta":{"content":"x"}}]}`, `{"id":"a","choices":[{"index":0,"delta":{"content":"x"}}]}`, false},
		{"with a choice", `{"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":1,"completion_tokens":2}}`, `{"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":1,"completion_tokens":2}}`, false},
		{"filters", `{"choices":[],"prompt_filter_results":[],"usage":null}`, `{"choices":[],"prompt_filter_results":[]}`, false},
		{"alone", `{"id":"a","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}`, "", true},
		{"error", `{"error":{"message":"x"},"usage":{"prompt_tokens":1,"completion_tokens":2}}`, `{"error":{"message":"x"},"usage":{"prompt_tokens":1,"completion_tokens":2}}`, false},
	} {
		chunk, err := r.Parse("", []byte(c.data))
		if err != nil {
			t.Fatal(c.name, err)
		}
		if chunk.Unasked != c.unasked {
			t.Errorf("%s: unasked %v", c.name, chunk.Unasked)
		}
		if got := string(chunk.Data(nil)); !c.unasked && got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if c.unasked && chunk.Usage != (dialect.Usage{Prompt: 1, Completion: 2, Present: true}) {
			t.Errorf("%s: usage %+v", c.name, chunk.Usage)
		}
		r.Recycle(chunk)
	}
}

// TestOpaque: files are counted, and what they take of the body.
func TestOpaque(t *testing.T) {
	link := `{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://pictures.example/a.png"}},{"type":"text","text":"what is it?"}]}`
	r, err := openai.ParseRequest([]byte(`{"model":"m","messages":[`+link+`,`+link+`]}`), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if files, bytes := r.Opaque(); files != 2 || bytes != 0 {
		t.Errorf("%d files of %d bytes", files, bytes)
	}
}

// TestDrafts: how many answers a legacy completion has written, and where its cap
// belongs.
func TestDrafts(t *testing.T) {
	for body, want := range map[string]int{
		`{"model":"m","prompt":"a, b"}`:                                   1,
		`{"model":"m","prompt":["a, \"b","","c [,]"],"n":2}`:              6,
		`{"model":"m","prompt":["a","b"],"n":2,"best_of":5}`:              10,
		`{"model":"m","prompt":[],"best_of":null,"max_tokens":-1,"n":3 }`: 3,
	} {
		r, err := openai.Completions.ParseRequest([]byte(body), dialect.Limits{})
		if err != nil {
			t.Fatal(body, err)
		}
		if r.Drafts != want || !r.Writes() || !r.Cap(7, true) {
			t.Errorf("%s: %d drafts; want %d and a cap", body, r.Drafts, want)
		}
		again, err := openai.Completions.ParseRequest(r.Body(nil), dialect.Limits{})
		if err != nil || again.MaxTokens != 7 {
			t.Errorf("%s was written as %s: %v", body, r.Body(nil), err)
		}
	}
	for _, n := range []string{"0", "129", "1.5"} {
		if _, err := openai.Completions.ParseRequest([]byte(`{"model":"m","prompt":"a","best_of":`+n+`}`), dialect.Limits{}); err == nil {
			t.Errorf("best_of of %s was taken", n)
		}
	}
}
