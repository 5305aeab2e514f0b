package dialecttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"warder.example/internal/dialect"
)

// hostile is a text that must not break out of what Warder writes.
const hostile = "no \"}\n\ndata: {\u2028\\ é\x00😀 </script> [DONE]"

func refusal(n int) dialect.Refusal {
	return dialect.Refusal{Request: "req_0123456789abcdef0123456789abcdef", Model: "m \"x\"\n", Text: hostile, Created: 1760000000, N: n}
}

// says reports how many leaves are a text.
func says(leaves []dialect.Leaf, text string) (n int) {
	for i := range leaves {
		if leaves[i].Text == text {
			n++
		}
	}
	return n
}

// refusals: an answer in place of the model's, whole and streamed, is read by the
// tables that read servers, in full, and says its text in each choice.
func refusals(t *testing.T, s *Suite) {
	if s.Refusal.None {
		if s.Protocol.Refusal(refusal(1)) != nil {
			t.Error("a text stands in the place of what is no text")
		}
		return
	}
	for _, prompt := range []bool{false, true} {
		for _, n := range []int{0, 1, 3} {
			r := refusal(n)
			r.Prompt = prompt
			choices := 1
			if s.Refusal.Several {
				choices = max(n, 1)
			}
			checkRefusal(t, s, r, choices)
			if !s.Refusal.Wordless {
				checkRefusalStream(t, s, r, choices)
			}
		}
	}
}

func checkRefusal(t *testing.T, s *Suite, r dialect.Refusal, choices int) {
	t.Helper()
	body := s.Protocol.Refusal(r)
	a, err := s.Protocol.ParseAnswer(body, dialect.Limits{Unknown: dialect.RefuseUnknown})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if a.Error || a.Usage.Total != 0 {
		t.Errorf("read %+v of %s", a, body)
	}
	if s.Refusal.Wordless {
		if len(a.Choices) != 1 || len(a.Leaves) != 0 {
			t.Errorf("read %+v of %s", a, body)
		}
		return
	}
	if a.ID != s.Refusal.ID+r.Request || a.Model != r.Model || !a.Usage.Present || says(a.Leaves, hostile) < choices {
		t.Errorf("read %+v of %s", a, body)
	}
	ends := map[int]bool{}
	for _, c := range a.Choices {
		ends[c.Index] = c.Finish == s.Refusal.Finish
	}
	for i := range choices {
		if !ends[i] || len(ends) != choices {
			t.Errorf("%d choices; read %+v", choices, a.Choices)
		}
	}
}

func checkRefusalStream(t *testing.T, s *Suite, r dialect.Refusal, choices int) {
	t.Helper()
	h := listen(s.Protocol, dialect.Limits{Unknown: dialect.RefuseUnknown})
	stream := s.Protocol.RefusalStream(r)
	drain(t, strings.NewReader(string(stream)), func(ev dialect.Event) { h.hear(t, ev.Name, slices.Clone(ev.Data)) })
	told := h.reader.Told()
	if !h.complete() || h.failed || told.ID != s.Refusal.ID+r.Request || told.Model != r.Model || len(h.open) > 0 {
		t.Errorf("read %+v and %+v of %s", h, told, stream)
	}
	said := map[int]bool{}
	for key, text := range h.texts {
		if key.Field == dialect.FieldContent && text == hostile {
			said[key.Choice] = true
		}
	}
	if !s.Refusal.Abrupt && !slices.Contains(slices.Collect(maps.Values(h.finishes)), s.Refusal.Finish) {
		t.Errorf("ends with %v; expected %q: %s", h.finishes, s.Refusal.Finish, stream)
	}
	if len(said) != choices {
		t.Errorf("%d choices; the text is said in %v: %s", choices, said, stream)
	}
}

