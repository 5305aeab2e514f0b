package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"warder.example/internal/event"
	"warder.example/internal/ledger"
)

var dawn = time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)

type stage struct {
	Model string `json:"model,omitempty"`
	Bytes int    `json:"bytes,omitempty"`
}

func init() {
	event.Register[stage](ledger.KindOpened)
	event.Register[stage](ledger.KindClosed)
}

// quiet options make no checkpoints of their own accord.
func quiet() ledger.Options {
	return ledger.Options{Reserve: -1, CheckpointInterval: -1, CheckpointRecords: -1, Clock: func() time.Time { return dawn }}
}

func open(t testing.TB, dir string, opt ledger.Options) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func closeLedger(t testing.TB, l *ledger.Ledger) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func opened(i int) event.Event {
	return event.Event{Kind: ledger.KindOpened, Application: "shop", Request: fmt.Sprintf("req-%d", i), Payload: stage{Model: "small"}}
}

func closed(i int) event.Event {
	return event.Event{Kind: ledger.KindClosed, Application: "shop", Request: fmt.Sprintf("req-%d", i), Payload: stage{Bytes: 100 + i}}
}

func add(t testing.TB, l *ledger.Ledger, ev event.Event) ledger.Entry {
	t.Helper()
	e, err := l.Append(context.Background(), ev)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func scan(t testing.TB, dir string, from int64) []ledger.Entry {
	t.Helper()
	var out []ledger.Entry
	if err := ledger.Scan(dir, from, func(e ledger.Entry) error {
		e.Raw = append([]byte(nil), e.Raw...)
		out = append(out, e)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAppendAndScan(t *testing.T) {
	for _, mode := range []ledger.Sync{ledger.SyncGroup, ledger.SyncEach, ledger.SyncOS} {
		t.Run(mode.String(), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "ledger")
			opt := quiet()
			opt.Sync, opt.SegmentBytes = mode, 2000
			l := open(t, dir, opt)
			const n = 20
			var entries []ledger.Entry
			for i := range n {
				entries = append(entries, add(t, l, opened(i)), add(t, l, closed(i)))
			}
			root := l.Root()
			closeLedger(t, l)

			got := scan(t, dir, 0)
			if len(got) != 2*n || l.Size() != 2*n {
				t.Fatalf("read %d records, size %d, want %d", len(got), l.Size(), 2*n)
			}
			for i, e := range got {
				if e.Sequence != int64(i) || e.Leaf != entries[i].Leaf || ledger.LeafHash(e.Raw) != e.Leaf {
					t.Errorf("record %d: %d %v, appended as %d %v", i, e.Sequence, e.Leaf, entries[i].Sequence, entries[i].Leaf)
				}
				if e.Event.Request != fmt.Sprintf("req-%d", i/2) || !e.Event.Time.Equal(dawn) {
					t.Errorf("record %d: %+v", i, e.Event)
				}
			}
			if p, ok := got[0].Event.Payload.(stage); !ok || p.Model != "small" {
				t.Errorf("payload is %#v", got[0].Event.Payload)
			}
			if tail := scan(t, dir, 33); len(tail) != 7 || tail[0].Sequence != 33 {
				t.Errorf("from 33: %d records", len(tail))
			}
			segments, _ := filepath.Glob(filepath.Join(dir, "*.log"))
			if len(segments) < 3 {
				t.Errorf("%d segments, want several", len(segments))
			}
			again := open(t, dir, opt)
			if again.Size() != 2*n || again.Root() != root {
				t.Errorf("opened anew: size %d root %v, want %d %v", again.Size(), again.Root(), 2*n, root)
			}
			if e := add(t, again, opened(n)); e.Sequence != 2*n {
				t.Errorf("next record is %d", e.Sequence)
			}
			closeLedger(t, again)
		})
	}
}

func TestConcurrentAppends(t *testing.T) {
	for _, mode := range []ledger.Sync{ledger.SyncGroup, ledger.SyncEach, ledger.SyncOS} {
		t.Run(mode.String(), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "ledger")
			opt := quiet()
			opt.Sync, opt.SegmentBytes = mode, 5000
			opt.CheckpointRecords = 20
			l := open(t, dir, opt)
			const workers, each = 8, 25
			var mu sync.Mutex
			seen := map[int64]string{}
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					for i := range each {
						id := w*1000 + i
						e, err := l.Append(t.Context(), opened(id))
						if err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						seen[e.Sequence] = fmt.Sprintf("req-%d", id)
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			closeLedger(t, l)
			got := scan(t, dir, 0)
			if len(got) != workers*each || len(seen) != workers*each {
				t.Fatalf("%d records, %d places, want %d", len(got), len(seen), workers*each)
			}
			for _, e := range got {
				if seen[e.Sequence] != e.Event.Request {
					t.Errorf("record %d is of %s, its Append was of %s", e.Sequence, e.Event.Request, seen[e.Sequence])
				}
			}
		})
	}
}

func TestGroupSharesSyncs(t *testing.T) {
	fs := &faultyFiles{}
	opt := quiet()
	opt.Files = fs
	l := open(t, filepath.Join(t.TempDir(), "ledger"), opt)
	release := fs.holdSync()
	first := make(chan error, 1)
	go func() { _, err := l.Append(context.Background(), opened(0)); first <- err }()
	fs.waitSync() // the first record's sync hangs; the others queue behind it
	const n = 30
	done := make(chan error, n)
	for i := range n {
		go func() { _, err := l.Append(context.Background(), opened(1+i)); done <- err }()
	}
	for l.Queued() < n {
		runtime.Gosched()
	}
	release()
	for range n {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if s := l.Stats(); s.Syncs != 2 || s.Records != n+1 {
		t.Errorf("%d records with %d syncs, want %d with 2", s.Records, s.Syncs, n+1)
	}
	closeLedger(t, l)
}

func TestAppendRefuses(t *testing.T) {
	for _, mode := range []ledger.Sync{ledger.SyncGroup, ledger.SyncEach, ledger.SyncOS} {
		t.Run(mode.String(), func(t *testing.T) {
			opt := quiet()
			opt.Sync = mode
			l := open(t, filepath.Join(t.TempDir(), "ledger"), opt)
			gone, cancel := context.WithCancel(context.Background())
			cancel()
			if _, err := l.Append(gone, opened(1)); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
			if _, err := l.Append(context.Background(), event.Event{Kind: "a", Subject: "ada"}); !errors.Is(err, event.ErrInvalid) {
				t.Errorf("plain subject: %v", err)
			}
			if l.Size() != 0 {
				t.Errorf("size is %d after refusals", l.Size())
			}
			closeLedger(t, l)
			if _, err := l.Append(context.Background(), opened(1)); !errors.Is(err, ledger.ErrClosed) {
				t.Errorf("closed: %v", err)
			}
			if _, err := l.Checkpoint(context.Background()); !errors.Is(err, ledger.ErrClosed) {
				t.Errorf("checkpoint when closed: %v", err)
			}
			if err := l.Close(); !errors.Is(err, ledger.ErrClosed) {
				t.Errorf("closed twice: %v", err)
			}
		})
	}
}

// TestAppendLeavesOnCancel: a disk that hangs holds up nobody whose ctx ends.
func TestAppendLeavesOnCancel(t *testing.T) {
	fs := &faultyFiles{}
	opt := quiet()
	opt.Files = fs
	dir := filepath.Join(t.TempDir(), "ledger")
	l := open(t, dir, opt)
	release := fs.holdSync()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { _, err := l.Append(ctx, opened(1)); done <- err }()
	fs.waitSync()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	release()
	add(t, l, opened(2))
	closeLedger(t, l)
	if n := len(scan(t, dir, 0)); n != 2 {
		t.Errorf("%d records", n)
	}
}

func TestOneProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	l := open(t, dir, quiet())
	if _, err := ledger.Open(dir, quiet()); !errors.Is(err, ledger.ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
	closeLedger(t, l)
	closeLedger(t, open(t, dir, quiet()))
}

func TestKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	l := open(t, dir, quiet())
	name := l.Name()
	add(t, l, opened(1))
	closeLedger(t, l)
	info, err := os.Stat(dir + ".key")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("key file: %v, %v", info.Mode(), err)
	}
	v, _, err := ledger.LoadVerifier(dir)
	if err != nil || v.Name() != name {
		t.Errorf("verifier %v, %v, want %q", v, err, name)
	}
	if err := os.Chmod(dir+".key", 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(dir, quiet()); err == nil {
		t.Error("opened with a key that others may read")
	}
	if err := os.Rename(dir+".key", dir+".lost"); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(dir, quiet()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a log whose key is lost: %v, want ErrNotExist", err)
	}
	other := open(t, filepath.Join(t.TempDir(), "ledger"), quiet())
	closeLedger(t, other)
}
