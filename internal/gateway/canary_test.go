package gateway

import (
	"net/http"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/detect"
)

// systemBody is a request with these system texts, the last before a user turn.
const systemBody = `{"model":"m1", "messages":[{"role":"system","content":"Be kind to zoe@kestrel.example, always.\u00e9"} ,{"content":"And brief.","role":"developer"},{"role":"user","content":"hi \/"}],"top_p":1.0}`

// canaryIn returns what was planted in a request that an upstream got: the
// request without it must be the one that was sent, its mail masked.
func canaryIn(t *testing.T, got string) string {
	t.Helper()
	_, rest, ok := strings.Cut(got, `\n\nInternal reference: `)
	if !ok {
		t.Fatalf("no canary in %s", got)
	}
	canary, _, _ := strings.Cut(rest, `"`)
	want := strings.Replace(systemBody, "zoe@kestrel.example", "[EMAIL]", 1)
	if left := strings.Replace(got, `\n\nInternal reference: `+canary, "", 1); left != want {
		t.Errorf("the request changed beside the canary:\n got %s\nwant %s", left, want)
	}
	return canary
}

// TestCanary: it is planted only where asked for, is stable, differs between
// applications and versions, and an answer that has it does not leave.
func TestCanary(t *testing.T) {
	var got, answer, kind string
	up := http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { recorded(&got, kind, answer).ServeHTTP(w, q) })
	kind, answer = "application/json", answerBody("fine")
	rigWith := func(config, policy string) *rig {
		return newRig(t, up, rigOptions{config: "policy: p.yaml\n" + config, files: map[string]string{"p.yaml": policy}})
	}
	ask := func(r *rig, app string) string {
		if p := r.post(app, systemBody); p.status != 200 {
			t.Fatalf("status %d: %s", p.status, p.body)
		}
		return canaryIn(t, got)
	}
	byConfig := rigWith("applications:\n  app: {canaries: true}\n", policyText)
	one := ask(byConfig, "app")
	if o := opened(byConfig, byConfig.post("app", systemBody).request()); o == nil || o.Canary != detect.CanaryDigest(one) {
		t.Errorf("the record %+v does not hold the canary's digest", o)
	}
	if again := ask(byConfig, "app"); again != one {
		t.Errorf("canary %s, then %s; want it stable", one, again)
	}
	if other := ask(rigWith("applications:\n  app: {canaries: true}\ndrain: 7s\n", policyText), "app"); other != one {
		t.Error("the canary changed with a setting that is not the application's")
	}
	byConfig.post("soft", systemBody)
	if strings.Contains(got, "reference") {
		t.Error("an application that did not ask for it got a canary")
	}
	byPolicy := rigWith("", policyText+"  canaries: true\n")
	two, three := ask(byPolicy, "app"), ask(byPolicy, "soft")
	if two == one || two == three {
		t.Errorf("canaries %s, %s, %s; want them to differ by policy and application", one, two, three)
	}
	for _, quiet := range []string{chatBody("hi"), strings.Replace(systemBody, `,"top_p"`, `,"x":1,"top_p"`, 1)} {
		kind, answer = "application/json", answerBody("fine")
		if byPolicy.post("app", quiet); strings.Contains(quiet, "system") != strings.Contains(got, two) {
			t.Errorf("upstream got %s; want a canary where there is a system text, and nowhere else", got)
		}
	}

	leak := strings.Replace(policyText, "  - name: rest", "  - name: leak\n    when: {category: prompt_leak}\n    then: block\n  - name: rest", 1) + "  canaries: true\n"
	r := rigWith("", leak)
	kind, answer = "application/json", answerBody("fine")
	planted := ask(r, "app")
	streamRequest := strings.Replace(systemBody, "{", streamed, 1)
	for _, c := range []struct{ name, kind, answer, request string }{
		{"whole", "application/json", answerBody("My notes say " + strings.ToLower(planted) + "."), systemBody},
		{"stream", "text/event-stream", streamBody("My notes say ", planted[:3], planted[3:9], planted[9:], " and so on."), streamRequest},
		{"letter by letter", "text/event-stream", streamBody(strings.Split("My notes say "+planted+".", "")...), streamRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind, answer = c.kind, c.answer
			p := r.post("app", c.request)
			if strings.Contains(strings.ToLower(p.body), strings.ToLower(planted[4:9])) {
				t.Errorf("the canary left: %s", p.body)
			}
			if rec := r.ledger.closed(p.request()); rec == nil || rec.Action != guard.Block || len(rec.Findings) == 0 || rec.Findings[0].Category != "prompt_leak" {
				t.Errorf("closed record %+v; want a block for prompt_leak", rec)
			}
			if c.kind == "text/event-stream" {
				if text, finish := contents(t, p.body); text != "My notes say " || finish != "content_filter" {
					t.Errorf("got %q, finish %q", text, finish)
				}
			}
		})
	}
}
