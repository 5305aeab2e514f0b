package gateway

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// played is an upstream that keeps what reaches it.
type played struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	keys   []string // of the Authorization header
}

func play(t *testing.T, h http.Handler) *played {
	t.Helper()
	p := &played{}
	p.Server = httptest.NewServer(p.keep(h))
	t.Cleanup(p.Close)
	return p
}

func (p *played) keep(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		p.bodies, p.keys = append(p.bodies, string(b)), append(p.keys, r.Header.Get("Authorization"))
		p.mu.Unlock()
		h.ServeHTTP(w, r)
	})
}

func (p *played) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.bodies...)
}

// refuses is an upstream that has no time.
func refuses(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
}

// group adds a second upstream, "two", that stands in for the first.
func group(second *played) string {
	return fmt.Sprintf("    group: g\n  - name: two\n    group: g\n    priority: 1\n    url: %s/v1\n", second.URL)
}

// records returns what was recorded of a request.
func (m *memory) records(t *testing.T, request string) (o Opened, c Closed) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.events {
		if e.Request != request {
			continue
		}
		switch p := e.Payload.(type) {
		case *Opened:
			o = *p
		case *Closed:
			c = *p
		}
	}
	return o, c
}

// TestFailover: before anything of an answer has come, another of the group is asked.
// The records name who was chosen first, who answered, and how often somebody was asked.
func TestFailover(t *testing.T) {
	for _, c := range []struct{ name, body, kind, answer string }{
		{"whole", chatBody("hi"), "application/json", answerBody("from two")},
		{"streamed", streamRequest("hi"), "text/event-stream", streamBody("from ", "two. ")},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, second := play(t, refuses(503)), play(t, answers(c.kind, c.answer))
			r := newRig(t, first.Config.Handler, rigOptions{config: group(second)})
			p := r.post("app", c.body)
			if p.status != 200 || p.body != c.answer {
				t.Fatalf("got %d %s; want the second's answer byte for byte", p.status, p.body)
			}
			if a, b := first.seen(), second.seen(); len(a) != 1 || len(b) != 1 || a[0] != c.body || b[0] != c.body {
				t.Errorf("the upstreams saw %q and %q; want the request once each", a, b)
			}
			o, cl := r.ledger.records(t, p.request())
			if o.Upstream != "test" || o.Protocol != "openai.chat" || cl.Upstream != "two" || cl.Attempts != 2 || cl.Model != "" {
				t.Errorf("opened at %q by %q, closed at %q after %d attempts, model %q; want test, openai.chat, two, 2, none", o.Upstream, o.Protocol, cl.Upstream, cl.Attempts, cl.Model)
			}
			m := r.metrics()
			for _, want := range []string{`warder_upstream_attempts_total{upstream="two"} 1`, `warder_upstream_retries_total{upstream="two"} 1`,
				`warder_upstream_failures_total{kind="refused",upstream="test"} 1`, `warder_exchanges_total{application="app",end="complete",protocol="openai.chat"} 1`} {
				if !strings.Contains(m, want+"\n") {
					t.Errorf("metrics lack %s", want)
				}
			}
		})
	}
}

func (r *rig) metrics() string {
	q := httptest.NewRequest("GET", "http://localhost/metrics", nil)
	w := httptest.NewRecorder()
	r.server.AdminHandler().ServeHTTP(w, q)
	return w.Body.String()
}

// TestNoFailoverAfterTheFirstByte: what has begun to answer is not asked for again, nor is
// another, whatever becomes of the answer.
func TestNoFailoverAfterTheFirstByte(t *testing.T) {
	begun := streamBody("Hello there, ", "friend. ")
	begun = begun[:len(begun)-len("data: [DONE]\n\n")]
	cut := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "999")
		_, _ = io.WriteString(w, `{"id":`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	for _, c := range []struct {
		name, body string
		up         http.Handler
		code       string
	}{
		{"stream", streamRequest("hi"), answers("text/event-stream", strings.Split(begun, `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m1","choices":[{"index":0,"delta":{},`)[0]), "upstream_cut"},
		{"whole", chatBody("hi"), cut, "upstream_cut"},
		{"error of the server", chatBody("hi"), refuses(500), "upstream_error"},
		{"redirect", chatBody("hi"), http.RedirectHandler("http://192.0.2.1/", http.StatusTemporaryRedirect), "upstream_invalid_answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, second := play(t, c.up), play(t, answers("application/json", answerBody("two")))
			r := newRig(t, first.Config.Handler, rigOptions{config: group(second)})
			p := r.post("app", c.body)
			_, cl := r.ledger.records(t, p.request())
			if cl.Code != c.code || cl.Upstream != "test" || cl.Attempts != 1 {
				t.Errorf("closed with %q at %q after %d attempts; want %q, test, 1", cl.Code, cl.Upstream, cl.Attempts, c.code)
			}
			if a, b := first.seen(), second.seen(); len(a) != 1 || len(b) != 0 {
				t.Errorf("asked %d and %d times; want once and never", len(a), len(b))
			}
		})
	}
}

