package node

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"warder.example/internal/access"
	"warder.example/internal/config"
	"warder.example/internal/ledger"
	"warder.example/internal/store"
	"warder.example/internal/store/conformance"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// patience bounds every wait; nothing should come near it.
const patience = 20 * time.Second

// eventually waits until something holds that a node does by itself.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	late := time.After(patience)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-late:
			t.Fatalf("%s: not within %v", what, patience)
		case <-again.C:
		}
	}
}

// eachStore runs a test with the state in SQLite and, where there is one, in
// PostgreSQL. store is a line of the configuration.
func eachStore(t *testing.T, f func(t *testing.T, store string)) {
	t.Run("sqlite", func(t *testing.T) { f(t, "") })
	t.Run("postgres", func(t *testing.T) {
		t.Setenv("WARDER_NODE_TEST_STORE", conformance.EmptySchema(t, "./internal/node/"))
		f(t, "store: env:WARDER_NODE_TEST_STORE\n")
	})
}

// site is a folder with a configuration, and what an administrator beside the
// node would use.
type site struct {
	t       *testing.T
	path    string
	cfg     *config.Config
	db      *store.DB
	app     access.Application
	key     string
	keyID   string
	log     logText
	node    *Node
	base    string // of the data plane
	admin   string
	reload  chan os.Signal
	cancel  context.CancelFunc
	ended   chan error
	stopped bool
}

// logText is a log that is read while it is written.
type logText struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newSite makes a site with one application and a key. It starts nothing.
func newSite(t *testing.T, dir, upstream, more string) *site {
	t.Helper()
	s := &site{t: t, path: filepath.Join(dir, "warder.yaml"), reload: make(chan os.Signal, 1)}
	s.configure(upstream, more)
	var err error
	if s.cfg, err = config.Load(s.path); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(s.cfg.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	if s.db, err = store.Open(t.Context(), StoreDSN(s.cfg)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.db.Close() })
	s.app, err = s.db.CreateApplication(s.as(), access.Application{Name: "desk", Owner: "tests", Environment: access.Prod,
		DataClass: access.Internal, Refusal: access.RefusalError, Mode: access.ModeEnforce})
	if err != nil {
		t.Fatal(err)
	}
	s.key, s.keyID = s.newKey()
	return s
}

// as is the context of the administrator.
func (s *site) as() context.Context { return access.WithActor(s.t.Context(), "tester") }

func (s *site) newKey() (key, id string) {
	s.t.Helper()
	secret, k := access.NewKey()
	k.Application = s.app.ID
	k, err := s.db.CreateKey(s.as(), k)
	if err != nil {
		s.t.Fatal(err)
	}
	return secret.Reveal(), k.ID
}

func (s *site) configure(upstream, more string) {
	s.t.Helper()
	text := fmt.Sprintf("listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\ndata: data\n%supstreams:\n  - name: up\n    url: %s/v1\n", more, upstream)
	if err := os.WriteFile(s.path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// start opens and runs a node. It is stopped with the test.
func (s *site) start() { s.startWith(func(*Node) {}) }

// startWith is start with a change to the node before it runs.
func (s *site) startWith(change func(*Node)) {
	s.t.Helper()
	n, err := Open(s.t.Context(), s.path, s.logger())
	if err != nil {
		s.t.Fatal(err)
	}
	change(n)
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.t.Context()))
	s.node, s.cancel, s.ended, s.stopped = n, cancel, make(chan error, 1), false
	type addresses struct{ data, admin net.Addr }
	ready := make(chan addresses, 1)
	go func() {
		s.ended <- n.Run(ctx, func(data, admin net.Addr) { ready <- addresses{data, admin} }, s.reload)
	}()
	select {
	case a := <-ready:
		s.base, s.admin = "http://"+a.data.String(), "http://"+a.admin.String()
	case err := <-s.ended:
		s.t.Fatalf("the node ended: %v", err)
	}
	s.t.Cleanup(func() { s.stop() })
}

// stop asks the node to stop and waits until it has.
func (s *site) stop() {
	s.t.Helper()
	if s.stopped {
		return
	}
	s.stopped = true
	s.cancel()
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Errorf("running: %v", err)
		}
	case <-time.After(patience):
		s.t.Fatal("the node does not stop")
	}
	if err := s.node.Close(); err != nil {
		s.t.Errorf("closing: %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
}

type reply struct {
	status  int
	body    string
	request string
	err     error
}

func (s *site) post(key, text string, stream bool) reply {
	s.t.Helper()
	res, err := s.open(key, text, stream)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, string(b), res.Header.Get("X-Request-Id"), err}
}

// open sends a chat request and returns once the answer begins.
func (s *site) open(key, text string, stream bool) (*http.Response, error) {
	s.t.Helper()
	body := fmt.Sprintf(`{"model":"m1","stream":%v,"messages":[{"role":"user","content":%q}]}`, stream, text)
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.base+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	return http.DefaultClient.Do(req)
}

// get asks the admin listener.
func (s *site) get(path string) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.admin+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return reply{status: res.StatusCode, body: string(b), err: err}
}

// entries reads the audit log as it stands.
func (s *site) entries() (out []ledger.Entry) {
	s.t.Helper()
	err := ledger.Scan(LedgerDir(s.cfg), 0, func(e ledger.Entry) error { out = append(out, e); return nil })
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// intact verifies the audit log.
func (s *site) intact() *ledger.Report {
	s.t.Helper()
	r, err := ledger.Verify(LedgerDir(s.cfg), ledger.VerifyOptions{})
	if err != nil || !r.Intact {
		s.t.Fatalf("the audit log does not verify: %v %+v", err, r)
	}
	return r
}

const (
	jsonAnswer = `{"id":"a","object":"chat.completion","model":"m1","choices":[{"index":0,"message":{"role":"assistant","content":"%s"},"finish_reason":"stop"}]}`
	firstEvent = `data: {"id":"a","model":"m1","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello there. "},"finish_reason":null}]}` + "\n\n"
	lastEvents = `data: {"id":"a","model":"m1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"
)

// says is an upstream that always answers the same.
func says(t *testing.T, text string) string {
	return upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, jsonAnswer, text)
	})
}

func upstream(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(b))
		h(w, r)
	}))
	t.Cleanup(up.Close)
	return up.URL
}

// streams is an upstream that begins a stream and ends it when it may; other
// requests are answered at once.
func streams(t *testing.T, end <-chan struct{}) string {
	return upstream(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if !bytes.Contains(b, []byte(`"stream":true`)) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, jsonAnswer, "fine")
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, firstEvent)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-end:
			_, _ = io.WriteString(w, lastEvents)
		case <-r.Context().Done():
		}
	})
}
