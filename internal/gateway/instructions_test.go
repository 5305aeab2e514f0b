package gateway

import (
	"strings"
	"testing"
)

// TestInstructionsAreJoined: what is cut over the blocks of the instructions is found
// as if it stood in one.
func TestInstructionsAreJoined(t *testing.T) {
	a := newAnthropicRig(t, 200, "application/json", anthropicAnswer("x"))
	system := func(x, y string) string {
		return strings.Replace(anthropicHi, `{`, `{"system":[{"type":"text","text":"`+x+`"},{"type":"text","text":"`+y+`"}],`, 1)
	}
	g := newGeminiRig(t, 200, "application/json", geminiAnswer("x"))
	instruction := func(x, y string) string {
		return strings.Replace(geminiHi, `{`, `{"systemInstruction":{"parts":[{"text":"`+x+`"},{"text":"`+y+`"}]},`, 1)
	}
	for _, c := range []struct {
		name string
		call func(x, y string) reply
		sent func() []string
	}{
		{"anthropic", func(x, y string) reply { return a.call("app", "/v1/messages", system(x, y)) }, func() []string { return a.body }},
		{"gemini", func(x, y string) reply { return g.call("app", geminiWhole, instruction(x, y)) }, func() []string { return g.body }},
	} {
		if p := c.call("x AKIAQ3EG", "RZPYWEK5N2LV y"); p.status != 400 || len(c.sent()) != 0 {
			t.Errorf("%s: a credential in two blocks: %d %s", c.name, p.status, p.body)
		}
		p := c.call("Write to lena@kes", "trel.org now")
		if p.status != 200 || len(c.sent()) != 1 {
			t.Fatalf("%s: an address in two blocks: %d %s", c.name, p.status, p.body)
		}
		if b := c.sent()[0]; strings.Contains(b, "lena@kes") || strings.Contains(b, "trel.org") || !strings.Contains(b, "Write to ") {
			t.Errorf("%s: the upstream got %s", c.name, b)
		}
		if p := c.call("You help staff.", "Be brief."); p.status != 200 || !strings.Contains(c.sent()[1], "Be brief.") {
			t.Errorf("%s: two blocks of instructions: %d %s", c.name, p.status, p.body)
		}
	}
}

