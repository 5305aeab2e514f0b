package moderation_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/moderation"
)

// FuzzRequest: what is accepted is JSON, and each result has the texts of its input.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"model":"omni-moderation-latest","input":["a","","b \ud83d\ude00"]}`))
	f.Add([]byte(`{"input":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"note":"c"}`))
	f.Add([]byte(`{"input":"a\u0000"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := moderation.ParseRequest(body, dialect.Limits{})
		if err != nil {
			if p := (*dialect.Problem)(nil); !errors.As(err, &p) {
				t.Fatalf("error of type %T", err)
			}
			return
		}
		var in struct{ Input json.RawMessage }
		if err := json.Unmarshal(body, &in); err != nil {
			t.Fatalf("accepted %q: %v", body, err)
		}
		if r.Results < 1 || r.Results > moderation.MaxInputs {
			t.Fatalf("%d results", r.Results)
		}
		var one string
		var many []string
		var parts []struct{ Text string }
		want := make([]string, r.Results)
		switch {
		case json.Unmarshal(in.Input, &one) == nil:
			want[0] = one
		case json.Unmarshal(in.Input, &many) == nil:
			want = many
		case json.Unmarshal(in.Input, &parts) == nil:
			for _, p := range parts {
				want[0] += p.Text
			}
		default:
			t.Fatalf("accepted the input %q", in.Input)
		}
		got := make([]string, r.Results)
		for i := range r.Leaves {
			if n := r.Result(i); n >= 0 {
				got[n] += r.Leaves[i].Text
			}
		}
		if strings.Join(got, "\x00") != strings.Join(want, "\x00") {
			t.Fatalf("%q read as %q; want %q", body, got, want)
		}
	})
}
