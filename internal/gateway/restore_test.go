package gateway

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// In these tests {1} is a token for which its value comes back, {-} the same token
// where it must stay one, and <eve> an address that the policy masks.
const (
	sayingText      = "To {1}, not <eve> or [x](https://a.example/{-}). {1}"
	argumentsJSON   = `{"to":"{1}, <eve>","cc":["{1}","\u00e9 {1}",["{-}"]],"body":"{-}","x":{"to":"{-}"},"n":1.0e0}`
	otherJSON       = `{"to":"{-}"}`
	backInText      = 2
	backInArguments = 3
)

func upstreamSays(token string) *strings.Replacer {
	return strings.NewReplacer("{1}", token, "{-}", token, "<eve>", "eve@kestrel.example")
}

func callerReads(token string) *strings.Replacer {
	return strings.NewReplacer("{1}", "lena@kestrel.example", "{-}", token, "<eve>", "[EMAIL]")
}

// piecewise is a text that a stream tells in pieces: the event of one piece, which
// stands for %s.
type piecewise struct{ event, text string }

// spokenAnswer is an answer, whole or as a list of events (strings) and piecewise texts, in
// which so many values come back.
type spokenAnswer struct {
	protocol string
	name     string
	whole    string
	stream   []any
	back     int
}

// restoredAnswers says a text and calls tools in every dialect, wherever one can.
func restoredAnswers() []spokenAnswer {
	inString := func(s string) string { q := quote(s); return q[1 : len(q)-1] }
	function := func(name, arguments string) string {
		return `{"id":"c1","type":"function","function":{"arguments":` + arguments + `,"name":"` + name + `"}}`
	}
	chat := func(content, calls string) string {
		return `{"id":"c","object":"chat.completion","created":1,"model":"m1","choices":[{"index":0,"message":{"role":"assistant","content":` + content + `,"tool_calls":[` + calls + `]},"finish_reason":"tool_calls"}]}`
	}
	call := func(id, name, status, arguments string) string {
		return `{"id":"` + id + `","type":"function_call","status":"` + status + `","arguments":"` + inString(arguments) + `","call_id":"call","name":"` + name + `"}`
	}
	at := func(kind string, item int, more string) string {
		return fmt.Sprintf(`{"type":"response.%s","output_index":%d,%s}`, kind, item, more)
	}
	part := responsePart(sayingText)
	output := responseItem("completed", part) + "," + call("fc", "send_mail", "completed", argumentsJSON) + "," + call("fd", "search", "completed", otherJSON)
	responses := strings.TrimSuffix(responseBody("completed", output), "}") + `,"output_text":` + quote(sayingText) + `}`
	called := func(item int, id, name, arguments string) []any {
		return []any{
			at("output_item.added", item, `"item":`+call(id, name, "in_progress", "")),
			piecewise{at("function_call_arguments.delta", item, `"item_id":"`+id+`","delta":%s`), arguments},
			at("function_call_arguments.done", item, `"item_id":"`+id+`","arguments":"`+inString(arguments)+`"`),
			at("output_item.done", item, `"item":`+call(id, name, "completed", arguments)),
		}
	}
	use := func(name, input string) string {
		return `{"type":"tool_use","id":"t1","name":"` + name + `","input":` + input + `}`
	}
	block := func(kind string, n int, more string) string {
		return fmt.Sprintf(`{"type":"content_block_%s","index":%d%s}`, kind, n, more)
	}
	anthropic := `{"id":"m","type":"message","role":"assistant","model":"m1","content":[{"type":"text","text":` + quote(sayingText) + `},` + use("send_mail", argumentsJSON) + "," +
		use("search", otherJSON) + `],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":4}}`
	candidate := func(parts, end string) string {
		return `{"candidates":[{"content":{"parts":[` + parts + `],"role":"model"}` + end + `,"index":0}],"modelVersion":"m1","responseId":"r-1"}`
	}
	functionCall := func(name, args string) string {
		return `{"functionCall":{"args":` + args + `,"name":"` + name + `"}}`
	}
	calls := functionCall("send_mail", argumentsJSON) + "," + functionCall("search", otherJSON)
	all := backInText + backInArguments
	return []spokenAnswer{
		{protocol: "openai.chat", name: "arguments as text", back: all,
			whole: chat(quote(sayingText), function("send_mail", quote(argumentsJSON))+","+function("search", quote(otherJSON)))},
		{protocol: "openai.chat", name: "arguments as JSON", back: all,
			whole: chat(`[{"type":"text","text":`+quote(sayingText)+`}]`, function("send_mail", argumentsJSON)+","+function("search", otherJSON))},
		{protocol: "openai.responses", name: "whole", whole: responses, back: 2*backInText + backInArguments},
		{protocol: "openai.responses", name: "streamed", back: 6*backInText + 4*backInArguments,
			stream: slices.Concat([]any{
				`{"type":"response.created","response":` + responseBody("in_progress", "") + `}`,
				at("output_item.added", 0, `"item":`+responseItem("in_progress", "")),
				at("content_part.added", 0, `"item_id":"msg-a","content_index":0,"part":`+responsePart("")),
				piecewise{itemDelta, sayingText},
				at("output_text.done", 0, `"item_id":"msg-a","content_index":0,"text":`+quote(sayingText)),
				at("content_part.done", 0, `"item_id":"msg-a","content_index":0,"part":`+part),
				at("output_item.done", 0, `"item":`+responseItem("completed", part)),
			}, called(1, "fc", "send_mail", argumentsJSON), called(2, "fd", "search", otherJSON), []any{
				`{"type":"response.completed","response":` + responses + `}`,
			})},
		{protocol: "openai.responses", name: "streamed without deltas", back: 2*backInText + 2*backInArguments,
			stream: []any{
				`{"type":"response.created","response":` + responseBody("in_progress", "") + `}`,
				at("output_item.done", 0, `"item":`+responseItem("completed", part)),
				at("output_item.done", 1, `"item":`+call("fc", "send_mail", "completed", argumentsJSON)),
				at("output_item.done", 2, `"item":`+call("fd", "search", "completed", otherJSON)),
				`{"type":"response.completed","response":` + responseBody("completed", output) + `}`,
			}},
		{protocol: "anthropic.messages", name: "whole", whole: anthropic, back: all},
		{protocol: "anthropic.messages", name: "streamed", back: backInText + 2*backInArguments,
			stream: []any{
				`{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"model":"m1","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}}`,
				block("start", 0, `,"content_block":{"type":"text","text":""}`),
				piecewise{block("delta", 0, `,"delta":{"type":"text_delta","text":%s}`), sayingText},
				block("stop", 0, ""),
				block("start", 1, `,"content_block":`+use("send_mail", "{}")),
				piecewise{block("delta", 1, `,"delta":{"type":"input_json_delta","partial_json":%s}`), argumentsJSON},
				block("stop", 1, ""),
				block("start", 2, `,"content_block":`+use("send_mail", argumentsJSON)), // some servers tell it whole
				block("stop", 2, ""),
				block("start", 3, `,"content_block":`+use("search", otherJSON)),
				block("stop", 3, ""),
				`{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":15}}`,
				`{"type":"message_stop"}`,
			}},
		{protocol: "gemini.generate", name: "whole", back: all, whole: candidate(`{"text":`+quote(sayingText)+`},`+calls, `,"finishReason":"STOP"`)},
		{protocol: "gemini.generate", name: "streamed", back: backInText + 2*backInArguments,
			stream: []any{
				piecewise{candidate(`{"text":%s}`, ""), sayingText},
				candidate(functionCall("search", otherJSON), ""),
				candidate(functionCall("send_mail", argumentsJSON), ""),
				candidate(calls, `,"finishReason":"STOP"`),
			}},
	}
}

