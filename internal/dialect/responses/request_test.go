package responses_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/dialecttest"
	"warder.example/internal/dialect/responses"
)

func whole(text string) []guard.Mask {
	return []guard.Mask{{Span: guard.Span{Start: 0, End: len(text)}, With: "[gone]"}}
}

type leaf struct {
	Path, Text, Origin string
	Turn               int
}

func named(t *testing.T, name string) body {
	t.Helper()
	for _, b := range load[body](t, "bodies.json") {
		if b.Name == name {
			return b
		}
	}
	t.Fatalf("no body %q", name)
	return body{}
}

// check compares leaves by their paths.
func check(t *testing.T, leaves []dialect.Leaf, want []leaf) {
	t.Helper()
	at := map[string]leaf{}
	for i := range leaves {
		l := &leaves[i]
		at[l.Path()] = leaf{l.Path(), l.Text, l.Origin.String(), l.Turn}
	}
	for _, w := range want {
		if diff := cmp.Diff(w, at[w.Path]); diff != "" {
			t.Errorf("leaf at %s (-want +got):\n%s", w.Path, diff)
		}
	}
}

// TestRequestOrigins: who wrote what in a conversation of items.
func TestRequestOrigins(t *testing.T) {
	b := named(t, "a round of calls")
	r, err := responses.Responses.ParseRequest(b.Body, dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, r.Leaves, []leaf{
		{"instructions", "You are Pip of the library.", "operator", -1},
		{"input[0].content", "Answer in one line.", "operator", 0},
		{"input[1].content", "Is it open?", "email", 1},
		{"input[2].summary[0].text", "Look at the hours", "model", 2},
		{"input[2].content[0].text", "I look at the hours.", "model", 2},
		{"input[2].encrypted_content", "gAAAAABo-x_y=", "model", 2},
		{"input[3].name", "hours", "model", 3},
		{"input[3].arguments@8", "Sunday", "model", 3},
		{"input[4].output", "Closed on Sundays.", "tool", 4},
		{"input[5].output[0].text", "Open", "document", 5},
		{"input[6].input", `print("hi")`, "model", 6},
		{"input[7].output", "hi", "tool", 7},
		{"input[9].content[0].text", "Closed.", "model", 9},
		{"input[9].content[0].annotations[0].url", "https://library.example/hours", "model", 9},
		{"input[9].content[1].refusal", "I cannot say.", "model", 9},
		{"input[10].content[1].text", "Monday?", "user", 10},
		{"previous_response_id", "resp_1", "user", -1},
	})
	if r.Turns != 11 || r.LastTurn() != 10 || r.Subject != "anna" || r.Session != "s-1" {
		t.Errorf("turns %d, last %d, subject %q, session %q", r.Turns, r.LastTurn(), r.Subject, r.Session)
	}
	if got := r.Operator(); len(got) != 2 || got[0] != "You are Pip of the library." {
		t.Errorf("operator texts %q", got)
	}
	if out := string(r.Body(nil)); strings.Contains(out, "warder") || !strings.Contains(out, `"content":"Is it open?"}`) {
		t.Errorf("the extension leaves: %s", out)
	}
}

