package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkExchange is one request and its answer, without detectors: what it takes to
// admit, record, carry and answer it, with the upstream in the same process.
func BenchmarkExchange(b *testing.B) {
	r := newRig(b, answers("application/json", answerBody("hello")), rigOptions{config: "guard:\n  detectors: \"off\"\n"})
	body, h := chatBody("hi"), r.server.Handler()
	b.ReportAllocs()
	for b.Loop() {
		q := httptest.NewRequest(http.MethodPost, "/v1/chat/completions", strings.NewReader(body))
		q.Header.Set("Content-Type", "application/json")
		q.Header.Set("Authorization", "Bearer "+r.keys["app"])
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, q); w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}