// heard is a stream as a caller sees it: events as they came, and what those that go on
// say together, by the event with %s in the place of the piece.
func heard(t rapidT, parts []any, body string) (whole []string, said map[string]string) {
	said = map[string]string{}
	body = strings.ReplaceAll(body, "\r\n", "\n")
next:
	for line := range strings.Lines(body) {
		data, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "data: ")
		if !ok {
			continue
		}
		for _, p := range parts {
			g, ok := p.(piecewise)
			if !ok {
				continue
			}
			before, behind, _ := strings.Cut(g.event, "%s")
			data = strings.Replace(data, `"logprobs":null`, `"logprobs":[]`, 1) // dropped with what changed
			if q, ok := strings.CutPrefix(data, before); ok && strings.HasSuffix(q, behind) {
				var s string
				if err := json.Unmarshal([]byte(strings.TrimSuffix(q, behind)), &s); err == nil {
					said[g.event] += s
					continue next
				}
			}
		}
		whole = append(whole, data)
	}
	return whole, said
}

// TestValuesComeBackEverywhere: in every dialect, whole and streamed, at any chunking,
// what is said twice is said alike, values come back in the parameters that have them
// and nowhere else, what does not change leaves byte for byte, and the record counts.
func TestValuesComeBackEverywhere(t *testing.T) {
	taps := map[string]*wiretap{}
	for _, family := range []string{"", "anthropic", "gemini"} {
		taps[family] = newWiretap(t, family, "none")
	}
	for _, a := range restoredAnswers() {
		wire := &wires[slices.IndexFunc(wires, func(w wire) bool { return w.protocol == a.protocol })]
		t.Run(a.protocol+" "+a.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				pieces := rapid.SliceOfN(rapid.IntRange(1, 30), 1, 6).Draw(rt, "pieces")
				sizes := rapid.SliceOfN(rapid.IntRange(1, 3000), 1, 4).Draw(rt, "sizes")
				token := ""
				tr := taps[wire.family].exchange(rt, wire, a.stream != nil, "I am lena@kestrel.example.", func(sent string) (string, []int) {
					token = tokenForm.FindString(sent)
					if a.stream == nil {
						return upstreamSays(token).Replace(a.whole), sizes
					}
					return streamOf(a.stream, upstreamSays(token), wire.family != "gemini", pieces), sizes
				})
				if token == "" {
					rt.Fatalf("no token in %s", tr.sent)
				}
				if a.stream == nil && tr.got != callerReads(token).Replace(a.whole) {
					rt.Fatalf("got %s\nwant %s", tr.got, callerReads(token).Replace(a.whole))
				}
				whole, said := heard(rt, a.stream, tr.got)
				for _, p := range a.stream {
					switch p := p.(type) {
					case piecewise:
						if want := callerReads(token).Replace(p.text); said[p.event] != want {
							rt.Fatalf("%s says %s\nwant %s\n%s", p.event, said[p.event], want, tr.got)
						}
					case string:
						want := callerReads(token).Replace(p)
						if len(whole) == 0 || whole[0] != want {
							rt.Fatalf("got %.3000q\nwant %s", whole, want)
						}
						whole = whole[1:]
					}
				}
				if c := tr.closed; c.End != "complete" || c.Restored != a.back || c.Account.Received != c.Account.Released+c.Account.Masked {
					rt.Fatalf("record %+v; want %d restored", c, a.back)
				}
			})
		})
	}
}

