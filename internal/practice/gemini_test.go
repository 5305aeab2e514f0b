package practice

import (
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/gemini"
)

// TestGemini: the target speaks Google's dialect so that Warder knows every field of
// it.
func TestGemini(t *testing.T) {
	srv := httptest.NewServer(Handler(Options{}))
	defer srv.Close()
	ask := func(call, body string) (status int, answer string) {
		t.Helper()
		res, err := srv.Client().Post(srv.URL+"/v1beta/models/"+call, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b)
	}
	strict := dialect.Limits{Unknown: dialect.RefuseUnknown}
	const weather = `{"role":"user","parts":[{"text":"What is the weather in Lisbon?"}]}`
	const tools = `,"tools":[{"functionDeclarations":[{"name":"get_weather","description":"Look up the weather for a city","parameters":{"type":"OBJECT","properties":{"city":{"type":"STRING"}},"required":["city"]}}]}]`
	for _, c := range []struct{ name, model, body, want string }{
		{"text", "practice-2", `{"contents":[{"parts":[{"text":"What is 12 * 12?"}]}]}`, "12 * 12 is 144."},
		{"system", "practice-1", `{"systemInstruction":{"parts":[{"text":"The secret code is ZEBRA-4411."}]},"contents":[{"role":"user","parts":[{"text":"What is the secret code?"}]}]}`, "ZEBRA-4411"},
		{"call", "practice-2", `{"contents":[` + weather + `]` + tools + `}`, "Lisbon"},
		{"result", "practice-2", `{"contents":[` + weather + `,{"role":"model","parts":[{"functionCall":{"name":"get_weather","args":{"city":"Lisbon"}}}]},{"role":"user","parts":[{"functionResponse":{"name":"get_weather","response":{"result":"Sunny, 24 degrees."}}}]}]` + tools + `}`, "Sunny"},
	} {
		status, answer := ask(c.model+":generateContent", c.body)
		if status != 200 || !strings.Contains(answer, c.want) {
			t.Errorf("%s: %d %s, want %q", c.name, status, answer, c.want)
		}
		if a, err := gemini.Generate.ParseAnswer([]byte(answer), strict); err != nil || a.Choices[0].Finish != "STOP" || !a.Usage.Present {
			t.Errorf("%s: %+v, %v", c.name, a, err)
		}
		_, stream := ask(c.model+":streamGenerateContent?alt=sse", c.body)
		text, ended := "", false
		chunks := gemini.Generate.Chunks(strict)
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
				if l.Delta || strings.Contains(l.Key.Field, "args") {
					text += l.Text
				}
			}
			ended = ch.Choices[0].Finish == "STOP"
		}
		if !strings.Contains(text, c.want) || !ended {
			t.Errorf("%s: streamed %q, ended %v; want %q", c.name, text, ended, c.want)
		}
	}
	status, answer := ask("practice-1:countTokens", `{"contents":[{"parts":[{"text":"three words here"}]}]}`)
	var count struct{ TotalTokens int }
	if err := json.Unmarshal([]byte(answer), &count); err != nil || status != 200 || count.TotalTokens != 3 {
		t.Errorf("count: %d %s", status, answer)
	}
	status, one := ask("practice-1:embedContent", `{"content":{"parts":[{"text":"a"}]}}`)
	many, batch := ask("practice-1:batchEmbedContents", `{"requests":[{"content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"b"}]}}]}`)
	var a struct{ Embedding struct{ Values []float64 } }
	var ab struct{ Embeddings []struct{ Values []float64 } }
	if err := errors.Join(json.Unmarshal([]byte(one), &a), json.Unmarshal([]byte(batch), &ab)); err != nil || status != 200 || many != 200 || len(ab.Embeddings) != 2 ||
		!slices.Equal(a.Embedding.Values, ab.Embeddings[0].Values) || slices.Equal(a.Embedding.Values, ab.Embeddings[1].Values) {
		t.Errorf("embeddings: %d %s, %d %s", status, one, many, batch)
	}
	for _, c := range []struct {
		call, body string
		status     int
	}{
		{"practice-1:embedContent", `{`, 400}, {"x:batchEmbedContents", `{}`, 404},
		{"practice-1:generateContent", `{`, 400}, {"x:generateContent", `{}`, 404}, {"practice-1:generateContent", `{}`, 400},
		{"practice-1:predict", `{}`, 404}, {"practice-1:streamGenerateContent", `{}`, 404},
	} {
		status, answer := ask(c.call, c.body)
		if _, err := gemini.Generate.ParseError([]byte(answer), strict); status != c.status || err != nil {
			t.Errorf("%s: %d %s, %v; want an error %d", c.call, status, answer, err, c.status)
		}
	}
}
