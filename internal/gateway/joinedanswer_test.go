package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// wholeWire writes a whole answer of several texts that are read one after another.
type wholeWire struct {
	name, path, family, ask string
	answer                  func(texts []string) string
	member                  string // that holds each text
}

// listed writes each text by a format, with commas between.
func listed(format string, texts []string) string {
	var all []string
	for _, s := range texts {
		all = append(all, fmt.Sprintf(format, quote(s)))
	}
	return strings.Join(all, ",")
}

// wholes returns a wire whose answer is around with the texts, each by format, within.
func wholes(name, path, family, ask, around, format, member string) wholeWire {
	return wholeWire{name: name, path: path, family: family, ask: ask, member: member,
		answer: func(texts []string) string { return fmt.Sprintf(around, listed(format, texts)) }}
}

const (
	wholeChat     = `{"id":"c1","object":"chat.completion","created":1,"model":"m1","choices":[{"index":0,"message":{"role":"assistant","content":[%s]},"finish_reason":"stop"}]}`
	wholeResponse = `{"id":"r1","object":"response","created_at":1,"status":"completed","model":"m1","output":[%s]}`
	wholeMessage  = `{"id":"msg_1","type":"message","role":"assistant","model":"m1","content":[%s],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`
	wholeGemini   = `{"candidates":[{"index":0,"content":{"role":"model","parts":[%s]},"finishReason":"STOP"}]}`
	outputItem    = `{"type":"message","id":"i","role":"assistant","status":"completed","content":[{"type":"output_text","text":%s,"annotations":[]}]}`
)

var wholeWires = []wholeWire{
	wholes("chat parts", "/v1/chat/completions", "", chatBody("hi"), wholeChat, `{"type":"text","text":%s}`, "text"),
	wholes("responses items", "/v1/responses", "", responsesHi, wholeResponse, outputItem, "text"),
	wholes("responses items around a call", "/v1/responses", "", responsesHi, wholeResponse,
		outputItem+`,{"type":"function_call","id":"f","call_id":"c","name":"f","arguments":"{}","status":"completed"}`, "text"),
	wholes("responses parts", "/v1/responses", "", responsesHi, strings.Replace(wholeResponse, "%s", `{"type":"message","id":"i","role":"assistant","content":[%s]}`, 1),
		`{"type":"output_text","text":%s,"annotations":[]}`, "text"),
	wholes("responses refusals", "/v1/responses", "", responsesHi, wholeResponse, `{"type":"message","id":"i","role":"assistant","content":[{"type":"refusal","refusal":%s}]}`, "refusal"),
	wholes("responses summaries", "/v1/responses", "", responsesHi, strings.Replace(wholeResponse, "%s", `{"type":"reasoning","id":"i","summary":[%s]}`, 1), `{"type":"summary_text","text":%s}`, "text"),
	wholes("responses summaries of two items", "/v1/responses", "", responsesHi, wholeResponse, `{"type":"reasoning","id":"i","summary":[{"type":"summary_text","text":%s}]}`, "text"),
	wholes("responses reasoning", "/v1/responses", "", responsesHi, strings.Replace(wholeResponse, "%s", `{"type":"reasoning","id":"i","summary":[],"content":[%s]}`, 1), `{"type":"reasoning_text","text":%s}`, "text"),
	wholes("responses reasoning of two items", "/v1/responses", "", responsesHi, wholeResponse, `{"type":"reasoning","id":"i","summary":[],"content":[{"type":"reasoning_text","text":%s}]}`, "text"),
	wholes("anthropic blocks", "/v1/messages", "anthropic", anthropicHi, wholeMessage, `{"type":"text","text":%s}`, "text"),
	wholes("anthropic blocks around a call", "/v1/messages", "anthropic", anthropicHi, wholeMessage, `{"type":"text","text":%s},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}`, "text"),
	wholes("anthropic thinking", "/v1/messages", "anthropic", anthropicHi, wholeMessage, `{"type":"thinking","thinking":%s,"signature":"c2ln"}`, "thinking"),
	wholes("gemini parts", geminiWhole, "gemini", geminiHi, wholeGemini, `{"text":%s}`, "text"),
	wholes("gemini thoughts", geminiWhole, "gemini", geminiHi, wholeGemini, `{"text":%s,"thought":true}`, "text"),
}