// TestAlias: the upstream sees its own name of the model, and nothing else differs from
// what the caller sent; the answer is as the upstream gave it. What is masked stays so.
func TestAlias(t *testing.T) {
	answer := strings.Replace(answerBody("hello"), `"m1"`, `"real/model-2026"`, 1)
	up := play(t, answers("application/json", answer))
	r := newRig(t, up.Config.Handler, rigOptions{config: "    aliases: {mine: 'real/\"model\"', m2: m2}\n"})
	send := func(model, text string) string {
		return `{ "temperature":1.50e0,"model" : ` + model + `,"messages":[{"role":"user","content":"` + text + `"}],"metadata":{"model":"mine"} }`
	}
	for _, c := range []struct{ name, sent, want, model string }{
		{"alias", send(`"mine"`, "hi"), send(`"real/\"model\""`, "hi"), `real/"model"`},
		{"escaped", send(`"m\u0069ne"`, "hi"), send(`"real/\"model\""`, "hi"), `real/"model"`},
		{"with a mask", send(`"mine"`, "I am jane.roe@example.com, hi"), send(`"real/\"model\""`, "I am MASK, hi"), `real/"model"`},
		{"its own name", send(`"m2"`, "hi"), send(`"m2"`, "hi"), ""},
		{"none", send(`"m1"`, "hi"), send(`"m1"`, "hi"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(up.seen())
			p := r.post("app", c.sent)
			if p.status != 200 || p.body != answer {
				t.Fatalf("got %d %s; want the upstream's answer", p.status, p.body)
			}
			got := up.seen()[before:]
			if len(got) != 1 {
				t.Fatalf("the upstream was asked %d times; want once", len(got))
			}
			// A mask is not the same twice: what stands around it is.
			head, tail, masked := strings.Cut(c.want, "MASK")
			if !strings.HasPrefix(got[0], head) || !strings.HasSuffix(got[0], tail) || !masked && got[0] != c.want || strings.Contains(got[0], "jane") {
				t.Errorf("the upstream saw %s\nwant %s", got[0], c.want)
			}
			if o, cl := r.ledger.records(t, p.request()); cl.Model != c.model || o.Model == "" {
				t.Errorf("recorded model %q, then %q; want the caller's, then %q", o.Model, cl.Model, c.model)
			}
		})
	}
}

// TestAliasesAreListed: a model is listed for the names by which callers get it from the
// upstream that lists it, and for no other.
func TestAliasesAreListed(t *testing.T) {
	up := answers("application/json", `{"object":"list","data":[{"id":"real","object":"model","owned_by":"a"},{"id":"m9" , "object":"model"},{"id":"mine","object":"model"}]}`)
	r := newRig(t, up, rigOptions{config: "    models: [m*]\n    aliases: {mine: real, hidden: real}\n"})
	if got, want := r.list("app"), `{"object":"list","data":[{"id":"mine","object":"model","owned_by":"a"},{"id":"m9" , "object":"model"}]}`; got != want {
		t.Errorf("listed %s\nwant %s", got, want)
	}
	if got, want := r.list("soft"), `{"object":"list","data":[{"id":"hidden","object":"model","owned_by":"a"},{"id":"mine","object":"model","owned_by":"a"},{"id":"m9" , "object":"model"}]}`; got != want {
		t.Errorf("listed for an application without limits %s\nwant %s", got, want)
	}
}

// TestNoModels: without an upstream of the family there are no models, and no model is found.
func TestNoModels(t *testing.T) {
	up := play(t, answers("application/json", answerBody("hello")))
	r := newRig(t, up.Config.Handler, rigOptions{config: "    family: gemini\n"})
	if got := r.list("app"); got != `{"object":"list","data":[]}` {
		t.Errorf("listed %s", got)
	}
	if p := r.post("app", chatBody("hi")); p.status != 404 || p.code() != "model_not_found" || len(up.seen()) != 0 {
		t.Errorf("got %d %s, and %d requests upstream; want 404 and none", p.status, p.body, len(up.seen()))
	}
}

func (r *rig) list(app string) string {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), "GET", r.front.URL+"/v1/models", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+r.keys[app])
	p := r.do(q)
	if p.status != 200 {
		r.t.Fatalf("got %d %s", p.status, p.body)
	}
	return p.body
}

