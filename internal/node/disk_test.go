package node

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"warder.example/internal/gateway"
)

// smallDisk is a folder on a file system of its own that can be filled.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may mount a small disk")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "mode=0700,size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("cannot mount a small disk here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("unmounting: %v: %s", err, out)
		}
	})
	return dir
}

// fill writes a file until nothing more fits and returns its path.
func fill(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size > 0; {
		if _, err := f.Write(make([]byte, size)); err == nil {
			continue
		} else if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		size /= 2
	}
	return path
}

// TestFullDisk: on a full disk nothing new is sent on, what is in flight ends
// whole and recorded, the admin listener says what is wrong, and everything works
// again once there is room, without a request having to try.
func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, "24m")
	end := make(chan struct{})
	s := newSite(t, disk, streams(t, end), "ledger: {reserve: 1MiB, segment_bytes: 1MiB}\n")
	s.start()
	if p := s.post(s.key, "hello", false); p.status != 200 {
		t.Fatalf("before: %d %s", p.status, p.body)
	}
	res, err := s.open(s.key, "hello", true)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("stream: %v %v", res, err)
	}
	defer res.Body.Close()

	ballast := fill(t, disk)
	// A page that was begun takes a few records more.
	eventually(t, "new requests are refused", func() bool {
		p := s.post(s.key, "hello", false)
		if p.status != 200 && (p.status != 503 || !strings.Contains(p.body, `"audit_unavailable"`)) {
			t.Fatalf("on a full disk: %d %s", p.status, p.body)
		}
		return p.status == 503
	})
	if p := s.get("/readyz"); p.status != 503 || !strings.Contains(p.body, "disk is full") {
		t.Errorf("readiness: %d %s", p.status, p.body)
	}
	if p := s.get("/healthz"); p.status != 200 {
		t.Errorf("health: %d %s", p.status, p.body)
	}
	if p := s.get("/metrics"); p.status != 200 || !strings.Contains(p.body, "\nwarder_ledger_low 1\n") {
		t.Errorf("metrics: %d, without warder_ledger_low 1", p.status)
	}
	close(end)
	var b bytes.Buffer
	if _, err := io.Copy(&b, res.Body); err != nil || !strings.HasSuffix(b.String(), "data: [DONE]\n\n") {
		t.Errorf("the stream in flight: %v %q", err, b.String())
	}
	request, closed := res.Header.Get("X-Request-Id"), false
	for _, e := range s.entries() {
		if c, ok := e.Event.Payload.(gateway.Closed); ok && e.Event.Request == request {
			closed = c.End == "complete"
		}
	}
	if !closed {
		t.Error("the stream in flight has no closed record")
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	eventually(t, "readiness returns by itself", func() bool { return s.get("/readyz").status == 200 })
	if p := s.post(s.key, "hello", false); p.status != 200 {
		t.Errorf("afterwards: %d %s", p.status, p.body)
	}
	s.stop()
	if u := s.intact().Unclosed; u.Count != 0 {
		t.Errorf("unclosed: %+v", u)
	}
}

// TestStartOnFullDisk: a node that finds no room says so instead of serving.
func TestStartOnFullDisk(t *testing.T) {
	disk := smallDisk(t, "8m")
	s := newSite(t, disk, says(t, "fine"), "ledger: {reserve: 1MiB, segment_bytes: 1MiB}\n")
	ballast := fill(t, disk)
	n, err := Open(t.Context(), s.path, s.logger())
	if err == nil {
		n.Close()
		t.Fatal("was opened on a full disk")
	}
	if !strings.Contains(err.Error(), "no space left") {
		t.Errorf("%v; want it to say that there is no space", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	s.start()
	if p := s.post(s.key, "hello", false); p.status != 200 {
		t.Errorf("with room: %d %s", p.status, p.body)
	}
}