// streamOf writes a stream, its texts in pieces of these sizes.
func streamOf(parts []any, fill *strings.Replacer, named bool, pieces []int) string {
	var all []string
	for _, p := range parts {
		g, ok := p.(piecewise)
		if !ok {
			all = append(all, fill.Replace(p.(string)))
			continue
		}
		for i, rest := 0, []rune(fill.Replace(g.text)); len(rest) > 0; i++ {
			n := min(len(rest), pieces[i%len(pieces)])
			all = append(all, strings.Replace(g.event, "%s", quote(string(rest[:n])), 1))
			rest = rest[n:]
		}
	}
	return events(named, all...)
}

// TestWhatIsSaidTwiceIsSaidAlike: whatever the model says in a streamed response, each
// repetition says what the deltas say, and all of it what a whole answer would.
func TestWhatIsSaidTwiceIsSaidAlike(t *testing.T) {
	x := newWiretap(t, "", "none")
	wire := &wires[slices.IndexFunc(wires, func(w wire) bool { return w.protocol == "openai.responses" })]
	words := rapid.SampledFrom([]string{"{1}", "{2}", " ", ", ", "eve@kestrel.example", "TCK-123456", "`", "\n\n", "[", "]", "[x](", ")", "<b>", "EMAIL_", "é", ".", "and"})
	rapid.Check(t, func(rt *rapid.T) {
		text := "So " + strings.Join(rapid.SliceOfN(words, 1, 12).Draw(rt, "words"), "")
		pieces := rapid.SliceOfN(rapid.IntRange(1, 12), 1, 6).Draw(rt, "pieces")
		read := func(streamed bool) []string {
			x.server.random = strings.NewReader("the same tokens each time") // for two
			tr := x.exchange(rt, wire, streamed, "I am lena@kestrel.example, not zoe@kestrel.example.", planFor(wire, streamed, text, pieces, []int{3000}))
			said, err := wire.saidIn(tr.got, streamed)
			if err != nil || tr.closed.End != "complete" {
				rt.Fatalf("%v: %+v", err, tr.closed)
			}
			var out []string
			deltas := ""
			for _, s := range said {
				if s.runs {
					deltas += s.text
				} else if s.place == "text" || strings.HasSuffix(s.place, ".content.text") {
					out = append(out, s.text)
				}
			}
			if streamed {
				out = append(out, deltas)
			}
			return out
		}
		whole, streamed := read(false), read(true)
		if len(whole) != 1 || len(streamed) != 5 || len(slices.Compact(append(whole, streamed...))) != 1 {
			rt.Fatalf("%q: whole %q, streamed %q", text, whole, streamed)
		}
	})
}

