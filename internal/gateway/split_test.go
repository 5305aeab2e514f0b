package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// splitPlaces are the strings of an event, each with a place for a piece, %w, of
// a text that is cut over events.
var splitPlaces = []string{
	`{"id":"%w","choices":[{"index":0,"delta":{"content":"x "}}]}`,
	`{"id":"c1","model":"%w","choices":[{"index":0,"delta":{"content":"x "}}]}`,
	`{"id":"c1","object":"%w","choices":[{"index":0,"delta":{"content":"x "}}]}`,
	`{"id":"c1","system_fingerprint":"%w","choices":[{"index":0,"delta":{"content":"x "}}]}`,
	`{"id":"c1","service_tier":"%w","choices":[]}`,
	`{"id":"c1","obfuscation":"%w","choices":[{"index":0,"delta":{"content":"x "}}]}`,
	`{"id":"c1","x_top":"%w","choices":[{"index":0,"delta":{"content":"x "}}]}`,
	`{"id":"c1","x_top":{"deep":[1,{"er":["a","%w"]}]},"choices":[{"index":0,"delta":{"content":"x "}}]}`,
	`{"id":"c1","a_key_that_is_longer_than_paths_show_1":"%w","a_key_that_is_longer_than_paths_show_2":"zz","choices":[]}`,
	`{"id":"c1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"note":"%w"}}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"%w"}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x "}},{"index":1,"delta":{"content":"%w"}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":[{"type":"text","text":"zz"},{"type":"text","text":"%w"}]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"reasoning_content":"%w"}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"refusal":"%w"}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"role":"%w","content":"x "}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"name":"%w","content":"x "}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x ","x_new":"%w"}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"x_new":{"a":["zz",{"b":"%w"}]}}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x "},"x_new":"%w"}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x "},"text":"%w"}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x "},"message":{"role":"assistant","content":"%w"}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{},"content_filter_results":{"hate":{"filtered":false,"severity":"%w"}}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"annotations":[{"type":"url_citation","url_citation":{"url":"https://a.example/","title":"zz"}},{"type":"url_citation","url_citation":{"url":"https://a.example/","title":"%w"}}]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"audio":{"id":"%w"}}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"audio":{"transcript":"%w"}}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"%w","type":"function","function":{"arguments":" "}}]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"zz","function":{"name":"f"}},{"index":0,"id":"t","type":"%w"}]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"%w","arguments":" "}}]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"%w"}}]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"x_sig":"%w","function":{"arguments":" "}}]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"function_call":{"name":"%w"}}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x "},"logprobs":{"content":[{"token":"%w","logprob":-1}]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x "},"logprobs":{"content":[{"token":"x","logprob":-1,"bytes":[%b]}]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x "},"logprobs":{"content":[{"token":"x","logprob":-1,"top_logprobs":[{"token":"zz","logprob":-2},{"token":"%w","logprob":-2}]}]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x "},"logprobs":{"content":[{"token":"x","logprob":-1,"top_logprobs":[{"token":"zz","logprob":-2},{"token":"y","logprob":-2,"bytes":[%b]}]}]}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x "},"logprobs":{"content":[],"x_new":"%w"}}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"%w"}]}`,
	`{"id":"c1","choices":[{"index":0,"delta":{"content":"x "}}],"error":null,"x_err":{"message":"%w"}}`,
}

// planted writes a piece into a place.
func planted(place, piece string) string {
	b, _ := json.Marshal(piece)
	var octets []string
	for _, c := range []byte(piece) {
		octets = append(octets, strconv.Itoa(int(c)))
	}
	return strings.NewReplacer("%w", string(b[1:len(b)-1]), "%b", strings.Join(octets, ",")).Replace(place)
}

// assembled returns what a client may put together of a stream: for each place
// the values that came there, one behind the other. Elements of choices and tool
// calls are told apart by their index; bytes are read as text.
func assembled(t testing.TB, body string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for line := range strings.Lines(body) {
		d, ok := strings.CutPrefix(line, "data: ")
		if !ok || strings.HasPrefix(d, "[DONE]") {
			continue
		}
		var v any
		if err := json.Unmarshal([]byte(d), &v); err != nil {
			t.Fatalf("event %q: %v", d, err)
		}
		assemble(out, "", "", v)
	}
	return out
}

