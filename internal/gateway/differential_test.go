package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf16"
)

// asker is one kind of call that carries a text to Warder.
type asker struct {
	name, path, family string
	key                func(h http.Header, key string)
	body               string
}

// askers are all of them: the calls to models, and the endpoints that only guard.
func askers() (out []asker) {
	bearer := func(h http.Header, key string) { h.Set("Authorization", "Bearer "+key) }
	for i := range wires {
		a := asker{wires[i].protocol, wires[i].path, wires[i].family, bearer, wires[i].request("hi", false)}
		if a.family == "gemini" {
			a.key = func(h http.Header, key string) { h.Set("X-Goog-Api-Key", key) }
		}
		out = append(out, a)
	}
	return append(out,
		asker{"guard", "/v1/guard", "", bearer, `{"texts":[{"text":"hi","origin":"user"}]}`},
		asker{"guard.messages", "/v1/guard", "", bearer, `{"messages":[{"role":"user","content":"hi"}]}`},
		asker{"moderations", "/v1/moderations", "", bearer, `{"input":["hi"]}`},
		asker{"lakera", "/v2/guard", "", bearer, `{"messages":[{"role":"user","content":"hi"}]}`},
		asker{"lakera.results", "/v2/guard/results", "", bearer, `{"messages":[{"role":"user","content":"hi"}]}`},
		asker{"shieldPrompt", "/contentsafety/text:shieldPrompt?api-version=2024-09-01", "",
			func(h http.Header, key string) { h.Set("Ocp-Apim-Subscription-Key", key) }, `{"userPrompt":"hi","documents":["ho"]}`},
		asker{"litellm", "/beta/litellm_basic_guardrail_api", "",
			func(h http.Header, key string) { h.Set("X-Api-Key", key) }, `{"input_type":"request","texts":["hi"],"structured_messages":[{"role":"user","content":"hi"}]}`},
	)
}

// send asks with a body.
func (a *asker) send(r *rig, body string, edit ...func(*http.Request)) reply {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), "POST", r.front.URL+a.path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	a.key(q.Header, r.keys["app"])
	for _, e := range edit {
		e(q)
	}
	return r.do(q)
}

// rig is a gateway for an asker, before an upstream.
func (a *asker) rig(t *testing.T, up http.Handler, more string) *rig {
	return complaintRig(t, &wire{family: a.family}, up, more)
}

// ambiguous is a body that parsers read differently, and what it is refused for.
type ambiguous struct{ name, body, code string }

var memberName = regexp.MustCompile(`"([A-Za-z_]+)":`)

