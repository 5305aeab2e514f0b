package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// plantedEvents are the events of an answer with a place for a word, %w, in
// turn in every string that an upstream can write.
var plantedEvents = []string{
	`{"foo":"%w","id":"c1","choices":[{"index":0,"delta":{"content":"x"}}]}`,
	`{"id":"%w","model":"m1","choices":[{"index":0,"delta":{"content":"x"}}]}`,
	`{"id":"c1","model":"%w","choices":[{"index":0,"delta":{"content":"x"}}]}`,
	`{"id":"c1","system_fingerprint":"%w","choices":[{"index":0,"delta":{"content":"x"}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x %w y"}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x"}},{"index":1,"delta":{"content":"%w"}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x"},"extra":{"deep":["%w"]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"reasoning_content":"%w"}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"refusal":"%w"}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"role":"%w","content":"x"}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"%w","type":"function","function":{"name":"f","arguments":"{}"}}]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"%w","arguments":"{}"}}]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":"{\"a\":\"%w\"}"}}]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"%w"}]}`,
	`{"error":{"message":"bad word %w","code":"x"}}`,
	`{"error":{"message":"bad","code":"%w"}}`,
	`{"id":"c1","choices":[],"usage":{"note":"%w"}}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"held xyzzyplu"},"extra":"%w"}]}`,
}

// TestPlantedInStreams: a denied word in any string of any event, wherever the
// event stands, never reaches the caller, and neither does Warder say it again.
func TestPlantedInStreams(t *testing.T) {
	plain := func(text string) string {
		b, _ := json.Marshal(text)
		return `{"id":"c1","model":"m1","choices":[{"index":0,"delta":{"content":` + string(b) + `}}]}`
	}
	ran := 0
	for i, ev := range plantedEvents {
		planted := strings.ReplaceAll(ev, "%w", "xyzzyplugh")
		for name, events := range map[string][]string{
			"first":              {planted, plain("then. "), "[DONE]"},
			"middle":             {plain("Before. "), planted, plain("after. "), "[DONE]"},
			"last":               {plain("Before. "), planted, "[DONE]"},
			"after a held text":  {plain("held xyzzy"), planted, "[DONE]"},
			"only":               {planted},
			"after an empty one": {`{"id":"c1","model":"m1","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}`, planted, "[DONE]"},
		} {
			ran++
			t.Run(fmt.Sprintf("%d/%s", i, name), func(t *testing.T) {
				var b strings.Builder
				for _, e := range events {
					b.WriteString("data: " + e + "\n\n")
				}
				r := policyRig(t, answers("text/event-stream", b.String()))
				p := r.post("app", streamRequest("hi"))
				if strings.Contains(p.body, "xyzzyplug") {
					t.Errorf("it reached the caller: %s", p.body)
				}
				if c := r.ledger.closed(p.request()); c == nil {
					t.Error("no closed record")
				}
			})
		}
	}
	if ran < 100 {
		t.Errorf("%d places tried; want at least 100", ran)
	}
}

// TestPlantedInComments: what stands beside the data of events, whole or a
// little at a time.
func TestPlantedInComments(t *testing.T) {
	event := `data: {"id":"c1","choices":[{"index":0,"delta":{"content":"Hello. "}}]}` + "\n\n"
	for _, c := range []struct{ name, body, not string }{
		{"comment", event + ": xyzzyplugh\n\n" + event, "xyzzyplugh"},
		{"comment in an event", "id: xyzzyplugh\n" + event, "xyzzyplugh"},
		{"event name", "event: xyzzyplugh\n" + event, "xyzzyplugh"},
		{"unknown field", "foo: xyzzyplugh\n" + event, "xyzzyplugh"},
		{"comment in two blocks", ": xyzzy\n\n" + event + ": plugh\n\n" + event, "plugh"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := policyRig(t, answers("text/event-stream", c.body+"data: [DONE]\n\n"))
			if p := r.post("app", streamRequest("hi")); strings.Contains(p.body, c.not) {
				t.Errorf("it reached the caller: %s", p.body)
			}
		})
	}
}

// TestPlantedInModels: what an upstream says beside the ids of its models.
func TestPlantedInModels(t *testing.T) {
	r := policyRig(t, answers("application/json", `{"object":"list","data":[{"id":"m1","object":"model","owned_by":"xyzzyplugh"},{"id":"m2","object":"model","owned_by":"us"}]}`))
	req, err := http.NewRequestWithContext(t.Context(), "GET", r.front.URL+"/v1/models", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.keys["app"])
	p := r.do(req)
	if strings.Contains(p.body, "xyzzyplugh") {
		t.Errorf("it reached the caller: %s", p.body)
	}
}
