package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"warder.example/guard"
	"warder.example/internal/event"
	"warder.example/internal/ledger"
)

// standIn stands in for a gateway: words in a request say what it does, and it
// keeps an audit log as the gateway does.
type standIn struct {
	t        *testing.T
	log      *ledger.Ledger
	upstream string
	n        atomic.Int64
	onRow    func(n int64) // called with the number of each request
}

func (g *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer wk_test" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		g.t.Error(err)
	}
	n := g.n.Add(1)
	if g.onRow != nil {
		g.onRow(n)
	}
	id := fmt.Sprintf("req_%04d", n)
	w.Header().Set("X-Request-Id", id)
	w.Header().Set("Content-Type", "application/json")
	said := g.forward(body)
	has := func(word string) bool {
		return bytes.Contains(body, []byte(word)) || bytes.Contains(said, []byte(word))
	}
	switch {
	case has("DO-UNRECORDED"):
	case has("DO-BLOCK"), has("DO-FILTER"), has("DO-LIE"):
		g.record(id, kindOpened, guard.Block, "stop-rule")
		g.record(id, kindClosed, guard.Block, "")
	case has("DO-REDACT"):
		g.record(id, kindOpened, guard.Flag, "flag-rule")
		g.record(id, kindClosed, guard.Redact, "mask-rule")
	case has("DO-FLAG"):
		g.record(id, kindOpened, guard.Flag, "flag-rule")
		g.record(id, kindClosed, guard.Allow, "")
	case has("DO-HALF"):
		g.record(id, kindOpened, guard.Allow, "")
	default:
		g.record(id, kindOpened, guard.Allow, "")
		g.record(id, kindClosed, guard.Allow, "")
	}
	switch {
	case has("DO-BLOCK"):
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":{"message":"no","type":"invalid_request_error","param":null,"code":"blocked"}}`)
	case has("DO-FILTER"):
		fmt.Fprintf(w, `{"id":"chatcmpl-%s","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"no"},"finish_reason":"content_filter"}]}`, id)
	case has("DO-MODEL-FILTER"):
		io.WriteString(w, `{"id":"chatcmpl-x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"content_filter"}]}`)
	case has("DO-BUSY"):
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, `{"error":{"message":"busy","type":"server_error","param":null,"code":"overloaded"}}`)
	case has("DO-HANGUP"):
		panic(http.ErrAbortHandler)
	default:
		w.Write(said)
	}
}

func (g *standIn) forward(body []byte) []byte {
	res, err := http.Post(g.upstream+"/v1/chat/completions", "application/json", bytes.NewReader(body))
	if err != nil {
		g.t.Error(err)
		return nil
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Error(err)
	}
	return said
}

func (g *standIn) record(id, kind string, a guard.Action, rule string) {
	payload, err := json.Marshal(map[string]any{"action": a, "rule": rule, "status": 200})
	if err == nil {
		_, err = g.log.Append(context.Background(), event.Event{Kind: kind, Application: "app", Request: id, Payload: json.RawMessage(payload)})
	}
	if err != nil {
		g.t.Error(err)
	}
}

// set is a gateway with an upstream and a corpus.
type set struct {
	gateway        *standIn
	url, up, data  string
	corpus         string
	stdout, stderr bytes.Buffer
}

func newSet(t *testing.T, rows string) *set {
	t.Helper()
	s := &set{data: t.TempDir(), corpus: t.TempDir()}
	write(t, filepath.Join(s.corpus, "rows.jsonl"), rows)
	log, err := ledger.Open(filepath.Join(s.data, "ledger"), ledger.Options{Sync: ledger.SyncOS})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	up := httptest.NewServer(newUpstream().handler())
	t.Cleanup(up.Close)
	s.gateway = &standIn{t: t, log: log, upstream: up.URL}
	srv := httptest.NewServer(s.gateway)
	t.Cleanup(srv.Close)
	s.url, s.up = srv.URL+"/v1", up.URL+"/v1"
	return s
}

// run runs the program with these flags beside those that every run needs.
func (s *set) run(ctx context.Context, args ...string) int {
	s.stdout.Reset()
	s.stderr.Reset()
	return run(ctx, append([]string{"--corpus", s.corpus, "--url", s.url, "--key", "wk_test"}, args...), &s.stdout, &s.stderr)
}

