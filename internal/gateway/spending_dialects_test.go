package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestSpendingOfDialects: a call of each kind is capped where its dialect has the cap,
// and charged what its provider counts.
func TestSpendingOfDialects(t *testing.T) {
	const anthropic = "    family: anthropic\n"
	for _, c := range []struct {
		name, config, path, body, sent, answer string
		want                                   Used
	}{
		{"messages", anthropic, "/v1/messages", `{"model":"m1","messages":[{"role":"user","content":"hi"}]}`, `{"max_tokens":4096,`,
			`{"id":"msg_1","type":"message","role":"assistant","model":"m1","content":[{"type":"text","text":"hello"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":3,"cache_read_input_tokens":2,"output_tokens":7}}`,
			Used{Input: 15, Cached: 2, Write: 3, Output: 7}},
		{"count_tokens", anthropic, "/v1/messages/count_tokens", `{"model":"m1","messages":[{"role":"user","content":"hi"}]}`, `{"model"`, `{"input_tokens":9}`, Used{}},
		{"responses", "", "/v1/responses", `{"model":"m1","input":"hi"}`, `{"max_output_tokens":4096,`,
			`{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m1","output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[]}]}],"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":2},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":17}}`,
			Used{Input: 10, Cached: 2, Output: 7}},
		{"completions", "", "/v1/completions", `{"model":"m1","prompt":"hi"}`, `{"max_tokens":4096,`,
			`{"id":"cmpl-1","object":"text_completion","created":1,"model":"m1","choices":[{"index":0,"text":"hello","logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":7,"total_tokens":17}}`,
			Used{Input: 10, Output: 7}},
		{"embeddings", "", "/v1/embeddings", `{"model":"m1","input":"hi"}`, `{"model"`,
			`{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,0.25]}],"model":"m1","usage":{"prompt_tokens":10,"total_tokens":10}}`,
			Used{Input: 10}},
	} {
		s := newSpentRig(t, answers("application/json", c.answer), c.config+manyTokens)
		p := s.call(http.MethodPost, c.path, c.body)
		if p.status != 200 {
			t.Errorf("%s: %d %s", c.name, p.status, p.body)
			continue
		}
		if !strings.HasPrefix(s.last(), c.sent) {
			t.Errorf("%s: sent %s; want %s…", c.name, s.last(), c.sent)
		}
		if u := s.used(p); fmt.Sprint(u) != fmt.Sprint(c.want) {
			t.Errorf("%s: recorded %+v; want %+v", c.name, u, c.want)
		}
		if n := s.counter("many/total_tokens/month"); n.Settled != c.want.Input+c.want.Output || n.Reserved != 0 {
			t.Errorf("%s: the counter is %+v", c.name, n)
		}
	}
}
