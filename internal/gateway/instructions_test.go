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
