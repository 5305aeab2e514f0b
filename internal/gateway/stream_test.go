package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"warder.example/guard"
)

// policyText denies two words and masks e-mail addresses.
const policyText = `version: 1
rules:
  - name: mail
    when: {category: pii.email}
    then: redact
  - name: word
    when: {category: denied}
    then: block
  - name: mark
    when: {category: custom.ticket}
    then: redact
  - name: rest
    when: {category: "*", class: exact}
    then: flag
detect:
  disable_model: true
  deny: [xyzzyplugh]
  custom: [{name: ticket, pattern: 'TCK-[0-9]{6}'}]
`

func policyRig(t testing.TB, up http.Handler) *rig {
	return newRig(t, up, rigOptions{config: "policy: p.yaml\n", files: map[string]string{"p.yaml": policyText}})
}

const streamed = `{"stream":true,`

func streamRequest(text string) string { return strings.Replace(chatBody(text), "{", streamed, 1) }

// contents joins the delta contents of a streamed answer, choice 0.
func contents(t *testing.T, body string) (text, finish string) {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(body) {
		d, ok := strings.CutPrefix(line, "data: ")
		if !ok || strings.HasPrefix(d, "[DONE]") {
			continue
		}
		var c struct {
			Choices []struct {
				Delta        struct{ Content string }
				FinishReason string `json:"finish_reason"`
			}
		}
		if err := json.Unmarshal([]byte(d), &c); err != nil {
			t.Fatalf("chunk %q: %v", d, err)
		}
		for _, ch := range c.Choices {
			b.WriteString(ch.Delta.Content)
			if ch.FinishReason != "" {
				finish = ch.FinishReason
			}
		}
	}
	return b.String(), finish
}

// TestByteIdentity: what is not masked arrives as it was sent, both ways,
// whatever its number formats, spacing, order and unknown fields.
func TestByteIdentity(t *testing.T) {
	request := "{ \"x-unknown\" : [1e2, 1E+2, -0.0, 100.00, {\"deep\":\"caf\\u00e9\"}],\n\t\"messages\":[{\"content\":\"Hello \\ud83d\\ude00 \\/ there\",\"role\":\"user\",\"extra\":null}] ,\"temperature\":0.70,\"model\":\"m1\" ,\"seed\":12345678901234567890}"
	answer := "{\"choices\" : [ {\"message\":{\"content\":\"Fine, \\u0074hanks\",\"role\":\"assistant\",\"new_field\":\"x\"},\"logprobs\":null,\"finish_reason\":\"stop\",\"index\":0} ], \"usage\":{\"total_tokens\":3.0,\"cost\":1e-9},\"id\":\"a\",\"object\":\"chat.completion\",\"model\":\"m1\",\"vendor\":{\"a\":[true,false]}}\n"
	var got string
	r := policyRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		got = string(b)
		answers("application/json", answer).ServeHTTP(w, q)
	}))
	p := r.post("app", request)
	if p.status != 200 || p.body != answer {
		t.Errorf("answer changed (%d):\n got %q\nwant %q", p.status, p.body, answer)
	}
	if got != request {
		t.Errorf("request changed:\n got %q\nwant %q", got, request)
	}
	for _, s := range []string{
		streamBody("Hello", " wor", "ld, ", "good", " day", "."),
		strings.ReplaceAll(streamBody("CR", "LF"), "\n", "\r\n"),
		"data:{\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"no space, \\u0061n escape\"},\"finish_reason\":\"stop\"}]}\n\ndata:[DONE]\n\n",
		": keep-alive\n\n" + streamBody("after a comment"),
		"data: {\"id\":\"a\",\ndata: \"choices\":[{\"index\":0,\"delta\":{\"content\":\"two lines\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
	} {
		r := policyRig(t, answers("text/event-stream", s))
		if p := r.post("app", streamRequest("hi")); p.body != s {
			t.Errorf("stream changed:\n got %q\nwant %q", p.body, s)
		}
	}
}

// TestMasking: only what is masked changes.
func TestMasking(t *testing.T) {
	var got string
	answer := strings.Replace(answerBody("Write to zoe@kestrel.example, please."), `"logprobs":null`, `"logprobs":{"content":[{"token":"zoe","logprob":-0.10}]}`, 1)
	r := policyRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		got = string(b)
		answers("application/json", answer).ServeHTTP(w, q)
	}))
	body := `{"model":"m1","top_p":1.00,"messages":[{"role":"user","content":"I am lena\u0040kestrel.example, ticket TCK-123456."}]}`
	p := r.post("app", body)
	if want := `{"model":"m1","top_p":1.00,"messages":[{"role":"user","content":"I am [EMAIL], ticket [TICKET]."}]}`; got != want {
		t.Errorf("upstream got %q\nwant %q", got, want)
	}
	if want := answerBody("Write to [EMAIL], please."); p.body != want {
		t.Errorf("caller got %q\nwant %q", p.body, want)
	}
	c := r.ledger.closed(p.request())
	if c == nil || c.Account.Masked != len("zoe@kestrel.example") || c.Account.Received != c.Account.Released+c.Account.Masked {
		t.Errorf("account %+v does not add up", c)
	}
}

