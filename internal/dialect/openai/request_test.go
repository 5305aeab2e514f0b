package openai_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/dialecttest"
	"warder.example/internal/dialect/openai"
)

// TestRefused reads bodies that must be refused, each for one reason.
func TestRefused(t *testing.T) {
	var vectors []struct {
		Name, Code, Path string
		Body             []byte
	}
	load(t, "refused.json", &vectors)
	ran := 0
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			ran++
			_, err := openai.ParseRequest(v.Body, dialect.Limits{})
			if err == nil {
				t.Fatalf("accepted %.200q", v.Body)
			}
			p := dialecttest.Problem(t, err)
			if p.Code != v.Code {
				t.Errorf("code = %s (%v), want %s", p.Code, p, v.Code)
			}
			if v.Path != "" && p.Path != v.Path {
				t.Errorf("path = %s, want %s", p.Path, v.Path)
			}
		})
	}
	if ran < 150 {
		t.Errorf("ran %d vectors, want at least 150", ran)
	}
}

func TestLimits(t *testing.T) {
	body := []byte(`{"model":"m","messages":[{"role":"user","content":["a","b"]}],"x":[[[1]]]}`)
	for _, c := range []struct {
		name string
		lim  dialect.Limits
		code string
	}{
		{"defaults", dialect.Limits{}, ""},
		{"exact", dialect.Limits{MaxBytes: len(body), MaxDepth: 4, MaxLeaves: 3}, ""},
		{"bytes", dialect.Limits{MaxBytes: len(body) - 1}, dialect.CodeTooLarge},
		{"depth", dialect.Limits{MaxDepth: 3}, dialect.CodeTooDeep},
		{"leaves", dialect.Limits{MaxLeaves: 2}, dialect.CodeTooManyTexts},
		{"unknown", dialect.Limits{Unknown: dialect.RefuseUnknown}, dialect.CodeUnknownField},
	} {
		_, err := openai.ParseRequest(body, c.lim)
		if c.code == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		} else if err == nil || dialecttest.Problem(t, err).Code != c.code {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
	}
	inner := []byte(`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"[\"a\",\"b\",\"c\"]"}}]}]}`)
	if _, err := openai.ParseRequest(inner, dialect.Limits{MaxLeaves: 5}); err == nil || dialecttest.Problem(t, err).Code != dialect.CodeTooManyTexts {
		t.Errorf("inner leaves: %v, want too_many_texts", err)
	}
	if _, err := openai.ParseRequest(inner, dialect.Limits{MaxLeaves: 6}); err != nil {
		t.Errorf("inner leaves within the limit: %v", err)
	}
}

type leaf struct {
	Path, Text, Origin string
	Kind               guard.Kind
	Turn               int
	Known, Inner       bool
}

func leavesOf(in []dialect.Leaf) (out []leaf) {
	for i := range in {
		l := &in[i]
		out = append(out, leaf{l.Path(), l.Text, l.Origin.String(), l.Kind, l.Turn, l.Known, l.Inner})
	}
	return out
}

// find returns the leaf at a path.
func find(t *testing.T, leaves []leaf, path string) leaf {
	t.Helper()
	for _, l := range leaves {
		if l.Path == path {
			return l
		}
	}
	var all []string
	for _, l := range leaves {
		all = append(all, l.Path)
	}
	t.Fatalf("no leaf at %s; there are\n%s", path, strings.Join(all, "\n"))
	return leaf{}
}

