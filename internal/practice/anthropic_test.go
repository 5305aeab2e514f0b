package practice

import (
	"encoding/json"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/anthropic"
)

// TestMessages: the target speaks Anthropic's dialect so that Warder knows every
// field of it.
func TestMessages(t *testing.T) {
	srv := httptest.NewServer(Handler(Options{}))
	defer srv.Close()
	ask := func(path, body string) (status int, contentType, answer string) {
		t.Helper()
		res, err := srv.Client().Post(srv.URL+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Header.Get("Content-Type"), string(b)
	}
	strict := dialect.Limits{Unknown: dialect.RefuseUnknown}
	const tools = `"tools":[{"name":"get_weather","description":"Look up the weather for a city","input_schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}],`
	for _, c := range []struct{ name, body, want string }{
		{"text", `{"model":"practice-2","max_tokens":9,"messages":[{"role":"user","content":"What is 12 * 12?"}]}`, "12 * 12 is 144."},
		{"system and blocks", `{"model":"practice-1","max_tokens":9,"system":[{"type":"text","text":"The secret code is ZEBRA-4411."}],"messages":[{"role":"user","content":[{"type":"text","text":"What is the secret code?"}]}]}`, "ZEBRA-4411"},
		{"tool call", `{"model":"practice-2","max_tokens":9,` + tools + `"messages":[{"role":"user","content":"What is the weather in Lisbon?"}]}`, `"input":{"city":"Lisbon"}`},
		{"tool result", `{"model":"practice-2","max_tokens":9,` + tools + `"messages":[{"role":"user","content":"What is the weather in Lisbon?"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"get_weather","input":{"city":"Lisbon"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"Sunny, 24 degrees."}]}]}`, "Sunny"},
	} {
		status, _, answer := ask("/v1/messages", c.body)
		if status != 200 || !strings.Contains(answer, c.want) {
			t.Errorf("%s: %d %s, want %q", c.name, status, answer, c.want)
		}
		if _, err := anthropic.Messages.ParseAnswer([]byte(answer), strict); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		status, kind, stream := ask("/v1/messages", strings.Replace(c.body, `"max_tokens"`, `"stream":true,"max_tokens"`, 1))
		if status != 200 || kind != "text/event-stream" {
			t.Fatalf("%s: %d %s", c.name, status, kind)
		}
		text, done := "", false
		chunks := anthropic.Messages.Chunks(strict)
		events := dialect.NewEventReader(strings.NewReader(stream), 0)
		for {
			ev, err := events.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			ch, err := chunks.Parse(ev.Name, ev.Data)
			if err != nil {
				t.Fatalf("%s: %v in %s", c.name, err, ev.Data)
			}
			for _, l := range ch.Leaves {
				if l.Delta {
					text += l.Text
				}
			}
			done = ch.Done
		}
		if want := strings.TrimPrefix(c.want, `"input":`); !strings.Contains(text, want) || !done {
			t.Errorf("%s: streamed %q, done %v; want %q", c.name, text, done, want)
		}
	}
	status, _, answer := ask("/v1/messages/count_tokens", `{"model":"practice-1","messages":[{"role":"user","content":"three words here"}]}`)
	var count struct {
		Tokens int `json:"input_tokens"`
	}
	if err := json.Unmarshal([]byte(answer), &count); err != nil || status != 200 || count.Tokens != 3 {
		t.Errorf("count: %d %s", status, answer)
	}
	for body, want := range map[string]int{`{`: 400, `{"model":"x"}`: 404, `{"model":"practice-1","messages":[]}`: 400, `{"model":"practice-1","messages":[{"role":"user","content":"x"}]}`: 400,
		`{"model":"practice-1","messages":[{"role":"user","content":7}]}`: 400} {
		status, _, answer := ask("/v1/messages", body)
		if _, err := anthropic.Messages.ParseError([]byte(answer), strict); status != want || err != nil {
			t.Errorf("%s: %d %s, %v; want an error %d", body, status, answer, err, want)
		}
	}
}
