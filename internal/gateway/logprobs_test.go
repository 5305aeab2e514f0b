package gateway

import (
	"fmt"
	"slices"
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

// TestKeysOfLogprobs: in completions the alternatives to a token are keys. What they
// spell over events is read, whichever of them is picked in each place.
func TestKeysOfLogprobs(t *testing.T) {
	r := newSeamRig(t, "", policyText)
	event := func(keys ...string) string {
		var ks []string
		for _, k := range keys {
			ks = append(ks, quote(k)+":-1")
		}
		return `{"id":"cmpl-1","object":"text_completion","created":1,"model":"m1","choices":[{"index":0,"text":"x ","logprobs":{"tokens":["x "],"token_logprobs":[-1],"top_logprobs":[{` +
			strings.Join(ks, ",") + `}],"text_offset":[0]},"finish_reason":null}]}`
	}
	w := &seamWires[8]
	play := func(said ...string) string {
		one := seamWire{w.name, w.path, w.family, func([][]string) string { return events(false, append(said, textEnd, "[DONE]")...) }}
		return r.play(&one, nil).body
	}
	ran := 0
	for _, text := range []string{"xyzzyplugh", "TCK-123456"} {
		cutInto(text, func(pieces []string) {
			for rank := range 3 {
				var said []string
				for i, p := range pieces {
					keys := []string{fmt.Sprint("so", i), fmt.Sprint("no", i), fmt.Sprint("on", i)}
					keys[rank] = p
					said = append(said, event(keys...))
				}
				ran++
				body := play(append(said, event("a", "b", "c"))...)
				if !slices.ContainsFunc(pieces, func(p string) bool { return !strings.Contains(body, quote(p)+":-1") }) {
					t.Errorf("%q as alternative %d left:\n%s", pieces, rank, body)
				}
			}
		})
	}
	if ran < 250 {
		t.Errorf("%d streams, want at least 250", ran)
	}
	if body := play(event("the", "a"), event("cat", "dog")); !strings.Contains(body, `"the":-1`) || !strings.Contains(body, `"dog":-1`) {
		t.Errorf("harmless alternatives changed:\n%s", body)
	}
}
