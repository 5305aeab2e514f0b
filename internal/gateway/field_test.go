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

// twicePolicy denies a word that is one piece said twice.
const twicePolicy = `version: 1
rules:
  - name: mail
    when: {category: pii.*}
    then: redact
  - name: rest
    when: {category: "*", class: exact}
    then: block
detect:
  disable_model: true
  deny: [zonkzonk, zonkzonkzonk]
`

// TestSplitIntoEqualPieces: a value that comes again may be the second half of
// something, and is not taken for a repetition of the first.
func TestSplitIntoEqualPieces(t *testing.T) {
	var events []string
	r := newRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		answers("text/event-stream", "data: "+strings.Join(events, "\n\ndata: ")+"\n\n").ServeHTTP(w, q)
	}), rigOptions{config: "policy: p.yaml\n", files: map[string]string{"p.yaml": twicePolicy}})
	const between = `{"choices":[{"index":0,"delta":{"content":"and so on. "}}]}`
	for _, c := range []struct{ name, place, piece, not string }{
		{"an id", `{"id":"%w","choices":[]}`, "zonk", "zonkzonk"},
		{"a model", `{"id":"c1","model":"%w","choices":[]}`, "zonk", "zonkzonk"},
		{"the name of a tool", `{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"%w"}}]}}]}`, "zonk", "zonkzonk"},
		{"an unknown field", `{"id":"c1","x":"%w","choices":[]}`, "zonk", "zonkzonk"},
		{"the number of a card", `{"id":"c1","x":"%w","choices":[]}`, "42424242", "4242424242424242"},
		{"a number with spaces", `{"id":"c1","x":"%w","choices":[]}`, "4242 4242 ", "4242 4242 4242 4242"},
		{"behind a word", `{"id":"c1","choices":[{"index":0,"delta":{"content":"x"},"x":["%w"]}]}`, "42424242", "4242424242424242"},
	} {
		for n := 2; n <= 3; n++ {
			for gap := range 2 {
				events = nil
				for range n {
					events = append(events, planted(c.place, c.piece))
					for range gap {
						events = append(events, between)
					}
				}
				events = append(events, between, "[DONE]")
				p := r.post("app", streamRequest("hi"))
				if n == 3 && c.piece == "42424242" {
					continue // three times eight digits are no card
				}
				if at := whole(t, p.body, c.not); at != "" {
					t.Errorf("%s, %d times, %d events between: together again at %s:\n%s", c.name, n, gap, at, p.body)
				}
			}
		}
	}
}

// honestStreams are what model servers send beside the text.
var honestStreams = map[string]func(i int, text string) string{
	"openai": func(i int, text string) string {
		return fmt.Sprintf(`{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":{"content":%q},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"%s"}`, text, "kQ3vPz8Lm0Wx"[i%7:])
	},
	"a router of models": func(_ int, text string) string {
		return fmt.Sprintf(`{"id":"gen-1741569952-aB3kZ9","provider":"OpenAI","model":"openai/gpt-4o","object":"chat.completion.chunk","created":1741569952,"choices":[{"index":0,"delta":{"role":"assistant","content":%q},"finish_reason":null,"native_finish_reason":null,"logprobs":null}]}`, text)
	},
	"with filter results": func(_ int, text string) string {
		return fmt.Sprintf(`{"choices":[{"content_filter_results":{"hate":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"low"}},"delta":{"content":%q},"finish_reason":null,"index":0}],"created":1741569952,"id":"chatcmpl-7RCnp","model":"gpt-4o","object":"chat.completion.chunk","system_fingerprint":null,"api_version":"2024-06-01","version":"1.5"}`, text)
	},
	"with sources": func(_ int, text string) string {
		return fmt.Sprintf(`{"id":"3f2a9c1e-1b2c-4d5e-8f90-123456789abc","model":"sonar","created":1741569952,"citations":["https://museum.example/stamps","https://library.example/ships"],"object":"chat.completion.chunk","choices":[{"index":0,"finish_reason":null,"delta":{"role":"assistant","content":%q},"message":{"role":"assistant","content":""}}]}`, text)
	},
	"with times": func(i int, text string) string {
		return fmt.Sprintf(`{"id":"chatcmpl-123","x_time":"2025-03-10T01:25:%02d.%03dZ","x_rate":"12.%d","choices":[{"index":0,"delta":{"content":%q}}]}`, i, 7*i, i, text)
	},
	"with details of thoughts": func(i int, text string) string {
		return fmt.Sprintf(`{"id":"gen-1","choices":[{"index":0,"delta":{"content":%q,"reasoning_details":[{"type":"reasoning.text","text":" step","format":"unknown","index":0}]}}]}`, text)
	},
	"an id once": func(i int, text string) string {
		if i == 0 {
			return fmt.Sprintf(`{"id":"chatcmpl-5d","x_groq":{"id":"req_01jbd5g3fsfc8a"},"choices":[{"index":0,"delta":{"role":"assistant","content":%q}}]}`, text)
		}
		return fmt.Sprintf(`{"id":"chatcmpl-5d","choices":[{"index":0,"delta":{"content":%q}}]}`, text)
	},
}