func TestRequestLeaves(t *testing.T) {
	r, err := openai.ParseRequest(dialecttest.Read(t, "request_full.json"), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	leaves := leavesOf(r.Leaves)
	const prose, name, args = guard.Prose, guard.Name, guard.ToolArguments
	for _, want := range []leaf{
		{"model", "small-1", "user", name, -1, true, false},
		{"messages[0].content", "You sort letters for the town museum.", "operator", prose, 0, true, false},
		{"messages[0].name", "desk", "operator", name, 0, true, false},
		{"messages[1].content[0].text", "Answer in one line.", "operator", prose, 1, true, false},
		{"messages[2].content[0].text", "What is on this card?\nIt says \"Grüße\" 😀", "document", prose, 2, true, false},
		{"messages[2].content[1].image_url.url", "https://pictures.example/card.png", "document", prose, 2, true, false},
		{"messages[2].content[2].image_url", "https://pictures.example/back.png", "document", prose, 2, true, false},
		{"messages[2].content[3].input_audio.data", "UklGRg==", "document", prose, 2, true, false},
		{"messages[2].content[4].file.file_data", "data:text/plain;base64,aGVsbG8=", "document", prose, 2, true, false},
		{"messages[2].content[4].file.filename", "note.txt", "document", name, 2, true, false},
		{"messages[3].refusal", "no", "model", prose, 3, true, false},
		{"messages[3].reasoning_content", "look at the stamp", "model", prose, 3, true, false},
		{"messages[3].tool_calls[0].id", "call_1", "model", name, 3, true, false},
		{"messages[3].tool_calls[0].function.name", "find_stamp", "model", name, 3, true, false},
		{"messages[3].tool_calls[0].function.arguments", `{"year": 1921, "words": ["blue \u0062ird", "a\\b"], "deep": {"note": "caf\u00e9"}}`, "model", args, 3, true, false},
		{"messages[3].tool_calls[0].function.arguments@26", "blue bird", "model", args, 3, true, true},
		{"messages[3].tool_calls[0].function.arguments@44", `a\b`, "model", args, 3, true, true},
		{"messages[3].tool_calls[0].function.arguments@70", "café", "model", args, 3, true, true},
		{"messages[3].tool_calls[1].custom.input", `free \u0074ext`, "model", args, 3, true, false},
		{"messages[3].tool_calls[1].custom.input@0", "free text", "model", args, 3, true, true},
		{`messages[3].tool_calls[2].function.arguments."door"`, "left", "model", args, 3, true, false},
		{"messages[3].function_call.arguments@0", "not json \n", "model", args, 3, true, true},
		{"messages[4].tool_call_id", "call_1", "tool", name, 4, true, false},
		{"messages[4].content", `[{"stamp": "bird", "price": 1.50}]`, "tool", prose, 4, true, false},
		{"messages[5].content", "done", "tool", prose, 5, true, false},
		{"messages[6].role", "narrator", "unknown", name, 6, true, false},
		{"messages[6].content", "A role that nobody knows.", "unknown", prose, 6, true, false},
		{"messages[7].content", "And the price?", "user", prose, 7, true, false},
		{`messages[7]."x_hint"."why"[1]."of"`, "time", "unknown", prose, 7, false, false},
		{"stop[1]", "STOP HERE", "user", prose, -1, true, false},
		{"user", "visitor-9", "user", name, -1, true, false},
		{`metadata."desk"`, "east", "user", name, -1, true, false},
		{"tools[0].function.description", "Looks a stamp up.", "operator", prose, -1, true, false},
		{`tools[0].function.parameters."properties"."year"."description"`, "year of issue", "operator", prose, -1, true, false},
		{`tools[0].function.parameters."properties".type."enum"[1]`, "sea", "operator", prose, -1, true, false},
		{"tools[0].function.parameters.required[0]", "year", "operator", name, -1, true, false},
		{"tools[1].custom.format.grammar.definition", "start: WORD", "operator", prose, -1, true, false},
		{"response_format.json_schema.description", "A card.", "operator", prose, -1, true, false},
		{"prediction.content[0].text", "It is a card.", "user", prose, -1, true, false},
		{`"x_vendor"."list"[3]."three"`, "3", "unknown", prose, -1, false, false},
	} {
		if diff := cmp.Diff(want, find(t, leaves, want.Path)); diff != "" {
			t.Errorf("leaf at %s (-want +got):\n%s", want.Path, diff)
		}
	}
	for _, l := range leaves {
		if strings.Contains(l.Path, "warder") || slices.Contains([]string{"visitor 9", "s-1", "document"}, l.Text) {
			t.Errorf("the extension is inspected: %+v", l)
		}
	}
}

func TestRequestFields(t *testing.T) {
	r, err := openai.ParseRequest(dialecttest.Read(t, "request_full.json"), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got := *r
	want := dialect.Request{Model: "small-1", User: "visitor-9", Stream: true, IncludeUsage: true, HasTools: true, N: 2, MaxTokens: 200,
		Turns: 8, Subject: "visitor 9", Session: "s-1"}
	if got.Model != want.Model || got.User != want.User || got.Stream != want.Stream || got.IncludeUsage != want.IncludeUsage || got.HasTools != want.HasTools ||
		got.N != want.N || got.MaxTokens != want.MaxTokens || got.Turns != want.Turns || got.Subject != want.Subject || got.Session != want.Session {
		t.Errorf("request = %+v\nwant %+v", got, want)
	}
	if diff := cmp.Diff([]string{"You sort letters for the town museum.", "Answer in one line."}, r.Operator()); diff != "" {
		t.Errorf("operator texts (-want +got):\n%s", diff)
	}
	r, err = openai.ParseRequest([]byte(`{"model":"m","messages":[],"stream":null,"n":null,"max_tokens":null,"tools":[],"user":null,"stream_options":null}`), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Stream || r.IncludeUsage || r.HasTools || r.N != 1 || r.MaxTokens != 0 || r.User != "" {
		t.Errorf("with nulls: %+v", r)
	}
}

func TestLastTurn(t *testing.T) {
	for _, c := range []struct {
		roles string
		want  int
	}{
		{"", 0}, {"u", 0}, {"su", 0}, {"sua", 0}, {"suau", 3}, {"suauau", 5}, {"suatt", 3}, {"suattu", 3}, {"suauaa", 3}, {"a", 0}, {"au", 1}, {"uaasu", 3},
	} {
		names := map[rune]string{'s': "system", 'u': "user", 'a': "assistant", 't': "tool"}
		var ms []string
		for _, r := range c.roles {
			ms = append(ms, `{"content":"x","role":"`+names[r]+`"}`)
		}
		r, err := openai.ParseRequest([]byte(`{"model":"m","messages":[`+strings.Join(ms, ",")+`]}`), dialect.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.LastTurn(); got != c.want {
			t.Errorf("LastTurn of %q = %d, want %d", c.roles, got, c.want)
		}
	}
}

func TestOriginClaims(t *testing.T) {
	for _, c := range []struct{ name, message, want string }{
		{"none", `{"role":"system","content":"x"}`, "operator"},
		{"role last", `{"content":"x","role":"system"}`, "operator"},
		{"system text is a document", `{"warder":{"origin":"document"},"role":"system","content":"x"}`, "document"},
		{"claim last", `{"role":"user","content":"x","warder":{"origin":"email"}}`, "email"},
		{"system text is the user's", `{"role":"system","content":"x","warder":{"origin":"user"}}`, "user"},
		{"assistant text is a tool's", `{"role":"assistant","content":"x","warder":{"origin":"tool"}}`, "tool"},
		{"tool text is an e-mail", `{"role":"tool","content":"x","warder":{"origin":"email"}}`, "email"},
		{"a part's own", `{"role":"user","content":[{"type":"text","text":"x","warder":{"origin":"tool"}}]}`, "tool"},
		{"a part's own before the message's", `{"warder":{"origin":"email"},"role":"user","content":[{"warder":{"origin":"document"},"text":"x"}]}`, "document"},
		{"empty extension", `{"role":"user","content":"x","warder":{}}`, "user"},
		{"case of a role", `{"role":"System","content":"x"}`, "unknown"},
	} {
		r, err := openai.ParseRequest([]byte(`{"model":"m","messages":[`+c.message+`]}`), dialect.Limits{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, l := range leavesOf(r.Leaves) {
			if l.Text == "x" && l.Origin != c.want {
				t.Errorf("%s: origin %s, want %s", c.name, l.Origin, c.want)
			}
		}
	}
}

func TestForeignKeysInPathsAreCut(t *testing.T) {
	key := strings.Repeat("é", 20) + "secret"
	r, err := openai.ParseRequest([]byte(`{"model":"m","messages":[],"`+key+`":"v\u0061lue"}`), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leavesOf(r.Leaves)[1:] {
		want := `"` + strings.Repeat(`\u00e9`, 12) + `"...`
		if strings.TrimSuffix(l.Path, "#key") != want || l.Known {
			t.Errorf("leaf = %+v, want path %s", l, want)
		}
	}
	if len(r.Leaves) != 3 || r.Leaves[1].Text != key || r.Leaves[2].Text != "value" {
		t.Errorf("leaves = %+v; want model, key and value", leavesOf(r.Leaves))
	}
}

// odd are requests that look wrong and are right.
var odd = map[string]string{
	"white space":        "\r\n\t { \"model\" : \"m\" ,\n\"messages\"\t:\r[ ] } \n\n",
	"nul in a text":      `{"model":"m","messages":[{"role":"user","content":"a\u0000b"}]}`,
	"numbers":            `{"model":"m","messages":[],"temperature":-0.0,"x":[0,-0,1E400,1e-400,0.10,123456789012345678901234567890,1.7976931348623157E+309]}`,
	"escaped slash":      `{"model":"a\/b","messages":[]}`,
	"escaped free keys":  `{"model":"m","messages":[],"metadata":{"gr\u00fcn":"x"}}`,
	"keys in no order":   `{"messages":[{"content":"x","role":"user"}],"model":"m"}`,
	"empty key":          `{"model":"m","messages":[],"":1}`,
	"deep but not too":   `{"model":"m","messages":[],"x":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + `}`,
	"many keys":          `{"model":"m","messages":[],"x":{` + manyKeys(100) + `"z":1}}`,
	"characters beyond":  `{"model":"m","messages":[{"role":"user","content":"\uD83D\uDE00 😀 \ud83c\udff4"}]}`,
	"similar keys":       `{"model":"m","messages":[],"models":1,"streams":2}`,
	"case in free names": `{"model":"m","messages":[],"metadata":{"Model":"a","model":"b"},"x":{"Role":1,"role":2}}`,
	"unknown values":     `{"model":"m","messages":[{"role":"user","content":[{"type":"hologram","hologram":{"data":"x"}}]}],"x":null}`,
}

// TestAccepted reads bodies of odd but legal forms; they are forwarded as they
// came.
func TestAccepted(t *testing.T) {
	for name, body := range odd {
		r, err := openai.ParseRequest([]byte(body), dialect.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := string(r.Body(nil)); got != body {
			t.Errorf("%s: forwarded %s, want %s", name, got, body)
		}
	}
	r, err := openai.ParseRequest([]byte(`{"model":"a\/b","messages":[]}`), dialect.Limits{})
	if err != nil || r.Model != "a/b" {
		t.Errorf("model with an escape = %+v, %v", r, err)
	}
}
