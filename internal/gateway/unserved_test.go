package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// told is a failure in the form of any family.
type told struct {
	Type  string
	Error struct {
		Code    any
		Message string
		Status  string
		Type    string
		Details any
	}
}

// TestUnserved: what a provider has and Warder does not serve is a failure in the form of
// the family's clients that says what it is and why.
func TestUnserved(t *testing.T) {
	r := newRig(t, http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) { t.Errorf("the upstream was asked for %s", q.URL) }), rigOptions{})
	for _, c := range []struct {
		as    func(string, http.Header)
		is    func(told) bool
		paths []string
	}{
		{asOpenAI, func(e told) bool { return e.Error.Code == "unknown_route" && e.Error.Type == "invalid_request_error" }, []string{
			"GET /v1/files", "POST /v1/files", "DELETE /v1/files/file_1", "POST /v1/uploads", "POST /v1/batches", "POST /v1/batches/b/cancel", "POST /v1/audio/speech",
			"POST /v1/audio/transcriptions", "POST /v1/images/generations", "POST /v1/images/edits", "POST /v1/videos", "POST /v1/fine_tuning/jobs", "GET /v1/assistants",
			"POST /v1/threads", "POST /v1/threads/t/runs", "GET /v1/realtime", "POST /v1/realtime/sessions", "GET /v1/vector_stores/v", "POST /v1/containers",
			"GET /v1/responses/resp_1", "DELETE /v1/responses/resp_1", "POST /v1/responses/resp_1/cancel", "GET /v1/responses/resp_1/input_items", "POST /v1/responses/compact",
			"POST /v1/conversations", "GET /v1/conversations/c/items", "GET /v1/chat/completions/c", "GET /v1/evals", "GET /v1/organization/usage/completions",
		}},
		{asAnthropic, func(e told) bool { return e.Type == "error" && e.Error.Type == "not_found_error" }, []string{
			"POST /v1/messages/batches", "GET /v1/messages/batches/b/results", "GET /v1/files", "POST /v1/files", "GET /v1/files/f/content", "POST /v1/complete", "GET /v1/skills",
			"GET /v1/organizations/users",
		}},
		{asGemini, func(e told) bool { return e.Error.Code == 404.0 && e.Error.Status == "NOT_FOUND" }, []string{
			"GET /v1beta/files", "POST /upload/v1beta/files", "DELETE /v1beta/files/f", "POST /v1beta/cachedContents", "GET /v1beta/cachedContents/c", "GET /v1beta/batches/b",
			"GET /v1beta/tunedModels", "POST /v1beta/corpora", "POST /v1beta/fileSearchStores", "POST /v1beta/models/imagen:predict", "POST /v1beta/models/veo:predictLongRunning",
			"POST /v1beta/models/m1:batchGenerateContent", "POST /v1beta/models/m1:asyncBatchEmbedContent", "POST /v1alpha/auth_tokens", "POST /v1beta/interactions",
			"GET /v1beta/operations/o", "GET /v1/files",
		}},
	} {
		for _, call := range c.paths {
			method, path, _ := strings.Cut(call, " ")
			q, err := http.NewRequestWithContext(t.Context(), method, r.front.URL+path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			c.as(r.keys["app"], q.Header)
			q.Header.Set("Content-Type", "application/json")
			p := r.do(q)
			var e told
			if err := json.Unmarshal([]byte(p.body), &e); err != nil || p.status != 404 || !c.is(e) {
				t.Errorf("%s: %d %s", call, p.status, p.body)
			}
			if !strings.Contains(e.Error.Message, "nothing passes unguarded") || !strings.Contains(p.body, "unknown_route") || strings.Contains(e.Error.Message, path) {
				t.Errorf("%s: it does not say why: %s", call, p.body)
			}
		}
	}
	for _, path := range []string{"/", "/v1", "/v1/filesystem", "/v1/completed", "/v2/files", "/files", "/v1beta/files.txt"} {
		if p := r.get(path, "app", asOpenAI); p.status != 404 || strings.Contains(p.body, "unguarded") {
			t.Errorf("%s: %d %s", path, p.status, p.body)
		}
	}
}
