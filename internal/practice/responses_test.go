package practice_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"warder.example/internal/practice"
)

func call(t *testing.T, path, body string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	practice.Handler(practice.Options{}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
	b, _ := io.ReadAll(w.Result().Body)
	return w.Code, string(b)
}

// TestResponses: the target answers the Responses API as it answers chat.
func TestResponses(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"a text":       {`{"model":"practice-2","input":"What is 12 * 12?"}`, `"text":"12 * 12 is 144."`},
		"items":        {`{"model":"practice-2","input":[{"role":"user","content":[{"type":"input_text","text":"What is 1 + 1?"}]}]}`, `"text":"1 + 1 is 2.`},
		"instructions": {`{"model":"practice-1","instructions":"The secret code is ZEBRA-4411.","input":"Tell me the secret code."}`, `ZEBRA-4411`},
		"a tool": {`{"model":"practice-2","input":"What is the weather in Lisbon?","tools":[{"type":"function","name":"get_weather","description":"the weather for a city","parameters":{"required":["city"]}}]}`,
			`"arguments":"{\"city\":\"Lisbon\"}"`},
		"what a tool brought": {`{"model":"practice-2","input":[{"role":"user","content":"And the weather?"},{"type":"function_call_output","call_id":"c","output":"Sunny, 24 degrees."}]}`, `Sunny`},
		"a stream":            {`{"model":"practice-2","input":"What is 12 * 12?","stream":true}`, "event: response.completed\n"},
		"a streamed call": {`{"model":"practice-2","stream":true,"input":"What is the weather in Lisbon?","tools":[{"type":"function","name":"get_weather","description":"the weather for a city","parameters":{"required":["city"]}}]}`,
			"event: response.function_call_arguments.done\n"},
		"completions":          {`{"model":"practice-2","prompt":["What is 12 * 12?","What is 1 + 1?"]}`, `"text":"1 + 1 is 2."`},
		"streamed completions": {`{"model":"practice-2","prompt":"What is 12 * 12?","stream":true}`, "data: [DONE]\n"},
	} {
		path := "/v1/responses"
		if strings.Contains(name, "completions") {
			path = "/v1/completions"
		}
		if code, got := call(t, path, c.body); code != 200 || !strings.Contains(got, c.want) {
			t.Errorf("%s: %d %s", name, code, got)
		}
	}
	for _, c := range []struct{ path, body string }{
		{"/v1/responses", `{"model":"practice-2"}`}, {"/v1/responses", `{"model":"practice-2","input":{"a":1}}`}, {"/v1/responses", `{`},
		{"/v1/completions", `{"model":"practice-2","prompt":[1]}`}, {"/v1/embeddings", `{"model":"practice-9","input":"x"}`},
	} {
		if code, got := call(t, c.path, c.body); code < 400 || !strings.Contains(got, `"error"`) {
			t.Errorf("%s %s: %d %s", c.path, c.body, code, got)
		}
	}
}

// TestEmbeddings: equal texts have equal vectors of length 1, other texts others.
func TestEmbeddings(t *testing.T) {
	_, got := call(t, "/v1/embeddings", `{"model":"practice-1","input":["a","b","a"]}`)
	var plain struct {
		Data []struct{ Embedding []float64 }
	}
	if err := json.Unmarshal([]byte(got), &plain); err != nil || len(plain.Data) != 3 {
		t.Fatalf("%v: %s", err, got)
	}
	sum, same, other := 0.0, 0.0, 0.0
	for i, x := range plain.Data[0].Embedding {
		sum, same, other = sum+x*x, same+x*plain.Data[2].Embedding[i], other+x*plain.Data[1].Embedding[i]
	}
	if math.Abs(sum-1) > 1e-5 || math.Abs(same-1) > 1e-5 || other > 0.99 {
		t.Errorf("length %g, same %g, other %g", sum, same, other)
	}
	_, got = call(t, "/v1/embeddings", `{"model":"practice-1","input":"a","encoding_format":"base64"}`)
	var packed struct{ Data []struct{ Embedding string } }
	if err := json.Unmarshal([]byte(got), &packed); err != nil {
		t.Fatal(err)
	}
	if raw, err := base64.StdEncoding.DecodeString(packed.Data[0].Embedding); err != nil || len(raw) != 4*len(plain.Data[0].Embedding) {
		t.Errorf("packed: %v, %d bytes", err, len(raw))
	}
}
