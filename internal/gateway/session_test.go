package gateway

import (
	"net/http"
	"strings"
	"testing"
)

// TestSession: the opened record holds a commitment to the conversation, claimed
// or by its beginning, that holds none of it.
func TestSession(t *testing.T) {
	r := newRig(t, answers("application/json", answerBody("fine")), rigOptions{config: "applications:\n  app: {session_header: X-Conversation, subject_header: X-User}\n"})
	const first = `{"model":"m1","messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"What is a kestrel?"}]}`
	const second = `{"model":"m1","messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"What is a kestrel?"},{"role":"assistant","content":"A bird."},{"role":"user","content":"And a kite?"}]}`
	headers := func(kv ...string) func(*http.Request) {
		return func(q *http.Request) {
			for i := 0; i < len(kv); i += 2 {
				q.Header.Set(kv[i], kv[i+1])
			}
		}
	}
	claimed := func(body, session string) string {
		return strings.Replace(body, "{", `{"warder":{"session":"`+session+`"},`, 1)
	}
	session := func(app, body string, kv ...string) string {
		t.Helper()
		p := r.post(app, body, headers(kv...))
		if p.status != 200 {
			t.Fatalf("status %d: %s", p.status, p.body)
		}
		return opened(r, p.request()).Session
	}
	base := session("app", first)
	named := session("app", first, "X-Conversation", "c-1")
	if len(base) != 32 || len(named) != 32 || base == named || strings.Contains(named, "c-1") {
		t.Fatalf("sessions %q, %q", base, named)
	}
	for _, c := range []struct {
		name, got string
		same      string // as which
		different string
	}{
		{"a later turn", session("app", second), base, named},
		{"another beginning", session("app", chatBody("What is a kite?")), "", base},
		{"another application", session("soft", first), "", base},
		{"another subject", session("app", first, "X-User", "zoe"), "", base},
		{"a later turn of a claimed session", session("app", second, "X-Conversation", "c-1"), named, base},
		{"another claim", session("app", first, "X-Conversation", "c-2"), "", named},
		{"the same claim in the extension", session("app", claimed(first, "c-1")), named, base},
		{"the header before the extension", session("app", claimed(first, "c-2"), "X-Conversation", "c-1"), named, base},
		{"a claim of another subject", session("app", first, "X-Conversation", "c-1", "X-User", "zoe"), "", named},
	} {
		if c.got == "" || c.same != "" && c.got != c.same || c.got == c.different {
			t.Errorf("%s: session %q; want it like %q and unlike %q", c.name, c.got, c.same, c.different)
		}
	}
	// Nobody but the operator speaks.
	if got := session("app", `{"model":"m1","messages":[{"role":"system","content":"Be kind."}]}`); got != "" {
		t.Errorf("session %q of no conversation", got)
	}
}
