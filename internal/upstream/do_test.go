package upstream_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"warder.example/internal/config"
	"warder.example/internal/upstream"
)

var discardLog = log.New(io.Discard, "", 0)

// TestRoutes: which upstream gets a call.
func TestRoutes(t *testing.T) {
	p := pool(t, upstream.Options{},
		config.Upstream{Name: "gpt", URL: "http://127.0.0.1:1", Models: []string{"gpt-*"}, Aliases: map[string]string{"fast": "gpt-mini"}},
		config.Upstream{Name: "claude", URL: "http://127.0.0.1:1", Family: config.FamilyAnthropic},
		config.Upstream{Name: "one", URL: "http://127.0.0.1:1", Models: []string{"llama"}, Group: "own"},
		config.Upstream{Name: "rest", URL: "http://127.0.0.1:1", Models: []string{"*"}},
		config.Upstream{Name: "two", URL: "http://127.0.0.1:1", Models: []string{"llama", "qwen"}, Group: "own"},
	)
	for _, c := range []struct {
		family, model, want string
		alone               bool
	}{
		{"", "gpt-5", "gpt", true}, {"", "fast", "gpt", true}, {"openai", "other", "rest", true}, {"", "llama", "one", false},
		{"", "qwen", "rest", true}, {"anthropic", "gpt-5", "claude", true}, {"gemini", "gpt-5", "", false},
	} {
		got, ok := p.Target(c.family, c.model)
		if got.Upstream != c.want || got.Alone != c.alone || ok != (c.want != "") {
			t.Errorf("%s %s goes to %+v %v; expected %q", c.family, c.model, got, ok, c.want)
		}
	}
	if !p.Serves("two", "", "llama") || p.Serves("rest", "", "llama") || p.Serves("nobody", "", "llama") {
		t.Error("who serves llama is wrong")
	}
	if got := fmt.Sprint(p.Names(""), p.Names("anthropic"), p.Names("gemini")); got != "[gpt one rest two] [claude] []" {
		t.Errorf("names are %s", got)
	}
	for name, want := range map[string]upstream.Kind{"two": upstream.Unreachable, "claude": upstream.NoUpstream, "nobody": upstream.NoUpstream} {
		if s := do(t, p, upstream.Call{Upstream: name, Path: "/models"}); s.kind != want {
			t.Errorf("asking %s: %+v; expected %s", name, s, want)
		}
	}
	if s := do(t, p, upstream.Call{Upstream: "rest", Model: "llama"}); s.kind != upstream.NoUpstream {
		t.Errorf("%+v", s)
	}
	if s := do(t, p, upstream.Call{Family: "gemini", Model: "x"}); s.kind != upstream.NoUpstream || s.route.Attempts != 0 {
		t.Errorf("%+v", s)
	}
}