// tails: wherever a stream is cut, what left and the tail are a stream that is
// complete and does not say the text; what left and an error event are one that
// failed.
func tails(t *testing.T, s *Suite) {
	ran := 0
	for _, stream := range s.Streams {
		events := Events(t, stream.Body)
		for n := range events {
			h, ok := upTo(t, s, events[:n])
			if !ok {
				break // nothing is added behind an end
			}
			ran++
			told := h.reader.Told()
			open := slices.Clone(told.Open)
			tail := s.Protocol.RefusalTail(refusal(1), told)
			before := fmt.Sprint(h.texts)
			clear(h.finishes)
			for _, e := range Events(t, tail) {
				h.hear(t, e.Name, e.Data)
			}
			if !h.complete() || h.failed || fmt.Sprint(h.texts) != before || strings.Contains(string(tail), "</script>") {
				t.Errorf("%s cut before event %d: complete %v, failed %v, texts %v; the tail is %s", stream.Name, n, h.complete(), h.failed, h.texts, tail)
			}
			if !s.Refusal.Abrupt && !slices.Contains(slices.Collect(maps.Values(h.finishes)), s.Refusal.Finish) {
				t.Errorf("%s cut before event %d ends with %v; expected %q in %s", stream.Name, n, h.finishes, s.Refusal.Finish, tail)
			}
			for _, c := range open {
				if h.open[c] && !s.Refusal.Abrupt {
					t.Errorf("%s cut before event %d: choice %d does not end in %s", stream.Name, n, c, tail)
				}
			}
			checkFailureEvent(t, s, stream.Name, events[:n])
		}
	}
	if len(s.Streams) > 0 && ran < 10 {
		t.Errorf("cut at %d places; expected at least 10", ran)
	}
	t.Logf("cut at %d places", ran)
}

// upTo has a client hear the beginning of a stream; it reports false if that ends it.
func upTo(t testing.TB, s *Suite, events []Event) (*heard, bool) {
	t.Helper()
	h := listen(s.Protocol, dialect.Limits{})
	for _, e := range events {
		if h.hear(t, e.Name, e.Data); h.done || h.failed {
			return h, false
		}
	}
	return h, true
}

func checkFailureEvent(t *testing.T, s *Suite, stream string, left []Event) {
	t.Helper()
	h, _ := upTo(t, s, left)
	found := false
	event := s.Protocol.FailureEvent(failure(502, hostile), h.reader.Told())
	for _, e := range Events(t, event) {
		for _, l := range h.hear(t, e.Name, e.Data).Leaves {
			found = found || l.Text == hostile
		}
	}
	if !h.failed || !found {
		t.Errorf("%s: an error behind event %d is read as %+v: %s", stream, len(left), h, event)
	}
}

func failure(status int, message string) dialect.Failure {
	return dialect.Failure{Status: status, Code: "a_code", Message: message, Param: "messages[0].\"x\"", Request: "req_1"}
}

// failures: errors of Warder's own are read by the tables, and say what they are.
func failures(t *testing.T, s *Suite) {
	for _, status := range []int{400, 401, 402, 403, 404, 405, 408, 409, 413, 429, 500, 501, 502, 503, 504} {
		f := failure(status, hostile+"\xff")
		body := s.Protocol.Failure(f)
		leaves, err := s.Protocol.ParseError(body, dialect.Limits{})
		if err != nil {
			t.Fatalf("%d: %s: %v", status, body, err)
		}
		if says(leaves, hostile+"\ufffd") != 1 {
			t.Errorf("%d: the message is not read of %s", status, body)
		}
		if a, err := s.Protocol.ParseAnswer(body, dialect.Limits{}); err != nil || !a.Error {
			t.Errorf("%d: %s is no answer with an error: %v", status, body, err)
		}
		tokens := outline(t, body, nil, nil)
		for _, want := range []string{hostile + "\ufffd", f.Code, f.Param, f.Request} {
			if !slices.Contains(tokens, any(want)) {
				t.Errorf("%d: %s does not say %q", status, body, want)
			}
		}
	}
	bare := s.Protocol.Failure(dialect.Failure{Status: 400, Code: "c", Message: "m"})
	if _, err := s.Protocol.ParseError(bare, dialect.Limits{}); err != nil {
		t.Errorf("without param and request %s: %v", bare, err)
	}
}
