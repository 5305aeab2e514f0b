package anthropic_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/anthropic"
	"warder.example/internal/dialect/dialecttest"
)

// TestLeaves: whose each text of the examples is.
func TestLeaves(t *testing.T) {
	want := map[string]string{
		"system[0].text":       "operator prose",
		"tools[0].description": "operator prose",
		"tools[0].name":        "operator name",
		"tools[0].input_schema.\"properties\".\"location\".\"description\"": "operator prose",
		"tools[1].user_location.city":                                       "user name",
		"mcp_servers[0].authorization_token":                                "operator name",
		"metadata.user_id":                                                  "user name",
		"messages[0].content":                                               "user prose",
		"messages[0].content[0].content[0].text":                            "tool prose",
		"messages[0].content[0].content[2].title":                           "document prose",
		"messages[0].content[0].content[2].content[0].text":                 "document prose",
		"messages[0].content[1].content[0].text":                            "document prose",
		"messages[0].content[1].source.url":                                 "user prose",
		"messages[0].content[3].title":                                      "document prose",
		"messages[0].content[4].source.data":                                "document prose",
		"messages[0].content[5].source.content[0].text":                     "document prose",
		"messages[0].content[7].text":                                       "user prose",
		"messages[1].content[0].thinking":                                   "model prose",
		"messages[1].content[0].signature":                                  "model name",
		"messages[1].content[1].data":                                       "model name",
		"messages[1].content[3].input.\"location\"":                         "model arguments",
		"messages[1].content[1].content[0].title":                           "document prose",
		"messages[1].content[1].content[0].encrypted_content":               "document name",
		"messages[1].content[2].content.content.source.data":                "document prose",
		"messages[1].content[3].content.stdout":                             "tool prose",
		"messages[1].content[4].content.lines[0]":                           "tool prose",
		"messages[1].content[8].content[0].text":                            "tool prose",
		"messages[1].content[9].text":                                       "model prose",
		"messages[1].content[9].citations[0].cited_text":                    "document prose",
		"messages[2].content[0].content":                                    "tool prose",
		"messages[2].content[1].text":                                       "user prose",
	}
	kindNames := map[guard.Kind]string{guard.Prose: "prose", guard.Name: "name", guard.ToolArguments: "arguments"}
	found := map[string]string{}
	for _, e := range dialecttest.Files(t, "request_*.json") {
		r, err := anthropic.Messages.ParseRequest(e.Body, dialect.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.Leaves {
			l := &r.Leaves[i]
			if strings.Contains(l.Text, "PNG") || dialect.IsMedia(l.Text) {
				t.Errorf("a picture is read as text at %s", l.Path())
			}
			found[l.Path()] += fmt.Sprintf("%s %s|", l.Origin, kindNames[l.Kind])
		}
	}
	for path, how := range want {
		for part := range strings.FieldsFuncSeq(strings.NewReplacer(" prose", " prose|", " name", " name|", " arguments", " arguments|").Replace(how), func(r rune) bool { return r == '|' }) {
			if part = strings.TrimSpace(part); !strings.Contains(found[path], part+"|") {
				t.Errorf("%s is %q, want %q", path, found[path], part)
			}
		}
	}
}

func TestRequestFacts(t *testing.T) {
	r, err := anthropic.Messages.ParseRequest(dialecttest.Read(t, "request_system_blocks.json"), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Model != "claude-sonnet-4-5" || r.Stream || r.MaxTokens != 1024 || r.User != "reader-17" || r.Turns != 3 || r.LastTurn() != 2 || r.HasTools || r.N != 1 {
		t.Errorf("read %+v", r)
	}
	if diff := cmp.Diff([]string{"You are an assistant for a library.", "House rules: be brief."}, r.Operator()); diff != "" {
		t.Errorf("operator (-want +got):\n%s", diff)
	}
	if r, err = anthropic.Messages.ParseRequest(dialecttest.Read(t, "request_settings.json"), dialect.Limits{}); err != nil || !r.Stream {
		t.Errorf("%+v, %v; want a stream", r, err)
	}
	if r, err = anthropic.CountTokens.ParseRequest(dialecttest.Read(t, "request_settings.json"), dialect.Limits{}); err != nil || r.Stream {
		t.Errorf("%+v, %v; counting streams nothing", r, err)
	}
	if r, err = anthropic.Messages.ParseRequest(dialecttest.Read(t, "request_tools.json"), dialect.Limits{}); err != nil || !r.HasTools {
		t.Errorf("%+v, %v; want tools", r, err)
	}
}

// TestExtension: it is read, it is cut out, and it raises no trust.
func TestExtension(t *testing.T) {
	const body = `{"model":"m","max_tokens":1,"warder":{"subject":"anna","session":"s1"},"messages":[
{"role":"user","warder":{"origin":"email"},"content":[{"type":"text","text":"a mail"},{"type":"text","text":"a page","warder":{"origin":"document"}}]},
{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"a mail","warder":{"origin":"email"}}]}]}]}`
	r, err := anthropic.Messages.ParseRequest([]byte(body), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Subject != "anna" || r.Session != "s1" {
		t.Errorf("subject %q, session %q", r.Subject, r.Session)
	}
	var origins []string
	for i := range r.Leaves {
		if strings.HasPrefix(r.Leaves[i].Text, "a ") {
			origins = append(origins, r.Leaves[i].Origin.String())
		}
	}
	if diff := cmp.Diff([]string{"email", "document", "email"}, origins); diff != "" {
		t.Errorf("origins (-want +got):\n%s", diff)
	}
	if out := string(r.Body(nil)); strings.Contains(out, "warder") || strings.Contains(out, "origin") {
		t.Errorf("the extension leaves: %s", out)
	}
	for name, b := range map[string]string{
		"a tool's result as the user's": `{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"x","warder":{"origin":"user"}}]}]}`,
		"a result claimed as a whole":   `{"role":"user","content":[{"type":"tool_result","content":"x","warder":{"origin":"user"}}]}`,
		"a document as the user's":      `{"role":"user","content":[{"type":"document","title":"x","warder":{"origin":"user"}}]}`,
		"an origin nobody knows":        `{"role":"user","content":[{"type":"text","text":"x","warder":{"origin":"operator"}}]}`,
		"another key":                   `{"role":"user","content":"x","warder":{"origins":"tool"}}`,
	} {
		if _, err := anthropic.Messages.ParseRequest([]byte(`{"model":"m","messages":[`+b+`]}`), dialect.Limits{}); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			dialecttest.Problem(t, err)
		}
	}
}

// TestAnswerFacts: what an answer says about itself.
func TestAnswerFacts(t *testing.T) {
	a, err := anthropic.Messages.ParseAnswer(dialecttest.Read(t, "answer_text.json"), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	usage := dialect.Usage{Prompt: 2110, Completion: 503, Total: 2613, Cached: 10, Written: 5, Reasoning: 7, Present: true}
	if a.ID != "msg_013Zva2CMHLNnjNjJKqJ2EF" || a.Model != "claude-sonnet-4-5" || a.Usage != usage || a.Error ||
		len(a.Choices) != 1 || a.Choices[0].Finish != "end_turn" {
		t.Errorf("read %+v", a)
	}
	for i := range a.Leaves {
		if a.Leaves[i].Turn != 0 {
			t.Errorf("%s is of turn %d, want all blocks in one", a.Leaves[i].Path(), a.Leaves[i].Turn)
		}
	}
	if a, err = anthropic.Messages.ParseAnswer(dialecttest.Read(t, "error.json"), dialect.Limits{}); err != nil || !a.Error {
		t.Errorf("%+v, %v; want an error", a, err)
	}
	if leaves, err := anthropic.Messages.ParseError(dialecttest.Read(t, "error.json"), dialect.Limits{}); err != nil || len(leaves) != 4 {
		t.Errorf("%d leaves, %v; want 4", len(leaves), err)
	}
	for _, p := range []dialect.Protocol{anthropic.Messages, anthropic.CountTokens} {
		for _, body := range []string{`{}`, `[]`, `{"id":"x"}`, `{"choices":[]}`, `{"input_tokens":-1}`, `{"content":"text"}`, ``} {
			if _, err := p.ParseAnswer([]byte(body), dialect.Limits{}); err == nil {
				t.Errorf("%s takes %q for an answer", p.Name(), body)
			}
			if _, err := p.ParseError([]byte(body), dialect.Limits{}); err == nil {
				t.Errorf("%s takes %q for an error", p.Name(), body)
			}
		}
	}
}

// TestRefused: bodies that parsers could read differently, and wrong types.
func TestRefused(t *testing.T) {
	message := func(m string) string { return `{"model":"m","messages":[` + m + `]}` }
	for _, c := range []struct{ name, body, code string }{
		{"no model", `{"messages":[]}`, dialect.CodeMissingField},
		{"no messages", `{"model":"m"}`, dialect.CodeMissingField},
		{"no role", message(`{"content":"x"}`), dialect.CodeMissingField},
		{"two models", `{"model":"m","model":"n","messages":[]}`, dialect.CodeDuplicateKey},
		{"two contents", message(`{"role":"user","content":"a","content":"b"}`), dialect.CodeDuplicateKey},
		{"two texts", message(`{"role":"user","content":[{"type":"text","text":"a","text":"b"}]}`), dialect.CodeDuplicateKey},
		{"two unknown keys", message(`{"role":"user","content":"a","x":1,"x":2}`), dialect.CodeDuplicateKey},
		{"another case", `{"model":"m","messages":[],"Messages":[]}`, dialect.CodeCaseVariantKey},
		{"another case within", message(`{"role":"user","Content":"a"}`), dialect.CodeCaseVariantKey},
		{"underscores left out", `{"model":"m","messages":[],"maxTokens":1}`, dialect.CodeCaseVariantKey},
		{"a block in another case", message(`{"role":"user","content":[{"type":"text","Text":"a"}]}`), dialect.CodeCaseVariantKey},
		{"a nested block in another case", message(`{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","TEXT":"a"}]}]}`), dialect.CodeCaseVariantKey},
		{"escaped key", `{"mod\u0065l":"m","messages":[]}`, dialect.CodeEscapedKey},
		{"system of another kind", `{"model":"m","messages":[],"system":1}`, dialect.CodeWrongType},
		{"system block is text", `{"model":"m","messages":[],"system":["x"]}`, dialect.CodeWrongType},
		{"content is an object", message(`{"role":"user","content":{"type":"text","text":"a"}}`), dialect.CodeWrongType},
		{"content is null", message(`{"role":"user","content":null}`), dialect.CodeWrongType},
		{"block is text", message(`{"role":"user","content":["a"]}`), dialect.CodeWrongType},
		{"type is a list", message(`{"role":"user","content":[{"type":["text"],"text":"a"}]}`), dialect.CodeWrongType},
		{"role is a list", message(`{"role":["user"],"content":"a"}`), dialect.CodeWrongType},
		{"messages are an object", `{"model":"m","messages":{}}`, dialect.CodeWrongType},
		{"stream is text", `{"model":"m","messages":[],"stream":"true"}`, dialect.CodeWrongType},
		{"max_tokens with a point", `{"model":"m","messages":[],"max_tokens":1.0}`, dialect.CodeInvalidValue},
		{"max_tokens below zero", `{"model":"m","messages":[],"max_tokens":-1}`, dialect.CodeInvalidValue},
		{"subject too long", `{"model":"m","messages":[],"warder":{"subject":"` + strings.Repeat("x", 257) + `"}}`, dialect.CodeInvalidValue},
		{"half a character", message(`{"role":"user","content":"\ud83d"}`), dialect.CodeLoneSurrogate},
		{"trailing", message(``) + `{}`, dialect.CodeTrailingData},
		{"a picture as a text", message(`{"role":"user","content":[{"type":"document","source":{"type":"text","data":"` + picture() + `"}}]}`), dialect.CodeInvalidValue},
	} {
		if _, err := anthropic.Messages.ParseRequest([]byte(c.body), dialect.Limits{}); err == nil {
			t.Errorf("%s: accepted", c.name)
		} else if p := dialecttest.Problem(t, err); p.Code != c.code {
			t.Errorf("%s: %v, want %s", c.name, p, c.code)
		}
	}
}

// picture returns base64 that begins as a picture does.
func picture() string { return "iVBORw0KGgoAAAANSUhEUg" + strings.Repeat("AAAA", 100) + "AA" }