func assemble(out map[string]string, path, key string, v any) {
	switch v := v.(type) {
	case string:
		out[path] += v
	case float64:
		if strings.Contains(path, ".bytes") {
			out[path[:strings.LastIndexByte(path, '[')]] += string([]byte{byte(v)})
		}
	case map[string]any:
		for k, m := range v {
			assemble(out, path+"."+k, k, m)
		}
	case []any:
		for i, m := range v {
			if o, ok := m.(map[string]any); ok && (key == "choices" || key == "tool_calls") {
				if n, ok := o["index"].(float64); ok {
					i = int(n)
				}
			}
			assemble(out, fmt.Sprintf("%s[%d]", path, i), "", m)
		}
	}
}

// cutInto calls f with every way to cut a text into two or three pieces.
func cutInto(text string, f func(pieces []string)) {
	for i := 1; i < len(text); i++ {
		f([]string{text[:i], text[i:]})
		for j := i + 1; j < len(text); j++ {
			f([]string{text[:i], text[i:j], text[j:]})
		}
	}
}

// splitRig is a gateway whose upstream answers with the events of a test.
type splitRig struct {
	*rig
	events []string
}

func newSplitRig(t testing.TB) *splitRig {
	s := &splitRig{}
	s.rig = policyRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		var b strings.Builder
		for _, e := range s.events {
			b.WriteString("data: " + e + "\n\n")
		}
		answers("text/event-stream", b.String()).ServeHTTP(w, q)
	}))
	return s
}

func (s *splitRig) play(events ...string) reply {
	s.events = events
	return s.post("app", streamRequest("hi"))
}

// own reports whether a place is a field of the answer rather than of a choice.
func own(place string) bool {
	return !strings.HasPrefix(place, `{"id":"c1","choices":[{`) || strings.Contains(place, "x_err")
}

// whole reports where the text can be put together, "" if nowhere.
func whole(t testing.TB, body, text string) string {
	t.Helper()
	for path, s := range assembled(t, body) {
		if strings.Contains(s, text) {
			return path
		}
	}
	return ""
}

// TestSplitOverEvents: whatever is masked or denied in one piece does not leave in
// two or three, in any string of an event, whether the events follow each other
// or not. When they do, not even its beginning leaves; of the answer's own fields,
// no more of it than what could be anything.
func TestSplitOverEvents(t *testing.T) {
	const between = `{"id":"c1","choices":[{"index":0,"delta":{"content":" and so on. "}}]}`
	s := newSplitRig(t)
	ran := 0
	for _, place := range splitPlaces {
		for _, text := range []string{"xyzzyplugh", "TCK-123456", "zo@kes.example", "4242424242424242"} {
			name := strings.Contains(place, `"%w"`) && !strings.Contains(place, "%b")
			if !name && text != "TCK-123456" {
				continue
			}
			if text[0] == 'z' || text[0] == '4' {
				// Names are not searched for personal data, whole or not.
				if p := s.play(planted(place, text), between, "[DONE]"); whole(t, p.body, text) != "" {
					continue
				}
			}
			cutInto(text, func(pieces []string) {
				for _, gap := range []bool{false, true} {
					var events []string
					for i, p := range pieces {
						if gap && i > 0 {
							events = append(events, between, between)
						}
						events = append(events, planted(place, p))
					}
					events = append(events, between, "[DONE]")
					ran++
					p := s.play(events...)
					if at := whole(t, p.body, text); at != "" {
						t.Errorf("%q, apart %v: together again at %s:\n%s", events, gap, at, p.body)
					}
					if gap || own(place) && text[0] == '4' {
						continue
					}
					begun := text[:3]
					if own(place) {
						begun = text[:telltale]
					}
					if at := whole(t, p.body, begun); at != "" {
						t.Errorf("%q: begun at %s:\n%s", events, at, p.body)
					}
				}
			})
		}
	}
	if ran < 5000 {
		t.Errorf("%d streams tried; want at least 5000", ran)
	}
}
