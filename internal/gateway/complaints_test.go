package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"warder.example/internal/config"
)

// Complaints that users of other gateways have, each as a test of the data plane
// named after it. What is proven at length elsewhere is named in its comment.

// complaintRig is a gateway for the family of a wire.
func complaintRig(t *testing.T, w *wire, up http.Handler, more string) *rig {
	t.Helper()
	config := "policy: p.yaml\n" + more
	if w.family != "" {
		config = "    family: " + w.family + "\n" + config
	}
	return newRig(t, up, rigOptions{config: config, files: map[string]string{"p.yaml": policyText}})
}

// call returns a request of a wire.
func (r *rig) callOn(w *wire, text string, stream bool) *http.Request {
	r.t.Helper()
	path := w.path
	if stream && w.streamPath != "" {
		path = w.streamPath
	}
	q, err := http.NewRequestWithContext(r.t.Context(), "POST", r.front.URL+path, strings.NewReader(w.request(text, stream)))
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	if w.family == "gemini" {
		q.Header.Set("X-Goog-Api-Key", r.keys["app"])
	} else {
		q.Header.Set("Authorization", "Bearer "+r.keys["app"])
	}
	return q
}

// eachWire runs a test for every call that answers with a stream.
func eachWire(t *testing.T, test func(*testing.T, *wire)) {
	ran := 0
	for i := range wires {
		if w := &wires[i]; w.stream != nil {
			ran++
			t.Run(w.protocol, func(t *testing.T) { test(t, w) })
		}
	}
	if ran < 4 {
		t.Errorf("%d protocols stream; expected at least 4", ran)
	}
}

// TestComplaint01StreamsAreGuarded: guards skip streamed answers. Here a word that is
// split over events does not leave in any protocol. See TestRecordsAddUp, FuzzSplit.
func TestComplaint01StreamsAreGuarded(t *testing.T) {
	eachWire(t, func(t *testing.T, w *wire) {
		pieces := []string{"The word ", "is xyz", "zyplu", "gh, mail zoe@kes", "trel.example. "}
		r := complaintRig(t, w, answers("text/event-stream", w.stream(pieces)), "")
		p := r.do(r.callOn(w, "hi", true))
		said, err := w.saidIn(p.body, true)
		text := runsOf(said, len(p.body))
		if all := fmt.Sprint(text); p.status != 200 || err != nil || strings.Contains(all, "xyz") || !strings.Contains(all, "The word ") {
			t.Errorf("%d %v, left %q", p.status, err, all)
		}
		if c := r.ledger.closed(p.request()); c == nil || c.End != "cut" {
			t.Errorf("closed record %+v; want a cut", c)
		}
	})
}

// TestComplaint02NothingIsBuffered: a guard turns a stream into one answer. Here the
// first words reach the caller while the upstream has not said the next ones.
func TestComplaint02NothingIsBuffered(t *testing.T) {
	eachWire(t, func(t *testing.T, w *wire) {
		arrived := make(chan struct{})
		r := complaintRig(t, w, http.HandlerFunc(func(rw http.ResponseWriter, q *http.Request) {
			_, _ = io.Copy(io.Discard, q.Body)
			rw.Header().Set("Content-Type", "text/event-stream")
			first, rest, _ := strings.Cut(w.stream([]string{"early birds sing ", "later"}), "later")
			// The event in which the second piece stands begins behind the last line end.
			at := strings.LastIndex(first, "\n") + 1
			_, _ = io.WriteString(rw, first[:at])
			_ = http.NewResponseController(rw).Flush()
			select {
			case <-arrived:
			case <-q.Context().Done():
			}
			_, _ = io.WriteString(rw, first[at:]+"later"+rest)
		}), "")
		res, err := r.front.Client().Do(r.callOn(w, "hi", true))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		rd := bufio.NewReader(res.Body)
		for {
			line, err := rd.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(line, "early birds") {
				break
			}
		}
		close(arrived)
		if rest, err := io.ReadAll(rd); err != nil || !strings.Contains(string(rest), "later") {
			t.Errorf("%v, the rest is %q", err, rest)
		}
	})
}

// TestComplaint03And04BudgetsHoldOnEveryRoute: requests at once overrun a budget, and
// some routes have none. See TestOneOfMany for routes without a model.
func TestComplaint03And04BudgetsHoldOnEveryRoute(t *testing.T) {
	for i := range wires {
		w := &wires[i]
		t.Run(w.protocol, func(t *testing.T) {
			r := complaintRig(t, w, answers("application/json", w.whole("hello")), oneRequest)
			var all sync.WaitGroup
			status := make([]int, 20)
			for i := range status {
				all.Go(func() { status[i] = r.do(r.callOn(w, "hi", false)).status })
			}
			all.Wait()
			slices.Sort(status)
			if status[0] != 200 || status[1] != 429 || status[19] != 429 {
				t.Errorf("a budget for one: %v", status)
			}
		})
	}
}

