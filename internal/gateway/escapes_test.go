package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
)

// TestMasksKeepEscapes: what is masked in tool arguments right behind or before an
// escape is gone, the arguments stay JSON, and they are the same bytes wherever they
// are said: whole, in deltas, in what repeats these, and in a request's history.
func TestMasksKeepEscapes(t *testing.T) {
	e := newEscapeRig(t)
	cases := []string{
		`{"b":"Contact:\nlena@kestrel.org now"}`, `{"b":"Contact:\tlena@kestrel.org"}`, `{"b":"x \u006cena@kestrel.org"}`,
		`{"b":"caf\u00e9 lena@kestrel.org"}`, `{"b":"\u00fclena@kestrel.org"}`, `{"b":"\"lena@kestrel.org\""}`, `{"b":"\/lena@kestrel.org"}`,
		`{"b":"\nlena@kestrel.org\n\tDE89370400440532013000\n"}`, `{"b":"a\\nlena@kestrel.org"}`, `{"b":"\ud83d\ude00lena@kestrel.org\ud83d\ude00"}`,
	}
	rnd := rand.New(rand.NewPCG(4, 1))
	around := []string{`\n`, `\t`, `\r\n`, `\"`, `\/`, `\\`, `\b`, `\f`, `\u000a`, `\u0022`, `\ud83d\ude00`, ` `, `, `}
	some := func() string { return around[rnd.IntN(len(around))] }
	for range 60 {
		var b strings.Builder
		for range 1 + rnd.IntN(3) {
			value := []string{"lena@kestrel.org", `\u006cena@kestrel.org`, `lena\u0040kestrel.org`, "DE89370400440532013000", "4111111111111111"}[rnd.IntN(5)]
			b.WriteString([]string{"to", "", "a b"}[rnd.IntN(3)] + some() + value + some())
		}
		cases = append(cases, `{"k":1,"b":["`+b.String()+`","ok"]}`)
	}
	for _, args := range cases {
		size := []int{1, 3, 7, 200}[rnd.IntN(4)]
		said := e.said(args, size)
		want := said["chat deltas"]
		for where, got := range said {
			if !json.Valid([]byte(got)) {
				t.Errorf("%s: %s became %s, which is no JSON", where, args, got)
			}
			if holdsValue(got) {
				t.Errorf("%s: %s became %s, which is not masked", where, args, got)
			}
			if got != want {
				t.Errorf("%s: %s became %s, in the deltas %s", where, args, got, want)
			}
		}
		if len(said) != 9 || !strings.Contains(want, "[") {
			t.Errorf("%s is said in %d places, want 9", args, len(said))
		}
	}
}

// TestMasksKeepEscapesOfPastedJSON: a text of a request that is JSON stays JSON.
func TestMasksKeepEscapesOfPastedJSON(t *testing.T) {
	e := newEscapeRig(t)
	for text, want := range map[string]string{
		`{"b":"Contact:\nlena@kestrel.org now"}`: `{"b":"Contact:\n[EMAIL] now"}`,
		`["\"lena@kestrel.org\"\tok"]`:           `["\"[EMAIL]\"\tok"]`,
		`["\u006cena@kestrel.org"]`:              `["[EMAIL]"]`,
		`no JSON:\nlena@kestrel.org`:             `no JSON:\[EMAIL]`, // a text without escapes: it is read as it stands
	} {
		for _, role := range []string{"user", "tool"} {
			b, _ := json.Marshal(text)
			more := ""
			if role == "tool" {
				more = `{"role":"assistant","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},`
			}
			p := e.r.post("app", `{"model":"m1","messages":[`+more+`{"role":"`+role+`","tool_call_id":"t","content":`+string(b)+`}]}`)
			var sent struct{ Messages []struct{ Content string } }
			if err := json.Unmarshal(e.asked, &sent); err != nil || p.status != http.StatusOK {
				t.Fatalf("%v: %d %s", err, p.status, p.body)
			}
			if got := sent.Messages[len(sent.Messages)-1].Content; got != want {
				t.Errorf("%s text %s became %s, want %s", role, text, got, want)
			}
		}
	}
}