// playWhole has the upstream answer a request whole.
func (s *seamRig) playWhole(path, family, ask, answer string) reply {
	s.t.Helper()
	s.answer = answer
	q, err := http.NewRequestWithContext(s.t.Context(), "POST", s.front.URL+path, strings.NewReader(ask))
	if err != nil {
		s.t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	if family == "gemini" {
		q.Header.Set("X-Goog-Api-Key", s.keys["app"])
	} else {
		q.Header.Set("Authorization", "Bearer "+s.keys["app"])
	}
	return s.do(q)
}

// wholeRigs returns a gateway for each family, whose upstream answers whole. asked
// takes the bodies that it is sent.
func wholeRigs(t *testing.T, policy string, asked *string) map[string]*seamRig {
	out := map[string]*seamRig{}
	for _, family := range []string{"", "anthropic", "gemini"} {
		s := &seamRig{}
		config := "policy: p.yaml\n"
		if family != "" {
			config = "    family: " + family + "\n" + config
		}
		s.rig = newRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			b, _ := io.ReadAll(q.Body)
			*asked = string(b)
			answers("application/json", s.answer).ServeHTTP(w, q)
		}), rigOptions{config: config, files: map[string]string{"p.yaml": policy}})
		out[family] = s
	}
	return out
}

// TestWholeAnswersAreJudgedJoined: what is split over two parts, items or blocks of a
// whole answer, at any byte, is masked in both as it is in a stream (see TestSeams),
// and the record adds up.
func TestWholeAnswersAreJudgedJoined(t *testing.T) {
	var asked string
	rigs := wholeRigs(t, seamPolicy, &asked)
	for i := range wholeWires {
		w := &wholeWires[i]
		for _, p := range planted4 {
			want := regexp.MustCompile(`^So it is: ` + p.mask + `\|` + p.mask + ` and no more\.$`)
			for _, at := range []int{1, len(p.value) / 3, len(p.value) / 2, len(p.value) - 4, len(p.value) - 1} {
				body := w.answer([]string{"So it is: " + p.value[:at], p.value[at:] + " and no more."})
				got := rigs[w.family].playWhole(w.path, w.family, w.ask, body)
				var v map[string]any
				if err := json.Unmarshal([]byte(got.body), &v); err != nil || got.status != 200 {
					t.Fatalf("%s, %s cut at %d: %d %s", w.name, p.value, at, got.status, got.body)
				}
				if said := strings.Join(membersNamed(v, w.member), "|"); !want.MatchString(said) {
					t.Errorf("%s, %s cut at %d: the caller got %q, want %s", w.name, p.value, at, said, want)
				}
				c := rigs[w.family].ledger.closed(got.request())
				if c == nil || c.End != "complete" || c.Account.Masked != len(p.value) || c.Account.Received != c.Account.Released+c.Account.Masked || len(c.Findings) == 0 {
					t.Errorf("%s, %s cut at %d: record %+v does not add up", w.name, p.value, at, c)
				}
			}
		}
	}
}

// TestWholeAnswersStop: what the policy stops does not leave in two parts.
func TestWholeAnswersStop(t *testing.T) {
	var asked string
	rigs := wholeRigs(t, strings.Replace(seamPolicy, `{category: "secret.*"}
    then: redact`, `{category: "secret.*"}
    then: block`, 1), &asked)
	for i := range wholeWires {
		w := &wholeWires[i]
		for _, value := range []string{leakedKey, "xyzzyplugh"} {
			for at := 1; at < len(value); at++ {
				p := rigs[w.family].playWhole(w.path, w.family, w.ask, w.answer([]string{"So it is: " + value[:at], value[at:] + " and no more."}))
				if p.status == 200 || strings.Contains(p.body, "So it is") {
					t.Fatalf("%s, %s cut at %d passed: %d %s", w.name, value, at, p.status, p.body)
				}
			}
		}
	}
}