// TestComplaint06NoKeyIsWritten: keys stand in logs, errors and audit tables. Here in
// none of them, whether the key is good, wrong, or in the wrong place.
func TestComplaint06NoKeyIsWritten(t *testing.T) {
	r := newSpentRig(t, answers("application/json", answerBody("hello")), oneRequest)
	stranger := "wk_" + strings.Repeat("s3cret", 6)
	chat := &wires[0]
	ask := func(want int, edit func(*http.Request)) string {
		q := r.callOn(chat, "hi", false)
		edit(q)
		p := r.do(q)
		if p.status != want {
			t.Errorf("%d %s; want %d", p.status, p.body, want)
		}
		return p.body
	}
	told := ask(200, func(*http.Request) {}) +
		ask(429, func(*http.Request) {}) + // over its budget
		ask(401, func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+stranger) }) +
		ask(401, func(q *http.Request) { q.Header.Set("Authorization", "Basic "+r.keys["app"]) }) +
		ask(401, func(q *http.Request) {
			q.Header.Del("Authorization")
			q.URL.RawQuery = "key=" + r.keys["soft"] + "&api_key=" + stranger
		}) +
		ask(404, func(q *http.Request) { q.URL.Path = "/v1/keys/" + r.keys["soft"] })
	records := ""
	r.ledger.mu.Lock()
	for _, e := range r.ledger.events {
		records += fmt.Sprintf("%+v %+v\n", e, e.Payload)
	}
	r.ledger.mu.Unlock()
	if records == "" || r.log.Len() == 0 {
		t.Fatal("nothing was recorded or logged")
	}
	for _, key := range []string{r.keys["app"], r.keys["soft"], stranger} {
		for where, text := range map[string]string{"answers": told, "records": records, "logs": r.log.String()} {
			if strings.Contains(text, key) || strings.Contains(text, key[8:]) {
				t.Errorf("a key stands in the %s: %s", where, text)
			}
		}
	}
}

// TestComplaint07WholeKeysAreCompared: a cache keyed by the beginning of a token, and
// SQL in a key (CVE-2026-35030, CVE-2026-42208).
func TestComplaint07WholeKeysAreCompared(t *testing.T) {
	r := newRig(t, answers("application/json", answerBody("hello")), rigOptions{})
	if p := r.post("app", chatBody("hi")); p.status != 200 { // whatever is kept is kept now
		t.Fatalf("%d %s", p.status, p.body)
	}
	good := r.keys["app"]
	last := "A"
	if strings.HasSuffix(good, last) {
		last = "B"
	}
	for _, key := range []string{good[:20], good[:len(good)-1], good[:len(good)-1] + last, good + "A", strings.ToUpper(good), "' OR '1'='1", good + "' --", "wk_%", "*", `"`, good[:20] + strings.Repeat("x", len(good)-20)} {
		p := r.post("app", chatBody("hi"), func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+key) })
		if p.status != 401 {
			t.Errorf("key %.24q: %d %s", key, p.status, p.body)
		}
	}
}

// TestComplaint09NoCallerNamesAHost: callers make a gateway call hosts inside
// (CVE-2025-66405). Here no header, path, query, model or target does. See
// TestRawRequests, and TestEgress of package upstream.
func TestComplaint09NoCallerNamesAHost(t *testing.T) {
	inside := make(chan string, 64)
	trap := serveTrap(t, inside)
	x := newRawRig(t, "")
	headers := []string{"X-Forwarded-Host", "X-Portkey-Custom-Host", "X-Base-Url", "X-Upstream", "Openai-Base-Url", "X-Original-Url", "Forwarded", "Destination", "Proxy", "Location"}
	for _, h := range headers {
		got, _ := x.rawAnswers(t, x.rawPost(chatBody("hi"), h+": http://"+trap+"/v1"), false)
		if strings.Join(got, ",") != "200" {
			t.Errorf("%s: %v", h, got)
		}
	}
	for name, send := range map[string]string{
		"host":     x.rawPost(chatBody("hi"), "Host: "+trap),
		"absolute": strings.Replace(x.rawPost(chatBody("hi")), "POST /", "POST http://"+trap+"/", 1),
		"query":    strings.Replace(x.rawPost(chatBody("hi")), "completions HTTP", "completions?base_url=http://"+trap+"&url=http://"+trap+" HTTP", 1),
		"path":     strings.Replace(x.rawPost(chatBody("hi")), "POST /v1/chat/completions", "POST /v1/proxy/http://"+trap+"/", 1),
		"connect":  "CONNECT " + trap + " HTTP/1.1\r\nHost: " + trap + "\r\n\r\n",
		"model":    x.rawPost(strings.Replace(chatBody("hi"), `"m1"`, `"m@`+trap+`/../../x"`, 1)),
		"fields":   x.rawPost(strings.Replace(chatBody("hi"), "{", `{"base_url":"http://`+trap+`","api_base":"http://`+trap+`","custom_host":"`+trap+`",`, 1)),
	} {
		if got, _ := x.rawAnswers(t, send, false); len(got) != 1 {
			t.Errorf("%s: %v", name, got)
		}
	}
	select {
	case what := <-inside:
		t.Errorf("a caller reached a host of its choice: %s", what)
	default:
	}
}

