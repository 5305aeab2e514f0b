package gateway

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestReferencesOfRequests: what a request only names passes with a record, or is refused
// where the application's configuration says so, in every family.
func TestReferencesOfRequests(t *testing.T) {
	for _, c := range []struct{ protocol, body, kind string }{
		{"openai.responses", `{"model":"m1","input":"hi","previous_response_id":"resp_1"}`, "previous_response_id"},
		{"openai.responses", `{"model":"m1","input":"hi","prompt":{"id":"pmpt_1"}}`, "prompt"},
		{"openai.responses", `{"model":"m1","input":[{"type":"item_reference","id":"msg_1"}]}`, "item_reference"},
		{"openai.chat", `{"model":"m1","messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"file_1"}}]}]}`, "file_id"},
		{"anthropic.messages", `{"model":"m1","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"file_1"}}]}]}`, "file_id"},
		{"openai.responses", `{"model":"m1","input":[{"type":"reasoning","id":"rs_1","summary":[]},{"role":"user","content":"hi"}]}`, "item_reference"},
		{"openai.responses", `{"model":"m1","input":[{"role":"user","content":[{"type":"input_file","file_url":"https://files.example/f.pdf"}]}]}`, "url"},
		{"anthropic.messages", `{"model":"m1","max_tokens":9,"container":{"skills":[{"type":"custom","skill_id":"skill_01","version":"latest"}]},"messages":[{"role":"user","content":"hi"}]}`, "skill"},
		{"anthropic.messages", `{"model":"m1","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"url","url":"https://files.example/f.pdf"}}]}]}`, "url"},
		{"gemini.generate", `{"contents":[{"parts":[{"text":"hi"}]}],"cachedContent":"cachedContents/1"}`, "cached_content"},
	} {
		w := &wires[slices.IndexFunc(wires, func(w wire) bool { return w.protocol == c.protocol })]
		for _, refused := range []bool{false, true} {
			config := ""
			if refused {
				config = "applications:\n  app: {references: refuse}\n"
			}
			sent := 0
			up := answers("application/json", w.whole("Fine."))
			r := complaintRig(t, w, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { sent++; up.ServeHTTP(w, q) }), config)
			q := r.callOn(w, "", false)
			q.Body, q.ContentLength = io.NopCloser(strings.NewReader(c.body)), int64(len(c.body))
			p := r.do(q)
			opened, _ := r.ledger.records(t, p.request())
			switch {
			case !refused && (p.status != 200 || sent != 1 || fmt.Sprint(opened.References) != "["+c.kind+"]"):
				t.Errorf("%s: %d %s; sent %d times, recorded %v", c.body, p.status, p.body, sent, opened.References)
			case refused && (p.status != 400 || sent != 0 || !strings.Contains(p.body, "kept_elsewhere") || !strings.Contains(p.body, c.kind) || opened.Code != "kept_elsewhere"):
				t.Errorf("%s refused: %d %s; sent %d times, recorded %+v", c.body, p.status, p.body, sent, opened)
			}
			if q := r.do(r.callOn(w, "hi", false)); q.status != 200 {
				t.Errorf("%s: a request without references: %d %s", c.protocol, q.status, q.body)
			}
		}
	}
}