// TestValuesStayAway: what is not the model's word to the caller, and the arguments of
// a call that is not certain, keep their tokens, and so does all with text of others in
// the request.
func TestValuesStayAway(t *testing.T) {
	const input = `{"to":"{-}"}`
	item := func(id, name string) string {
		return `{"id":"` + id + `","type":"function_call","arguments":` + quote(input) + `,"call_id":"c","name":"` + name + `"}`
	}
	anthropic := func(blocks string) string {
		return `{"id":"m","type":"message","role":"assistant","model":"m1","content":[` + blocks + `],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":4}}`
	}
	taps := map[string]*wiretap{"openai.responses": newWiretap(t, "", "none"), "anthropic.messages": newWiretap(t, "anthropic", "none"), "gemini.generate": newWiretap(t, "gemini", "none")}
	for _, c := range []struct {
		name, protocol, whole string
		stream                []any
		foreign               bool
	}{
		{name: "a result of a search", protocol: "anthropic.messages", whole: anthropic(`{"type":"web_search_tool_result","tool_use_id":"t","content":[{"type":"web_search_result","title":"{-}","url":"https://a.example","encrypted_content":"e"}]},{"type":"mcp_tool_result","tool_use_id":"t","content":[{"type":"text","text":"{-}"}]}`)},
		{name: "thinking", protocol: "anthropic.messages", whole: anthropic(`{"type":"thinking","thinking":"{-}","signature":"s"}`)},
		{name: "a call within a result", protocol: "anthropic.messages", whole: anthropic(`{"type":"mcp_tool_result","tool_use_id":"t","content":[{"type":"tool_use","id":"t","name":"send_mail","input":` + input + `}]}`)},
		{name: "a call without a name", protocol: "anthropic.messages", whole: anthropic(`{"type":"tool_use","id":"t","input":` + input + `},{"type":"text","text":"send_mail"}`)},
		{name: "with a result in the request", protocol: "anthropic.messages", foreign: true, whole: anthropic(`{"type":"tool_use","id":"t","name":"send_mail","input":` + input + `}`)},
		{name: "repeated instructions", protocol: "openai.responses", whole: strings.Replace(responsesAnswer("x"), `"instructions":null`, `"instructions":[{"role":"developer","content":[{"type":"input_text","text":"{-}"}]}]`, 1)},
		{name: "a call that is named twice", protocol: "openai.responses", stream: []any{
			`{"type":"response.created","response":` + responseBody("in_progress", "") + `}`,
			`{"type":"response.output_item.added","output_index":0,"item":` + strings.Replace(item("a", "search"), quote(input), `""`, 1) + `}`,
			piecewise{`{"type":"response.function_call_arguments.delta","output_index":0,"item_id":"a","delta":%s}`, input},
			`{"type":"response.function_call_arguments.done","output_index":0,"item_id":"a","arguments":` + quote(input) + `,"name":"send_mail"}`,
			`{"type":"response.output_item.done","output_index":0,"item":` + item("a", "send_mail") + `}`,
			`{"type":"response.completed","response":` + responseBody("completed", item("a", "send_mail")) + `}`,
		}},
		{name: "a call of a server's own tool", protocol: "gemini.generate", whole: `{"candidates":[{"content":{"parts":[{"toolCall":{"toolType":"FILE_SEARCH","args":` + input + `}},{"thought":true,"text":"{-}"}],"role":"model"},"finishReason":"STOP"}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			of := wires[slices.IndexFunc(wires, func(w wire) bool { return w.protocol == c.protocol })]
			if ask := of.request; c.foreign {
				of.request = func(text string, stream bool) string {
					return strings.Replace(ask(text, stream), `"messages":[`, `"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"sunny"}]},`, 1)
				}
			}
			token := ""
			tr := taps[c.protocol].exchange(t, &of, c.stream != nil, "I am lena@kestrel.example.", func(sent string) (string, []int) {
				token = tokenForm.FindString(sent)
				if c.stream != nil {
					return streamOf(c.stream, upstreamSays(token), true, []int{3}), []int{3000}
				}
				return upstreamSays(token).Replace(c.whole), []int{3000}
			})
			if token == "" || !strings.Contains(tr.got, token) || strings.Contains(tr.got, "lena@") || tr.closed.Restored != 0 || tr.closed.End != "complete" {
				t.Errorf("%+v, token %s, got %s", tr.closed, token, tr.got)
			}
		})
	}
}

