package gateway

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"warder.example/guard"
	"warder.example/guard/policy"
	"warder.example/guard/standard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/anthropic"
)

// seamPolicy masks what is found in one piece; the denied word is stopped.
var seamPolicy = strings.Replace(policyText, "  - name: rest\n", `  - name: keys
    when: {category: "secret.*"}
    then: redact
  - name: cards
    when: {category: pii.credit_card}
    then: redact
  - name: rest
`, 1)

// seamWire writes a streamed answer of several parts, each in pieces.
type seamWire struct {
	name, path, family string
	stream             func(parts [][]string) string
}

func blockEvent(i int, kind, more string) string {
	return fmt.Sprintf(`{"type":"content_block_%s","index":%d%s}`, kind, i, more)
}

// blocks is an answer in Anthropic's dialect with a block for each part. apart puts
// the call of a tool between them.
func blocks(apart bool) func(parts [][]string) string {
	return func(parts [][]string) string {
		out := []string{`{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m1","content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":1}}}`}
		i := 0
		for n, pieces := range parts {
			if apart && n > 0 {
				out = append(out, blockEvent(i, "start", `,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}`),
					blockEvent(i, "delta", `,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}`), blockEvent(i, "stop", ""))
				i++
			}
			out = append(out, blockEvent(i, "start", `,"content_block":{"type":"text","text":""}`))
			out = append(out, each(fmt.Sprintf(`{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":%%s}}`, i), pieces)...)
			out = append(out, blockEvent(i, "stop", ""))
			i++
		}
		return events(true, append(out, `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":5}}`, `{"type":"message_stop"}`)...)
	}
}

// responseParts is an answer in the dialect of responses: parts of one item, or
// items of one part. bare leaves the deltas out.
func responseParts(items, bare bool) func(parts [][]string) string {
	return func(parts [][]string) string {
		all := []string{`{"type":"response.created","response":` + responseBody("in_progress", "") + `}`}
		var done, said []string
		item := func(n int) string { return fmt.Sprintf(`"output_index":%d,`, n) }
		finish := func(n int) {
			it := responseItem("completed", strings.Join(said, ","))
			all = append(all, `{"type":"response.output_item.done",`+item(n)+`"item":`+it+`}`)
			done, said = append(done, it), nil
		}
		begin := func(n int) {
			all = append(all, `{"type":"response.output_item.added",`+item(n)+`"item":`+responseItem("in_progress", "")+`}`)
		}
		if !items {
			begin(0)
		}
		for n, pieces := range parts {
			out, part := 0, n
			if items {
				out, part = n, 0
				begin(n)
			}
			at := item(out) + fmt.Sprintf(`"item_id":"msg-a","content_index":%d,`, part)
			all = append(all, `{"type":"response.content_part.added",`+at+`"part":`+responsePart("")+`}`)
			if !bare {
				for _, p := range pieces {
					all = append(all, `{"type":"response.output_text.delta",`+at+`"delta":`+quote(p)+`}`)
				}
			}
			text := strings.Join(pieces, "")
			all = append(all, `{"type":"response.output_text.done",`+at+`"text":`+quote(text)+`}`, `{"type":"response.content_part.done",`+at+`"part":`+responsePart(text)+`}`)
			said = append(said, responsePart(text))
			if items {
				finish(n)
			}
		}
		if !items {
			finish(0)
		}
		return events(true, append(all, `{"type":"response.completed","response":`+responseBody("completed", strings.Join(done, ","))+`}`)...)
	}
}

// between writes each piece as an event, and another event between the parts.
func between(event, other, last string) func(parts [][]string) string {
	return func(parts [][]string) string {
		var all []string
		for n, pieces := range parts {
			if n > 0 {
				all = append(all, other)
			}
			all = append(all, each(event, pieces)...)
		}
		return events(false, append(all, strings.Split(last, "\n")...)...)
	}
}

var seamWires = []seamWire{
	{"anthropic blocks", "/v1/messages", "anthropic", blocks(false)},
	{"anthropic blocks around a call", "/v1/messages", "anthropic", blocks(true)},
	{"responses parts", "/v1/responses", "", responseParts(false, false)},
	{"responses items", "/v1/responses", "", responseParts(true, false)},
	{"responses parts without deltas", "/v1/responses", "", responseParts(false, true)},
	{"responses items without deltas", "/v1/responses", "", responseParts(true, true)},
	{"gemini parts around a call", geminiEvents, "gemini", between(`{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":%s}]}}]}`,
		`{"candidates":[{"index":0,"content":{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}}]}}]}`,
		`{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP"}]}`)},
	{"chat around a call", "/v1/chat/completions", "", between(`{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m1","choices":[{"index":0,"delta":{"content":%s},"finish_reason":null}]}`,
		`{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":null}]}`,
		`{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`+"\n[DONE]")},
	{"completions", "/v1/completions", "", between(textChunk, textChunkEmpty, textEnd+"\n[DONE]")},
}

