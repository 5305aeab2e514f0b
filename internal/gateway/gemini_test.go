package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
)

// geminiRig is a gateway before an upstream that speaks Google's dialect and answers
// with a body. It keeps what the upstream was sent.
type geminiRig struct {
	*rig
	mu   sync.Mutex
	sent []*http.Request
	body []string
}

func newGeminiRig(t *testing.T, status int, contentType, body string) *geminiRig {
	t.Helper()
	g := &geminiRig{}
	up := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		g.mu.Lock()
		g.sent, g.body = append(g.sent, r), append(g.body, string(b))
		g.mu.Unlock()
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("X-Internal", "no")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
	t.Setenv("WARDER_TEST_GEMINI_KEY", "upstream-key")
	g.rig = newRig(t, up, rigOptions{config: "    family: gemini\n    key: env:WARDER_TEST_GEMINI_KEY\n    aliases: {m2: renamed-2}\n"})
	return g
}

// call sends a request in Google's dialect, with the key in its own header.
func (g *geminiRig) call(app, path, body string, edit ...func(*http.Request)) reply {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), "POST", g.front.URL+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Goog-Api-Key", g.keys[app])
	for _, e := range edit {
		e(req)
	}
	return g.do(req)
}

const (
	geminiHi     = `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`
	geminiWhole  = "/v1beta/models/m1:generateContent"
	geminiEvents = "/v1beta/models/m1:streamGenerateContent?alt=sse"
	geminiCount  = "/v1beta/models/m1:countTokens"
)

func geminiAnswer(text string) string {
	b, _ := json.Marshal(text)
	return `{"candidates":[{"content":{"parts":[{"text":` + string(b) + `}],"role":"model"},"finishReason":"STOP","index":0}],` +
		`"usageMetadata":{"promptTokenCount":3.0e0,"candidatesTokenCount":4,"totalTokenCount":7},"modelVersion":"m1","responseId":"r-1"}`
}

// geminiStreamed is a streamed answer in pieces, which says at its end why it ended.
func geminiStreamed(finish string, pieces ...string) string {
	out := ""
	for i, p := range pieces {
		b, _ := json.Marshal(p)
		end := ""
		if i == len(pieces)-1 && finish != "" {
			end = `,"finishReason":"` + finish + `"`
		}
		out += `data: {"candidates":[{"content":{"parts":[{"text":` + string(b) + `}],"role":"model"}` + end + `,"index":0}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":7},"modelVersion":"m1","responseId":"r-1"}` + "\r\n\r\n"
	}
	return out
}