// TestStreamMasking: at any cut of a text into chunks, the caller gets the text
// with its masks and nothing of what was masked.
func TestStreamMasking(t *testing.T) {
	const text = "Dear zoe@kestrel.example, your ticket TCK-123456 is done. Ask lena@kestrel.example or TCK-12345."
	const want = "Dear [EMAIL], your ticket [TICKET] is done. Ask [EMAIL] or TCK-12345."
	var answer string
	r := policyRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		answers("text/event-stream", answer).ServeHTTP(w, q)
	}))
	rapid.Check(t, func(rt *rapid.T) {
		var pieces []string
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, min(12, len(rest))).Draw(rt, "n")
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		answer = streamBody(pieces...)
		p := r.post("app", streamRequest("hi"))
		if got, finish := contents(t, p.body); got != want || finish != "stop" || !strings.HasSuffix(p.body, "data: [DONE]\n\n") {
			rt.Fatalf("pieces %q:\n got %q, finish %q\nwant %q", pieces, got, finish, want)
		}
		c := r.ledger.closed(p.request())
		if c == nil || c.Account.Received != c.Account.Released+c.Account.Masked {
			rt.Fatalf("account %+v does not add up", c)
		}
	})
}

// TestStreamCut: a denied word never leaves, not in part; the stream ends as a
// content filter ends one.
func TestStreamCut(t *testing.T) {
	for _, pieces := range [][]string{{"The word is xyzzyplugh, friend."}, {"The word is xyz", "zyplu", "gh, friend."}, {"The word is ", "x", "y", "z", "z", "y", "p", "l", "u", "g", "h", "."}} {
		r := policyRig(t, answers("text/event-stream", streamBody(pieces...)))
		p := r.post("app", streamRequest("hi"))
		got, finish := contents(t, p.body)
		if got != "The word is " || finish != "content_filter" || !strings.HasSuffix(p.body, "data: [DONE]\n\n") {
			t.Errorf("%q: got %q, finish %q", pieces, got, finish)
		}
		if c := r.ledger.closed(p.request()); c == nil || c.End != "cut" || c.Action != guard.Block {
			t.Errorf("closed record %+v; want a cut that blocks", c)
		}
	}
	// With nothing sent yet the refusal takes the application's form.
	r := policyRig(t, answers("text/event-stream", "data: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"xyzzyplugh\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"))
	if p := r.post("app", streamRequest("hi")); p.status != 400 || p.code() != "blocked" {
		t.Errorf("got %d %s; want an error", p.status, p.body)
	}
}

// TestToolArguments: escapes within the arguments hide nothing, whole or
// streamed and however cut; masks keep the arguments JSON.
func TestToolArguments(t *testing.T) {
	args := `{"to":"zoe\u0040kestrel.example","note":"ticket \"TCK-123456\""}`
	want := `{"to":"[EMAIL]","note":"ticket \"[TICKET]\""}`
	quoted := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	whole := strings.Replace(strings.Replace(answerBody(""), `"content":""`, `"content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"send","arguments":`+quoted(args)+`}}]`, 1), `"stop"`, `"tool_calls"`, 1)
	r := policyRig(t, answers("application/json", whole))
	p := r.post("app", chatBody("hi"))
	if !strings.Contains(p.body, quoted(want)) {
		t.Errorf("whole: %s\nwant arguments %s", p.body, quoted(want))
	}
	for n := 1; n <= 9; n++ {
		var b strings.Builder
		event := func(delta, finish string) {
			fmt.Fprintf(&b, "data: {\"id\":\"a\",\"model\":\"m1\",\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":%s}]}\n\n", delta, finish)
		}
		event(`{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"send","arguments":""}}]}`, "null")
		for rest := args; rest != ""; {
			k := min(n, len(rest))
			event(`{"tool_calls":[{"index":0,"function":{"arguments":`+quoted(rest[:k])+`}}]}`, "null")
			rest = rest[k:]
		}
		event("{}", `"tool_calls"`)
		b.WriteString("data: [DONE]\n\n")
		r := policyRig(t, answers("text/event-stream", b.String()))
		p := r.post("app", streamRequest("hi"))
		var got strings.Builder
		for line := range strings.Lines(p.body) {
			var c struct {
				Choices []struct {
					Delta struct {
						ToolCalls []struct{ Function struct{ Arguments string } } `json:"tool_calls"`
					}
				}
			}
			if d, ok := strings.CutPrefix(line, "data: {"); ok && json.Unmarshal([]byte("{"+d), &c) == nil && len(c.Choices) > 0 {
				for _, tc := range c.Choices[0].Delta.ToolCalls {
					got.WriteString(tc.Function.Arguments)
				}
			}
		}
		if got.String() != want {
			t.Errorf("pieces of %d: got %s\nwant %s", n, got.String(), want)
		}
	}
}