// TestFailover: what is tried elsewhere, and what is returned as it is.
func TestFailover(t *testing.T) {
	good := serve(t, answers(200, "good"))
	for _, c := range []struct {
		name      string
		first     http.HandlerFunc // nil: nobody listens
		onTimeout bool
		attempts  int
		status    int
		kind      upstream.Kind
	}{
		{"refused connection", nil, false, 2, 200, 0},
		{"503", answers(503, "no"), false, 2, 200, 0},
		{"503 with Retry-After", answers(503, "no", "Retry-After", "3600"), false, 2, 200, 0},
		{"429", answers(429, "no"), false, 2, 200, 0},
		{"502", answers(502, "no"), false, 2, 200, 0},
		{"529", answers(529, "no"), false, 2, 200, 0},
		{"504", answers(504, "no"), false, 1, 504, 0},
		{"504 on_timeout", answers(504, "no"), true, 2, 200, 0},
		{"500", answers(500, "no"), false, 1, 500, 0},
		{"400", answers(400, "no"), false, 1, 400, 0},
		{"401", answers(401, "no"), false, 1, 401, 0},
		{"redirect", answers(307, "", "Location", good.URL+"/stolen"), false, 1, 0, upstream.Redirected},
		{"hangs", hang, false, 1, 0, upstream.FirstByteTimeout},
		{"hangs on_timeout", hang, true, 2, 200, 0},
		{"ends the connection", abort, false, 1, 0, upstream.Broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := good.hits.Load()
			first := nobody(t)
			if c.first != nil {
				first = serve(t, c.first).URL
			}
			p := pool(t, upstream.Options{}, group(func(u *config.Upstream) {
				u.Circuit, u.Retry.OnTimeout = never, c.onTimeout
				if strings.HasPrefix(c.name, "hangs") && u.Name == "a" {
					u.Deadlines.FirstByte = 100 * time.Millisecond
				}
			}, config.Upstream{URL: first}, config.Upstream{URL: good.URL})...)
			s := do(t, p, upstream.Call{Model: "m"})
			if s.status != c.status || s.kind != c.kind || s.route.Attempts != c.attempts {
				t.Errorf("%+v; expected status %d, kind %s, %d attempts", s, c.status, c.kind, c.attempts)
			}
			if n := good.hits.Load() - before; n != int64(c.attempts-1) {
				t.Errorf("the second was asked %d times", n)
			}
			if c.kind == upstream.FirstByteTimeout && !errors.Is(s.err, os.ErrDeadlineExceeded) {
				t.Errorf("%v is no deadline", s.err)
			}
			st := p.Stats()
			if st[0].Attempts != 1 || st[1].Retries != uint64(c.attempts-1) || c.status != 500 && c.status != 400 && len(st[0].Failures) != 1 {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func abort(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// TestNoFailoverAfterTheFirstByte: an answer that has begun is nobody else's.
func TestNoFailoverAfterTheFirstByte(t *testing.T) {
	cut := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(200)
		_, _ = io.WriteString(w, "beg")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	good := serve(t, answers(200, "good"))
	p := pool(t, upstream.Options{}, group(nil, config.Upstream{URL: cut.URL}, config.Upstream{URL: good.URL})...)
	s := do(t, p, upstream.Call{Model: "m"})
	if s.status != 200 || s.text != "beg" || s.kind != upstream.Cut || s.route.Attempts != 1 || good.hits.Load() != 0 {
		t.Errorf("%+v; the second was asked %d times", s, good.hits.Load())
	}
	if !errors.Is(s.err, io.ErrUnexpectedEOF) || p.Stats()[0].Failures["cut"] != 1 {
		t.Errorf("%v, %+v", s.err, p.Stats()[0])
	}
}

// raw serves bytes as they are.
func raw(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					_, _ = io.WriteString(c, answer)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// TestLies: answers that are not what they say.
func TestLies(t *testing.T) {
	const secret = "tops3cret"
	for _, c := range []struct {
		name, answer string
		kind         upstream.Kind
		text         string
	}{
		{"shorter than content-length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", upstream.Cut, "short"},
		{"longer than content-length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nshort and more", 0, "short"},
		{"two content-lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nshorts", upstream.Broken, ""},
		{"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n" + secret + "\r\n", upstream.Cut, "short"},
		{"no HTTP", secret + "\r\n\r\n", upstream.Broken, ""},
		{"bad header", "HTTP/1.1 200 OK\r\n" + secret + "\r\n\r\n", upstream.Broken, ""},
		{"huge header", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", upstream.Broken, ""},
		{"switching", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", upstream.Redirected, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pool(t, upstream.Options{}, config.Upstream{Name: "a", URL: raw(t, c.answer)})
			s := do(t, p, upstream.Call{Model: "m"})
			if s.kind != c.kind || s.text != c.text || s.route.Attempts != 1 {
				t.Errorf("%+v; expected %s, %q", s, c.kind, c.text)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v", s.err, s.err, s.err), secret) {
				t.Errorf("the error quotes the upstream: %v", s.err)
			}
		})
	}
}

// TestSilence: a stream that stops is given up, and the time of the whole call holds.
func TestSilence(t *testing.T) {
	begin := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(200)
		_, _ = io.WriteString(w, "x")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	for want, d := range map[upstream.Kind]config.Deadlines{
		upstream.IdleTimeout:      {Idle: time.Minute},
		upstream.TotalTimeout:     {Idle: time.Hour, Total: time.Minute},
		upstream.FirstByteTimeout: {FirstByte: time.Minute},
	} {
		h, text := begin, "x"
		if want == upstream.FirstByteTimeout {
			h, text = hang, ""
		}
		inMemory(t, config.Upstream{Deadlines: d}, h, func(t *testing.T, p *upstream.Pool) {
			began := time.Now()
			s := do(t, p, upstream.Call{Model: "m"})
			if s.kind != want || s.text != text || !errors.Is(s.err, os.ErrDeadlineExceeded) || time.Since(began) != time.Minute || p.Stats()[0].Failures[want.String()] != 1 {
				t.Errorf("%+v after %s; expected %s", s, time.Since(began), want)
			}
		})
	}
}

// TestCallerLeaves: it is not the upstream's failure.
func TestCallerLeaves(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	})
	p := pool(t, upstream.Options{}, config.Upstream{Name: "a", URL: m.URL, Circuit: config.Circuit{Minimum: 1}})
	_, _, err := p.Do(ctx, &upstream.Call{Path: "/x", Model: "m", Body: []byte("x")})
	if kindOf(t, err) != upstream.Canceled || !errors.Is(err, context.Canceled) || p.Stats()[0].Circuit != "closed" {
		t.Errorf("%v, %+v", err, p.Stats())
	}
}

// TestBudget: an outage does not multiply the load.
func TestBudget(t *testing.T) {
	const requests = 1000
	a, b := serve(t, answers(503, "no")), serve(t, answers(503, "no"))
	p := pool(t, upstream.Options{}, group(func(u *config.Upstream) {
		u.Priority, u.Circuit, u.Retry = 0, never, config.Retry{Attempts: 10, MaxWait: time.Millisecond}
	}, config.Upstream{URL: a.URL}, config.Upstream{URL: b.URL})...)
	began := time.Now()
	for range requests {
		if s := do(t, p, upstream.Call{Model: "m"}); s.status != 503 {
			t.Fatalf("%+v", s)
		}
	}
	most := requests + requests/5 + 2*10 + 2*int(time.Since(began).Seconds()+1)
	n := int(a.hits.Load() + b.hits.Load())
	if n > most || n < requests+requests/5-10 {
		t.Errorf("%d attempts for %d requests; expected at most %d, and that the budget is used", n, requests, most)
	}
	if s := p.Stats(); s[0].Denied+s[1].Denied == 0 || int(s[0].Attempts+s[1].Attempts) != n {
		t.Errorf("stats %+v for %d attempts", s, n)
	}
}

// TestWeights: shares are as configured, within five standard deviations.
func TestWeights(t *testing.T) {
	const requests = 2000
	a, b := serve(t, answers(200, "a")), serve(t, answers(200, "b"))
	p := pool(t, upstream.Options{Random: seeded()}, group(func(u *config.Upstream) {
		u.Priority = 0
	}, config.Upstream{URL: a.URL, Weight: 3}, config.Upstream{URL: b.URL, Weight: 1})...)
	for range requests {
		do(t, p, upstream.Call{Model: "m"})
	}
	want, sd := requests*0.75, math.Sqrt(requests*0.75*0.25)
	if n := float64(a.hits.Load()); math.Abs(n-want) > 5*sd || n+float64(b.hits.Load()) != requests {
		t.Errorf("%v of %d requests went to the first; expected about %v", n, requests, want)
	}
}

// TestRests: an upstream that says when to come back is left alone for so long.
func TestRests(t *testing.T) {
	a, b := serve(t, answers(429, "no", "Retry-After", "30")), serve(t, answers(200, "b"))
	p := pool(t, upstream.Options{}, group(nil, config.Upstream{URL: a.URL}, config.Upstream{URL: b.URL})...)
	for range 5 {
		if s := do(t, p, upstream.Call{Model: "m"}); s.status != 200 {
			t.Errorf("%+v", s)
		}
	}
	if a.hits.Load() != 1 || b.hits.Load() != 5 || !p.Stats()[0].Resting {
		t.Errorf("asked %d and %d times; expected 1 and 5: %+v", a.hits.Load(), b.hits.Load(), p.Stats())
	}
}

// TestComesBack: the only upstream is asked again after a short wait.
func TestComesBack(t *testing.T) {
	var m *model
	m = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if m.hits.Load() == 1 {
			answers(503, "no", "Retry-After-Ms", "1")(w, r)
			return
		}
		answers(200, "back")(w, r)
	})
	p := pool(t, upstream.Options{Random: func(int) int { return 0 }}, config.Upstream{Name: "a", URL: m.URL})
	if s := do(t, p, upstream.Call{Model: "m"}); s.status != 200 || s.text != "back" || s.route.Attempts != 2 {
		t.Errorf("%+v", s)
	}
}

// TestRename: an upstream is asked for what it calls the model.
func TestRename(t *testing.T) {
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s?%s %s", r.URL.Path, r.URL.RawQuery, b)
	})
	p := pool(t, upstream.Options{}, config.Upstream{Name: "a", URL: m.URL + "/v1/", Models: []string{"none"}, Aliases: map[string]string{"fast": "m-7", "same": "same"}})
	rename := func(name string) (string, []byte) { return "/models/" + name + ":go", []byte("for " + name) }
	for _, c := range []struct {
		call upstream.Call
		want string
		kind upstream.Kind
	}{
		{upstream.Call{Model: "fast", Query: "alt=sse", Rename: rename}, "/v1/models/m-7:go?alt=sse for m-7", 0},
		{upstream.Call{Model: "same", Path: "/x", Body: []byte("as it is")}, "/v1/x? as it is", 0},
		{upstream.Call{Model: "fast"}, "", upstream.BadCall},
		{upstream.Call{Model: "same", Path: "/a/../../admin"}, "", upstream.BadCall},
		{upstream.Call{Model: "same", Path: "/a?x=1"}, "", upstream.BadCall},
		{upstream.Call{Model: "same", Path: "//other.example/"}, "", upstream.BadCall},
		{upstream.Call{Model: "same", Path: "/%2e%2e/x"}, "", upstream.BadCall},
		{upstream.Call{Model: "same", Path: "/x\r\nHost: y"}, "", upstream.BadCall},
		{upstream.Call{Model: "same", Query: "a b"}, "", upstream.BadCall},
		{upstream.Call{Model: "same", Path: "@other.example/x"}, "", upstream.BadCall},
	} {
		s := do(t, p, c.call)
		if s.text != c.want || s.kind != c.kind {
			t.Errorf("%s %s: %+v; expected %q, %s", c.call.Model, c.call.Path, s, c.want, c.kind)
		}
		if c.want != "" && c.call.Model == "fast" && s.route.Model != "m-7" {
			t.Errorf("the route says %q", s.route.Model)
		}
	}
}