// geminiRead puts the text of a stream together, with why it ended.
func geminiRead(stream string) (text, finish string) {
	for line := range strings.Lines(stream) {
		var e struct {
			Candidates []struct {
				FinishReason string
				Content      struct{ Parts []struct{ Text string } }
			}
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok && json.Unmarshal([]byte(data), &e) == nil {
			for _, c := range e.Candidates {
				finish += c.FinishReason
				for _, p := range c.Content.Parts {
					text += p.Text
				}
			}
		}
	}
	return text, finish
}

// TestGeminiPasses: whole, streamed and counted, under both versions, byte for byte,
// with the upstream's credential and name of the model.
func TestGeminiPasses(t *testing.T) {
	for _, c := range []struct{ path, up, contentType, answer string }{
		{geminiWhole, "/v1/models/m1:generateContent", "application/json; charset=UTF-8", geminiAnswer("Good morning.")},
		{"/v1/models/m2:generateContent?alt=json", "/v1/models/renamed-2:generateContent", "application/json", geminiAnswer("Good morning.")},
		{geminiEvents, "/v1/models/m1:streamGenerateContent?alt=sse", "text/event-stream", geminiStreamed("STOP", "Good ", "morn", "ing.")},
		{geminiCount, "/v1/models/m1:countTokens", "application/json", `{"totalTokens": 14}`},
	} {
		g := newGeminiRig(t, 200, c.contentType, c.answer)
		p := g.call("app", c.path, geminiHi, func(r *http.Request) { r.Header.Set("X-Goog-Api-Client", "google-genai-sdk/1") })
		if p.status != 200 || p.body != c.answer || p.err != nil || p.header.Get("X-Internal") != "" {
			t.Fatalf("%s: %d %q %v", c.path, p.status, p.body, p.err)
		}
		up := g.sent[0]
		if up.URL.String() != c.up || g.body[0] != geminiHi {
			t.Errorf("%s: the upstream was sent %s %s", c.path, up.URL, g.body[0])
		}
		if h := up.Header; h.Get("X-Goog-Api-Key") != "upstream-key" || h.Get("Authorization") != "" || h.Get("X-Goog-Api-Client") != "" {
			t.Errorf("%s: the upstream was sent %v", c.path, h)
		}
		if cl := g.ledger.closed(p.request()); cl == nil || cl.End != "complete" {
			t.Errorf("%s: record %+v", c.path, cl)
		}
		for _, e := range g.ledger.events {
			if o, ok := e.Payload.(*Opened); ok && (!strings.Contains(o.Route, "/models/{model}:") || !strings.HasPrefix(o.Protocol, "gemini.") || o.Model == "") {
				t.Errorf("%s: record %+v", c.path, o)
			}
		}
	}
}

// TestGeminiURLs: what the URL may say. Nothing else of it reaches an upstream.
func TestGeminiURLs(t *testing.T) {
	g := newGeminiRig(t, 200, "application/json", geminiAnswer("x"))
	long := strings.Repeat("m", 65)
	for _, c := range []struct {
		path   string
		status int
		code   string
	}{
		{geminiWhole + "?key=" + g.keys["app"], 400, "key_in_url"},
		{geminiEvents + "&key=x", 400, "key_in_url"},
		{geminiWhole + "?access_token=x", 400, "key_in_url"},
		{geminiWhole + "?$alt=proto", 400, "unknown_parameter"},
		{geminiWhole + "?alt=proto", 400, "unknown_parameter"},
		{geminiWhole + "?alt=json&alt=json", 400, "unknown_parameter"},
		{geminiWhole + "?alt=sse", 400, "unknown_parameter"},
		{geminiWhole + "?a;b", 400, "unknown_parameter"},
		{"/v1beta/models/m1:streamGenerateContent", 400, "unsupported_stream"},
		{"/v1beta/models/m1:streamGenerateContent?alt=json", 400, "unsupported_stream"},
		{"/v1beta/models/m1%3AgenerateContent", 404, "unknown_route"},
		{"/v1beta/models/m%31:generateContent", 404, "unknown_route"},
		{"/v1beta/models/x/m1:generateContent", 404, "unknown_route"},
		{"/v1beta/models/..:generateContent", 404, "model_not_found"},
		{"/v1beta/models/m1@host:generateContent", 404, "model_not_found"},
		{"/v1beta/models/" + long + ":generateContent", 404, "model_not_found"},
		{"/v1beta/models/:generateContent", 404, "model_not_found"},
		{"/v1beta/models/M1:generateContent", 404, "model_not_found"},
		{"/v1beta/models/other:generateContent", 404, "model_not_found"},
		{"/v1beta/models/m1:generateContent:countTokens", 404, "unknown_route"},
		{"/v1beta/models/m1:predict", 404, "unknown_route"},
		{"/v1/models/m1:predict", 404, "unknown_route"},
		{"/v1beta/models", 405, "method_not_allowed"},
		{"/v1beta/models/m1", 405, "method_not_allowed"},
		{"/v1/models/m1", 405, "method_not_allowed"},
		{"/v1beta/models/m1:", 404, "model_not_found"},
		{"/v1beta/cachedContents", 404, "unknown_route"},
	} {
		p := g.call("app", c.path, geminiHi)
		if p.status != c.status || !strings.Contains(p.body, `"metadata":{"code":"`+c.code+`"`) || strings.Contains(p.body, g.keys["app"]) {
			t.Errorf("%s: %d %s, want %d %s", c.path, p.status, p.body, c.status, c.code)
		}
	}
	if p := g.call("app", geminiWhole, strings.Replace(geminiHi, "{", `{"model":"models/m2",`, 1)); p.status != 400 || !strings.Contains(p.body, "invalid_value") {
		t.Errorf("two models: %d %s", p.status, p.body)
	}
	if len(g.sent) != 0 {
		t.Errorf("%d requests were sent on", len(g.sent))
	}
	if strings.Contains(g.log.String(), g.keys["app"]) {
		t.Error("the key is in the log")
	}
	if p := g.call("app", geminiWhole, strings.Replace(geminiHi, "{", `{"model":"models/m1",`, 1)); p.status != 200 || g.body[0] != geminiHi {
		t.Errorf("the model said twice: %d %s, sent %q", p.status, p.body, g.body)
	}
}

// TestGeminiKeys: a key in either header, and not in both.
func TestGeminiKeys(t *testing.T) {
	g := newGeminiRig(t, 200, "application/json", geminiAnswer("Good morning."))
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+g.keys["app"]) }
	none := func(r *http.Request) { r.Header.Del("X-Goog-Api-Key") }
	if p := g.call("app", geminiWhole, geminiHi, none, bearer); p.status != 200 {
		t.Errorf("a bearer token: %d %s", p.status, p.body)
	}
	for name, p := range map[string]reply{
		"none": g.call("app", geminiWhole, geminiHi, none), "both": g.call("app", geminiWhole, geminiHi, bearer),
		"wrong": g.call("app", geminiCount, geminiHi, func(r *http.Request) { r.Header.Set("X-Goog-Api-Key", "wk_no") }),
	} {
		if p.status != 401 || !strings.Contains(p.body, `"status":"UNAUTHENTICATED"`) {
			t.Errorf("%s: %d %s", name, p.status, p.body)
		}
	}
	if p := g.call("app", geminiWhole, "", func(r *http.Request) { r.Method, r.Body = "GET", nil }); p.status != 405 || p.header.Get("Allow") != "POST" {
		t.Errorf("GET: %d %s", p.status, p.body)
	}
	if p := g.post("app", chatBody("hi")); p.status != 404 || p.code() != "model_not_found" {
		t.Errorf("a request of another family: %d %s", p.status, p.body)
	}
}