// TestMasksOverASeamTakeTokens: what the policy masks over two parts of an answer is
// masked with all of a token that it meets: the value does not stand in its place.
func TestMasksOverASeamTakeTokens(t *testing.T) {
	p := &parrot{kind: "text/event-stream"}
	policy := strings.NewReplacer("custom.ticket", "custom.seal", "{name: ticket, pattern: 'TCK-[0-9]{6}'}", "{name: seal, pattern: '[0-9A-Z]{4}-SEAL'}").Replace(pseudonymPolicy)
	r := &openAIRig{rig: newRig(t, p, rigOptions{config: "policy: p.yaml\n", files: map[string]string{"p.yaml": policy}})}
	const first, second = "for {1}", "-SEAL and so on"
	delta := func(part int, text string) string {
		return strings.Replace(strings.Replace(itemDelta, `"content_index":0`, fmt.Sprintf(`"content_index":%d`, part), 1), "%s", quote(text), 1)
	}
	done := func(part int, text string) string {
		return fmt.Sprintf(`{"type":"response.output_text.done","output_index":0,"item_id":"msg-a","content_index":%d,"text":%s}`, part, quote(text))
	}
	output := responseItem("completed", responsePart(first)+","+responsePart(second))
	p.answer = func(tok *strings.Replacer) string {
		return tok.Replace(events(true, `{"type":"response.created","response":`+responseBody("in_progress", "")+`}`,
			delta(0, first), done(0, first), delta(1, second), done(1, second),
			`{"type":"response.output_item.done","output_index":0,"item":`+output+`}`,
			`{"type":"response.completed","response":`+responseBody("completed", output)+`}`))
	}
	reply := r.call("app", "/v1/responses", `{"model":"m1","stream":true,"input":"I am lena@kestrel.example"}`)
	token := tokenForm.FindString(p.got)
	if token == "" || strings.Contains(reply.body, "lena@") || strings.Contains(reply.body, token[len(token)-4:]) || strings.Contains(reply.body, "SEAL ") || strings.Count(reply.body, "[SEAL]") != 4 {
		t.Errorf("token %s: %s", token, reply.body)
	}
}