// TestWholeAnswersKeepApart: texts that nobody reads one after another are not put
// together, and leave byte for byte.
func TestWholeAnswersKeepApart(t *testing.T) {
	var asked string
	rigs := wholeRigs(t, seamPolicy, &asked)
	const one, two = `"4111111111"`, `"111111"`
	for _, c := range []struct{ name, path, family, ask, answer string }{
		{"a thought and a text", "/v1/messages", "anthropic", anthropicHi, fmt.Sprintf(wholeMessage, `{"type":"thinking","thinking":`+one+`,"signature":"c2ln"},{"type":"text","text":`+two+`}`)},
		{"a text and a call", "/v1/messages", "anthropic", anthropicHi, fmt.Sprintf(wholeMessage, `{"type":"text","text":`+one+`},{"type":"tool_use","id":"t","name":"f","input":{"a":`+two+`}}`)},
		{"a text and a result", "/v1/messages", "anthropic", anthropicHi, fmt.Sprintf(wholeMessage, `{"type":"text","text":`+one+`},{"type":"mcp_tool_result","tool_use_id":"t","is_error":false,"content":[{"type":"text","text":`+two+`}]}`)},
		{"a summary and an item", "/v1/responses", "", responsesHi, fmt.Sprintf(wholeResponse, `{"type":"reasoning","id":"i","summary":[{"type":"summary_text","text":`+one+`}]},`+fmt.Sprintf(outputItem, two))},
		{"a gemini thought and a text", geminiWhole, "gemini", geminiHi, fmt.Sprintf(wholeGemini, `{"text":`+one+`,"thought":true},{"text":`+two+`}`)},
		{"two candidates", geminiWhole, "gemini", geminiHi, `{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":` + one + `}]},"finishReason":"STOP"},` +
			`{"index":1,"content":{"role":"model","parts":[{"text":` + two + `}]},"finishReason":"STOP"}]}`},
		{"two choices", "/v1/chat/completions", "", chatBody("hi"), `{"id":"c1","object":"chat.completion","created":1,"model":"m1","choices":[{"index":0,"message":{"role":"assistant","content":` + one + `},"finish_reason":"stop"},` +
			`{"index":1,"message":{"role":"assistant","content":` + two + `},"finish_reason":"stop"}]}`},
	} {
		if p := rigs[c.family].playWhole(c.path, c.family, c.ask, c.answer); p.status != 200 || p.body != c.answer {
			t.Errorf("%s: changed: %d %s", c.name, p.status, p.body)
		}
	}
}

// TestEmbeddedPartsAreJudgedJoined: the parts of one content are one text, whose vector
// is asked for; contents of a batch are not.
func TestEmbeddedPartsAreJudgedJoined(t *testing.T) {
	var asked string
	r := wholeRigs(t, seamPolicy, &asked)["gemini"]
	content := func(texts ...string) string { return `{"parts":[` + listed(`{"text":%s}`, texts) + `]}` }
	one := func(c string) string { return `{"model":"models/m1","content":` + c + `}` }
	batch := func(c string) string { return `{"requests":[` + one(c) + `]}` }
	const embed, embedBatch = "/v1beta/models/m1:embedContent", "/v1beta/models/m1:batchEmbedContents"
	play := func(path, body string) reply {
		asked = ""
		answer := `{"embedding":{"values":[0.5,0.25]}}`
		if path == embedBatch {
			answer = `{"embeddings":[{"values":[0.5,0.25]}]}`
		}
		return r.playWhole(path, "gemini", body, answer)
	}
	for path, wrap := range map[string]func(string) string{embed: one, embedBatch: batch} {
		for at := 1; at < len(leakedKey); at++ {
			p := play(path, wrap(content("hello "+leakedKey[:at], leakedKey[at:]+" ok")))
			if p.status != 200 || !strings.Contains(asked, `"hello [AWS-ACCESS-TOKEN]"`) || !strings.Contains(asked, `"[AWS-ACCESS-TOKEN] ok"`) {
				t.Errorf("%s cut at %d: %d %s, upstream got %s", path, at, p.status, p.body, asked)
			}
			if p = play(path, wrap(content("hello "+"xyzzyplugh"[:at%9+1], "xyzzyplugh"[at%9+1:]+" ok"))); p.status == 200 || asked != "" {
				t.Errorf("%s: a denied word passed in two parts: %d, upstream got %s", path, p.status, asked)
			}
		}
	}
	two := `{"requests":[{"content":` + content("4111111111") + `},{"content":` + content("111111") + `}]}`
	if p := play(embedBatch, two); p.status != 200 || !strings.Contains(asked, "4111111111") || !strings.Contains(asked, `"111111"`) {
		t.Errorf("two contents were put together: %d %s, upstream got %s", p.status, p.body, asked)
	}
}
