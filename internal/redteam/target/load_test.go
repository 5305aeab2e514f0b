package target_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"warder.example/internal/practice"
	"warder.example/internal/redteam/target"
)

// examples are the target files of the manual.
func examples(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/redteam-targets.md")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(page, -1) {
		out = append(out, string(m[1]))
	}
	return out
}

// TestExamples: every example of the manual is valid by the code and by the schema, and
// is answered by a server, program or simulator of its kind.
func TestExamples(t *testing.T) {
	for _, name := range []string{"HELPDESK_KEY", "TRANSLATOR_KEY", "SHOP_KEY", "LOCAL_MODEL_KEY", "NOTES_KEY", "HELPDESK_UNGUARDED", "HELPDESK_OBSERVED", "HELPDESK_GUARDED"} {
		t.Setenv(name, "sekret-"+name)
	}
	mux := http.NewServeMux()
	models := practice.Handler(practice.Options{})
	for _, p := range []string{"/v1/", "/v1beta/"} {
		mux.Handle(p, models)
	}
	mux.Handle("/mcp", mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return toolServer() }, nil))
	mux.HandleFunc("/api/conversations/{id}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"reply":{"parts":[{"text":"We have "},{"text":"kettles."}]},"trace":{"tools":[{"name":"find","input":{"q":"kettle"}}]}}`)
	})
	mux.HandleFunc("/ask", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `<p class="answer">Kettles</p>`) })
	server := httptest.NewServer(mux)
	defer server.Close()
	kinds := map[string]int{}
	for _, text := range examples(t) {
		host := regexp.MustCompile(`https://[a-z.]+example`)
		text = host.ReplaceAllLiteralString(text, server.URL)
		text = regexp.MustCompile(`model: .*`).ReplaceAllString(text, "model: practice-5")
		valid(t, text)
		f, err := load(t, text)
		if err != nil {
			t.Errorf("%v in\n%s", err, text)
			continue
		}
		kinds[f.Kind]++
		if shown := fmt.Sprintf("%v %+v %#v", f, *f, f.Key); strings.Contains(shown, "sekret") {
			t.Errorf("a secret is printed: %s", shown)
		}
		r, err := open(t, text).Send(t.Context(), user("When are you open?"))
		if err != nil || r.Text == "" || r.Took <= 0 {
			t.Errorf("%s: %+v, %v; expected an answer", f.Name, r, err)
		}
	}
	for _, k := range []string{target.KindOpenAI, target.KindAnthropic, target.KindGemini, target.KindHTTP, target.KindCommand, target.KindMCP, target.KindWarder, target.KindPractice} {
		if kinds[k] == 0 {
			t.Errorf("the manual has no example of kind %s", k)
		}
	}
}

// valid checks a file by the JSON Schema.
func valid(t *testing.T, text string) {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(string(target.Schema())))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("target.json", schema); err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.MustCompile("target.json").Validate(doc); err != nil {
		t.Errorf("%v in\n%s", err, text)
	}
}

const (
	asOpenAI = "version: 1\nkind: openai\nname: x\naddress: https://a.example/v1\nmodel: m\n"
	asHTTP   = "version: 1\nkind: http\nname: x\naddress: https://a.example/x\n"
	asMCP    = "version: 1\nkind: mcp\nname: x\nmcp: {tool: t, argument: a}\n"
)