// TestGeminiMasks: personal data in the request, in the answer, and over the parts of
// a stream; signatures and the like as they came.
func TestGeminiMasks(t *testing.T) {
	const signed = `{"system_instruction":{"parts":{"text":"Be kind."}},"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[` +
		`{"functionCall":{"name":"look","args":{"who":"%[1]s"}},"thoughtSignature":"EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds=="}]},` +
		`{"role":"user","parts":[{"functionResponse":{"name":"look","response":{"mail":"%[1]s"}}}]}],"generationConfig":{"temperature":0.50}}`
	g := newGeminiRig(t, 200, "application/json", geminiAnswer("Write to anna@museum.example today."))
	p := g.call("app", geminiWhole, fmt.Sprintf(signed, "bert@museum.example"))
	if want := geminiAnswer("Write to [EMAIL] today."); p.body != want {
		t.Errorf("answered %d %s, want %s", p.status, p.body, want)
	}
	if want := fmt.Sprintf(signed, "[EMAIL]"); g.body[0] != want {
		t.Errorf("sent %s, want %s", g.body[0], want)
	}
	g = newGeminiRig(t, 200, "text/event-stream", geminiStreamed("STOP", "Write to an", "na@mus", "eum.example", " today."))
	p = g.call("app", geminiEvents, geminiHi)
	if text, finish := geminiRead(p.body); text != "Write to [EMAIL] today." || finish != "STOP" {
		t.Errorf("streamed %q", p.body)
	}
}

