package ledger_test

import (
	"context"
	"errors"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"warder.example/internal/event"
	"warder.example/internal/ledger"
)

var allModes = []ledger.Sync{ledger.SyncGroup, ledger.SyncEach, ledger.SyncOS}

func eachMode(t *testing.T, f func(t *testing.T, opt ledger.Options)) {
	for _, mode := range allModes {
		t.Run(mode.String(), func(t *testing.T) {
			opt := quiet()
			opt.Sync = mode
			f(t, opt)
		})
	}
}

func mustRefuse(t *testing.T, l *ledger.Ledger, ev event.Event, want error) {
	t.Helper()
	size := l.Size()
	if _, err := l.Append(context.Background(), ev); !errors.Is(err, want) {
		t.Fatalf("appending %s: got %v, want %v", ev.Kind, err, want)
	}
	if l.Size() != size {
		t.Fatalf("a refused record counts")
	}
}

// mustHold verifies the log and that it holds n records.
func mustHold(t *testing.T, dir string, n int64) *ledger.Report {
	t.Helper()
	r, err := ledger.Verify(dir, ledger.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Intact || r.Records != n {
		t.Fatalf("intact %v with %d records, want %d\n%s", r.Intact, r.Records, n, problems(r))
	}
	return r
}

// TestFullDisk: with only the reserve left, what begins is refused and what ends
// is kept; once nothing is left, all is refused; once there is room, all is kept.
func TestFullDisk(t *testing.T) {
	eachMode(t, func(t *testing.T, opt ledger.Options) {
		fs := &faultyFiles{}
		now := dawn
		opt.Files, opt.Reserve, opt.Clock = fs, 64<<10, func() time.Time { return now }
		dir := filepath.Join(t.TempDir(), "ledger")
		l := open(t, dir, opt)
		add(t, l, opened(1))
		add(t, l, opened(2))
		fs.set(func(f *faultyFiles) { f.limited, f.room, f.onRelease = true, 100, filepath.Join(dir, "reserve") })

		mustRefuse(t, l, opened(3), ledger.ErrFull)
		if !l.Stats().Low {
			t.Error("the ledger does not say that it is low")
		}
		add(t, l, closed(1))
		add(t, l, event.Event{Kind: "admin.key", Application: "shop"})
		mustRefuse(t, l, opened(4), ledger.ErrFull)
		fs.set(func(f *faultyFiles) { f.room = 10 })
		mustRefuse(t, l, closed(2), ledger.ErrFull)
		mustRefuse(t, l, opened(5), ledger.ErrFull)

		fs.set(func(f *faultyFiles) { f.limited = false })
		now = now.Add(time.Minute)
		add(t, l, opened(6))
		add(t, l, closed(2))
		if s := l.Stats(); s.Low || s.Failed != nil || s.Refused != 4 {
			t.Errorf("with room again: %+v", s)
		}
		closeLedger(t, l)
		mustHold(t, dir, 6)
	})
}

// TestFullDiskWhileRotating: when the next segment finds no room, the one at hand
// grows on.
func TestFullDiskWhileRotating(t *testing.T) {
	fs := &faultyFiles{}
	opt := quiet()
	opt.Sync, opt.Files, opt.SegmentBytes = ledger.SyncOS, fs, 600
	dir := filepath.Join(t.TempDir(), "ledger")
	l := open(t, dir, opt)
	add(t, l, opened(1))
	add(t, l, closed(1))
	fs.set(func(f *faultyFiles) { f.openErr = noSpace })
	add(t, l, opened(2))
	add(t, l, closed(2))
	if s := l.Stats(); s.Segment != 0 || s.Failed != nil {
		t.Errorf("got %+v", s)
	}
	fs.set(func(f *faultyFiles) { f.openErr = nil })
	add(t, l, opened(3))
	if s := l.Stats(); s.Segment != 1 {
		t.Errorf("got %+v", s)
	}
	fs.set(func(f *faultyFiles) { f.openErr = syscall.EIO })
	add(t, l, closed(3))
	var err error
	for err == nil { // until the segment is due
		_, err = l.Append(context.Background(), closed(3))
	}
	if !errors.Is(err, ledger.ErrFailed) {
		t.Errorf("another error when rotating: %v", err)
	}
	n := l.Size()
	_ = l.Close()
	closeLedger(t, open(t, dir, quiet()))
	mustHold(t, dir, n)
}

// TestFailures: after these the ledger accepts nothing, and opened anew it holds
// what had been acknowledged.
func TestFailures(t *testing.T) {
	tests := []struct {
		name string
		fail func(*faultyFiles)
	}{
		{"write fails halfway", func(f *faultyFiles) { f.writeErr = syscall.EIO }},
		{"write fails halfway and cannot be undone", func(f *faultyFiles) { f.writeErr, f.cutErr = syscall.EIO, syscall.EIO }},
		{"disk full and cannot be undone", func(f *faultyFiles) { f.writeErr, f.cutErr = noSpace, syscall.EIO }},
		{"short write without an error", func(f *faultyFiles) { f.short = true }},
		{"sync fails", func(f *faultyFiles) { f.syncErr = syscall.EIO }},
		{"sync fails for want of room", func(f *faultyFiles) { f.syncErr = noSpace }},
		{"sync fails and cannot be undone", func(f *faultyFiles) { f.syncErr, f.cutErr = syscall.EIO, syscall.EIO }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			eachMode(t, func(t *testing.T, opt ledger.Options) {
				fs := &faultyFiles{}
				opt.Files = fs
				dir := filepath.Join(t.TempDir(), "ledger")
				l := open(t, dir, opt)
				add(t, l, opened(1))
				add(t, l, closed(1))
				fs.set(tt.fail)
				if opt.Sync == ledger.SyncOS && fs.syncErr != nil {
					// Here only checkpoints sync.
					if _, err := l.Checkpoint(t.Context()); !errors.Is(err, ledger.ErrFailed) {
						t.Fatalf("checkpoint: got %v, want ErrFailed", err)
					}
				} else {
					mustRefuse(t, l, opened(2), ledger.ErrFailed)
				}
				fs.set(func(f *faultyFiles) { f.writeErr, f.syncErr, f.cutErr, f.short = nil, nil, nil, false })
				// Succeeding operations must not hide what failed.
				mustRefuse(t, l, opened(3), ledger.ErrFailed)
				mustRefuse(t, l, closed(3), ledger.ErrFailed)
				if l.Stats().Failed == nil {
					t.Error("Stats does not say so")
				}
				if err := l.Close(); !errors.Is(err, ledger.ErrFailed) {
					t.Errorf("closing: %v", err)
				}
				again := open(t, dir, opt)
				size := again.Size()
				add(t, again, opened(4))
				closeLedger(t, again)
				if got := scan(t, dir, 0); got[0].Event.Request != "req-1" || got[1].Event.Kind != ledger.KindClosed {
					t.Errorf("acknowledged records are gone")
				}
				mustHold(t, dir, size+1)
			})
		})
	}
}

// TestSyncFailureCutsBack: what an unsuccessful sync left in memory is not read
// back as if it had been kept.
func TestSyncFailureCutsBack(t *testing.T) {
	fs := &faultyFiles{}
	opt := quiet()
	opt.Files = fs
	dir := filepath.Join(t.TempDir(), "ledger")
	l := open(t, dir, opt)
	add(t, l, opened(1))
	fs.set(func(f *faultyFiles) { f.syncErr = syscall.EIO })
	mustRefuse(t, l, opened(2), ledger.ErrFailed)
	_ = l.Close()
	if got := scan(t, dir, 0); len(got) != 1 {
		t.Errorf("%d records are there, want the one that was synced", len(got))
	}
}
