package gateway

import (
	"net/http"
	"strings"
	"testing"
)

// twice sends a header with two values.
func twice(name, a, b string) func(*http.Request) {
	return func(q *http.Request) { q.Header[name] = []string{a, b} }
}

// TestLongSubjects: two end users, or conversations, that begin alike are two, however
// late they differ: in records and in the cache, by the header and by a body.
func TestLongSubjects(t *testing.T) {
	const config = "applications:\n  app: {subject_header: X-User, session_header: X-Conversation, cache: {ttl: 10m, header: true}}\n"
	c := newCacheRig(t, rigOptions{config: config}, numbered)
	long := strings.Repeat("a", 5000)
	a, b := c.post("app", sure("hi", ""), header("X-User", long+"1")), c.post("app", sure("hi", ""), header("X-User", long+"2"))
	if a.status != 200 || b.status != 200 || a.body == b.body || c.asked.Load() != 2 {
		t.Errorf("one user has the answer of the other: %d %s, %d %s", a.status, a.body, b.status, b.body)
	}
	again := c.post("app", sure("hi", ""), header("X-User", long+"1"))
	_, _, first := c.records(a.request())
	_, _, second := c.records(b.request())
	_, _, third := c.records(again.request())
	if again.body != a.body || first == second || first != third || len(first) != 32 {
		t.Errorf("subjects %s, %s, %s; %s", first, second, third, again.body)
	}
	s, u := c.post("app", chatBody("hi"), header("X-Conversation", long+"1")), c.post("app", chatBody("hi"), header("X-Conversation", long+"2"))
	if one, two := c.opened(s).Session, c.opened(u).Session; one == two || len(one) != 32 {
		t.Errorf("sessions %s and %s", one, two)
	}
	r := guardRig(t, "")
	of := func(end string) string {
		p := r.ask("app", "/v2/guard", `{"messages":[{"role":"user","content":"a"}],"metadata":{"user_id":"`+long+end+`"}}`)
		_, _, subject := r.records(p.request())
		return subject
	}
	if one, two := of("1"), of("2"); one == two || len(one) != 32 || one != of("1") {
		t.Errorf("the subjects of two bodies are %q and %q", one, two)
	}
}

// TestNobodyIsNotCached: where the header names the end user, a request without it has
// nothing to do with the cache, whatever its body claims.
func TestNobodyIsNotCached(t *testing.T) {
	c := newCacheRig(t, rigOptions{}, numbered)
	claiming := sure("hi", `,"warder":{"subject":"ann"}`)
	for name, x := range map[string]struct {
		body string
		edit func(*http.Request)
	}{
		"no header":        {sure("hi", ""), func(q *http.Request) { q.Header.Del("X-User") }},
		"an empty header":  {sure("hi", ""), header("X-User", "")},
		"a claiming body":  {claiming, func(q *http.Request) { q.Header.Del("X-User") }},
		"both, none names": {claiming, header("X-User", "  ")},
	} {
		before := c.asked.Load()
		for range 2 {
			p := c.post("app", x.body, x.edit)
			if _, _, subject := c.records(p.request()); p.status != 200 || p.header.Get(cacheHeader) != cacheBypass || subject != "" {
				t.Errorf("%s: %d %q, subject %q: %s", name, p.status, p.header.Get(cacheHeader), subject, p.body)
			}
		}
		if s := c.server.answers.Stats(); c.asked.Load() != before+2 || s.Answers != 0 {
			t.Errorf("%s: asked %d times, %+v", name, c.asked.Load()-before, s)
		}
	}
	// With the header, the claim of the body is that of nobody.
	a, b := c.post("app", claiming, header("X-User", "bob")), c.post("app", claiming, header("X-User", "ann"))
	if a.body == b.body || a.status != 200 || b.status != 200 {
		t.Errorf("%d %s, %d %s", a.status, a.body, b.status, b.body)
	}
}

// TestTwoClaims: a header that counts, sent twice, is refused by every kind of call.
func TestTwoClaims(t *testing.T) {
	const config = "applications:\n  app: {subject_header: X-User, session_header: X-Conversation}\n"
	c := newCacheRig(t, rigOptions{config: config}, numbered)
	for _, name := range []string{"X-User", "X-Conversation"} {
		p := c.post("app", chatBody("hi"), twice(name, "ann", "bob"))
		if p.status != 400 || p.code() != "invalid_value" || !strings.Contains(p.body, name) || !strings.Contains(p.body, "more than once") || c.asked.Load() != 0 {
			t.Errorf("%s: %d %s, asked %d times", name, p.status, p.body, c.asked.Load())
		}
		if o, _, subject := c.records(p.request()); o == nil || o.Code != "invalid_value" || subject != "" {
			t.Errorf("%s: recorded %+v of %q", name, o, subject)
		}
		if p := c.post("app", chatBody("hi"), twice("X-Other", "ann", "bob")); p.status != 200 {
			t.Errorf("a header that is none: %d %s", p.status, p.body)
		}
		c.asked.Store(0)
	}
	r := guardRig(t, config)
	for path, body := range guardRoutes {
		if p := r.ask("app", path, body("hi"), twice("X-User", "ann", "ann")); p.status != 400 || p.code() != "invalid_value" {
			t.Errorf("%s: %d %s", path, p.status, p.body)
		}
	}
}
