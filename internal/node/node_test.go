package node

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"warder.example/internal/gateway"
	"warder.example/internal/ledger"
	"warder.example/internal/store"
)

// TestKeys: what an administrator does beside a running node works within a
// second and ends up in the audit log once, also over a restart.
func TestKeys(t *testing.T) {
	eachStore(t, func(t *testing.T, more string) {
		s := newSite(t, t.TempDir(), says(t, "fine"), more)
		s.start()
		if p := s.post(s.key, "hello", false); p.status != 200 {
			t.Fatalf("a key from before the start: %d %s", p.status, p.body)
		}
		key, id := s.newKey()
		began := time.Now()
		eventually(t, "a new key works", func() bool { return s.post(key, "hello", false).status == 200 })
		t.Logf("a new key worked after %v", time.Since(began).Round(time.Millisecond))
		if _, err := s.db.RevokeKey(s.as(), id); err != nil {
			t.Fatal(err)
		}
		began = time.Now()
		eventually(t, "a revoked key stops", func() bool {
			p := s.post(key, "hello", false)
			return p.status == 401 && strings.Contains(p.body, `"revoked_api_key"`)
		})
		t.Logf("a revoked key stopped after %v", time.Since(began).Round(time.Millisecond))
		if p := s.post(s.key, "hello", false); p.status != 200 {
			t.Errorf("the other key: %d %s", p.status, p.body)
		}

		want := []string{store.ActApplicationCreated, store.ActKeyCreated, store.ActKeyCreated, store.ActKeyRevoked}
		acts := func() (kinds []string) {
			for _, e := range s.entries() {
				if a, ok := e.Event.Payload.(Act); ok && a.Act != store.ActPolicyActivated { // the node's own
					kinds = append(kinds, a.Act)
					if a.Actor != "tester" || e.Event.Application != s.app.ID {
						t.Errorf("act %+v of application %q; want actor tester, %q", a, e.Event.Application, s.app.ID)
					}
					if strings.Contains(string(a.Data), key) {
						t.Errorf("act %s tells the key", a.Act)
					}
				}
			}
			return kinds
		}
		eventually(t, "acts are recorded", func() bool { return len(acts()) >= len(want) })
		s.stop()
		s.start()
		if _, err := s.db.RevokeKey(s.as(), s.keyID); err != nil {
			t.Fatal(err)
		}
		want = append(want, store.ActKeyRevoked)
		eventually(t, "acts are recorded after a restart", func() bool { return len(acts()) >= len(want) })
		s.stop()
		if got := acts(); !slices.Equal(got, want) {
			t.Errorf("recorded %v; want %v", got, want)
		}
		s.intact()
	})
}

// TestActsOverStops: an administrative act is recorded once although the node
// is stopped while it records them.
func TestActsOverStops(t *testing.T) {
	eachStore(t, func(t *testing.T, more string) {
		s := newSite(t, t.TempDir(), says(t, "fine"), more)
		const keys = 40
		for range keys {
			s.newKey()
		}
		times := make(map[int64]int)
		for stops := 0; len(times) < keys; stops++ {
			if stops > keys {
				t.Fatalf("%d acts recorded after %d starts; want %d", len(times), stops, keys)
			}
			s.start()
			before := len(times)
			eventually(t, "acts are recorded", func() bool {
				clear(times)
				for _, e := range s.entries() {
					if a, ok := e.Event.Payload.(Act); ok && a.Act == store.ActKeyCreated {
						times[a.ID]++
					}
				}
				return len(times) > before || len(times) >= keys
			})
			s.stop()
		}
		for id, n := range times {
			if n != 1 {
				t.Errorf("act %d is recorded %d times", id, n)
			}
		}
	})
}