// TestGeminiExamplesPass: answers of all kinds, whole and streamed, as they came.
func TestGeminiExamplesPass(t *testing.T) {
	for _, name := range []string{"answer_tool.json", "answer_code.json", "answer_two.json", "answer_blocked.json", "stream_thinking.txt", "stream_tool.txt", "stream_code.txt", "stream_blocked.txt", "stream_two.txt", "stream_pieces.txt"} {
		want, err := os.ReadFile("../dialect/gemini/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		path, kind := geminiWhole, "application/json"
		if strings.HasPrefix(name, "stream_") {
			path, kind = geminiEvents, "text/event-stream"
		}
		g := newGeminiRig(t, 200, kind, string(want))
		p := g.call("app", path, geminiHi)
		if p.body != string(want) {
			t.Errorf("%s: %d %s", name, p.status, p.body)
		}
		if c := g.ledger.closed(p.request()); c == nil || c.End != "complete" {
			t.Errorf("%s: record %+v", name, c)
		}
	}
}

// TestGeminiRefusals: as errors and as answers, of requests and of answers.
func TestGeminiRefusals(t *testing.T) {
	const key = "AKIAQ3EGRZPYWEK5N2LV"
	attack := strings.Replace(geminiHi, "hi", "my key is "+key, 1)
	g := newGeminiRig(t, 200, "application/json", geminiAnswer("x"))
	for _, path := range []string{geminiWhole, geminiEvents, geminiCount} {
		p := g.call("app", path, attack)
		if p.status != 400 || !strings.Contains(p.body, `"status":"INVALID_ARGUMENT"`) || !strings.Contains(p.body, `"reason":"BLOCKED"`) || !strings.Contains(p.body, `"requestId":"`+p.request()+`"`) {
			t.Errorf("%s: %d %s", path, p.status, p.body)
		}
	}
	if p := g.call("soft", geminiWhole, attack); p.status != 200 || !strings.Contains(p.body, `"finishReason":"SAFETY"`) || !strings.Contains(p.body, `"promptFeedback":{"blockReason":"SAFETY"`) {
		t.Errorf("soft: %d %s", p.status, p.body)
	}
	if p := g.call("soft", geminiCount, attack); p.status != 200 || p.body != `{"totalTokens":0}` {
		t.Errorf("soft count: %d %s", p.status, p.body)
	}
	p := g.call("soft", geminiEvents, attack)
	if text, finish := geminiRead(p.body); p.status != 200 || !strings.Contains(text, "safety policy") || finish != "SAFETY" {
		t.Errorf("soft stream: %d %s", p.status, p.body)
	}
	if len(g.sent) != 0 {
		t.Errorf("%d requests were sent on", len(g.sent))
	}
	g = newGeminiRig(t, 200, "application/json", geminiAnswer("the key is "+key))
	if p := g.call("app", geminiWhole, geminiHi); p.status != 400 || strings.Contains(p.body, key) {
		t.Errorf("answer: %d %s", p.status, p.body)
	}
	if p := g.call("soft", geminiWhole, geminiHi); p.status != 200 || !strings.Contains(p.body, `"finishReason":"SAFETY"`) || strings.Contains(p.body, "promptFeedback") {
		t.Errorf("soft answer: %d %s", p.status, p.body)
	}
}

// TestGeminiCut: a stream that is stopped after it began ends its candidates, once.
func TestGeminiCut(t *testing.T) {
	g := newGeminiRig(t, 200, "text/event-stream", geminiStreamed("STOP", "Good morning to you. ", "The key is AKIAQ3EG", "RZPYWEK5N2LV", " and more."))
	p := g.call("app", geminiEvents, geminiHi)
	text, finish := geminiRead(p.body)
	if p.err != nil || !strings.Contains(text, "Good morning") || strings.Contains(text, "WEK5") || finish != "SAFETY" || !strings.HasSuffix(p.body, "\n\n") {
		t.Errorf("%v %s", p.err, p.body)
	}
	if c := g.ledger.closed(p.request()); c == nil || c.End != "cut" || len(c.Findings) == 0 {
		t.Errorf("record %+v", c)
	}
}

// TestGeminiBrokenStreams: an error of the server ends a stream, and one without a
// reason to have ended is told as an error.
func TestGeminiBrokenStreams(t *testing.T) {
	begun := geminiStreamed("", "Good morning to you. ", "It is a nice day.")
	overloaded := "data: {\"error\":{\"code\":503,\"message\":\"The model is overloaded.\",\"status\":\"UNAVAILABLE\"}}\r\n\r\n"
	for _, c := range []struct{ name, stream, end string }{
		{"error event", begun + overloaded, `"message":"The model is overloaded."`},
		{"cut short", begun, `"code":"upstream_cut"`},
		{"no JSON", begun + "data: {\r\n\r\n", `"code":"upstream_invalid_answer"`},
		{"text after the end", geminiStreamed("STOP", "Good morning. ") + geminiStreamed("STOP", "And more."), `"code":"upstream_invalid_answer"`},
	} {
		g := newGeminiRig(t, 200, "text/event-stream", c.stream)
		p := g.call("app", geminiEvents, geminiHi)
		if p.err != nil || strings.Count(p.body, `{"error":{`) != 1 || !strings.Contains(p.body, c.end) {
			t.Errorf("%s: %v %s", c.name, p.err, p.body)
		}
	}
}

// TestGeminiErrors: an upstream's error passes as it came if nothing is in it.
func TestGeminiErrors(t *testing.T) {
	const body = `{"error":{"code":429,"message":"Resource has been exhausted.","status":"RESOURCE_EXHAUSTED"}}`
	g := newGeminiRig(t, 429, "application/json", body)
	if p := g.call("app", geminiWhole, geminiHi); p.status != 429 || p.body != body {
		t.Errorf("%d %s", p.status, p.body)
	}
	g = newGeminiRig(t, 400, "application/json", strings.Replace(body, `exhausted."`, `exhausted for anna@museum.example"`, 1))
	if p := g.call("app", geminiEvents, geminiHi); p.status != 400 || strings.Contains(p.body, "anna") || !strings.Contains(p.body, `"code":"upstream_error"`) {
		t.Errorf("%d %s", p.status, p.body)
	}
}