// TestComplaint10AdminIsApart: the administrative plane is open by default, or on the
// listener of callers. See TestLocalNames, and TestAdminAPI of package node.
func TestComplaint10AdminIsApart(t *testing.T) {
	c := config.Default()
	if host, _, err := net.SplitHostPort(c.Admin); err != nil || !net.ParseIP(host).IsLoopback() || c.Admin == c.Listen {
		t.Errorf("the administrative plane listens on %q by default, callers on %q: %v", c.Admin, c.Listen, err)
	}
	r := newRig(t, answers("application/json", answerBody("hello")), rigOptions{})
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/admin/v1/threats", "/v1/admin", "/debug/pprof/"} {
		res, err := r.front.Client().Get(r.front.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 404 {
			t.Errorf("callers get %d at %s", res.StatusCode, path)
		}
	}
}

// TestComplaint11CancelledStreams: pooled state outlives its request. With the race
// detector this fails if a buffer of a cancelled stream is written by the next.
func TestComplaint11CancelledStreams(t *testing.T) {
	w := &wires[0]
	r := complaintRig(t, w, answers("text/event-stream", w.stream(slices.Repeat([]string{"so it goes on "}, 200))), "")
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			text := fmt.Sprintf("question %d", i)
			res, err := r.front.Client().Do(r.callOn(w, text, true))
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			if i%2 == 0 {
				_, _ = io.CopyN(io.Discard, res.Body, 400) // and away
				return
			}
			if b, err := io.ReadAll(res.Body); err != nil || strings.Count(string(b), "so it goes on ") != 200 {
				t.Errorf("%v, %d bytes", err, len(b))
			}
		})
	}
	all.Wait()
}

// TestComplaint12MemoryStaysBounded: memory grows with what was served. After
// forty streams of 200 KB the heap is about what it was after the first five.
func TestComplaint12MemoryStaysBounded(t *testing.T) {
	w := &wires[0]
	r := complaintRig(t, w, answers("text/event-stream", w.stream(slices.Repeat([]string{strings.Repeat("harmless words ", 60)}, 180))), "")
	heap := func() uint64 {
		r.ledger.mu.Lock()
		r.ledger.events = nil
		r.ledger.mu.Unlock()
		r.log.Reset()
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	ask := func() {
		if p := r.do(r.callOn(w, "hi", true)); p.status != 200 || len(p.body) < 100_000 {
			t.Fatalf("%d, %d bytes", p.status, len(p.body))
		}
	}
	for range 5 {
		ask()
	}
	before := heap()
	for range 40 {
		ask()
	}
	if after := heap(); after > before+8<<20 {
		t.Errorf("the heap grew from %d to %d bytes over 40 streams", before, after)
	}
}

// TestComplaint14NothingIsLost: bodies over 32 KB are refused, and fields that the
// gateway does not know are dropped. Here 2 MB and all fields pass byte for byte.
func TestComplaint14NothingIsLost(t *testing.T) {
	sent := ""
	up := func(answer string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			b, _ := io.ReadAll(q.Body)
			sent = string(b)
			answers("application/json", answer).ServeHTTP(w, q)
		})
	}
	for protocol, fields := range map[string]string{
		"openai.chat":        `"prompt_cache_breakpoint":{"at":[1,2]},"x_new":null,`,
		"openai.completions": `"suffix":null,"x_new":{"a":[1.50,null]},`,
		"openai.embeddings":  `"dimensions":2,"x_new":{"a":[1.50,null]},`,
		"openai.responses":   `"reasoning":{"effort":"low"},"include":["reasoning.encrypted_content"],"prompt_cache_key":"k","x_new":null,`,
		"anthropic.messages": `"thinking":{"type":"enabled","budget_tokens":1024},"system":[{"type":"text","text":"Be kind.","cache_control":{"type":"ephemeral","ttl":"1h"}}],`,
		"gemini.generate":    `"systemInstruction":{"parts":[{"text":"Be kind.","thoughtSignature":"c2lnbmF0dXJl"}]},`,
	} {
		t.Run(protocol, func(t *testing.T) {
			w := &wires[slices.IndexFunc(wires, func(w wire) bool { return w.protocol == protocol })]
			answer := w.whole("Fine.")
			r := complaintRig(t, w, up(answer), "")
			body := strings.Replace(w.request(strings.Repeat("harmless words. ", 130_000), false), "{", "{"+fields, 1)
			q := r.callOn(w, "", false)
			q.Body, q.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			if p := r.do(q); p.status != 200 || p.body != answer || sent != body {
				t.Errorf("%d %.200s: sent on %d of %d bytes", p.status, p.body, len(sent), len(body))
			}
		})
	}
}

// serveTrap returns the address of a server that tells of every connection to it.
func serveTrap(t *testing.T, inside chan<- string) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateNew {
			inside <- c.RemoteAddr().String()
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}