// TestMasksKeepEscapesOfStreamedJSON: an answer that is JSON stays JSON when it is
// streamed, however it is cut, and is the same bytes as when it comes whole.
func TestMasksKeepEscapesOfStreamedJSON(t *testing.T) {
	e := newEscapeRig(t)
	for text, want := range map[string]string{
		`{"b":"Contact:\nlena@kestrel.org now"}`:         `{"b":"Contact:\n[EMAIL] now"}`,
		` ["\"lena@kestrel.org\"\tok"]`:                  ` ["\"[EMAIL]\"\tok"]`,
		`["\u006cena@kestrel.org"]`:                      `["[EMAIL]"]`,
		`{"a":"x\\","b":"lena@kestrel.org\n"}`:           `{"a":"x\\","b":"[EMAIL]\n"}`,
		`{"a":"\tlena@kestrel.org\nlena@kestrel.org\/"}`: `{"a":"\t[EMAIL]\n[EMAIL]\/"}`,
		`So: "\nlena@kestrel.org"`:                       `So: "\[EMAIL]"`, // no JSON: it is read as it stands
	} {
		for size := 1; size <= len(text); size++ {
			var b strings.Builder
			for _, v := range e.ask("/v1/chat/completions", `{"model":"m1","stream":true,"messages":[{"role":"user","content":"hi"}]}`, "text/event-stream", streamBody(pieced(text, size)...)) {
				b.WriteString(strings.Join(membersNamed(v, "content"), ""))
			}
			if b.String() != want {
				t.Errorf("%s in pieces of %d became %s, want %s", text, size, b.String(), want)
			}
		}
	}
}

// holdsValue reports whether one of the test's values stands in JSON.
func holdsValue(s string) bool {
	var v any
	_ = json.Unmarshal([]byte(s), &v)
	plain := s + fmt.Sprint(v)
	for _, value := range []string{"ena@kestrel", "DE8937", "411111"} {
		if strings.Contains(plain, value) {
			return true
		}
	}
	return false
}

// escapeRig is a gateway before upstreams of two families that play one answer and
// keep the last request.
type escapeRig struct {
	t      *testing.T
	r      *rig
	other  *rig // of Anthropic's family
	kind   string
	answer string
	asked  []byte
}

func newEscapeRig(t *testing.T) *escapeRig {
	e := &escapeRig{t: t, kind: "application/json", answer: answerBody("ok")}
	up := http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		e.asked, _ = io.ReadAll(q.Body)
		w.Header().Set("Content-Type", e.kind)
		_, _ = io.WriteString(w, e.answer)
	})
	e.r, e.other = newRig(t, up, rigOptions{}), newRig(t, up, rigOptions{config: "    family: anthropic\n"})
	return e
}

// ask sends a request that is answered so, and returns the events of the reply, or
// the one object that it is.
func (e *escapeRig) ask(path, body, kind, answer string) (events []any) {
	e.t.Helper()
	e.kind, e.answer = kind, answer
	r := e.r
	if path == "/v1/messages" {
		r = e.other
	}
	req, err := http.NewRequestWithContext(e.t.Context(), "POST", r.front.URL+path, strings.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+r.keys["app"])
	p := r.do(req)
	if p.status != http.StatusOK || p.err != nil {
		e.t.Fatalf("%s: %d %v %s", path, p.status, p.err, p.body)
	}
	lines := []string{p.body}
	if kind == "text/event-stream" {
		lines = strings.Split(p.body, "\n")
	}
	for _, l := range lines {
		l = strings.TrimPrefix(l, "data: ")
		if !strings.HasPrefix(l, "{") {
			continue
		}
		var v any
		if err := json.Unmarshal([]byte(l), &v); err != nil {
			e.t.Fatalf("%v in %s", err, l)
		}
		events = append(events, v)
	}
	return events
}

// membersNamed returns the strings of all members of that name.
func membersNamed(v any, name string) (out []string) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			out = append(out, membersNamed(x, name)...)
		}
	case map[string]any:
		for k, x := range v {
			if s, ok := x.(string); ok && k == name {
				out = append(out, s)
			}
			out = append(out, membersNamed(x, name)...)
		}
	}
	return out
}

