package ledger_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"warder.example/internal/ledger"
)

// table is a projection in memory.
type table struct {
	rows   []ledger.Entry
	next   int64
	fail   error
	signal chan int64 // gets next after each batch, when set
}

func (p *table) Project(ctx context.Context, entries []ledger.Entry) error {
	if p.fail != nil {
		return p.fail
	}
	p.rows = append(p.rows, entries...)
	p.next += int64(len(entries))
	if p.signal != nil {
		p.signal <- p.next
	}
	return nil
}

func (p *table) Projected(context.Context) (int64, error) { return p.next, nil }

func TestRebuild(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	opt := quiet()
	opt.Sync, opt.SegmentBytes = ledger.SyncOS, 20_000
	l := open(t, dir, opt)
	const n = 1300 // more than two batches
	for i := range n {
		add(t, l, opened(i))
	}
	var p table
	got, err := ledger.Rebuild(t.Context(), dir, &p) // while the ledger is open
	if err != nil || got != n || len(p.rows) != n {
		t.Fatalf("projected %d, %d rows, %v", got, len(p.rows), err)
	}
	for i, e := range p.rows {
		if e.Sequence != int64(i) || ledger.LeafHash(e.Raw) != e.Leaf {
			t.Fatalf("row %d is record %d", i, e.Sequence)
		}
	}
	if got, err := ledger.Rebuild(t.Context(), dir, &p); err != nil || got != 0 {
		t.Errorf("nothing new: %d, %v", got, err)
	}
	p = table{next: n - 3}
	if got, err := ledger.Rebuild(t.Context(), dir, &p); err != nil || got != 3 || p.rows[0].Sequence != n-3 {
		t.Errorf("the last three: %d, %v", got, err)
	}
	for _, ahead := range []int64{n + 1, n + 5000} {
		if _, err := ledger.Rebuild(t.Context(), dir, &table{next: ahead}); !errors.Is(err, ledger.ErrAhead) {
			t.Errorf("%d of %d: %v, want ErrAhead", ahead, n, err)
		}
		if err := l.Follow(t.Context(), &table{next: ahead}, 0); !errors.Is(err, ledger.ErrAhead) {
			t.Errorf("following from %d of %d: %v, want ErrAhead", ahead, n, err)
		}
	}
	broken := errors.New("no disk")
	if _, err := ledger.Rebuild(t.Context(), dir, &table{fail: broken}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	closeLedger(t, l)
}

// TestFollow: what is there and what comes is handed over in order, over segment
// ends.
func TestFollow(t *testing.T) {
	for _, mode := range allModes {
		t.Run(mode.String(), func(t *testing.T) {
			opt := quiet()
			opt.Sync, opt.SegmentBytes = mode, 1000
			l := open(t, filepath.Join(t.TempDir(), "ledger"), opt)
			for i := range 5 {
				add(t, l, opened(i))
			}
			ctx, cancel := context.WithCancel(t.Context())
			p := &table{signal: make(chan int64, 100)}
			done := make(chan error, 1)
			go func() { done <- l.Follow(ctx, p, 0) }()
			for <-p.signal < 5 {
			}
			for i := range 20 {
				add(t, l, opened(5+i))
				for <-p.signal < int64(6+i) {
				}
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			for i, e := range p.rows {
				if e.Sequence != int64(i) {
					t.Fatalf("row %d is record %d", i, e.Sequence)
				}
			}
			closeLedger(t, l)
		})
	}
}

// TestReaderWaits: a reader at the end finds what comes later, also half-written
// lines once they are whole.
func TestReaderWaits(t *testing.T) {
	s := makeSample(t)
	r := ledger.NewReader(s.dir, sampleRecords-1)
	defer r.Close()
	if e, err := r.Next(); err != nil || e.Sequence != sampleRecords-1 {
		t.Fatalf("record %d, %v", e.Sequence, err)
	}
	mustEnd := func() {
		t.Helper()
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Fatalf("got %v, want io.EOF", err)
		}
	}
	mustEnd()
	opt := quiet()
	l := open(t, s.dir, opt)
	add(t, l, opened(30))
	if e, err := r.Next(); err != nil || e.Event.Request != "req-30" {
		t.Fatalf("got %+v, %v", e, err)
	}
	closeLedger(t, l)
	appendTo(t, s.last(t), []byte("0123"))
	mustEnd()
	mustEnd()
	if err := ledger.Scan(s.dir, 0, func(ledger.Entry) error { return nil }); err != nil {
		t.Errorf("an unfinished line ends a scan: %v", err)
	}
	appendTo(t, s.last(t), []byte("456\n"))
	if _, err := r.Next(); !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("a line that is no record: %v, want ErrCorrupt", err)
	}
}
