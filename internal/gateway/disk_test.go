package gateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"warder.example/internal/ledger"
)

// fullDisk opens real files that say that the disk is full as long as it is and
// the ledger's reserve lies on it.
type fullDisk struct {
	full    atomic.Bool
	reserve string
}

func (d *fullDisk) Open(name string, flag int) (ledger.File, error) {
	f, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return &fullFile{f, d}, nil
}

type fullFile struct {
	*os.File
	disk *fullDisk
}

func (f *fullFile) Write(b []byte) (int, error) {
	if _, err := os.Stat(f.disk.reserve); f.disk.full.Load() && !errors.Is(err, os.ErrNotExist) {
		return 0, &os.PathError{Op: "write", Path: "segment", Err: syscall.ENOSPC}
	}
	return f.File.Write(b)
}

// TestFullDisk: with a real ledger on a full disk nothing new is sent on, what is
// in flight ends whole and recorded, readiness and metrics say why, and all of
// it ends once there is room. Package node has the same with a real small disk.
func TestFullDisk(t *testing.T) {
	called, end := make(chan struct{}, 1), make(chan struct{})
	calls := atomic.Int64{}
	r := newRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		calls.Add(1)
		if !bytes.Contains(b, []byte(streamed[1:])) {
			answers("application/json", answerBody("fine")).ServeHTTP(w, q)
			return
		}
		called <- struct{}{}
		<-end
		answers("text/event-stream", streamBody("Hello there. ")).ServeHTTP(w, q)
	}), rigOptions{})
	dir := filepath.Join(t.TempDir(), "ledger")
	disk := &fullDisk{reserve: filepath.Join(dir, "reserve")}
	var now atomic.Int64 // seconds: the ledger tries for its reserve once in one
	l, err := ledger.Open(dir, ledger.Options{Files: disk, Reserve: 64 << 10, Clock: func() time.Time { return time.Unix(now.Load(), 0) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if rep, err := ledger.Verify(dir, ledger.VerifyOptions{}); err != nil || !rep.Intact || rep.Unclosed.Count != 0 {
			t.Errorf("the ledger: %v %+v", err, rep)
		}
	})
	r.server.ledger = l
	admin := r.server.AdminHandler()
	ask := func(path string) (int, string) {
		w := httptest.NewRecorder()
		q := httptest.NewRequest(http.MethodGet, path, nil)
		q.Host = "127.0.0.1:9090"
		admin.ServeHTTP(w, q)
		return w.Code, w.Body.String()
	}

	flight := make(chan reply, 1)
	go func() { flight <- r.post("app", streamRequest("hi")) }()
	waitFor(t, "the upstream's call", called)
	disk.full.Store(true)
	for range 3 {
		if p := r.post("app", chatBody("hi")); p.status != 503 || p.code() != "audit_unavailable" || p.header.Get("Retry-After") == "" {
			t.Errorf("on a full disk: %d %s; want 503", p.status, p.body)
		}
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls reached the upstream; want the one before", n)
	}
	if code, text := ask("/readyz"); code != 503 || text != "the disk is full\n" {
		t.Errorf("readiness: %d %q", code, text)
	}
	if code, _ := ask("/healthz"); code != 200 {
		t.Errorf("health: %d", code)
	}
	close(end)
	if p := <-flight; p.status != 200 || p.err != nil || !strings.HasSuffix(p.body, "data: [DONE]\n\n") {
		t.Errorf("in flight: %d %v %s", p.status, p.err, p.body)
	}

	disk.full.Store(false)
	now.Add(2)
	if code, text := ask("/readyz"); code != 200 {
		t.Errorf("with room again: %d %q", code, text)
	}
	if p := r.post("app", chatBody("hi")); p.status != 200 {
		t.Errorf("with room again: %d %s", p.status, p.body)
	}
}
