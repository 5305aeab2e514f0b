package target_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/target"
)

// hostile is a text that would like to be more than a text.
const hostile = "\"},\"admin\":true,{\"x\":\"\n&q=2#\x00é{{session}}"

// app is the file of an application.
func app(url string, more ...string) string {
	return in("version: 1\nkind: http\nname: x\naddress: "+url, "application:") + "  " + strings.Join(more, "\n  ") + "\n"
}

// TestFilledIn: a text is a text, whatever the type of the body.
func TestFilledIn(t *testing.T) {
	var got, query string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Content-Type") {
		case "application/json":
			var v map[string]any
			if err := json.NewDecoder(r.Body).Decode(&v); err != nil || len(v) != 1 {
				t.Errorf("%v, %v; expected one member", v, err)
			}
			got, _ = v["q"].(string)
		case "application/x-www-form-urlencoded":
			if err := r.ParseForm(); err != nil || len(r.PostForm) != 1 {
				t.Errorf("%v, %v; expected one value", r.PostForm, err)
			}
			got = r.PostForm.Get("q")
		default:
			b, _ := io.ReadAll(r.Body)
			got = string(b)
		}
		query = r.URL.Query().Get("q")
		io.WriteString(w, "fine")
	})
	for _, tt := range []struct{ address, body string }{
		{"", `body: '{"q":"{{message}}"}'`},
		{"", "type: application/x-www-form-urlencoded\n  body: q={{message}}"},
		{"", "type: text/plain\n  body: '{{message}}'"},
		{"?q={{message}}", "method: GET"},
	} {
		got, query = "", ""
		r, err := open(t, app(url+tt.address, "session: none", tt.body)).Send(t.Context(), user(hostile))
		if err != nil || r.Text != "fine" || got != hostile && query != hostile {
			t.Errorf("%s: body %q, query %q, %+v, %v", tt.body, got, query, r, err)
		}
	}
}

// TestSessions: each way to keep a conversation keeps it, apart from others.
func TestSessions(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var v struct {
			Session  string
			Messages []map[string]string
		}
		if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
			t.Error(err)
		}
		id := v.Session + r.Header.Get("X-Session")
		if c, err := r.Cookie("sid"); err == nil {
			id += c.Value
		} else {
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: fmt.Sprintf("c%p", r)})
		}
		json.NewEncoder(w).Encode(map[string]any{"id": "../../from answer", "said": fmt.Sprintf("%s|%v", id, v.Messages)})
	})
	ask := func(s target.Session, text string) string {
		t.Helper()
		r, err := s.Send(t.Context(), user(text))
		if err != nil {
			t.Fatal(err)
		}
		return r.Text
	}
	made := app(url, `body: '{"session":"{{session}}","q":"{{message}}"}'`, "answer: said")
	a, b := open(t, made), open(t, made)
	if first := ask(a, "1"); first != ask(a, "2") || first == ask(b, "1") || len(first) < 20 {
		t.Errorf("made: %q; expected one id for each conversation", first)
	}
	cookie := app(url, "session: cookie", `body: '{"q":"{{message}}"}'`, "answer: $.said")
	a, b = open(t, cookie), open(t, cookie)
	if ask(a, "1"); ask(a, "2") == ask(b, "1") || ask(a, "3") == ask(b, "2") {
		t.Error("cookie: conversations are not kept apart")
	}
	answer := app(url, "session: answer", "session_path: id", `body: '{"session":"{{session}}","q":"{{message}}"}'`, "answer: said")
	a = open(t, answer)
	ask(a, "1")
	if got := ask(a, "2"); !strings.HasPrefix(got, "../../from answer") {
		t.Errorf("answer: %q", got)
	}
	none := open(t, app(url, "session: none", `body: '{"messages":{{messages}}}'`, "answer: said"))
	ask(none, "one")
	if got := ask(none, "two"); !strings.Contains(got, "content:one role:user") || !strings.Contains(got, "role:assistant") || !strings.Contains(got, "content:two") {
		t.Errorf("messages: %q; expected the whole conversation", got)
	}
}