// results reads what a run with --json printed.
func (s *set) results(t *testing.T) *results {
	t.Helper()
	var r results
	if err := json.Unmarshal(s.stdout.Bytes(), &r); err != nil {
		t.Fatalf("%v in %q, %q", err, s.stdout.String(), s.stderr.String())
	}
	return &r
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const someRows = `{"text":"how far is it","source":"plain","label":"benign","channel":"user"}
{"text":"DO-BLOCK this","source":"bad","label":"injection","channel":"user"}
{"text":"DO-BLOCK in a page","source":"bad","label":"injection","channel":"document"}
{"text":"DO-FILTER this","source":"bad","label":"jailbreak","channel":"tool"}
{"text":"said: DO-BLOCK","source":"said","label":"secret","channel":"output"}
{"text":"said: DO-REDACT","source":"said","label":"pii","channel":"output"}
{"text":"DO-FLAG this","source":"odd","label":"benign_hard","channel":"user"}
{"text":"DO-MODEL-FILTER","source":"odd","label":"benign_hard","channel":"user"}
`

// TestOutcomes: what became of each row, joined from what the caller saw and
// what the audit log says.
func TestOutcomes(t *testing.T) {
	s := newSet(t, someRows)
	if st := s.run(t.Context(), "--upstream", s.up, "--data", s.data, "--json"); st != 0 {
		t.Fatalf("status %d: %s", st, s.stderr.String())
	}
	r := s.results(t)
	got := map[string]string{}
	for _, l := range r.Sources {
		c := l.counts
		if sum := c.Blocked + c.Flagged + c.Redacted + c.Passed + c.Errors + c.Skipped; sum != c.Rows {
			t.Errorf("%s %s: outcomes add up to %d of %d rows", l.Source, l.Label, sum, c.Rows)
		}
		got[l.Source+" "+l.Label] = fmt.Sprintf("%d: %d blocked %d flagged %d redacted %d passed %d errors %v",
			c.Rows, c.Blocked, c.Flagged, c.Redacted, c.Passed, c.Errors, c.Rules)
		if refusedOnly := c.Blocked == c.Rows; (c.Added == nil) != refusedOnly {
			t.Errorf("%s %s: added latency %v; expected one exactly where rows were answered", l.Source, l.Label, c.Added)
		}
	}
	want := map[string]string{
		"plain benign":    "1: 0 blocked 0 flagged 0 redacted 1 passed 0 errors map[]",
		"bad injection":   "2: 2 blocked 0 flagged 0 redacted 0 passed 0 errors map[stop-rule:2]",
		"bad jailbreak":   "1: 1 blocked 0 flagged 0 redacted 0 passed 0 errors map[stop-rule:1]",
		"said secret":     "1: 1 blocked 0 flagged 0 redacted 0 passed 0 errors map[stop-rule:1]",
		"said pii":        "1: 0 blocked 0 flagged 1 redacted 0 passed 0 errors map[mask-rule:1]",
		"odd benign_hard": "2: 0 blocked 1 flagged 0 redacted 1 passed 0 errors map[flag-rule:1]",
	}
	for k, w := range want {
		if got[k] != w {
			t.Errorf("%s:\n got %s\nwant %s", k, got[k], w)
		}
	}
	if len(got) != len(want) || r.Total.Rows != 8 || r.Total.Blocked != 4 || r.Total.Passed != 2 || !r.Recorded {
		t.Errorf("%d lines, total %+v; want %d lines", len(got), r.Total, len(want))
	}
}

// TestConcurrency: many rows at once do not mix their outcomes up.
func TestConcurrency(t *testing.T) {
	s := newSet(t, strings.Repeat(someRows, 25))
	if st := s.run(t.Context(), "--upstream", s.up, "--data", s.data, "--limit", "0", "--concurrency", "8", "--json"); st != 0 {
		t.Fatalf("status %d: %s", st, s.stderr.String())
	}
	c := s.results(t).Total
	if c.Rows != 200 || c.Blocked != 100 || c.Redacted != 25 || c.Flagged != 25 || c.Passed != 50 || c.Rules["mask-rule"] != 25 {
		t.Errorf("got %+v; want 100 blocked, 25 redacted, 25 flagged, 50 passed", c)
	}
}

// TestErrors: what cannot be told is an error with a reason, never a pass.
func TestErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, code string }{
		{"no record", "DO-UNRECORDED", "record_missing"},
		{"no closed record", "DO-HALF", "record_missing"},
		{"log says it was stopped", "DO-LIE", "record_disagrees"},
		{"overloaded", "DO-BUSY", "overloaded"},
		{"connection cut", "DO-HANGUP", "no_answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSet(t, `{"text":"`+tt.text+`","source":"a","channel":"user"}`)
			if st := s.run(t.Context(), "--upstream", s.up, "--data", s.data, "--json"); st != 1 {
				t.Errorf("status %d; expected 1: %s", st, s.stderr.String())
			}
			if c := s.results(t).Total; c.Errors != 1 || c.Codes[tt.code] != 1 || c.Passed != 0 {
				t.Errorf("got %+v; expected one error %s", c, tt.code)
			}
		})
	}
}