// TestOperatorsMessagesAreJoined: what is cut over messages that the operator sent in a
// row, or over the instructions and the messages behind them, is found as if it stood
// in one, wherever the body has the instructions.
func TestOperatorsMessagesAreJoined(t *testing.T) {
	o := newOpenAIRig(t, 200, "application/json", answerBody("x"))
	r := newOpenAIRig(t, 200, "application/json", responsesAnswer("x"))
	a := newAnthropicRig(t, 200, "application/json", anthropicAnswer("x"))
	openAI := func(rig *openAIRig, path, format string) func(x, y string) (reply, []string) {
		return func(x, y string) (reply, []string) {
			rig.sent = nil
			return rig.call("app", path, strings.NewReplacer("<x>", x, "<y>", y).Replace(format)), rig.sent
		}
	}
	const chat, responses, guarded = "/v1/chat/completions", "/v1/responses", "/v1/guard"
	for _, c := range []struct {
		name  string
		call  func(x, y string) (reply, []string)
		apart bool
	}{
		{name: "two system messages", call: openAI(o, chat, `{"model":"m1","messages":[{"role":"system","content":"<x>"},{"role":"system","content":"<y>"},{"role":"user","content":"hi"}]}`)},
		{name: "a system and a developer message", call: openAI(o, chat, `{"model":"m1","messages":[{"role":"user","content":"hi"},{"role":"system","content":[{"type":"text","text":"<x>"}]},{"role":"developer","content":"<y>"}]}`)},
		{name: "a user between", apart: true, call: openAI(o, chat, `{"model":"m1","messages":[{"role":"system","content":"<x>"},{"role":"user","content":"hi"},{"role":"system","content":"<y>"}]}`)},
		{name: "two sides", apart: true, call: openAI(o, chat, `{"model":"m1","messages":[{"role":"system","content":"<x>"},{"role":"user","content":"<y>"}]}`)},
		{name: "a document between", apart: true, call: openAI(o, chat, `{"model":"m1","messages":[{"role":"system","content":"<x>"},{"role":"system","content":"sunny","warder":{"origin":"document"}},{"role":"system","content":"<y>"}]}`)},
		{name: "instructions and a developer item", call: openAI(r, responses, `{"model":"m1","instructions":"<x>","input":[{"role":"developer","content":"<y>"},{"role":"user","content":"hi"}]}`)},
		{name: "instructions at the end of the body", call: openAI(r, responses, `{"model":"m1","input":[{"role":"system","content":[{"type":"input_text","text":"<y>"}]},{"role":"user","content":"hi"}],"instructions":"<x>"}`)},
		{name: "two developer items", call: openAI(r, responses, `{"model":"m1","input":[{"role":"user","content":"hi"},{"role":"developer","content":"<x>"},{"type":"message","role":"system","content":"<y>"}]}`)},
		{name: "instructions and a user's item", apart: true, call: openAI(r, responses, `{"model":"m1","instructions":"<x>","input":[{"role":"user","content":"hi"},{"role":"developer","content":"<y>"}]}`)},
		{name: "the wrong order", apart: true, call: openAI(r, responses, `{"model":"m1","instructions":"<y>","input":[{"role":"developer","content":"<x>"}]}`)},
		{name: "anthropic", call: func(x, y string) (reply, []string) {
			a.body = nil
			body := strings.NewReplacer("<x>", x, "<y>", y).Replace(`{"model":"m1","max_tokens":16,"messages":[{"role":"system","content":"<y>"},{"role":"user","content":"hi"}],"system":"<x>"}`)
			return a.call("app", "/v1/messages", body), a.body
		}},
	} {
		p, sent := c.call("x AKIAQ3EG", "RZPYWEK5N2LV y")
		if refused := p.status == 400 && len(sent) == 0; refused == c.apart {
			t.Errorf("%s: a credential in two messages: %d %s", c.name, p.status, p.body)
		}
		p, sent = c.call("Write to lena@kes", "trel.org now")
		if p.status != 200 || len(sent) != 1 {
			t.Fatalf("%s: an address in two messages: %d %s", c.name, p.status, p.body)
		}
		if b := sent[0]; strings.Contains(b, "lena@kes") != c.apart || strings.Contains(b, "trel.org") != c.apart || !strings.Contains(b, "Write to ") {
			t.Errorf("%s: the upstream got %s", c.name, b)
		}
		if p, sent = c.call("You help staff.", "Be brief."); p.status != 200 || !strings.Contains(sent[0], "Be brief.") {
			t.Errorf("%s: two messages: %d %s", c.name, p.status, p.body)
		}
	}
	if p, _ := openAI(o, guarded, `{"messages":[{"role":"system","content":"<x>"},{"role":"system","content":"<y>"}]}`)("x AKIAQ3EG", "RZPYWEK5N2LV y"); !strings.Contains(p.body, `"flagged":true`) {
		t.Errorf("the guard alone: %d %s", p.status, p.body)
	}
}

// TestInstructionsThatLeakOverASeam: an answer that repeats what the operator wrote over
// two texts repeats the operator, also where a word is cut and wherever the body has
// the instructions.
func TestInstructionsThatLeakOverASeam(t *testing.T) {
	const secret = "the relief captain for the winter timetable is chosen by drawing from the green ledger"
	const fill = "Greet every passenger of Harbour Lantern on the north coast with the name of their ferry and the weather at its quay. "
	leaking := func(answer string) *openAIRig { return newOpenAIRig(t, 200, "application/json", answer) }
	ask := func(o *openAIRig, path, format string, at int) reply {
		return o.call("app", path, strings.NewReplacer("<x>", fill+secret[:at], "<y>", secret[at:]+". "+fill).Replace(format))
	}
	for name, c := range map[string]struct{ path, body, answer string }{
		"chat":      {"/v1/chat/completions", `{"model":"m1","messages":[{"role":"system","content":"<x>"},{"role":"developer","content":"<y>"},{"role":"user","content":"hi"}]}`, answerBody("Well: " + secret)},
		"responses": {"/v1/responses", `{"model":"m1","input":[{"role":"developer","content":"<y>"},{"role":"user","content":"hi"}],"instructions":"<x>"}`, responsesAnswer("Well: " + secret)},
	} {
		o := leaking(c.answer)
		for _, at := range []int{strings.Index(secret, "winter"), strings.Index(secret, "inter"), strings.Index(secret, "able")} {
			p := ask(o, c.path, c.body, at)
			cl := o.ledger.closed(p.request())
			if cl == nil || len(cl.Findings) == 0 || cl.Findings[0].Category != "prompt_leak" {
				t.Errorf("%s, cut at %q: %d, findings %+v", name, secret[at:], p.status, cl)
			} else if n := cl.Findings[0].Spans; n[len(n)-1].End-n[0].Start != len(secret) {
				t.Errorf("%s, cut at %q: spans %v; expected all %d bytes", name, secret[at:], n, len(secret))
			}
		}
	}
}
