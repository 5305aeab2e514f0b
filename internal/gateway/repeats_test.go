package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/policy"
	"warder.example/guard/standard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// TestSplitWithRepeats: a credential in pieces of which one comes twice in a row
// stays one text.
func TestSplitWithRepeats(t *testing.T) {
	var events []string
	r := newRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		answers("text/event-stream", "data: "+strings.Join(events, "\n\ndata: ")+"\n\n").ServeHTTP(w, q)
	}), rigOptions{})
	ran := 0
	for _, place := range []string{
		`{"id":"%w","choices":[]}`,
		`{"id":"c1","model":"%w","choices":[]}`,
		`{"id":"c1","system_fingerprint":"%w","choices":[]}`,
		`{"id":"c1","provider":"%w","choices":[]}`,
		`{"id":"c1","x":{"y":[{"z":"%w"}]},"choices":[]}`,
		`{"id":"c1","choices":[],"usage":{"note":"%w"}}`,
		`{"id":"c1","choices":[{"index":0,"zz":"%w","delta":{}}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{"role":"%w"}}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{"x":"%w"}}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"%w"}]}}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"%w"}}]}}]}`,
	} {
		for _, secret := range []string{"AKIAQ3EGGZPYWEK5N2LV", "AKIAQQEGRZPYWEK5N2LV", "AKIAQ3ERERPYWEK5N2LV", "AKIAQ3EGRZPYWEK55522", "xoxb-263594206564-2343594206574-FGqddMF8t08v8N7Oq4i57vs1"} {
			for size := 1; size <= 2; size++ {
				events = nil
				for rest := secret; rest != ""; rest = rest[min(size, len(rest)):] {
					events = append(events, planted(place, rest[:min(size, len(rest))]))
				}
				events = append(events, `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, "[DONE]")
				p := r.post("app", streamRequest("hi"))
				ran++
				if !p.stopped() {
					t.Errorf("%s, %s in pieces of %d: no proper end: %v %s", place, secret, size, p.err, p.body)
				}
				if at := whole(t, p.body, secret[:8]); at != "" {
					t.Errorf("%s, %s in pieces of %d: its beginning is together again at %s", place, secret, size, at)
				}
			}
		}
	}
	if ran < 100 {
		t.Errorf("%d streams, want at least 100", ran)
	}
}

// stopped reports whether a streamed answer was refused, whole or amid the stream,
// and ended properly.
func (p reply) stopped() bool {
	whole := p.status == http.StatusBadRequest && strings.Contains(p.body, `"blocked"`)
	return p.err == nil && (whole || strings.Contains(p.body, "content_filter") && strings.HasSuffix(p.body, "data: [DONE]\n\n"))
}

// TestCutAtTheEndOfAnUnknownText: a text of a place that the table does not know
// and that is stopped when its choice ends is cut properly.
func TestCutAtTheEndOfAnUnknownText(t *testing.T) {
	var events []string
	for _, c := range "key is AKIAQ3EGRZPYWEK5N2LV" {
		events = append(events, planted(`{"id":"c1","choices":[{"index":0,"delta":{"x":"%w"}}]}`, string(c)))
	}
	events = append(events, `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, "[DONE]")
	r := newRig(t, answers("text/event-stream", "data: "+strings.Join(events, "\n\ndata: ")+"\n\n"), rigOptions{})
	p := r.post("app", streamRequest("hi"))
	if !p.stopped() {
		t.Errorf("no proper end: %v %s", p.err, p.body)
	}
	if c := r.ledger.closed(p.request()); c == nil || len(c.Findings) == 0 {
		t.Errorf("record %+v, want the finding", c)
	}
}

// TestMarksDoNotStall: a string that comes with each event beside the text, where
// the table knows only texts that go on, holds nothing back for long.
func TestMarksDoNotStall(t *testing.T) {
	g, err := standard.New(policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{
		`{"id":"c1","choices":[{"index":0,"delta":{"content":"%w","x":"anthropic-claude-v1"}}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{"content":"","reasoning_details":[{"type":"reasoning.text","text":"%w","format":"anthropic-claude-v1"}]}}]}`,
	} {
		r := newRelay(t.Context(), g, guard.Facts{}, &guard.Exchange{}, openai.Chat.Chunks(dialect.Limits{}))
		came, left, lag := 0, 0, 0
		for i := range 60 {
			data := []byte(planted(form, fmt.Sprintf("word%c ", 'a'+i%26)))
			if err := r.add(dialect.Event{Raw: []byte("data: " + string(data) + "\n\n"), Data: data, Pure: true}); err != nil {
				t.Fatal(err)
			}
			came++
			for {
				_, _, ok := r.next()
				if !ok {
					break
				}
				left++
			}
			if came > 5 {
				lag = max(lag, came-left)
			}
		}
		if lag > 2 {
			t.Errorf("%s: %d events behind, want at most 2", form, lag)
		}
	}
}