// TestHeaders: what is passed on, what is added, and what never leaves.
func TestHeaders(t *testing.T) {
	got := make(chan http.Header, 1)
	m := serve(t, func(w http.ResponseWriter, r *http.Request) { got <- r.Header; w.WriteHeader(200) })
	mine := http.Header{
		"Traceparent": {"00-1"}, "X-Request-Id": {"r"}, "Authorization": {"Bearer callers"}, "X-Api-Key": {"callers"}, "Cookie": {"c=callers"},
		"Connection": {"close, x-hop"}, "X-Hop": {"callers"}, "Te": {"trailers"}, "Proxy-Authorization": {"callers"}, "keep-alive": {"callers"}, "Upgrade": {"callers"}, "x-goog-api-key": {"callers"},
	}
	for family, want := range map[string][2]string{"": {"Authorization", "Bearer own"}, "anthropic": {"X-Api-Key", "own"}, "gemini": {"X-Goog-Api-Key", "own"}} {
		p := pool(t, upstream.Options{}, config.Upstream{Name: "a", URL: m.URL, Family: family, Key: config.NewSecret("own"), Headers: map[string]config.Secret{"api-version": config.NewSecret("7")}})
		res, _, err := p.Do(t.Context(), &upstream.Call{Path: "/x", Family: family, Header: mine, Body: []byte("x")})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		h := <-got
		if h.Get(want[0]) != want[1] || h.Get("Traceparent") != "00-1" || h.Get("X-Request-Id") != "r" || h.Get("Api-Version") != "7" || h.Get("User-Agent") != "warder" {
			t.Errorf("%s: header %v", family, h)
		}
		if strings.Contains(fmt.Sprint(h), "callers") || h.Get("Te")+h.Get("Connection")+h.Get("Accept-Encoding") != "" {
			t.Errorf("%s: header %v holds what it must not", family, h)
		}
		if strings.Contains(fmt.Sprintf("%+v", res), "own") || res.Request != nil {
			t.Error("the answer holds the credential")
		}
	}
	if mine.Get("Authorization") != "Bearer callers" {
		t.Error("the caller's header was changed")
	}
}
