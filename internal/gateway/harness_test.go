package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/budget"
	"warder.example/internal/event"
	"warder.example/internal/ledger"
)

// memory is a ledger that keeps events in memory and can be told to fail.
type memory struct {
	mu     sync.Mutex
	events []event.Event
	fail   func(event.Event) error
}

func (m *memory) Append(_ context.Context, ev event.Event) (ledger.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		if err := m.fail(ev); err != nil {
			return ledger.Entry{}, err
		}
	}
	m.events = append(m.events, ev)
	return ledger.Entry{Event: ev}, nil
}

func (m *memory) kinds(request string) (out []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.events {
		if e.Request == request {
			out = append(out, e.Kind)
		}
	}
	return out
}

func (m *memory) closed(request string) *Closed {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.events {
		if e.Request == request && e.Kind == KindClosed {
			c := *e.Payload.(*Closed)
			return &c
		}
	}
	return nil
}

// source is a store with the applications of a test.
type source struct{ r access.Records }

func (s source) Generation(context.Context) (int64, error)              { return s.r.Generation, nil }
func (s source) AccessRecords(context.Context) (*access.Records, error) { r := s.r; return &r, nil }

// rig is a gateway in front of an upstream that a test plays.
type rig struct {
	t      testing.TB
	server *Server
	front  *httptest.Server
	ledger *memory
	path   string
	log    *bytes.Buffer
	keys   map[string]string // by application name
}

type rigOptions struct {
	config string // lines added to the configuration
	files  map[string]string
	apps   []access.Application

	counters budget.Store // of budgets; nil: see Options
}

// newRig starts a gateway before an upstream. The application "app" answers
// refusals with errors, "soft" with content-filter answers.
func newRig(t testing.TB, up http.Handler, o rigOptions) *rig {
	t.Helper()
	upstream := httptest.NewServer(up)
	t.Cleanup(upstream.Close)
	dir := t.TempDir()
	for name, text := range o.files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := &rig{t: t, ledger: &memory{}, path: filepath.Join(dir, "warder.yaml"), log: &bytes.Buffer{}, keys: map[string]string{}}
	r.configure(upstream.URL, o.config)
	apps := append([]access.Application{
		{ID: "app_1", Name: "app", Environment: access.Prod, DataClass: access.Internal, Refusal: access.RefusalError, Mode: access.ModeEnforce, Models: []string{"m*", "practice-*"}},
		{ID: "app_2", Name: "soft", Environment: access.Prod, DataClass: access.Internal, Refusal: access.RefusalContentFilter, Mode: access.ModeEnforce},
	}, o.apps...)
	rec := access.Records{Generation: 1, Applications: apps}
	for _, a := range apps {
		secret, k := access.NewKey()
		k.Application, k.Created = a.ID, time.Now()
		r.keys[a.Name] = secret.Reveal()
		rec.Keys = append(rec.Keys, k)
	}
	dir2 := access.NewDirectory(source{rec})
	if err := dir2.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	var err error
	r.server, err = New(Options{ConfigPath: r.path, Directory: dir2, Ledger: r.ledger, Salt: bytes.Repeat([]byte{7}, 32), Counters: o.counters,
		Log: slog.New(slog.NewTextHandler(&lockedWriter{w: r.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	r.front = httptest.NewServer(r.server.Handler())
	t.Cleanup(r.front.Close)
	return r
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (r *rig) configure(upstream, more string) {
	r.t.Helper()
	text := fmt.Sprintf("upstreams:\n  - name: test\n    url: %s/v1\n%s", upstream, more)
	if err := os.WriteFile(r.path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// reply is what a caller got.
type reply struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
}

func (p reply) code() string {
	var e struct {
		Error struct{ Code, Message string }
	}
	_ = json.Unmarshal([]byte(p.body), &e)
	return e.Error.Code
}

func (p reply) request() string { return p.header.Get("X-Request-Id") }

// post sends a chat request as an application.
func (r *rig) post(app, body string, edit ...func(*http.Request)) reply {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), "POST", r.front.URL+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+r.keys[app])
	for _, e := range edit {
		e(req)
	}
	return r.do(req)
}

// do sends a request.
func (r *rig) do(req *http.Request) reply {
	res, err := r.front.Client().Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, string(b), err}
}

// answers returns an upstream that answers every request with a body.
func answers(contentType, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	})
}

// chatBody is a request with one user turn.
func chatBody(text string) string {
	b, _ := json.Marshal(text)
	return `{"model":"m1","messages":[{"role":"user","content":` + string(b) + `}]}`
}

// answerBody is an answer with one choice.
func answerBody(text string) string {
	b, _ := json.Marshal(text)
	return `{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m1","choices":[{"index":0,"message":{"role":"assistant","content":` +
		string(b) + `},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1.0e0,"completion_tokens":2,"total_tokens":3}}`
}

// streamBody is a streamed answer whose content comes in these pieces.
func streamBody(pieces ...string) string {
	var b strings.Builder
	chunk := func(delta, finish string) {
		fmt.Fprintf(&b, "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m1\",\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":%s}]}\n\n", delta, finish)
	}
	chunk(`{"role":"assistant","content":""}`, "null")
	for _, p := range pieces {
		t, _ := json.Marshal(p)
		chunk(`{"content":`+string(t)+`}`, "null")
	}
	chunk(`{}`, `"stop"`)
	b.WriteString("data: [DONE]\n\n")
	return b.String()
}