// TestWithoutTheLog: without the data folder nobody can tell a flag from a pass,
// and without the upstream outputs are not sent.
func TestWithoutTheLog(t *testing.T) {
	s := newSet(t, someRows)
	if st := s.run(t.Context(), "--json"); st != 0 {
		t.Fatalf("status %d: %s", st, s.stderr.String())
	}
	c := s.results(t).Total
	if c.Rows != 8 || c.Skipped != 2 || c.Blocked != 3 || c.Passed != 3 || c.Added != nil {
		t.Errorf("got %+v; expected 2 skipped, 3 blocked, 3 passed and no latency", c)
	}
	if s.run(t.Context()); !strings.Contains(s.stdout.String(), "among the passed") || !strings.Contains(s.stdout.String(), "skipped: 2 rows") {
		t.Errorf("the table does not say so:\n%s", s.stdout.String())
	}
}

func TestTable(t *testing.T) {
	s := newSet(t, someRows+`{"text":"x","source":"\u001b[2Jrude","channel":"user"}`)
	if st := s.run(t.Context(), "--upstream", s.up, "--data", s.data, "--concurrency", "1"); st != 0 {
		t.Fatalf("status %d: %s", st, s.stderr.String())
	}
	out := s.stdout.String()
	for _, want := range []string{"source ", "bad       injection    2     2        0        0         0       0       -             -", "total", "\uFFFD[2Jrude", "9 rows in "} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.ContainsRune(out, 0x1b) || strings.Contains(out, "how far") {
		t.Errorf("an escape or a text of the corpus in\n%s", out)
	}
}

// TestInterrupted: what was done is printed, what was cut off is not counted.
func TestInterrupted(t *testing.T) {
	s := newSet(t, strings.Repeat(`{"text":"how far is it","source":"plain","channel":"user"}`+"\n", 50))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.gateway.onRow = func(n int64) {
		if n == 5+10 { // after the greetings
			cancel()
		}
	}
	if st := s.run(ctx, "--data", s.data, "--json"); st != 130 {
		t.Errorf("status %d; expected 130: %s", st, s.stderr.String())
	}
	if r := s.results(t); !r.Interrupted || r.Total.Rows < 8 || r.Total.Rows > 10 || r.Total.Errors != 0 {
		t.Errorf("got %+v of %+v; expected 8 to 10 rows without errors", r.Total, r)
	}
}

// TestRefusesToRun: what is not in order is said before anything is sent.
func TestRefusesToRun(t *testing.T) {
	s := newSet(t, someRows)
	other := httptest.NewServer(newUpstream().handler())
	defer other.Close()
	bad := t.TempDir()
	write(t, filepath.Join(bad, "rows.jsonl"), `{"text":"a","source":"a"}`+"\n"+`{"no":"text"}`)
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"key is wrong", []string{"--key", "wk_other"}, "401"},
		{"gateway leads elsewhere", []string{"--upstream", other.URL + "/v1"}, "does not lead"},
		{"upstream is no replay upstream", []string{"--upstream", s.url}, "expected 204"},
		{"no such corpus", []string{"--corpus", filepath.Join(bad, "none")}, "opening corpus"},
		{"broken row", []string{"--corpus", bad}, "rows.jsonl:2"},
		{"no log there", []string{"--data", bad}, "audit log"},
		{"negative limit", []string{"--limit", "-1"}, "--limit"},
		{"no rows at once", []string{"--concurrency", "0"}, "--concurrency"},
		{"argument", []string{"extra"}, "unexpected argument"},
		{"unknown flag", []string{"--everything"}, "-everything"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if st := s.run(t.Context(), tt.args...); st != 2 || !strings.Contains(s.stderr.String(), tt.want) {
				t.Errorf("status %d, %q; expected 2 and %q", st, s.stderr.String(), tt.want)
			}
		})
	}
	for _, missing := range []string{"--corpus", "--url", "--key"} {
		t.Setenv("WARDER_URL", "")
		t.Setenv("WARDER_KEY", "")
		args := map[string]string{"--corpus": s.corpus, "--url": s.url, "--key": "wk_test"}
		delete(args, missing)
		var flat []string
		for k, v := range args {
			flat = append(flat, k, v)
		}
		var stderr bytes.Buffer
		if st := run(t.Context(), flat, io.Discard, &stderr); st != 2 || !strings.Contains(stderr.String(), missing+" is missing") {
			t.Errorf("without %s: status %d, %q", missing, st, stderr.String())
		}
	}
}
