package lakera_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/lakera"
)

// FuzzRequest: what is accepted is JSON, read as encoding/json reads it, and what is
// decided on is among its messages.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"a"}]}],"payload":true,"breakdown":false,"metadata":{"user_id":"u","session_id":"s"}}`))
	f.Add([]byte(`{"messages":[{"role":"user","content":"\ud83d\ude00"},{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},{"role":"tool","content":"x"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := lakera.ParseRequest(body, dialect.Limits{})
		if err != nil {
			if p := (*dialect.Problem)(nil); !errors.As(err, &p) {
				t.Fatalf("error of type %T", err)
			}
			return
		}
		var want struct {
			Messages []struct {
				Role    string
				Content any
			}
			Payload, Breakdown bool
			DevInfo            bool `json:"dev_info"`
			Metadata           struct {
				User    string `json:"user_id"`
				Session string `json:"session_id"`
			}
		}
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("accepted %q: %v", body, err)
		}
		if r.Payload != want.Payload || r.Breakdown != want.Breakdown || r.DevInfo != want.DevInfo || r.Subject != want.Metadata.User || r.Session != want.Metadata.Session || r.Turns() != len(want.Messages) {
			t.Fatalf("%q read as %+v", body, r)
		}
		if i := r.Interaction(); i < 0 || i >= r.Turns() {
			t.Fatalf("decided from message %d of %d", i, r.Turns())
		}
		said := make([]string, r.Turns())
		for i := range r.Leaves {
			if n := r.Leaves[i].Turn; n >= 0 {
				said[n] += r.Leaves[i].Text + "\x00"
			}
		}
		for i, m := range want.Messages {
			if text, ok := m.Content.(string); ok && text != "" && !strings.Contains(said[i], text) {
				t.Fatalf("message %d of %q is not among the texts: %q", i, body, said[i])
			}
			_, _ = r.Trusted(i), r.Assistant(i)
		}
	})
}
