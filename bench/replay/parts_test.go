package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"warder.example/internal/corpus"
)

// TestAsk: each channel goes to the place in a conversation that it is.
func TestAsk(t *testing.T) {
	const head = `{"messages":[`
	const tail = `],"model":"m","seed":7}`
	for _, tt := range []struct {
		name, row, want, answer string
	}{
		{"user", `{"text":"T","channel":"user"}`, head + `{"content":"T","role":"user"}` + tail, ""},
		{"no channel", `{"text":"T"}`, head + `{"content":"T","role":"user"}` + tail, ""},
		{"empty text", `{"text":"","channel":"user"}`, head + `{"content":"","role":"user"}` + tail, ""},
		{"document", `{"text":"T","channel":"document"}`,
			head + `{"content":[{"text":"What does the following say?","type":"text"},{"text":"T","type":"text","warder":{"origin":"document"}}],"role":"user"}` + tail, ""},
		{"email with a question", `{"text":"T","channel":"email","question":"Q"}`,
			head + `{"content":[{"text":"Q","type":"text"},{"text":"T","type":"text","warder":{"origin":"email"}}],"role":"user"}` + tail, ""},
		{"tool", `{"text":"T","channel":"tool"}`,
			head + `{"content":"Please look it up.","role":"user"},{"tool_calls":[{"id":"call_1","function":{"arguments":"{}","name":"look_up"},"type":"function"}],"role":"assistant"},` +
				`{"content":"T","tool_call_id":"call_1","role":"tool"}],"model":"m","seed":7,"tools":[{"function":{"name":"look_up","parameters":{"properties":{},"type":"object"}},"type":"function"}]}`, ""},
		{"output", `{"text":"T","channel":"output","system":"S"}`,
			head + `{"content":"S","role":"system"},{"content":"What do you think?","role":"user"}` + tail, "T"},
		{"claim about a document", `{"text":"T","channel":"document","answer":"A","question":"Q"}`,
			head + `{"content":[{"text":"Q","type":"text"},{"text":"T","type":"text","warder":{"origin":"document"}}],"role":"user"}` + tail, "A"},
		{"operator", `{"text":"T","channel":"operator"}`,
			head + `{"content":"T","role":"system"},{"content":"What do you think?","role":"user"}` + tail, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			row, err := corpus.NewReader(strings.NewReader(tt.row), "").Next()
			if err != nil {
				t.Fatal(err)
			}
			q := ask(&row, "m", 7)
			got, err := json.Marshal(q.params)
			if err != nil {
				t.Fatal(err)
			}
			if !sameJSON(t, got, []byte(tt.want)) {
				t.Errorf("sends\n%s\nwant\n%s", got, tt.want)
			}
			if q.answer != tt.answer || q.needed != (tt.answer != "") {
				t.Errorf("answer %q, needed %v; want %q", q.answer, q.needed, tt.answer)
			}
		})
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatal(err)
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return bytes.Equal(p, q)
}

// chosen returns the texts that choose takes.
func chosen(t *testing.T, dir string, limit int, seed uint64) []string {
	t.Helper()
	c, err := choose(dir, limit, seed)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for row, err := range c.read(dir) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, row.Text)
	}
	if len(out) != c.n {
		t.Errorf("%d rows read, %d announced", len(out), c.n)
	}
	return out
}

func TestChoose(t *testing.T) {
	source := func(name string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `{"text":"%s%d","source":"%s"}`+"\n", name, i, name)
		}
		return b.String()
	}
	one, two := t.TempDir(), t.TempDir()
	write(t, filepath.Join(one, "1.jsonl"), source("a", 200)+source("b", 3))
	// The same source a, among others and over two files.
	write(t, filepath.Join(two, "1.jsonl"), source("c", 50)+source("a", 200))
	write(t, filepath.Join(two, "2.jsonl"), source("c", 50))
	of := func(texts []string, name string) []string {
		return slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return !strings.HasPrefix(s, name) })
	}
	all, ten := chosen(t, one, 0, 1), chosen(t, one, 10, 1)
	if len(all) != 203 || len(of(ten, "a")) != 10 || len(of(ten, "b")) != 3 {
		t.Errorf("%d of all, %d of a, %d of b; want 203, 10, 3", len(all), len(of(ten, "a")), len(of(ten, "b")))
	}
	if again := chosen(t, one, 10, 1); !slices.Equal(ten, again) {
		t.Errorf("the same seed chose %q, then %q", ten, again)
	}
	if slices.Equal(ten, chosen(t, one, 10, 2)) {
		t.Error("another seed chose the same rows")
	}
	other := chosen(t, two, 10, 1)
	if a, b := of(ten, "a"), of(other, "a"); !slices.Equal(a, b) {
		t.Errorf("source a beside b gives %q, beside c %q", a, b)
	}
	if n := len(of(other, "c")); n != 10 {
		t.Errorf("%d rows of a source in two files; want 10", n)
	}
	// Each row is as likely: over many seeds the first and the last half are
	// chosen about equally often.
	first := 0
	const seeds = 200
	for seed := range uint64(seeds) {
		for _, s := range of(chosen(t, one, 10, seed), "a") {
			if slices.Index(all, s) < 100 {
				first++
			}
		}
	}
	if first < seeds*10*45/100 || first > seeds*10*55/100 {
		t.Errorf("%d of %d chosen rows are of the first half", first, seeds*10)
	}
}

