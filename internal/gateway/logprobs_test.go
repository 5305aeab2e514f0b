package gateway

import (
	"fmt"
	"strings"
	"testing"
)

// spelled is logprobs with an entry for each piece of a text.
func spelled(pieces ...string) string {
	return logprobs(`{"token":"%w","logprob":-0.5,"bytes":[%b]}`, pieces)
}

// inBytes is logprobs whose bytes spell the pieces and whose tokens do not.
func inBytes(pieces ...string) string {
	return logprobs(`{"token":"a","logprob":-0.5,"bytes":[%b]}`, pieces)
}

func logprobs(entry string, pieces []string) string {
	var out []string
	for _, p := range pieces {
		out = append(out, planted(entry, p))
	}
	return `{"content":[` + strings.Join(out, ",") + `]}`
}

// TestLogprobsGoWithTheirText: where the text of a choice is masked, the tokens
// that spell it do not leave, whichever comes first and however both are cut.
func TestLogprobsGoWithTheirText(t *testing.T) {
	s := newSplitRig(t)
	event := func(content, logprobs string) string {
		return fmt.Sprintf(`{"id":"c1","choices":[{"index":0,"delta":{"content":%q},"logprobs":%s}]}`, content, logprobs)
	}
	const mail = "zo@kes.example"
	cutInto(mail, func(p []string) {
		last := p[len(p)-1]
		for name, events := range map[string][]string{
			"with the text":   {event("ask "+p[0], spelled("ask ", p[0])), event(strings.Join(p[1:], ""), spelled(p[1:]...))},
			"behind the text": {event("ask "+mail, "null"), event("", spelled("ask ", p[0])), event("", spelled(p[1:]...))},
			"before the text": {event("", spelled("ask ", p[0])), event("", spelled(p[1:]...)), event("ask "+mail, "null")},
			"half of it":      {event("ask "+p[0], spelled("ask ", p[0])), event(strings.Join(p[1:], ""), "null")},
			"other cuts":      {event("ask "+p[0], spelled("ask ", p[0][:1])), event(strings.Join(p[1:], ""), spelled(p[0][1:]+strings.Join(p[1:], "")))},
		} {
			if name == "other cuts" && len(p[0]) < 2 {
				continue
			}
			got := s.play(append(events, event(" and so on.", spelled(" and", " so", " on.")), "[DONE]")...)
			if text, _ := contents(t, got.body); text != "ask [EMAIL] and so on." {
				t.Fatalf("%s, %q: the text is %q in %s", name, p, text, got.body)
			}
			for path, v := range assembled(t, got.body) {
				if strings.Contains(path, "logprobs") && (strings.Contains(v, mail) || strings.Contains(v, p[0]) && len(p[0]) > 3 || strings.Contains(v, last) && len(last) > 3) {
					t.Fatalf("%s, %q: %s says %q:\n%s", name, p, path, v, got.body)
				}
			}
			if !strings.Contains(got.body, `"token":" so"`) {
				t.Fatalf("%s, %q: the logprobs of other events are gone:\n%s", name, p, got.body)
			}
		}
	})
}

// TestBytesOfTokens: the bytes of tokens are read as the text that they spell,
// whatever the tokens say.
func TestBytesOfTokens(t *testing.T) {
	s := newSplitRig(t)
	event := func(logprobs string) string {
		return `{"id":"c1","choices":[{"index":0,"delta":{"content":"a "},"logprobs":` + logprobs + `}]}`
	}
	for name, logprobs := range map[string][]string{
		"in one event":      {inBytes("xyzzyplugh")},
		"over tokens":       {inBytes("xyz", "zyplugh")},
		"over events":       {inBytes("xyz"), inBytes("zyplugh")},
		"half in tokens":    {spelled("xyz"), inBytes("zyplugh")},
		"as other numbers":  {`{"content":[{"token":"a","bytes":[120,121,122,122,121,112,108,117.0,1.03e2,104]}]}`},
		"of an alternative": {`{"content":[{"token":"a","top_logprobs":[{"token":"b","bytes":[120,121,122,122,121]}]}]}`, `{"content":[{"token":"a","top_logprobs":[{"token":"b","bytes":[112,108,117,103,104]}]}]}`},
	} {
		var events []string
		for _, l := range logprobs {
			events = append(events, event(l))
		}
		p := s.play(append(events, event(`null`), "[DONE]")...)
		if at := whole(t, p.body, "xyzzyplugh"); at != "" {
			t.Errorf("%s: spelled at %s:\n%s", name, at, p.body)
		}
		if strings.Contains(p.body, "104]") {
			t.Errorf("%s: its last byte leaves:\n%s", name, p.body)
		}
	}
	half := event(`{"content":[{"token":"\\xf0\\x9f","logprob":-1,"bytes":[240,159]},{"token":"\\x98\\x80","logprob":-1,"bytes":[152,128]}]}`)
	if p := s.play(half, half, "[DONE]"); p.body != "data: "+half+"\n\ndata: "+half+"\n\ndata: [DONE]\n\n" {
		t.Errorf("tokens that are parts of characters do not pass unchanged: %s", p.body)
	}
	r := policyRig(t, answers("application/json", strings.Replace(answerBody("Fine."), `"logprobs":null`, `"logprobs":`+inBytes("xyzzyplugh"), 1)))
	if p := r.post("app", chatBody("hi")); p.status != 400 || p.code() != "blocked" {
		t.Errorf("in a whole answer: %d %s", p.status, p.body)
	}
}
