package gateway

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// originPolicy treats a mark by who wrote it.
const originPolicy = `version: 1
rules:
  - name: mark-in-documents
    when: {category: custom.ticket, origin: [document, email, tool]}
    then: redact
  - name: mark-of-users
    when: {category: custom.ticket, origin: [user, operator, model]}
    then: flag
  - name: rest
    when: {category: "*", class: exact}
    then: flag
detect:
  disable_model: true
  custom: [{name: ticket, pattern: 'TCK-[0-9]{6}'}]
`

// recorded returns an upstream that answers and keeps the last request.
func recorded(got *string, contentType, answer string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		*got = string(b)
		answers(contentType, answer).ServeHTTP(w, q)
	})
}

// TestRegions: what is pasted into a turn is judged as what it is, masks stand
// at their place in the turn, and the rest stays as it was sent.
func TestRegions(t *testing.T) {
	var got string
	r := newRig(t, recorded(&got, "application/json", answerBody("fine")), rigOptions{
		config: "policy: p.yaml\napplications:\n  app:\n    regions:\n      - {start: '<<ctx>>', end: '<</ctx>>', origin: document}\n",
		files:  map[string]string{"p.yaml": originPolicy},
	})
	for _, c := range []struct{ name, app, role, text, want string }{
		{"plain user text", "app", "user", "ticket TCK-111111", "ticket TCK-111111"},
		{"a configured region", "app", "user", "TCK-111111 \u00e9 <<ctx>>see TCK-222222<</ctx>> TCK-333333", "TCK-111111 é <<ctx>>see [TICKET]<</ctx>> TCK-333333"},
		{"a region in the system prompt", "app", "system", "TCK-111111 <<ctx>>TCK-222222<</ctx>>", "TCK-111111 <<ctx>>[TICKET]<</ctx>>"},
		{"recognised", "app", "user", "Sum up TCK-111111:\n<document>\nTCK-222222</document>", "Sum up TCK-111111:\n<document>\n[TICKET]</document>"},
		{"another application has no such regions", "soft", "user", "<<ctx>>TCK-222222<</ctx>>", "<<ctx>>TCK-222222<</ctx>>"},
		{"a mail", "soft", "user", "Answer:\nFrom: Ada\nSubject: TCK-222222\n\nhello", "Answer:\nFrom: Ada\nSubject: [TICKET]\n\nhello"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := strings.Replace(chatBody(c.text), `"user"`, `"`+c.role+`"`, 1)
			if p := r.post(c.app, body); p.status != 200 {
				t.Fatalf("status %d: %s", p.status, p.body)
			}
			var q struct{ Messages []struct{ Content string } }
			if err := json.Unmarshal([]byte(got), &q); err != nil || q.Messages[0].Content != c.want {
				t.Errorf("upstream got %q; want %q (%v)", q.Messages, c.want, err)
			}
		})
	}
	// The ledger counts a finding once.
	p := r.post("app", chatBody("<<ctx>>TCK-222222<</ctx>>"))
	if o := opened(r, p.request()); o == nil || o.Count != 1 || o.Texts != 2 || o.Masked != len("TCK-222222") {
		t.Errorf("opened record %+v; want one finding", o)
	}
}