// said returns the arguments as they leave Warder, by the place where they are said.
func (e *escapeRig) said(args string, size int) map[string]string {
	e.t.Helper()
	quoted := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	var chat, responses, anthropic strings.Builder
	event := func(b *strings.Builder, kind, more string) {
		fmt.Fprintf(b, "event: %s\ndata: {\"type\":\"%s\",%s}\n\n", kind, kind, more)
	}
	call := func(args string) string {
		return `{"id":"fc","type":"function_call","call_id":"c","name":"f","status":"completed","arguments":` + quoted(args) + `}`
	}
	answer := func(items string) string {
		return `{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m1","output":[` + items + `],"tools":[]}`
	}
	tool := func(arguments string) string {
		return `{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":` + quoted(arguments) + `}}`
	}
	event(&responses, "response.created", `"response":`+answer(""))
	event(&responses, "response.output_item.added", `"output_index":0,"item":`+call(""))
	event(&anthropic, "message_start", `"message":{"id":"msg_1","type":"message","role":"assistant","model":"m1","content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":1}}`)
	event(&anthropic, "content_block_start", `"index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}`)
	chunk := `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m1","choices":[{"index":0,"delta":%s,"finish_reason":%s}]}` + "\n\n"
	fmt.Fprintf(&chat, chunk, `{"role":"assistant","tool_calls":[`+tool("")+`]}`, "null")
	for rest := []rune(args); len(rest) > 0; rest = rest[min(size, len(rest)):] {
		p := quoted(string(rest[:min(size, len(rest))]))
		fmt.Fprintf(&chat, chunk, `{"tool_calls":[{"index":0,"function":{"arguments":`+p+`}}]}`, "null")
		event(&responses, "response.function_call_arguments.delta", `"item_id":"fc","output_index":0,"delta":`+p)
		event(&anthropic, "content_block_delta", `"index":0,"delta":{"type":"input_json_delta","partial_json":`+p+`}`)
	}
	fmt.Fprintf(&chat, chunk+"data: [DONE]\n\n", `{}`, `"tool_calls"`)
	event(&responses, "response.function_call_arguments.done", `"item_id":"fc","output_index":0,"name":"f","arguments":`+quoted(args))
	event(&responses, "response.output_item.done", `"output_index":0,"item":`+call(args))
	event(&responses, "response.completed", `"response":`+answer(call(args)))
	event(&anthropic, "content_block_stop", `"index":0`)
	event(&anthropic, "message_delta", `"delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":5}`)
	fmt.Fprint(&anthropic, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")

	const whole, stream = "application/json", "text/event-stream"
	const completions, ask = "/v1/chat/completions", `{"model":"m1","messages":[{"role":"user","content":"hi"}]`
	out := map[string]string{}
	note := func(where string, v any, name string) {
		out[where] = strings.Join(membersNamed(v, name), "")
	}
	chatAnswer := strings.Replace(answerBody("ok"), `"content":"ok"`, `"content":null,"tool_calls":[`+tool(args)+`]`, 1)
	note("chat whole", e.ask(completions, ask+"}", whole, chatAnswer), "arguments")
	note("chat deltas", e.ask(completions, ask+`,"stream":true}`, stream, chat.String()), "arguments")
	note("responses whole", e.ask("/v1/responses", `{"model":"m1","input":"hi"}`, whole, answer(call(args))), "arguments")
	events := e.ask("/v1/responses", `{"model":"m1","input":"hi","stream":true}`, stream, responses.String())
	note("responses deltas", events, "delta")
	for _, ev := range events {
		for _, kind := range []string{"response.function_call_arguments.done", "response.output_item.done", "response.completed"} {
			if ev.(map[string]any)["type"] == kind {
				note(kind, ev, "arguments")
			}
		}
	}
	note("anthropic deltas", e.ask("/v1/messages", ask+`,"max_tokens":9,"stream":true}`, stream, anthropic.String()), "partial_json")
	e.ask(completions, `{"model":"m1","messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[`+
		strings.Replace(tool(args), `"index":0,`, "", 1)+`]},{"role":"tool","tool_call_id":"t","content":"ok"}]}`, whole, answerBody("ok"))
	var asked any
	_ = json.Unmarshal(e.asked, &asked)
	note("chat request", asked, "arguments")
	return out
}