func TestChooseBoundsSources(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	for i := range maxSources + 1 {
		fmt.Fprintf(&b, `{"text":"","source":"s%d"}`+"\n", i)
	}
	write(t, filepath.Join(dir, "1.jsonl"), b.String())
	if _, err := choose(dir, 1, 1); err == nil || !strings.Contains(err.Error(), "sources") {
		t.Errorf("got %v; expected that there are too many sources", err)
	}
}

func TestSpread(t *testing.T) {
	ms := func(ns ...int) (out []time.Duration) {
		for _, n := range ns {
			out = append(out, time.Duration(n)*time.Millisecond)
		}
		return out
	}
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = 100 - i
	}
	for _, tt := range []struct {
		name     string
		in       []time.Duration
		p50, p95 float64
	}{
		{"one", ms(4), 4, 4},
		{"two", ms(9, 1), 1, 9},
		{"three", ms(3, 1, 2), 2, 3},
		{"twenty", ms(20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1), 10, 19},
		{"a hundred", ms(hundred...), 50, 95},
		{"faster than direct", ms(-2, -1), -2, -1},
		{"microseconds", []time.Duration{1234567}, 1.235, 1.235},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := spreadOf(tt.in); *got != (spread{tt.p50, tt.p95}) {
				t.Errorf("got %+v; want %v, %v", *got, tt.p50, tt.p95)
			}
		})
	}
	if spreadOf(nil) != nil {
		t.Error("a spread of nothing")
	}
}

// TestUpstream: an answer is kept and dropped by id, within bounds.
func TestUpstream(t *testing.T) {
	srv := httptest.NewServer(newUpstream().handler())
	defer srv.Close()
	do := func(method, path, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequest(method, srv.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b)
	}
	says := func(want string) {
		t.Helper()
		st, b := do("POST", "/v1/chat/completions", `{"model":"m","seed":5,"messages":[]}`)
		said, _ := json.Marshal(want)
		if st != 200 || !strings.Contains(b, `"content":`+string(said)) {
			t.Errorf("status %d, %s; want it to say %s", st, b, said)
		}
	}
	says(saidByDefault)
	if st, _ := do("PUT", "/v1/rows/5", "a \"quoted\" <answer>\n"); st != 204 {
		t.Errorf("PUT: status %d", st)
	}
	says("a \"quoted\" <answer>\n")
	do("DELETE", "/v1/rows/5", "")
	says(saidByDefault)
	if st, _ := do("PUT", "/v1/rows/5", strings.Repeat("x", maxAnswer+1)); st != 413 {
		t.Errorf("an answer over the bound: status %d; want 413", st)
	}
	if st, _ := do("PUT", "/v1/rows/five", "x"); st != 400 {
		t.Errorf("an id in words: status %d; want 400", st)
	}
	if st, _ := do("POST", "/v1/chat/completions", "{"); st != 400 {
		t.Errorf("half a request: status %d; want 400", st)
	}
	for i := range maxAnswers {
		do("PUT", fmt.Sprintf("/v1/rows/%d", i), "x")
	}
	if st, _ := do("PUT", "/v1/rows/999999", "x"); st != 507 {
		t.Errorf("one answer too many: status %d; want 507", st)
	}
	var stderr bytes.Buffer
	if st := run(t.Context(), []string{"upstream", "--listen", "0.0.0.0:0"}, io.Discard, &stderr); st != 2 || !strings.Contains(stderr.String(), "loopback") {
		t.Errorf("listening for everybody: status %d, %q", st, stderr.String())
	}
}