const textChunkEmpty = `{"id":"cmpl-1","object":"text_completion","created":1,"model":"m1","choices":[{"index":0,"text":"","finish_reason":null}]}`

// seamRig is a gateway of one family whose upstream says what a test plans.
type seamRig struct {
	*rig
	answer string
	asked  string // by the user; empty: hi
}

func newSeamRig(t testing.TB, family, policy string) *seamRig {
	s := &seamRig{}
	config := "policy: p.yaml\n"
	if family != "" {
		config = "    family: " + family + "\n" + config
	}
	s.rig = newRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		answers("text/event-stream", s.answer).ServeHTTP(w, q)
	}), rigOptions{config: config, files: map[string]string{"p.yaml": policy}})
	return s
}

func seamRigs(t testing.TB, policy string) map[string]*seamRig {
	out := map[string]*seamRig{}
	for _, family := range []string{"", "anthropic", "gemini"} {
		out[family] = newSeamRig(t, family, policy)
	}
	return out
}

func (s *seamRig) play(w *seamWire, parts [][]string) reply {
	s.t.Helper()
	s.answer = w.stream(parts)
	asked := quote(cmp.Or(s.asked, "hi"))
	body := `{"model":"m1","stream":true,"max_tokens":9,"messages":[{"role":"user","content":` + asked + `}]}`
	switch {
	case w.family == "gemini":
		body = geminiRequest(cmp.Or(s.asked, "hi"), true)
	case w.path == "/v1/responses":
		body = `{"model":"m1","stream":true,"input":` + asked + `}`
	case w.path == "/v1/completions":
		body = `{"model":"m1","stream":true,"prompt":` + asked + `}`
	}
	q, err := http.NewRequestWithContext(s.t.Context(), "POST", s.front.URL+w.path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	if w.family == "gemini" {
		q.Header.Set("X-Goog-Api-Key", s.keys["app"])
	} else {
		q.Header.Set("Authorization", "Bearer "+s.keys["app"])
	}
	return s.do(q)
}

// readings returns what a client makes of a stream, by where it reads: the deltas,
// and in each kind of event that says texts whole those of all its parts.
func readings(t rapidT, body string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(body) {
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok || strings.HasPrefix(data, "[DONE]") {
			continue
		}
		var v map[string]any
		if err := json.Unmarshal([]byte(data), &v); err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		kind, _ := v["type"].(string)
		switch {
		case kind == "response.output_text.delta":
			out["deltas"] += v["delta"].(string)
		case strings.HasPrefix(kind, "response."):
			if texts := membersNamed(v, "text"); len(texts) > 0 {
				out[kind] += strings.Join(texts, "")
			}
		default:
			for _, name := range []string{"text", "content"} {
				out["deltas"] += strings.Join(membersNamed(v, name), "")
			}
		}
	}
	return out
}

var planted4 = []struct{ value, mask string }{
	{leakedKey, `\[AWS-ACCESS-TOKEN\]`},
	{"4242424242424242", `\[CREDIT_CARD\]`},
	{"zoe@kestrel.example", `\[EMAIL\]`},
	{"TCK-123456", `\[TICKET\]`},
}

// TestSeams: what is masked in one text is masked where it is split over two parts
// or items, at every byte and in pieces of all sizes, wherever it is said; all else
// is the same bytes, and the record adds up.
func TestSeams(t *testing.T) {
	rigs := seamRigs(t, seamPolicy)
	ran := 0
	for i := range seamWires {
		w := &seamWires[i]
		for _, p := range planted4 {
			for at := 1; at < len(p.value); at++ {
				for _, size := range []int{1, 3, 100} {
					ran++
					parts := [][]string{pieced("So it is: "+p.value[:at], size), pieced(p.value[at:]+" and no more.", size)}
					seamHolds(t, rigs[w.family], w, parts, p.value, p.mask)
				}
			}
		}
	}
	if ran < 1000 {
		t.Errorf("%d streams tried, want at least 1000", ran)
	}
}

// seamHolds plays an answer that has a value, and judges what the caller got.
func seamHolds(t rapidT, r *seamRig, w *seamWire, parts [][]string, value, mask string) {
	t.Helper()
	got := r.play(w, parts)
	said := ""
	for _, p := range parts {
		said += strings.Join(p, "")
	}
	head, tail, _ := strings.Cut(said, value)
	// A word that a part ends with may leave before it is known what it belongs to.
	want := regexp.MustCompile(`^` + regexp.QuoteMeta(head) + `([a-zA-Z]{0,3})` + mask + regexp.QuoteMeta(tail) + `$`)
	seen := readings(t, got.body)
	if seen["deltas"] == "" && len(seen) < 3 {
		t.Fatalf("%s, %q: %v %d %s", w.name, parts, got.err, got.status, got.body)
	}
	left := ""
	for where, text := range seen {
		if where == "deltas" && text == "" || strings.HasSuffix(where, ".added") || where == "response.created" {
			continue
		}
		m := want.FindStringSubmatch(text)
		if m == nil || !strings.HasPrefix(value, m[1]) {
			t.Fatalf("%s, %q: %s read %q, want %s\n%s", w.name, parts, where, text, want, got.body)
		}
		left = m[1]
	}
	c := r.ledger.closed(got.request())
	if c == nil || c.End != "complete" || c.Account.Received != c.Account.Released+c.Account.Masked || c.Account.Received != c.Account.Exact {
		t.Fatalf("%s, %q: record %+v does not add up", w.name, parts, c)
	}
	if n := len(value) - len(left); c.Account.Masked < n || c.Account.Masked%n != 0 {
		t.Fatalf("%s, %q: %d bytes masked, want a multiple of %d", w.name, parts, c.Account.Masked, n)
	}
	if len(c.Findings) == 0 {
		t.Fatalf("%s, %q: no finding in the record", w.name, parts)
	}
}

// pieced cuts a text into pieces.
func pieced(text string, size int) (out []string) {
	for c := range slices.Chunk([]byte(text), size) {
		out = append(out, string(c))
	}
	return out
}

// TestSeamsAtRandom: the same over any number of parts, however each is cut.
func TestSeamsAtRandom(t *testing.T) {
	rigs := seamRigs(t, seamPolicy)
	rapid.Check(t, func(rt *rapid.T) {
		w := &seamWires[rapid.IntRange(0, len(seamWires)-1).Draw(rt, "wire")]
		p := rapid.SampledFrom(planted4).Draw(rt, "value")
		text := rapid.SampledFrom([]string{"", "So: ", "Dear friend, 7 of ", "café \U0001F600 "}).Draw(rt, "before") + p.value + rapid.SampledFrom([]string{".", " and 9 more", ", so.\n"}).Draw(rt, "behind")
		var parts [][]string
		for rest := []rune(text); len(rest) > 0; {
			n := rapid.IntRange(4, max(4, len(rest))).Draw(rt, "part")
			n = min(n, len(rest))
			var pieces []string
			for part := rest[:n]; len(part) > 0; {
				k := min(rapid.IntRange(1, 12).Draw(rt, "piece"), len(part))
				pieces, part = append(pieces, string(part[:k])), part[k:]
			}
			parts, rest = append(parts, pieces), rest[n:]
		}
		seamHolds(rt, rigs[w.family], w, parts, p.value, p.mask)
	})
}

// TestSeamsStop: what the policy stops does not leave in two parts, nor does its
// beginning once it can be told, and the record of the cut adds up.
func TestSeamsStop(t *testing.T) {
	rigs := seamRigs(t, strings.Replace(seamPolicy, `{category: "secret.*"}
    then: redact`, `{category: "secret.*"}
    then: block`, 1))
	for i := range seamWires {
		w := &seamWires[i]
		for _, value := range []string{leakedKey, "xyzzyplugh"} {
			for at := 1; at < len(value); at++ {
				p := rigs[w.family].play(w, [][]string{pieced("So it is: "+value[:at], 5), pieced(value[at:]+" and no more.", 5)})
				seen := readings(t, p.body)
				for where, text := range seen {
					if strings.Contains(text, value[:telltale]) || strings.Contains(text, "more") {
						t.Fatalf("%s, %s cut at %d: %s read %q:\n%s", w.name, value, at, where, text, p.body)
					}
				}
				c := rigs[w.family].ledger.closed(p.request())
				if c == nil || c.End != "cut" && c.End != "refused" || len(c.Findings) == 0 || c.Account.Masked != 0 || c.Account.Exposed != 0 {
					t.Fatalf("%s, %s cut at %d: record %+v, want a cut with its finding:\n%s", w.name, value, at, c, p.body)
				}
				if w.name == "anthropic blocks" && c.Account.Released != len(seen["deltas"])+len("msg_1")+len("m1") {
					t.Fatalf("%s cut at %d: %+v, and %q left:\n%s", value, at, c.Account, seen["deltas"], p.body)
				}
			}
		}
	}
}

// TestSeamsKeepApart: texts that nobody reads one after another are not put together.
func TestSeamsKeepApart(t *testing.T) {
	rigs := seamRigs(t, seamPolicy)
	const one, two = "4111111111", "111111"
	block := func(i int, kind, begin, delta string) string {
		return blockEvent(i, "start", `,"content_block":{"type":"`+kind+`",`+begin+`}`) + "\n" + blockEvent(i, "delta", `,"delta":`+delta) + "\n" + blockEvent(i, "stop", "")
	}
	text := func(s string) string { return `{"type":"text_delta","text":"` + s + `"}` }
	thought := func(s string) string { return `{"type":"thinking_delta","thinking":"` + s + `"}` }
	args := func(s string) string { return `{"type":"input_json_delta","partial_json":"` + s + `"}` }
	const tool = `"id":"t","name":"f","input":{}`
	wire := seamWires[0]
	for name, said := range map[string]string{
		"a thought and a text":      block(0, "thinking", `"thinking":"","signature":""`, thought(one)) + "\n" + block(1, "text", `"text":""`, text(two)),
		"a text and a call":         block(0, "text", `"text":""`, text(one)) + "\n" + block(1, "tool_use", tool, args(two)),
		"two calls":                 block(0, "tool_use", tool, args(one)) + "\n" + block(1, "tool_use", tool, args(two)),
		"a text in the wrong order": block(1, "text", `"text":""`, text(one)) + "\n" + block(0, "text", `"text":""`, text(two)),
	} {
		wire.stream = func([][]string) string {
			all := strings.Split(seamWires[0].stream(nil), "\n\n")
			return all[0] + "\n\n" + events(true, strings.Split(said, "\n")...) + strings.Join(all[1:], "\n\n")
		}
		p := rigs["anthropic"].play(&wire, nil)
		if p.status != 200 || p.body != wire.stream(nil) {
			t.Errorf("%s: changed:\n%s\nwant\n%s", name, p.body, wire.stream(nil))
		}
	}
	const choice = `{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m1","choices":[{"index":%d,"delta":{"content":"%s"},"finish_reason":%s}]}`
	var chat []string
	for i, s := range []string{one, two} {
		chat = append(chat, fmt.Sprintf(choice, i, s, "null"), fmt.Sprintf(choice, i, "", `"stop"`))
	}
	wire = seamWires[7]
	wire.stream = func([][]string) string { return events(false, append(chat, "[DONE]")...) }
	if p := rigs[""].play(&wire, nil); p.body != wire.stream(nil) {
		t.Errorf("two choices changed: %s", p.body)
	}
}

// TestSeamsOutOfOrder: parts that grow at the same time are judged at their seam all
// the same, and so are those that come in another order than they are read in.
func TestSeamsOutOfOrder(t *testing.T) {
	r := newSeamRig(t, "", seamPolicy)
	delta := func(part int, text string) string {
		return fmt.Sprintf(`{"type":"response.output_text.delta","output_index":0,"item_id":"msg-a","content_index":%d,"delta":%s}`, part, quote(text))
	}
	wire := seamWires[2]
	for at := 1; at < len(leakedKey); at++ {
		one, two := leakedKey[:at], leakedKey[at:]
		for name, said := range map[string][]string{
			"grown together":  {delta(0, "It is "), delta(1, two), delta(0, one), delta(1, " so.")},
			"behind it first": {delta(1, two+" so."), delta(0, "It is "), delta(0, one)},
			"one within":      {delta(0, "It is "), delta(2, " so."), delta(0, one), delta(1, two)},
		} {
			wire.stream = func([][]string) string {
				all := strings.SplitAfter(seamWires[2].stream([][]string{{""}}), "\n\n")
				last := responseItem("completed", "")
				return all[0] + all[1] + events(true, append(said, `{"type":"response.output_item.done","output_index":0,"item":`+last+`}`,
					`{"type":"response.completed","response":`+responseBody("completed", last)+`}`)...)
			}
			p := r.play(&wire, nil)
			parts := map[float64]string{}
			for line := range strings.Lines(p.body) {
				var v struct {
					Part  float64 `json:"content_index"`
					Delta string
				}
				if data, ok := strings.CutPrefix(line, "data: "); ok && json.Unmarshal([]byte(data), &v) == nil {
					parts[v.Part] += v.Delta
				}
			}
			if text := parts[0] + parts[1] + parts[2]; strings.Contains(text, leakedKey) {
				t.Errorf("%s, cut at %d: %q left:\n%s", name, at, text, p.body)
			}
		}
	}
}

// TestSeamsDoNotStall: a part whose end begins nothing leaves with its end, and one
// that could go on holds what follows for a few events at most.
func TestSeamsDoNotStall(t *testing.T) {
	g, err := standard.New(policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	call := strings.Split(strings.TrimSuffix(strings.Repeat(blockEvent(1, "delta", `,"delta":{"type":"input_json_delta","partial_json":" "}`)+"\n", 20), "\n"), "\n")
	said := func(text string) []string {
		return append([]string{blockEvent(0, "start", `,"content_block":{"type":"text","text":""}`), blockEvent(0, "delta", `,"delta":{"type":"text_delta","text":"`+text+`"}`), blockEvent(0, "stop", ""),
			blockEvent(1, "start", `,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}`)}, call...)
	}
	for text, most := range map[string]int{"Let me look": 0, "I shall call it.": 0, "caf\u00e9": 0, "in 2024": longWait, "ask zoe@kestrel": longWait} {
		r := newRelay(t.Context(), g, guard.Facts{}, &guard.Exchange{}, anthropic.Messages.Chunks(dialect.Limits{}))
		came, left, lag := 0, 0, 0
		for _, data := range said(text) {
			if err := r.add(dialect.Event{Raw: []byte("data: " + data + "\n\n"), Data: []byte(data), Pure: true}); err != nil {
				t.Fatal(err)
			}
			came++
			for _, _, ok := r.next(); ok; _, _, ok = r.next() {
				left++
			}
			if came == 3 && (most == 0) != (left == 3) {
				t.Errorf("%q: %d events have left when the text has ended", text, left)
			}
			if lag = came - left; lag > most+1 {
				t.Errorf("%q: %d events behind, want at most %d", text, lag, most+1)
			}
		}
		if lag > 1 {
			t.Errorf("%q: %d events are still behind", text, lag)
		}
	}
}

// TestSeamsWithPseudonyms: where masked values come back into texts, what is masked
// across two of them is masked all the same, whatever the policy holds.
func TestSeamsWithPseudonyms(t *testing.T) {
	for _, hold := range []string{"none", "sentence", "all"} {
		rigs := seamRigs(t, strings.Replace(pseudonymPolicy, "version: 1\n", "version: 1\nhold: "+hold+"\n", 1))
		for i := range seamWires {
			w := &seamWires[i]
			r := rigs[w.family]
			r.asked = "I am lena@kestrel.example."
			for at := 1; at < len("TCK-123456"); at++ {
				for _, size := range []int{1, 100} {
					parts := [][]string{pieced("So it is: "+"TCK-123456"[:at], size), pieced("TCK-123456"[at:]+" and no more.", size)}
					seamHolds(t, r, w, parts, "TCK-123456", `\[TICKET\]`)
				}
			}
		}
	}
}

// TestSeamsOfCanary: a canary of the instructions does not leave in two blocks.
func TestSeamsOfCanary(t *testing.T) {
	leak := strings.Replace(seamPolicy, "  - name: rest", "  - name: leak\n    when: {category: prompt_leak}\n    then: block\n  - name: rest", 1) + "  canaries: true\n"
	var canary string
	at := 0
	r := newRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		_, rest, _ := strings.Cut(string(b), `Internal reference: `)
		canary, _, _ = strings.Cut(rest, `"`)
		n := min(at, len(canary))
		answers("text/event-stream", blocks(at%2 == 0)([][]string{pieced("It is "+canary[:n], 3), pieced(canary[n:]+" and no more.", 3)})).ServeHTTP(w, q)
	}), rigOptions{config: "    family: anthropic\npolicy: p.yaml\n", files: map[string]string{"p.yaml": leak}})
	for at = 1; at == 1 || at < len(canary); at++ {
		q, err := http.NewRequestWithContext(t.Context(), "POST", r.front.URL+"/v1/messages", strings.NewReader(
			`{"model":"m1","stream":true,"max_tokens":9,"system":"Be kind.","messages":[{"role":"user","content":"hi"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+r.keys["app"])
		p := r.do(q)
		text := readings(t, p.body)["deltas"]
		if len(canary) < 8 || strings.Contains(text, "more") || at >= telltale && strings.Contains(text, canary[:telltale]) {
			t.Fatalf("canary %q cut at %d: %q left:\n%s", canary, at, text, p.body)
		}
	}
}