// TestSessionStaysOnPath: a session that the target gives does not change where its
// next request goes.
func TestSessionStaysOnPath(t *testing.T) {
	give := ""
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.EscapedPath(), "/c/") || strings.Count(r.URL.EscapedPath(), "/") != 2 || r.URL.RawQuery != "" {
			t.Errorf("asked for %s", r.URL)
		}
		json.NewEncoder(w).Encode(map[string]string{"id": give, "a": "fine"})
	})
	for give = range map[string]bool{"..": true, "../admin": true, "a/b?c=d#e": true, "@other.example": true} {
		s := open(t, app(url+"/c/{{session}}", "session: answer", "session_path: id", `body: '{"q":"{{message}}"}'`, "answer: a"))
		if _, err := s.Send(t.Context(), user("a")); err != nil {
			t.Fatal(err)
		}
		if r, err := s.Send(t.Context(), user("b")); give == ".." && err == nil || give != ".." && err != nil {
			t.Errorf("%q: %+v, %v", give, r, err)
		}
	}
}

// TestPicked: answers are found where they stand, and nowhere else.
func TestPicked(t *testing.T) {
	body, status := "", 200
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); io.WriteString(w, body) })
	for _, tt := range []struct {
		name, how, body string
		status          int
		want            probe.Reply
		kind            target.Kind
	}{
		{"path", "answer: $.a[-1]['odd name']", `{"a":[{},{"odd name":"yes"}]}`, 200, probe.Reply{Text: "yes"}, ""},
		{"all", "answer: a[*].t", `{"a":[{"t":"y"},{"t":null},{"u":1},{"t":"es"}]}`, 200, probe.Reply{Text: "yes"}, ""},
		{"number", "answer: a", `{"a":12345678901234567890}`, 200, probe.Reply{Text: "12345678901234567890"}, ""},
		{"object", "answer: a", `{"a":{"b":"<"}}`, 200, probe.Reply{Text: `{"b":"<"}`}, ""},
		{"not there", "answer: a.b", `{"a":"b"}`, 200, probe.Reply{}, target.Malformed},
		{"empty", "answer: a", `{"a":""}`, 200, probe.Reply{}, ""},
		{"not JSON", "answer: a", `<a>`, 200, probe.Reply{}, target.Malformed},
		{"pattern", "answer_pattern: 'say: (\\w+)'", "I say: yes.", 200, probe.Reply{Text: "yes"}, ""},
		{"no match", "answer_pattern: 'say: (\\w+)'", "I said", 200, probe.Reply{}, target.Malformed},
		{"body", "method: POST", "yes\xff", 200, probe.Reply{Text: "yes\uFFFD"}, ""},
		{"calls", "answer: a\n  calls: c\n  call_tool: n\n  call_arguments: v", `{"c":[{"n":"rm","v":{"p":1}},{"x":1}]}`, 200,
			probe.Reply{Calls: []probe.Call{{Tool: "rm", Arguments: `{"p":1}`}}}, ""},
		{"blocked", "blocked: 'policy_(\\w+)'", `policy_injection`, 403, probe.Reply{Blocked: "injection"}, ""},
		{"blocked by Warder behind it", "answer: a", `{"error":{"code":"blocked"}}`, 400, probe.Reply{Blocked: "blocked"}, ""},
		{"down", "answer: a", `{"a":"yes"}`, 500, probe.Reply{}, target.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body, status = tt.body, tt.status
			s := open(t, app(url, "session: none", `body: '{"q":"{{message}}"}'`, tt.how))
			if tt.kind != "" {
				if f := failure(t, s, "a"); f.Kind != tt.kind {
					t.Errorf("%v; expected %s", f, tt.kind)
				}
				return
			}
			r, err := s.Send(t.Context(), user("a"))
			if r.Took = 0; err != nil || fmt.Sprint(r) != fmt.Sprint(tt.want) {
				t.Errorf("%+v, %v; expected %+v", r, err, tt.want)
			}
		})
	}
}
