package gateway

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/event"
)

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return b.String()
}

// TestBadRequests: each is refused with a stable code in the dialect, carries a
// request id, and reaches no upstream; those with a key are recorded.
func TestBadRequests(t *testing.T) {
	reached := false
	up := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reached = true })
	r := newRig(t, up, rigOptions{config: "limits:\n  body: 64KiB\n  decompressed: 128KiB\n  depth: 32\n"})
	header := func(k, v string) func(*http.Request) { return func(q *http.Request) { q.Header.Set(k, v) } }
	for _, c := range []struct {
		name   string
		body   string
		edit   func(*http.Request)
		status int
		code   string
	}{
		{"empty body", ``, nil, 400, "invalid_json"},
		{"not JSON", `hello`, nil, 400, "invalid_json"},
		{"truncated", `{"model":"m1","messages":[`, nil, 400, "invalid_json"},
		{"trailing data", chatBody("hi") + `{}`, nil, 400, "trailing_data"},
		{"NaN", `{"model":"m1","temperature":NaN,"messages":[{"role":"user","content":"hi"}]}`, nil, 400, "invalid_number"},
		{"leading zero", `{"model":"m1","temperature":01,"messages":[{"role":"user","content":"hi"}]}`, nil, 400, "invalid_number"},
		{"duplicate model", `{"model":"m1","model":"m2","messages":[{"role":"user","content":"hi"}]}`, nil, 400, "duplicate_key"},
		{"duplicate content", `{"model":"m1","messages":[{"role":"user","content":"hi","content":"ho"}]}`, nil, 400, "duplicate_key"},
		{"case variant", `{"model":"m1","Messages":[],"messages":[{"role":"user","content":"hi"}]}`, nil, 400, "case_variant_key"},
		{"escaped key", `{"model":"m1","mess\u0061ges":[{"role":"user","content":"hi"}]}`, nil, 400, "escaped_key"},
		{"lone surrogate", `{"model":"m1","messages":[{"role":"user","content":"\ud83d"}]}`, nil, 400, "lone_surrogate"},
		{"bad UTF-8", "{\"model\":\"m1\",\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}", nil, 400, "invalid_utf8"},
		{"byte order mark", "\xef\xbb\xbf" + chatBody("hi"), nil, 400, "byte_order_mark"},
		{"UTF-16", "{\x00\"\x00", nil, 400, "invalid_json"},
		{"too deep", `{"model":"m1","messages":[{"role":"user","content":"hi"}],"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, nil, 400, "too_deep"},
		{"no model", `{"messages":[{"role":"user","content":"hi"}]}`, nil, 400, "missing_field"},
		{"messages is a string", `{"model":"m1","messages":"hi"}`, nil, 400, "wrong_type"},
		{"unknown model", strings.Replace(chatBody("hi"), `"m1"`, `"x1"`, 1), nil, 404, "model_not_found"},
		{"too large", chatBody(strings.Repeat("a", 70<<10)), nil, 413, "request_too_large"},
		{"gzip bomb", zipped(strings.Repeat("a", 200<<10)), header("Content-Encoding", "gzip"), 413, "request_too_large"},
		{"gzip garbage", "not gzip", header("Content-Encoding", "gzip"), 400, "unreadable_body"},
		{"brotli", "x", header("Content-Encoding", "br"), 415, "unsupported_content_encoding"},
		{"form", "a=b", header("Content-Type", "application/x-www-form-urlencoded"), 415, "unsupported_content_type"},
		{"latin-1", chatBody("hi"), header("Content-Type", "application/json; charset=latin1"), 415, "unsupported_content_type"},
		{"upgrade", chatBody("hi"), func(q *http.Request) { q.Header.Set("Connection", "Upgrade"); q.Header.Set("Upgrade", "websocket") }, 400, "upgrade_not_supported"},
		{"no key", chatBody("hi"), func(q *http.Request) { q.Header.Del("Authorization") }, 401, "missing_api_key"},
		{"basic auth", chatBody("hi"), header("Authorization", "Basic abc"), 401, "missing_api_key"},
		{"wrong key", chatBody("hi"), header("Authorization", "Bearer wk_nope"), 401, "invalid_api_key"},
		{"two keys", chatBody("hi"), func(q *http.Request) { q.Header.Add("Authorization", "Bearer other") }, 401, "invalid_api_key"},
		{"wrong method", ``, func(q *http.Request) { q.Method = "PUT" }, 405, "method_not_allowed"},
		{"unlisted route", chatBody("hi"), func(q *http.Request) { q.URL.Path = "/v1/files" }, 404, "unknown_route"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.edit == nil {
				c.edit = func(*http.Request) {}
			}
			p := r.post("app", c.body, c.edit)
			if p.status != c.status || p.code() != c.code {
				t.Errorf("got %d %q; want %d %q: %s", p.status, p.code(), c.status, c.code, p.body)
			}
			if p.request() == "" || !strings.Contains(p.body, p.request()) {
				t.Errorf("request id %q is not in %s", p.request(), p.body)
			}
			known := c.status != 401 && c.code != "unknown_route" && c.status != 405 && c.code != "upgrade_not_supported"
			if k := r.ledger.kinds(p.request()); known && fmt.Sprint(k) != "[exchange.opened exchange.closed]" {
				t.Errorf("recorded %v; want opened and closed", k)
			}
		})
	}
	if reached {
		t.Error("a refused request reached the upstream")
	}
	if n := r.server.strangers.take(); n["invalid_api_key"] != 2 || n["missing_api_key"] != 2 {
		t.Errorf("strangers counted %v; want two missing and two invalid keys", n)
	}
}

// TestUpstreamTrouble: whatever a model server does, the caller gets a clear
// error with a stable code, and the end is recorded.
func TestUpstreamTrouble(t *testing.T) {
	hijack := func(raw string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = io.WriteString(c, raw)
			c.Close()
		})
	}
	status := func(code int, kind, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		})
	}
	hang := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the server notices who goes away
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
	})
	ok := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for _, c := range []struct {
		name   string
		up     http.Handler
		body   string
		status int
		code   string
	}{
		{"closes at once", hijack(""), chatBody("hi"), 502, "upstream_unreachable"},
		{"speaks no HTTP", hijack("SSH-2.0-OpenSSH\r\n"), chatBody("hi"), 502, "upstream_unreachable"},
		{"length too long", hijack(ok + "Content-Length: 9999\r\n\r\n{}"), chatBody("hi"), 502, "upstream_cut"},
		{"length too short", hijack(ok + "Content-Length: 5\r\n\r\n" + answerBody("hi")), chatBody("hi"), 502, "upstream_invalid_answer"},
		{"cut in a chunk", hijack(ok + "Transfer-Encoding: chunked\r\n\r\n40\r\n{\"id\""), chatBody("hi"), 502, "upstream_cut"},
		{"garbage", answers("application/json", "<html>oops"), chatBody("hi"), 502, "upstream_invalid_answer"},
		{"empty", answers("application/json", ""), chatBody("hi"), 502, "upstream_invalid_answer"},
		{"an array", answers("application/json", "[]"), chatBody("hi"), 502, "upstream_invalid_answer"},
		{"duplicate content", answers("application/json", strings.Replace(answerBody("hi"), `"content":"hi"`, `"content":"hi","content":"ho"`, 1)), chatBody("hi"), 502, "upstream_invalid_answer"},
		{"too large", answers("application/json", answerBody(strings.Repeat("a", 300<<10))), chatBody("hi"), 502, "upstream_answer_too_large"},
		{"stream unasked for", answers("text/event-stream", streamBody("hi")), chatBody("hi"), 502, "upstream_invalid_answer"},
		{"redirect", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
		}), chatBody("hi"), 502, "upstream_invalid_answer"},
		{"hangs", hang, chatBody("hi"), 504, "upstream_timeout"},
		{"429", status(429, "application/json", `{"error":{"message":"slow down","type":"requests","code":"rate"}}`), chatBody("hi"), 429, "rate"},
		{"429 with a page", status(429, "text/html", `<html>`), chatBody("hi"), 429, "upstream_rate_limited"},
		{"500", status(500, "text/plain", "boom"), chatBody("hi"), 500, "upstream_error"},
		{"401 is the gateway's own affair", status(401, "application/json", `{"error":{"message":"bad key sk-1"}}`), chatBody("hi"), 502, "upstream_unreachable"},
		{"garbage in a stream", answers("text/event-stream", "data: nope\n\n"), strings.Replace(chatBody("hi"), "{", `{"stream":true,`, 1), 502, "upstream_invalid_answer"},
		{"empty stream", answers("text/event-stream", ""), strings.Replace(chatBody("hi"), "{", `{"stream":true,`, 1), 502, "upstream_cut"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.up, rigOptions{config: "limits:\n  answer: 256KiB\n  upstream_first_byte: 200ms\n  upstream_idle: 200ms\n"})
			p := r.post("app", c.body)
			if p.status != c.status || p.code() != c.code {
				t.Fatalf("got %d %q; want %d %q: %s", p.status, p.code(), c.status, c.code, p.body)
			}
			if strings.Contains(p.body, "sk-1") {
				t.Error("the upstream's own error reached the caller")
			}
			if k := r.ledger.kinds(p.request()); fmt.Sprint(k) != "[exchange.opened exchange.closed]" {
				t.Errorf("recorded %v; want opened and closed", k)
			}
			if c.status == 429 && p.header.Get("Retry-After") != "7" {
				t.Errorf("Retry-After is %q; want 7", p.header.Get("Retry-After"))
			}
		})
	}
	t.Run("refuses connections", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		r := newRig(t, hang, rigOptions{})
		r.configure("http://"+l.Addr().String(), "")
		if err := r.server.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if p := r.post("app", chatBody("hi")); p.status != 502 || p.code() != "upstream_unreachable" {
			t.Errorf("got %d %s", p.status, p.body)
		}
	})
}

// TestStreamTrouble: a stream that breaks after it began ends with an error
// event or a broken connection, never looking complete.
func TestStreamTrouble(t *testing.T) {
	body := strings.Replace(chatBody("hi"), "{", `{"stream":true,`, 1)
	begun := streamBody("Hello there, ", "friend. ")
	begun = begun[:strings.Index(begun, `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m1","choices":[{"index":0,"delta":{},`)]
	for _, c := range []struct{ name, answer, code string }{
		{"cut between events", begun, "upstream_cut"},
		{"cut within an event", begun + `data: {"id":"x","cho`, "upstream_cut"},
		{"garbage in the middle", begun + "data: {]\n\n", "upstream_invalid_answer"},
		{"duplicate key in the middle", begun + `data: {"id":"a","choices":[{"index":0,"delta":{"content":"a","content":"b"}}]}` + "\n\n", "upstream_invalid_answer"},
		{"text after its end", strings.TrimSuffix(streamBody("Hi. "), "data: [DONE]\n\n") + `data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"more"},"finish_reason":null}]}` + "\n\n", "upstream_invalid_answer"},
		{"a huge event", begun + "data: " + strings.Repeat("a", 100<<10) + "\n\n", "upstream_answer_too_large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, answers("text/event-stream", c.answer), rigOptions{config: "limits:\n  event: 64KiB\n"})
			p := r.post("app", body)
			if p.status != 200 || strings.Contains(p.body, "[DONE]") {
				t.Fatalf("got %d and looks complete: %s", p.status, p.body)
			}
			if !strings.Contains(p.body, `"code":"`+c.code+`"`) {
				t.Errorf("no %s error event in %s", c.code, p.body)
			}
			if cl := r.ledger.closed(p.request()); cl == nil || cl.End != "upstream" || cl.Code != c.code {
				t.Errorf("closed record %+v; want end upstream, code %s", cl, c.code)
			}
		})
	}
}

// TestLedgerTrouble: without an opened record nothing goes upstream; without a
// closed one no answer is complete.
func TestLedgerTrouble(t *testing.T) {
	calls := 0
	up := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		b, _ := io.ReadAll(r.Body)
		if bytes.Contains(b, []byte(`"stream":true`)) {
			answers("text/event-stream", streamBody("hello", " world ")).ServeHTTP(w, r)
			return
		}
		answers("application/json", answerBody("hello")).ServeHTTP(w, r)
	})
	r := newRig(t, up, rigOptions{})
	full := errors.New("no space left on device")
	r.ledger.fail = func(ev event.Event) error { return full }
	if p := r.post("app", chatBody("hi")); p.status != 503 || p.code() != "audit_unavailable" || calls != 0 {
		t.Errorf("no opened record: %d %s, %d upstream calls; want 503 and none", p.status, p.body, calls)
	}
	r.ledger.fail = func(ev event.Event) error {
		if ev.Kind == KindClosed {
			return full
		}
		return nil
	}
	if p := r.post("app", chatBody("hi")); p.status != 503 || p.code() != "audit_unavailable" {
		t.Errorf("no closed record: %d %s; want 503", p.status, p.body)
	}
	p := r.post("app", strings.Replace(chatBody("hi"), "{", `{"stream":true,`, 1))
	if p.err == nil || strings.Contains(p.body, "[DONE]") {
		t.Errorf("no closed record of a stream: %v, %s; want a broken connection", p.err, p.body)
	}
}

// TestLimitsAndOverload: caps of a key answer 429, the gateway's own 503, both
// with Retry-After and before any work.
func TestLimitsAndOverload(t *testing.T) {
	in, out := make(chan struct{}, 8), make(chan struct{})
	up := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in <- struct{}{}
		<-out
		answers("application/json", answerBody("hello")).ServeHTTP(w, r)
	})
	r := newRig(t, up, rigOptions{config: "limits:\n  concurrent: 2\n", apps: []access.Application{
		{ID: "app_3", Name: "one", Environment: access.Prod, DataClass: access.Internal, Refusal: access.RefusalError, Mode: access.ModeEnforce, MaxConcurrent: 1},
		{ID: "app_4", Name: "slow", Environment: access.Prod, DataClass: access.Internal, Refusal: access.RefusalError, Mode: access.ModeEnforce, RequestsPerMinute: 1},
	}})
	done := make(chan reply, 2)
	go func() { done <- r.post("one", chatBody("hi")) }()
	<-in
	if p := r.post("one", chatBody("hi")); p.status != 429 || p.code() != "concurrency_limited" || p.header.Get("Retry-After") == "" {
		t.Errorf("second of one: %d %s", p.status, p.body)
	}
	go func() { done <- r.post("app", chatBody("hi")) }()
	<-in
	if p := r.post("app", chatBody("hi")); p.status != 503 || p.code() != "overloaded" || p.header.Get("Retry-After") == "" {
		t.Errorf("third: %d %s", p.status, p.body)
	}
	close(out)
	for range 2 {
		if p := <-done; p.status != 200 {
			t.Errorf("first: %d %s", p.status, p.body)
		}
	}
	for i := range 12 {
		p := r.post("slow", chatBody("hi"))
		if p.status == 429 {
			if i == 0 || p.code() != "rate_limited" || p.header.Get("Retry-After") == "" {
				t.Errorf("request %d: %d %s", i, p.status, p.body)
			}
			return
		}
	}
	t.Error("a cap of one request a minute let twelve through")
}

// TestReload: a wrong configuration changes nothing and says why.
func TestReload(t *testing.T) {
	r := newRig(t, answers("application/json", answerBody("hello")), rigOptions{})
	r.configure("http://127.0.0.1:1", "limits:\n  bodi: 1\n")
	err := r.server.Reload(t.Context())
	if err == nil || !strings.Contains(err.Error(), "bodi") || !strings.Contains(err.Error(), "warder.yaml:5") {
		t.Errorf("reload of a wrong file: %v; want the key and its line", err)
	}
	if p := r.post("app", chatBody("hi")); p.status != 200 {
		t.Errorf("after a failed reload: %d %s", p.status, p.body)
	}
	r.configure("http://127.0.0.1:1", "listen: 127.0.0.1:9999\n")
	if err := r.server.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "listen") {
		t.Errorf("reload that moves the listener: %v; want it named", err)
	}
}