// TestCircuit: an upstream that fails is left alone; callers are told so in their dialect
// and when to come back. A reload that changes nothing about upstreams does not forget it.
func TestCircuit(t *testing.T) {
	up := play(t, refuses(503))
	rules := "    retry: {attempts: 1}\n    circuit: {minimum: 2, open: 30s}\n"
	r := newRig(t, up.Config.Handler, rigOptions{config: rules})
	at := r.upstreamURL()
	for range 2 {
		if p := r.post("app", chatBody("hi")); p.status != 503 || p.code() != "upstream_error" {
			t.Fatalf("got %d %s; want the upstream's refusal", p.status, p.body)
		}
	}
	away := func(body string) {
		t.Helper()
		p := r.post("app", body)
		after, err := strconv.Atoi(p.header.Get("Retry-After"))
		if p.status != 503 || p.code() != "upstream_unavailable" || err != nil || after < 1 || after > 30 || p.request() == "" || !strings.Contains(p.body, p.request()) {
			t.Errorf("got %d, Retry-After %q: %s; want 503 upstream_unavailable within 30 seconds and the request's id", p.status, p.header.Get("Retry-After"), p.body)
		}
		if o, c := r.ledger.records(t, p.request()); o.Upstream != "test" || c.Code != "upstream_unavailable" || c.Upstream != "" || c.Attempts != 0 {
			t.Errorf("recorded %+v, %+v; want nobody asked", o, c)
		}
	}
	away(chatBody("hi"))
	away(streamRequest("hi"))
	if m := r.metrics(); !strings.Contains(m, `warder_upstream_circuit{state="open",upstream="test"} 1`+"\n") {
		t.Error("metrics don't say that the circuit is open")
	}
	r.configure(at, rules+"drain: 3s\n")
	if err := r.server.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	away(chatBody("hi"))
	if n := len(up.seen()); n != 2 {
		t.Errorf("the upstream was asked %d times; want 2", n)
	}
	r.configure(at, strings.Replace(rules, "30s", "20s", 1))
	if err := r.server.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := r.post("app", chatBody("hi")); p.code() != "upstream_error" || len(up.seen()) != 3 {
		t.Errorf("after a change of the upstream: %d %s; want it asked again", p.status, p.body)
	}
}

// TestCircuitInDialect: a caller that speaks another dialect is told in that.
func TestCircuitInDialect(t *testing.T) {
	up := play(t, refuses(529))
	r := newRig(t, up.Config.Handler, rigOptions{config: "    family: anthropic\n    retry: {attempts: 1}\n    circuit: {minimum: 1, open: 30s}\n"})
	for i, want := range []int{529, 503} {
		q, err := http.NewRequestWithContext(t.Context(), "POST", r.front.URL+"/v1/messages", strings.NewReader(`{"model":"m1","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		q.Header = http.Header{"Content-Type": {"application/json"}, "X-Api-Key": {r.keys["app"]}, "Anthropic-Version": {"2023-06-01"}}
		p := r.do(q)
		if p.status != want || !strings.HasPrefix(p.body, `{"type":"error","error":{`) {
			t.Errorf("request %d: %d %s; want %d in the caller's dialect", i, p.status, p.body, want)
		}
		if want == 503 && p.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	if n := len(up.seen()); n != 1 {
		t.Errorf("the upstream was asked %d times; want once", n)
	}
}

// upstreamURL returns the address of the upstream "test", without /v1.
func (r *rig) upstreamURL() string {
	return strings.TrimSuffix(r.server.state.Load().cfg.Upstreams[0].URL, "/v1")
}

// TestCredentialsChange: a key file that is replaced is used without a reload, within the
// request that finds the old one refused; callers' own keys never arrive.
func TestCredentialsChange(t *testing.T) {
	var valid atomic.Value
	valid.Store("Bearer old-key-1")
	up := play(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != valid.Load() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answers("application/json", answerBody("hello")).ServeHTTP(w, r)
	}))
	r := newRig(t, up.Config.Handler, rigOptions{config: "    key: file:key\n", files: map[string]string{"key": "old-key-1\n"}})
	if p := r.post("app", chatBody("hi")); p.status != 200 {
		t.Fatalf("with the first key: %d %s", p.status, p.body)
	}
	valid.Store("Bearer new-key-22")
	if p := r.post("app", chatBody("hi")); p.status != 502 || p.code() != "upstream_unreachable" || strings.Contains(p.body, "key-1") {
		t.Errorf("with a key that is refused: %d %s", p.status, p.body)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(r.path), "key"), []byte("new-key-22\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := r.post("app", chatBody("hi"))
	if p.status != 200 {
		t.Errorf("with the new key: %d %s", p.status, p.body)
	}
	for _, k := range up.keys {
		if k != "Bearer old-key-1" && k != "Bearer new-key-22" {
			t.Errorf("the upstream got the credential %q", k)
		}
	}
	for _, secret := range []string{"old-key-1", "new-key-22"} {
		if strings.Contains(r.log.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

// TestHealthIsWatched: the upstreams of the configuration in use are asked after their
// health, those of a new one from the reload on.
func TestHealthIsWatched(t *testing.T) {
	asked := func(name string, to chan<- string) *played {
		return play(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1/models" {
				select {
				case to <- name:
				default:
				}
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
	}
	first, second := make(chan string, 1), make(chan string, 1)
	a, b := asked("a", first), asked("b", second)
	more := "    health: {path: /models}\nlisten: 127.0.0.1:0\nadmin: 127.0.0.1:0\n"
	r := newRig(t, a.Config.Handler, rigOptions{config: more})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	ready := make(chan struct{})
	go func() { ended <- r.server.Run(ctx, func(net.Addr, net.Addr) { close(ready) }) }()
	<-ready
	<-first
	r.configure(b.URL, more)
	if err := r.server.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-second
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
