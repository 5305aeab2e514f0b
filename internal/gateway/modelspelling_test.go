package gateway

import (
	"net/http"
	"strings"
	"testing"
)

// TestSpellingOfModels: a name that servers may read as that of another model is
// refused before it is sent, in every dialect that names it in the body.
func TestSpellingOfModels(t *testing.T) {
	for i := range wires {
		w := &wires[i]
		if w.family == "gemini" {
			continue // the path names it: see geminiModel
		}
		sent := 0
		up := answers("application/json", w.whole("Fine."))
		r := complaintRig(t, w, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { sent++; up.ServeHTTP(w, q) }), "")
		ask := func(model string) reply {
			of := *w
			of.request = func(text string, stream bool) string {
				return strings.Replace(w.request(text, stream), `"m1"`, `"`+model+`"`, 1)
			}
			return r.do(r.callOn(&of, "hi", false))
		}
		for _, model := range []string{"m1 ", " m1", `m1\u0000`, `m1\n`, `m\u00a01`, `m1\u2003`, `m\u200b1`, `\ufeffm1`, `m1\u202e`, `m1\u007f`, " "} {
			if p := ask(model); p.status != 400 || sent != 0 || !strings.Contains(p.body, "cannot be seen") || w.family == "" && p.code() != "invalid_value" {
				t.Errorf("%s, %q: %d %s, sent %d times", w.protocol, model, p.status, p.body, sent)
			}
		}
		if p := ask("m1"); p.status != 200 || sent != 1 {
			t.Errorf("%s: %d %s", w.protocol, p.status, p.body)
		}
	}
}