// TestProviderCalls: an item that holds a call and what came of it has texts of
// both.
func TestProviderCalls(t *testing.T) {
	for name, want := range map[string][]leaf{
		"calls of the provider's tools": {
			{"input[0].queries[0]", "brown dragon", "model", 0},
			{"input[0].results[0].text", "Brown dragons live in the mud.", "document", 0},
			{"input[1].action.sources[0].url", "https://museum.example/news", "document", 1},
			{"input[2].action.text", "hello", "model", 2},
			{"input[3].output.image_url", "https://pictures.example/s.png", "tool", 3},
			{"input[4].result", "aGVsbG8=", "model", 4},
			{"input[5].code", "print(1)", "model", 5},
			{"input[5].outputs[0].logs", "1", "tool", 5},
			{`input[6].action.env."HOME"`, "/tmp", "model", 6},
			{"input[7].output", "total 0", "tool", 7},
			{"input[9].output[0].stdout", "/srv", "tool", 9},
			{"input[10].operation.diff", "-a", "model", 10},
			{"input[11].output", "done", "tool", 11},
		},
		"MCP": {
			{"tools[0].server_description", "A wiki", "operator", -1},
			{"input[0].tools[0].description", "Ask about a wiki", "tool", 0},
			{"input[1].arguments@6", "x", "model", 1},
			{"input[2].reason", "fine", "user", 2},
			{"input[3].output", "a wiki says", "tool", 3},
		},
		"prompt and format": {
			{`prompt.variables."customer"`, "Anna", "user", -1},
			{`prompt.variables."card".text`, "The card", "user", -1},
			{"text.format.description", "A person", "operator", -1},
		},
		"functions": {
			{"input", "What is the weather like in Boston today?", "user", 0},
			{`tools[0].parameters."properties"."location"."description"`, "The city and state", "operator", -1},
			{"tools[2].tools[0].name", "find", "operator", -1},
		},
	} {
		r, err := responses.Responses.ParseRequest(named(t, name).Body, dialect.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		check(t, r.Leaves, want)
	}
}

func TestRequestFields(t *testing.T) {
	r, err := responses.Responses.ParseRequest(named(t, "reasoning").Body, dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Model != "m1" || !r.Stream || !r.IncludeUsage || r.MaxTokens != 2000 || r.User != "u-1" || r.HasTools || r.N != 1 || r.Turns != 1 {
		t.Errorf("%+v", r)
	}
	if r, err = responses.Responses.ParseRequest(named(t, "functions").Body, dialect.Limits{}); err != nil || !r.HasTools || r.Stream {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestRefused: bodies that parsers read differently, and what is not served.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, body, code string }{
		{"no model", `{"input":"x"}`, dialect.CodeMissingField},
		{"input twice", `{"model":"m","input":"x","input":"y"}`, dialect.CodeDuplicateKey},
		{"input in another case", `{"model":"m","Input":"x"}`, dialect.CodeCaseVariantKey},
		{"instructions with escapes", `{"model":"m","\u0069nstructions":"x"}`, dialect.CodeEscapedKey},
		{"role twice", `{"model":"m","input":[{"role":"user","role":"system","content":"x"}]}`, dialect.CodeDuplicateKey},
		{"type in another case", `{"model":"m","input":[{"Type":"message","role":"user","content":"x"}]}`, dialect.CodeCaseVariantKey},
		{"call id with dashes", `{"model":"m","input":[{"type":"function_call","call-id":"x"}]}`, dialect.CodeCaseVariantKey},
		{"an item that is a text", `{"model":"m","input":["x"]}`, dialect.CodeWrongType},
		{"an input that is an object", `{"model":"m","input":{"role":"user"}}`, dialect.CodeWrongType},
		{"a stream that is a text", `{"model":"m","input":"x","stream":"true"}`, dialect.CodeWrongType},
		{"a role that is an object", `{"model":"m","input":[{"role":{},"content":"x"}]}`, dialect.CodeWrongType},
		{"in the background", `{"model":"m","input":"x","background":true}`, dialect.CodeInvalidValue},
		{"a fraction of a token", `{"model":"m","input":"x","max_output_tokens":1.5}`, dialect.CodeInvalidValue},
		{"a tool's output as the user's", `{"model":"m","input":[{"type":"function_call_output","call_id":"c","output":"x","warder":{"origin":"user"}}]}`, dialect.CodeInvalidValue},
		{"an unknown origin", `{"model":"m","input":[{"role":"user","content":"x","warder":{"origin":"God"}}]}`, dialect.CodeInvalidValue},
		{"a lone surrogate", `{"model":"m","input":"\ud83d"}`, dialect.CodeLoneSurrogate},
		{"bytes behind", `{"model":"m","input":"x"}{}`, dialect.CodeTrailingData},
		{"too deep", `{"model":"m","input":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`, dialect.CodeWrongType},
		{"deep schema", `{"model":"m","input":"x","tools":[{"type":"function","parameters":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}]}`, dialect.CodeTooDeep},
	} {
		if _, err := responses.Responses.ParseRequest([]byte(c.body), dialect.Limits{}); err == nil || dialecttest.Problem(t, err).Code != c.code {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
	}
}

// TestUnknownItem: what a type that is not known holds is read all the same, as
// nobody's.
func TestUnknownItem(t *testing.T) {
	r, err := responses.Responses.ParseRequest([]byte(`{"model":"m","input":[{"type":"hologram","content":"x","beam":{"text":"y"}},{"type":"radio_call_output","output":"z"}]}`), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, r.Leaves, []leaf{
		{"input[0].type", "hologram", "unknown", 0},
		{"input[0].content", "x", "unknown", 0},
		{`input[0]."beam"."text"`, "y", "unknown", 0},
		{"input[1].output", "z", "tool", 1},
	})
}

func TestAnswer(t *testing.T) {
	a, err := responses.Responses.ParseAnswer(named(t, "text").Body, dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(dialect.Usage{Prompt: 36, Completion: 87, Total: 123, Cached: 4, Reasoning: 2, Present: true}, a.Usage); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
	if a.ID != "resp_67cc" || a.Model != "m1-2025" || a.Error || len(a.Choices) != 1 || a.Choices[0].Finish != "completed" {
		t.Errorf("%+v", a)
	}
	check(t, a.Leaves, []leaf{
		{"instructions", "You are Pip.", "operator", -1},
		{"output[0].content[0].text", "In a peaceful grove", "model", 0},
	})
	i := -1
	for k := range a.Leaves {
		if a.Leaves[k].Path() == "output[0].content[0].text" {
			i = k
		}
	}
	out := string(a.Body([]dialect.Edit{{Leaf: i, Masks: whole(a.Leaves[i].Text)}}))
	if !strings.Contains(out, `"text":"[gone]"`) || !strings.Contains(out, `"logprobs":null`) || strings.Contains(out, "grove\"") {
		t.Errorf("masked: %s", out)
	}
	for name, want := range map[string]string{"cut by length": "max_output_tokens", "failed": "failed", "calls": "completed"} {
		a, err := responses.Responses.ParseAnswer(named(t, name).Body, dialect.Limits{})
		if err != nil || a.Choices[0].Finish != want || a.Error != (name == "failed") {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	a, _ = responses.Responses.ParseAnswer(named(t, "calls").Body, dialect.Limits{})
	check(t, a.Leaves, []leaf{
		{"output[1].arguments@8", "Sunday", "model", 1},
		{"output[2].results[0].text", "Open daily", "document", 2},
		{"output[3].output", "the wiki says", "tool", 3},
		{`output[4].arguments."query"`, "ships", "model", 4},
		{"tools[0].description", "Opening hours", "operator", -1},
	})
	if _, err := responses.Responses.ParseAnswer([]byte(`{"id":"x"}`), dialect.Limits{}); err == nil {
		t.Error("an answer with nothing in it was accepted")
	}
}