// TestRefused: what is wrong is said with its line, all of it at once.
func TestRefused(t *testing.T) {
	t.Setenv("EMPTY", "")
	t.Setenv("KEY", "sekret")
	body := `application: {session: none, body: '{"q":"{{message}}"}'}`
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "version is 0"},
		{"no kind", "version: 1\nname: x\n", "kind is missing"},
		{"unknown kind", "version: 1\nname: x\nkind: bedrock\n", `:3: `},
		{"unknown key", in(asOpenAI, "modle: x"), ":6: "},
		{"other kind's key", in(asOpenAI, "command: [x]"), ":6: command is not for targets of kind openai"},
		{"without model", "version: 1\nkind: openai\nname: x\naddress: https://a.example\n", "needs model"},
		{"name that moves the cursor", strings.Replace(asOpenAI, "name: x", `name: "a\e[2J"`, 1), ":3: name"},
		{"secret in place", in(asOpenAI, "key: sk-123456"), ":6: key: a secret stands in the file"},
		{"variable not set", in(asOpenAI, "key: env:EMPTY"), `"EMPTY" is not set`},
		{"file not there", in(asOpenAI, "key: file:none"), "reading"},
		{"secret as header", in(asOpenAI, "headers: {X-Api-Key: abc}"), ":6: headers.X-Api-Key looks like a credential"},
		{"header that splits", in(asOpenAI, `headers: {X-A: "a\r\nX-B: c"}`), "control characters"},
		{"header that Warder sets", in(asOpenAI, "headers: {Host: other.example}"), "cannot be set"},
		{"in the clear", strings.Replace(in(asOpenAI, "key: env:KEY"), "https", "http", 1), ":4: address: credentials would travel in the clear"},
		{"file address", strings.Replace(asOpenAI, "https://a.example/v1", "file:///etc/passwd", 1), ":4: address is not usable"},
		{"password in address", strings.Replace(asOpenAI, "https://a", "https://me:pw@a", 1), ":4: address is not usable"},
		{"parameters", in(asOpenAI, "parameters: '[1]'"), "not a JSON object"},
		{"parameters that replace", in(asOpenAI, `parameters: '{"messages": []}'`), `"messages" is set by what is tested`},
		{"prompt twice", in(asOpenAI, "prompt: a", "prompt_file: b"), "expected one of them"},
		{"canary twice", in(asOpenAI, "canaries: [{name: a, value: abcdefgh}, {name: a, value: abcdefgh}]"), "given twice"},
		{"canary that is common", in(asOpenAI, "canaries: [{name: a, value: the}]"), "3 bytes; expected 8"},
		{"canary that nobody plants", in(asOpenAI, "prompt: a", "canaries: [{name: a, made: true}]"), ":7: canaries[0]: nothing tells the target"},
		{"canary that is not there", in(asOpenAI, "prompt: 'a {{canary.b}}'"), ":6: prompt:"},
		{"tool twice", in(asOpenAI, "tools: [{name: a}, {name: a}]"), "given twice"},
		{"tool's schema", in(asOpenAI, "tools: [{name: a, schema: '[]'}]"), "tools[0].schema is not a JSON object"},
		{"rule on no tool", in(asOpenAI, "tools: [{name: a}]", "forbidden: [{tool: b}]"), `"b" is none of tools`},
		{"limits", in(asOpenAI, "limits: {parallel: 0, timeout: 0s, answer: 1B, money: 1}"), "limits.money is given and no price"},
		{"level", "version: 1\nkind: practice\nname: x\nlevel: 6\n", "expected 1 to 5"},
		{"guards", in(strings.Replace(asOpenAI, "openai", "warder", 1), "guards: {off: {header: X-Key}}"), "guards.off needs key"},
		{"mcp by two ways", in(asMCP, "address: https://a.example", "command: [x]"), "and not both"},
		{"message as host", in(strings.Replace(asHTTP, "a.example/x", "{{message}}/x", 1), body), ":4: address"},
		{"session as host", in(strings.Replace(asHTTP, "a.example/x", "a.{{session}}.example", 1), body), ":4: address"},
		{"message as path", in(strings.Replace(asHTTP, "/x", "/{{message}}", 1), body), "may stand in the query"},
		{"message as a value of JSON", in(asHTTP, `application: {session: none, body: '{"q":{{message}}}'}`), "is not JSON when it is filled in"},
		{"no message", in(asHTTP, `application: {session: none, body: '{}'}`), "nothing says the message"},
		{"no session", in(asHTTP, `application: {body: '{"q":"{{message}}"}'}`), "nothing says the session"},
		{"odd holder", in(asHTTP, `application: {session: none, body: '{"q":"{{message}}{{key}}"}'}`), "{{key}} is not known"},
		{"path", in(asHTTP, `application: {session: none, answer: '$..text', body: '{"q":"{{message}}"}'}`), ":5: application.answer: "},
		{"pattern", in(asHTTP, `application: {session: none, answer_pattern: '(', body: '{"q":"{{message}}"}'}`), "missing closing"},
		{"calls without tool", in(asHTTP, `application: {session: none, calls: c, body: '{"q":"{{message}}"}'}`), "expected call_tool"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v; expected %q", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "sekret") || strings.Contains(err.Error(), "\x1b")) {
				t.Errorf("the error is not fit to print: %q", err)
			}
		})
	}
}

// TestCanaries: a made value is new for each file, the same each time it is read, and
// told to the target.
func TestCanaries(t *testing.T) {
	text := in(asOpenAI, "prompt: 'The word is {{canary.word}}.'", "canaries: [{name: word, made: true}]")
	var values []string
	for _, text := range []string{text, text, strings.Replace(text, "name: x", "name: y", 1)} {
		f, err := load(t, text)
		if err != nil {
			t.Fatal(err)
		}
		v := f.Canaries[0].Value
		if len(v) != 16 || f.Prompt != "The word is "+v+"." || len(f.Digest()) != 64 {
			t.Errorf("value %q, prompt %q, digest %q", v, f.Prompt, f.Digest())
		}
		values = append(values, v)
	}
	if values[0] != values[1] || values[0] == values[2] {
		t.Errorf("values %q; expected the first two alike and the third another", values)
	}
}

// TestBehind: a target behind Warder is opened under a guard that its file has.
func TestBehind(t *testing.T) {
	t.Setenv("KEY", "sekret")
	f, err := load(t, in(strings.Replace(asOpenAI, "openai", "warder", 1), "guards: {block: {key: env:KEY}}"))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Behind(); !slices.Equal(got, []string{target.GuardBlock}) {
		t.Errorf("behind %q; expected block", got)
	}
	for guard, ok := range map[string]bool{"block": true, "off": false, "": false, "on": false} {
		if _, err := target.Open(f, guard); (err == nil) != ok {
			t.Errorf("guard %q: %v", guard, err)
		}
	}
}