// TestHistory: a turn that was refused when it was new is carried redacted later
// and does not block its conversation for ever.
func TestHistory(t *testing.T) {
	var got string
	r := policyRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		got = string(b)
		answers("application/json", answerBody("fine")).ServeHTTP(w, q)
	}))
	later := `{"model":"m1","messages":[{"role":"user","content":"say xyzzyplugh"},{"role":"assistant","content":"no"},{"role":"user","content":"then say hello"}]}`
	if p := r.post("app", later); p.status != 400 || p.code() != "blocked" {
		t.Errorf("a turn never seen before: %d %s; want it blocked", p.status, p.body)
	}
	if p := r.post("app", chatBody("say xyzzyplugh")); p.status != 400 {
		t.Errorf("as a new turn: %d; want it blocked", p.status)
	}
	if p := r.post("app", later); p.status != 200 || strings.Contains(got, "xyzzyplugh") || !strings.Contains(got, carriedText) {
		t.Errorf("after it was refused: %d, upstream got %s; want it carried redacted", p.status, got)
	}
	if p := r.post("app", chatBody("say xyzzyplugh")); p.status != 400 {
		t.Errorf("as a new turn again: %d; want it blocked", p.status)
	}
	if p := r.post("soft", later); p.status == 200 && !strings.Contains(p.body, "content_filter") {
		t.Error("what one application sent was remembered for another")
	}
}

// FuzzPlantedWord: a denied word in any string of a request, at any path, known
// or not, is found or the request refused; it never reaches the upstream.
func FuzzPlantedWord(f *testing.F) {
	for i := range 24 {
		f.Add(i, "field", false)
	}
	f.Add(3, "Content", true)
	f.Add(5, "a\\u0062", true)
	var got string
	r := policyRig(f, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		got = string(b)
		answers("application/json", answerBody("fine")).ServeHTTP(w, q)
	}))
	f.Fuzz(func(t *testing.T, place int, key string, escape bool) {
		r.t = t
		word := "xyzzyplugh"
		if escape {
			word = `xyzzyplu\u0067h`
		}
		k, _ := json.Marshal(key)
		places := []string{
			`{"model":"m1","messages":[{"role":"user","content":"%w"}]}`,
			`{"model":"m1","messages":[{"role":"system","content":"%w"},{"role":"user","content":"hi"}]}`,
			`{"model":"m1","messages":[{"role":"user","content":[{"type":"text","text":"%w"}]}]}`,
			`{"model":"m1","messages":[{"role":"user","content":"hi","name":"%w"}]}`,
			`{"model":"m1","messages":[{"role":"%w","content":"hi"}]}`,
			`{"model":"m1","messages":[{"role":"user","content":"hi",%k:"%w"}]}`,
			`{"model":"m1",%k:"%w","messages":[{"role":"user","content":"hi"}]}`,
			`{"model":"m1",%k:{"a":[1,{"b":"%w"}]},"messages":[{"role":"user","content":"hi"}]}`,
			`{"model":"m1","messages":[{"role":"user","content":[{"type":"new_kind",%k:{"x":"%w"}}]}]}`,
			`{"model":"m1","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"%w","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"x","content":"hi"}]}`,
			`{"model":"m1","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"x","type":"function","function":{"name":"%w","arguments":"{}"}}]},{"role":"tool","tool_call_id":"x","content":"hi"}]}`,
			`{"model":"m1","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"x","type":"function","function":{"name":"f","arguments":"{\"a\":\"%w\"}"}}]},{"role":"tool","tool_call_id":"x","content":"hi"}]}`,
			`{"model":"m1","messages":[{"role":"tool","tool_call_id":"x","content":"%w"}]}`,
			`{"model":"m1","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","description":"%w","parameters":{}}}]}`,
			`{"model":"m1","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"description":"%w"}}}}}]}`,
			`{"model":"m1","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"say %w":{}}}}}]}`,
			`{"model":"m1","messages":[{"role":"user","content":"hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"title":"%w"}}}}`,
			`{"model":"m1","messages":[{"role":"user","content":"hi"}],"stop":["%w"]}`,
			`{"model":"m1","messages":[{"role":"user","content":"hi"}],"user":"%w"}`,
			`{"model":"m1","messages":[{"role":"user","content":"hi"}],"metadata":{%k:"%w"}}`,
			`{"model":"m1","messages":[{"role":"user","content":"hi"}],"prediction":{"type":"content","content":"%w"}}`,
			`{"model":"m1","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.example/%w"}}]}]}`,
			`{"model":"m1","messages":[{"role":"user","content":"hi","warder":{"origin":"%w"}}]}`,
			`{"model":"m-%w","messages":[{"role":"user","content":"hi"}]}`,
		}
		if place < 0 {
			place = -(place + 1)
		}
		body := strings.NewReplacer("%w", word, "%k", string(k)).Replace(places[place%len(places)])
		got = ""
		p := r.post("app", body)
		// A turn that was refused before is carried without the word: 200 is
		// right then.
		if p.err != nil || p.status == 200 && !strings.Contains(got, carriedText) || strings.Contains(strings.ToLower(got), "xyzzyplu") {
			t.Errorf("status %d, %v, upstream got %q for %q", p.status, p.err, got, body)
		}
	})
}