// TestHonestFieldsDoNotStall: names, ids and marks leave as they came, and hold no
// event back longer than a word of the text does.
func TestHonestFieldsDoNotStall(t *testing.T) {
	g, err := standard.New(policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	for name, event := range honestStreams {
		lag := 1 // the event that came last may wait
		switch name {
		case "with times":
			lag = fieldMost
		case "with details of thoughts":
			lag = deltaMost
		}
		t.Run(name, func(t *testing.T) {
			r := newRelay(t.Context(), g, guard.Facts{}, &guard.Exchange{}, openai.Chat.Chunks(dialect.Limits{}))
			var in, out strings.Builder
			sent := 0
			take := func() {
				for {
					b, _, ok := r.next()
					if !ok {
						return
					}
					out.Write(b)
					sent++
				}
			}
			for i := range 40 {
				if err := addTo(r, &in, event(i, " word")); err != nil {
					t.Fatal(err)
				}
				if take(); i-sent >= lag {
					t.Fatalf("after event %d only %d had left", i+1, sent)
				}
			}
			if err := addTo(r, &in, "[DONE]"); err != nil {
				t.Fatal(err)
			}
			take()
			if out.String() != in.String() {
				t.Errorf("changed:\n got %s\nwant %s", out.String(), in.String())
			}
			v, a := r.result()
			if v.Action != guard.Allow || a.Received != a.Released || len(v.Findings) > 0 {
				t.Errorf("verdict %+v, account %+v", v, a)
			}
		})
	}
}

// addTo gives a relay an event that pure data makes.
func addTo(r *relay, in *strings.Builder, data string) error {
	raw := "data: " + data + "\n\n"
	in.WriteString(raw)
	return r.add(dialect.Event{Raw: []byte(raw), Data: []byte(data), Pure: true})
}

// TestTextsDoNotWaitForOthers: the end of a model's thoughts, and of its words
// before the call of a tool, holds what follows back for some events and not to
// the end.
func TestTextsDoNotWaitForOthers(t *testing.T) {
	g, err := standard.New(policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	for name, deltas := range map[string][2]string{
		"thoughts and words":    {`{"reasoning_content":" so be it"}`, `{"content":" word"}`},
		"words and calls":       {`{"content":"let me look"}`, `{"tool_calls":[{"index":0,"function":{"arguments":" "}}]}`},
		"a name and arguments":  {`{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"send_mail","arguments":""}}]}`, `{"tool_calls":[{"index":0,"function":{"arguments":" "}}]}`},
		"an unknown one before": {`{"x_signature":"so be it"}`, `{"content":" word"}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRelay(t.Context(), g, guard.Facts{}, &guard.Exchange{}, openai.Chat.Chunks(dialect.Limits{}))
			var in strings.Builder
			sent := 0
			for i := range 20 {
				if err := addTo(r, &in, `{"id":"c1","choices":[{"index":0,"delta":`+deltas[min(i, 1)]+`}]}`); err != nil {
					t.Fatal(err)
				}
				for _, _, ok := r.next(); ok; _, _, ok = r.next() {
					sent++
				}
			}
			if sent < 19 {
				t.Errorf("%d of 20 events had left", sent)
			}
		})
	}
}

// TestFieldsAfterTheEnd: what a server still says of a choice that has ended, or
// of the answer, is no breach of the protocol, and judged.
func TestFieldsAfterTheEnd(t *testing.T) {
	s := newSplitRig(t)
	for _, last := range []string{
		`{"id":"c1","choices":[{"index":0,"delta":{},"x_stats":"ninety tokens"}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{"x_stats":"ninety tokens"}}]}`,
		`{"id":"c1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"x":"ninety tokens"}}`,
	} {
		begun := strings.Replace(last, "ninety tokens", "so far", 1)
		end := `{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
		p := s.play(begun, end, last, last, "[DONE]")
		if want := "data: " + strings.Join([]string{begun, end, last, last, "[DONE]"}, "\n\ndata: ") + "\n\n"; p.body != want {
			t.Errorf("got %s\nwant %s", p.body, want)
		}
		p = s.play(begun, end, strings.Replace(last, "ninety tokens", " xyzzy", 1), strings.Replace(last, "ninety tokens", "plugh", 1), "[DONE]")
		if strings.Contains(p.body, "xyzzy") || strings.Contains(p.body, "plugh") {
			t.Errorf("a denied word leaves behind the end: %s", p.body)
		}
	}
}

// TestManyFieldsAreCut: a stream of ever new fields is ended, not let pass unread.
func TestManyFieldsAreCut(t *testing.T) {
	s := newSplitRig(t)
	var events []string
	for i := range 70 {
		var b strings.Builder
		b.WriteString(`{"id":"c1"`)
		for k := range 60 {
			fmt.Fprintf(&b, `,"x%d":"a"`, 60*i+k)
		}
		events = append(events, b.String()+`,"choices":[]}`)
	}
	p := s.play(append(events, "[DONE]")...)
	if strings.Contains(p.body, "[DONE]") || !strings.Contains(p.body, "upstream_invalid_answer") || strings.Contains(p.body, `"x4199"`) {
		t.Errorf("the end of the stream is %s", p.body[max(0, len(p.body)-400):])
	}
}

// TestFieldMaskedOnce: what is masked in a field because of the value before it is
// found once, counted once, and masked each time it comes.
func TestFieldMaskedOnce(t *testing.T) {
	s := newSplitRig(t)
	p := s.play(`{"id":"c1","x":"ask zo@","choices":[]}`, `{"id":"c1","x":"kes.example now","choices":[]}`, `{"id":"c1","x":"or lena@kes.example","choices":[]}`,
		`{"id":"c1","x":"or lena@kes.example","choices":[]}`, `{"id":"c1","choices":[{"index":0,"delta":{"content":"Fine."},"finish_reason":"stop"}]}`, "[DONE]")
	if got := assembled(t, p.body)[".x"]; got != "ask [EMAIL] nowor [EMAIL]or [EMAIL]" {
		t.Errorf("got %q in %s", got, p.body)
	}
	c := s.ledger.closed(p.request())
	if c == nil || c.Account.Received != c.Account.Released+c.Account.Masked || c.Account.Masked != len("zo@kes.example")+2*len("lena@kes.example") {
		t.Fatalf("account %+v does not add up", c)
	}
	if c.Count != 3 {
		t.Errorf("%d findings, want 3: %+v", c.Count, c.Findings)
	}
}

// TestInterruptedDeltas: what has a form of its own is masked before any of it
// leaves, however long something else comes between its pieces.
func TestInterruptedDeltas(t *testing.T) {
	s := newSplitRig(t)
	for _, field := range []string{"content", "reasoning_content", "x_new"} {
		var events []string
		say := func(delta string) {
			events = append(events, `{"id":"c1","choices":[{"index":0,"delta":`+delta+`}]}`)
		}
		say(`{"` + field + `":"it is TCK-12"}`)
		for range 2 * longWait {
			say(`{"tool_calls":[{"index":0,"function":{"arguments":" "}}]}`)
		}
		say(`{"` + field + `":"3456 "}`)
		p := s.play(append(events, "[DONE]")...)
		if got := assembled(t, p.body)[".choices[0].delta."+field]; got != "it is [TICKET] " {
			t.Errorf("%s: got %q in %s", field, got, p.body)
		}
	}
}

// TestFieldsThatBegin: a field that may have begun a credential waits to its end,
// however small its pieces are, and so does what stands outside of data.
func TestFieldsThatBegin(t *testing.T) {
	s := newSplitRig(t)
	const secret = "TCK-123456"
	for _, place := range splitPlaces {
		if strings.Contains(place, "%b") {
			continue
		}
		var events []string
		for i := range len(secret) {
			events = append(events, planted(place, secret[i:i+1]))
		}
		p := s.play(append(events, `{"id":"c1","choices":[{"index":0,"delta":{"content":" end "}}]}`, "[DONE]")...)
		if at := whole(t, p.body, secret[:telltale+1]); at != "" {
			t.Errorf("%s: begun at %s:\n%s", place, at, p.body)
		}
	}
}

// TestSignsOfLife: events of no choice let go of a word that nothing follows.
func TestSignsOfLife(t *testing.T) {
	g, err := standard.New(policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	r := newRelay(t.Context(), g, guard.Facts{}, &guard.Exchange{}, openai.Chat.Chunks(dialect.Limits{}))
	add := func(ev dialect.Event) {
		t.Helper()
		if err := r.add(ev); err != nil {
			t.Fatal(err)
		}
	}
	word := []byte(`{"id":"c1","choices":[{"index":0,"delta":{"content":"Sure"}}]}`)
	add(dialect.Event{Raw: []byte("data: " + string(word) + "\n\n"), Data: word, Pure: true})
	for range longWait {
		if _, _, ok := r.next(); ok {
			return
		}
		add(dialect.Event{Raw: []byte(": working\n\n")})
	}
	if _, _, ok := r.next(); !ok {
		t.Errorf("a word still waits after %d signs of life", longWait)
	}
}