// TestProjection: the store follows the audit log, over a restart too, and
// emptied it is rebuilt to the same.
func TestProjection(t *testing.T) {
	eachStore(t, func(t *testing.T, more string) {
		s := newSite(t, t.TempDir(), says(t, "fine"), more)
		s.start()
		var asked []reply
		ask := func(text string, stream bool, status int) {
			t.Helper()
			p := s.post(s.key, text, stream)
			if p.status != status {
				t.Fatalf("%q: %d %s; want %d", text, p.status, p.body, status)
			}
			asked = append(asked, p)
		}
		ask("hello", false, 200)
		ask("hello", true, 200) // answered whole, as some servers do
		ask("My key is AK"+"IAQ3EGRZPYWEK5N2LV, keep it safe.", false, 400)
		ask("bad \\u00zz \xff", false, 400)
		s.stop()
		s.start()
		ask("hello again", false, 200)
		follow := func() {
			t.Helper()
			eventually(t, "the projection follows", func() bool {
				n, err := s.db.Projected(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return n >= int64(len(s.entries()))
			})
		}
		follow()
		rows := func() []store.ExchangeRow {
			t.Helper()
			r, err := s.db.Exchanges(t.Context(), store.ExchangeFilter{Limit: store.MaxBatch})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		live := rows()
		if len(live) != len(asked) {
			t.Fatalf("%d rows; want %d: %+v", len(live), len(asked), live)
		}
		for i, p := range asked {
			r := live[len(live)-1-i] // newest first
			if r.Request != p.request || r.Status != p.status || r.Application != s.app.ID || r.Key != s.keyID || r.Closed.IsZero() || r.ClosedEntry <= r.OpenedEntry {
				t.Errorf("row %d: %+v; want request %s, status %d", i, r, p.request, p.status)
			}
		}
		if b := live[2]; b.Action != "block" || b.End != "refused" || b.RequestFindings == 0 || !strings.HasPrefix(b.Category, "secret.") {
			t.Errorf("the refused one: %+v", b)
		}
		s.stop()

		if err := s.db.ResetProjection(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r := rows(); len(r) != 0 {
			t.Fatalf("%d rows after a reset", len(r))
		}
		n, err := ledger.Rebuild(t.Context(), LedgerDir(s.cfg), Projection{s.db})
		if err != nil || n != int64(len(s.entries())) {
			t.Fatalf("rebuilt from %d records: %v", n, err)
		}
		if again := rows(); !reflect.DeepEqual(again, live) {
			t.Errorf("rebuilt:\n%+v\nwas:\n%+v", again, live)
		}
	})
}

// TestSalt: the secret under subjects is made once, kept for its owner alone, and
// refused when others may have read it or when it was cut.
func TestSalt(t *testing.T) {
	s := newSite(t, t.TempDir(), says(t, "fine"), "")
	salt := filepath.Join(s.cfg.Data, "subject.salt")
	s.start()
	s.stop()
	first, err := os.ReadFile(salt)
	if err != nil || len(first) != saltBytes {
		t.Fatalf("%d bytes, %v; want %d", len(first), err, saltBytes)
	}
	s.start()
	s.stop()
	if again, err := os.ReadFile(salt); err != nil || string(again) != string(first) {
		t.Errorf("a restart changed the salt (%v)", err)
	}
	for _, c := range []struct {
		name, want string
		change     func() error
	}{
		{"open to the group", "mode 0640", func() error { return os.Chmod(salt, 0o640) }},
		{"open to all", "mode 0604", func() error { return os.Chmod(salt, 0o604) }},
		{"cut", "16 bytes", func() error { return os.WriteFile(salt, first[:16], 0o600) }},
		{"a folder", "subject salt", func() error { return os.Mkdir(salt, 0o700) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.RemoveAll(salt); err != nil {
				t.Fatal(err)
			}
			if c.name != "a folder" {
				if err := os.WriteFile(salt, first, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.change(); err != nil {
				t.Fatal(err)
			}
			n, err := Open(t.Context(), s.path, s.node.log)
			if err == nil {
				n.Close()
				t.Fatal("was accepted")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), string(first[:8])) {
				t.Errorf("%v; want %q in it and not the salt", err, c.want)
			}
		})
	}
	// What refused to open holds no lock.
	if err := os.RemoveAll(salt); err != nil {
		t.Fatal(err)
	}
	s.start()
}

// TestDrain: a stopping node lets a stream in flight end whole, takes nothing
// new, says that it is not ready, and records what it did.
func TestDrain(t *testing.T) {
	end := make(chan struct{})
	s := newSite(t, t.TempDir(), streams(t, end), "")
	s.start()
	if p := s.get("/readyz"); p.status != 200 {
		t.Fatalf("ready: %d %s", p.status, p.body)
	}
	res, err := s.open(s.key, "hello", true)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("stream: %v %v", res, err)
	}
	defer res.Body.Close()
	s.cancel()
	eventually(t, "readiness says so", func() bool {
		p := s.get("/readyz")
		return p.status == 503 && strings.Contains(p.body, "draining")
	})
	if p := s.get("/healthz"); p.status != 200 {
		t.Errorf("health while draining: %d %v", p.status, p.err)
	}
	eventually(t, "new requests are turned away", func() bool {
		p := s.post(s.key, "hello", false)
		if p.err == nil && p.status != 503 {
			t.Fatalf("a new request was answered: %d %s", p.status, p.body)
		}
		return p.err != nil // the listener is closed, too
	})
	close(end)
	b := make([]byte, 0, 4096)
	for {
		n, err := res.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err != nil {
			break
		}
	}
	if got := string(b); !strings.Contains(got, "Hello there. ") || !strings.HasSuffix(got, "data: [DONE]\n\n") {
		t.Errorf("the stream is not whole: %q", got)
	}
	s.stop()
	if u := s.intact().Unclosed; u.Count != 0 {
		t.Errorf("unclosed: %+v", u)
	}
	if got := s.lifecycle(); fmt.Sprint(got) != "[start drain stop]" {
		t.Errorf("recorded %v", got)
	}
}

// TestDrainEnds: what does not end in time is cut, and recorded all the same.
func TestDrainEnds(t *testing.T) {
	never := make(chan struct{})
	s := newSite(t, t.TempDir(), streams(t, never), "drain: 50ms\n")
	s.start()
	res, err := s.open(s.key, "hello", true)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("stream: %v %v", res, err)
	}
	defer res.Body.Close()
	s.stop()
	rep := s.intact()
	if rep.Unclosed.Count != 0 {
		t.Errorf("unclosed: %+v", rep.Unclosed)
	}
	var last *gateway.Closed
	for _, e := range s.entries() {
		if c, ok := e.Event.Payload.(gateway.Closed); ok {
			last = &c
		}
	}
	if last == nil || last.End == "complete" {
		t.Errorf("closed record %+v; want one that says that it was cut", last)
	}
}

func (s *site) lifecycle() (out []string) {
	for _, e := range s.entries() {
		if l, ok := e.Event.Payload.(gateway.Lifecycle); ok {
			out = append(out, l.What)
		}
	}
	return out
}

// TestReload: on a signal the configuration is read again; a wrong one changes
// nothing.
func TestReload(t *testing.T) {
	s := newSite(t, t.TempDir(), says(t, "one"), "")
	two := says(t, "two")
	s.start()
	answer := func() string {
		t.Helper()
		p := s.post(s.key, "hello", false)
		if p.status != 200 {
			t.Fatalf("%d %s", p.status, p.body)
		}
		_, rest, _ := strings.Cut(p.body, `"content":"`)
		text, _, _ := strings.Cut(rest, `"`)
		return text
	}
	s.configure(two, "limitz: {}\n")
	s.reload <- syscall.SIGHUP
	eventually(t, "a wrong configuration is refused", func() bool { return strings.Contains(s.log.String(), "limitz") })
	if got := answer(); got != "one" {
		t.Errorf("after a failed reload %q answers", got)
	}
	s.configure(two, "")
	s.reload <- syscall.SIGHUP
	eventually(t, "the new upstream is used", func() bool { return answer() == "two" })
	s.stop()
	if got := s.lifecycle(); fmt.Sprint(got) != "[start reload_failed reload drain stop]" {
		t.Errorf("recorded %v", got)
	}
}

// TestTwoNodes: a data folder has one node at a time.
func TestTwoNodes(t *testing.T) {
	s := newSite(t, t.TempDir(), says(t, "fine"), "")
	s.start()
	n, err := Open(t.Context(), s.path, s.node.log)
	if err == nil {
		n.Close()
		t.Fatal("two nodes share a data folder")
	}
	if !strings.Contains(err.Error(), ledger.ErrLocked.Error()) {
		t.Errorf("%v; want %v", err, ledger.ErrLocked)
	}
	if p := s.post(s.key, "hello", false); p.status != 200 {
		t.Errorf("the first one: %d %s", p.status, p.body)
	}
}