// ambiguities are made of a body in which the string text stands: each of its members
// twice, in another case and escaped, and whatever JSON is not, but some parser reads.
func ambiguities(body, text string) (out []ambiguous) {
	add := func(name, body, code string) { out = append(out, ambiguous{name, body, code}) }
	for _, at := range memberName.FindAllStringSubmatchIndex(body, -1) {
		before, name, after := body[:at[0]], body[at[2]:at[3]], body[at[3]+1:]
		var value json.RawMessage
		if err := json.NewDecoder(strings.NewReader(body[at[1]:])).Decode(&value); err != nil {
			panic(err)
		}
		other := strings.Replace(string(value), `"`+text+`"`, `"`+denied+`"`, 1)
		escaped := fmt.Sprintf(`\u%04x`, name[0]) + name[1:]
		add("twice: "+name, before+`"`+name+`":`+other+`,`+body[at[0]:], "duplicate_key")
		add("twice, once escaped: "+name, before+`"`+escaped+`":`+other+`,`+body[at[0]:], "escaped_key")
		add("escaped: "+name, before+`"`+escaped+`"`+after, "escaped_key")
	}
	inText := func(name, put, code string) {
		add(name, strings.Replace(body, `"`+text+`"`, `"`+put+`"`, 1), code)
	}
	inText("lone high surrogate", `a\ud83d`, "lone_surrogate")
	inText("lone low surrogate", `\ude00a`, "lone_surrogate")
	inText("surrogates in the wrong order", `\ude00\ud83d`, "lone_surrogate")
	inText("byte that is no UTF-8", "a\xff", "invalid_utf8")
	inText("overlong UTF-8", "a\xc0\xaf", "invalid_utf8")
	inText("surrogate in UTF-8", "\xed\xa0\x80", "invalid_utf8")
	inText("beyond Unicode", "\xf4\x90\x80\x80", "invalid_utf8")
	inText("cut UTF-8", "\xf0\x9f\x98", "invalid_utf8")
	inText("line end in a string", "a\nb", "")
	inText("null in a string", "a\x00b", "")
	inText("escape of two digits", `\x41`, "")
	inText("escape in braces", `\u{41}`, "")
	inText("short escape", `\u41`, "")
	inText("escaped quote of another language", `\'`, "")
	add("byte order mark", "\xef\xbb\xbf"+body, "byte_order_mark")
	add("UTF-16, little end", wide(body, false), "")
	add("UTF-16, big end", wide(body, true), "")
	add("a second value", body+`{"a":"`+denied+`"}`, "trailing_data")
	add("a second line", body+"\n"+body, "trailing_data")
	add("null behind the end", body+"\x00", "")
	add("comma at the end", body[:len(body)-1]+`,}`, "")
	add("comment", `/*a*/`+body, "")
	add("comment to the line end", body+" // a", "")
	add("single quotes", strings.ReplaceAll(body, `"`, `'`), "")
	add("names without quotes", memberName.ReplaceAllString(body, `$1:`), "")
	add("space of another kind", strings.Replace(body, `:`, ":\u00a0", 1), "")
	add("form feed", strings.Replace(body, `:`, ":\f", 1), "")
	add("semicolon", strings.Replace(body, `,`, `;`, 1)+";", "")
	for _, n := range []string{"NaN", "Infinity", "-Infinity", "01", "+1", "0x1", ".5", "1.", "1e", "1_0", "True", "None", "undefined"} {
		add(n, `{"x":`+n+`,`+body[1:], "")
	}
	add("deep lists", `{"x":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`,`+body[1:], "")
	add("deep objects", `{"x":`+strings.Repeat(`{"a":`, 100)+"1"+strings.Repeat("}", 100)+`,`+body[1:], "")
	add("in a list", "["+body+"]", "")
	add("a string", quote(body), "")
	add("cut", body[:len(body)-1], "")
	add("two objects for one", strings.Replace(body, "{", "{{", 1), "")
	return out
}

// wide is a text in UTF-16 without a mark.
func wide(s string, big bool) string {
	var b bytes.Buffer
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

// TestDifferentialRequests: in every dialect, a request that two parsers may read
// differently is refused, says why, is recorded, and reaches no upstream.
func TestDifferentialRequests(t *testing.T) {
	for _, a := range askers() {
		t.Run(a.name, func(t *testing.T) {
			asked := atomic.Int64{}
			r := a.rig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				asked.Add(1)
				_, _ = io.Copy(io.Discard, q.Body)
			}), "")
			cases := ambiguities(a.body, "hi")
			for _, c := range cases {
				p := a.send(r, c.body)
				if p.status != 400 || !strings.Contains(p.body, c.code) || strings.Contains(p.body, denied) {
					t.Errorf("%s: %d %s; want 400 %s", c.name, p.status, p.body, c.code)
				}
				if k := r.ledger.kinds(p.request()); fmt.Sprint(k) != "[exchange.opened exchange.closed]" {
					t.Errorf("%s: recorded %v; want opened and closed", c.name, k)
				}
			}
			if asked.Load() > 0 {
				t.Errorf("%d requests reached the upstream", asked.Load())
			}
			if len(cases) < 45 {
				t.Errorf("%d cases; expected at least 45", len(cases))
			}
		})
	}
}

// TestDifferentialCase: in every dialect, what stands in a member whose name is written
// in another case is refused or read.
func TestDifferentialCase(t *testing.T) {
	for _, a := range askers() {
		t.Run(a.name, func(t *testing.T) {
			var seen atomic.Value
			seen.Store("")
			r := a.rig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				b, _ := io.ReadAll(q.Body)
				seen.Store(string(b))
			}), "")
			for _, at := range memberName.FindAllStringSubmatchIndex(a.body, -1) {
				name := a.body[at[2]:at[3]]
				for _, other := range []string{strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], strings.Replace(name, "s", "ſ", 1), strings.Replace(name, "k", "\u212a", 1)} {
					if other == name {
						continue
					}
					p := a.send(r, a.body[:at[0]]+`"`+other+`":"`+denied+`",`+a.body[at[0]:])
					if p.status != 400 || strings.Contains(seen.Load().(string), denied) {
						t.Errorf("%q beside %q: %d %s", other, name, p.status, p.body)
					}
				}
			}
		})
	}
}

// TestDifferentialAnswers: in every dialect, an answer that two parsers may read
// differently is not passed on, and nothing of what it hides.
func TestDifferentialAnswers(t *testing.T) {
	for i := range wires {
		w := &wires[i]
		t.Run(w.protocol, func(t *testing.T) {
			var answer atomic.Value
			r := complaintRig(t, w, http.HandlerFunc(func(rw http.ResponseWriter, q *http.Request) {
				answers("application/json", answer.Load().(string)).ServeHTTP(rw, q)
			}), "")
			for _, c := range ambiguities(w.whole("Fine."), "Fine.") {
				if c.body == w.whole("Fine.") || c.code == "lone_surrogate" {
					continue // no such text is in this answer; a model may break off within a character
				}
				answer.Store(c.body)
				p := r.do(r.callOn(w, "hi", false))
				if p.status != 502 || !strings.Contains(p.body, "upstream_invalid_answer") || strings.Contains(p.body, denied) {
					t.Errorf("%s: %d %s; want 502", c.name, p.status, p.body)
				}
			}
		})
	}
}

// TestDifferentialEvents: the same of the event of a stream that carries its text.
func TestDifferentialEvents(t *testing.T) {
	eachWire(t, func(t *testing.T, w *wire) {
		var answer atomic.Value
		r := complaintRig(t, w, http.HandlerFunc(func(rw http.ResponseWriter, q *http.Request) {
			answers("text/event-stream", answer.Load().(string)).ServeHTTP(rw, q)
		}), "")
		begun, event, rest := cutAt(w.stream([]string{"Hello there. ", "Fine."}), "Fine.")
		for _, c := range ambiguities(event, "Fine.") {
			if strings.ContainsAny(c.body, "\n\r") || c.code == "lone_surrogate" {
				continue // the event ends there; or half of a character, which may come in two events
			}
			answer.Store(begun + c.body + rest)
			p := r.do(r.callOn(w, "hi", true))
			if p.status != 200 || looksComplete(w, p) || strings.Contains(p.body, denied) {
				t.Errorf("%s: %d %s", c.name, p.status, p.body)
			}
			if cl := r.ledger.closed(p.request()); cl == nil || cl.End != "upstream" || cl.Code != "upstream_invalid_answer" {
				t.Errorf("%s: closed record %+v", c.name, cl)
			}
		}
	})
}

// cutAt cuts a stream into what comes before the data of the first event that has a
// text, these data, and what comes behind.
func cutAt(stream, text string) (before, data, behind string) {
	at := strings.Index(stream, text)
	begin := strings.LastIndex(stream[:at], "data: ") + len("data: ")
	end := at + strings.IndexAny(stream[at:], "\r\n")
	return stream[:begin], stream[begin:end], stream[end:]
}

// looksComplete reports whether a client takes a stream for whole.
func looksComplete(w *wire, p reply) bool {
	end := map[string]string{"openai.chat": "[DONE]", "openai.completions": "[DONE]", "openai.responses": "response.completed",
		"anthropic.messages": "message_stop", "gemini.generate": `"finishReason":"STOP"`}[w.protocol]
	return end == "" || p.err == nil && strings.Contains(p.body, end)
}
