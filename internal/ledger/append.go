package ledger

import (
	"context"
	"fmt"
	"strings"

	"warder.example/internal/event"
)

// request is one record on its way to the disk.
type request struct {
	body   []byte // encoded event
	begins bool   // begins something: refused when only the reserve is left
	seq    int64
	leaf   Hash
	err    error
	done   chan struct{} // gets one value once the rest is set
}

func newRequest() any {
	return &request{body: make([]byte, 0, 1024), done: make(chan struct{}, 1)}
}

// maxPooled bounds the buffers that are kept for reuse.
const maxPooled = 8 << 10

func (l *Ledger) free(r *request) {
	if cap(r.body) <= maxPooled {
		r.err = nil
		l.requests.Put(r)
	}
}

// Append keeps an event and returns its place once it is as durable as
// [Options.Sync] says. On any error the caller must behave as if nothing was
// recorded: [ErrFull], [ErrFailed], [ErrClosed], an error of the event's
// encoding, or that of ctx. An error of ctx leaves open whether the record was
// kept. In mode SyncOS the caller's goroutine writes, and ctx is looked at only
// before.
func (l *Ledger) Append(ctx context.Context, ev event.Event) (Entry, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, fmt.Errorf("appending %q: %w", ev.Kind, err)
	}
	if ev.Time.IsZero() {
		ev.Time = l.opt.Clock()
	}
	r := l.requests.Get().(*request)
	var err error
	if r.body, err = ev.AppendJSON(r.body[:0]); err != nil {
		l.free(r)
		return Entry{}, fmt.Errorf("appending: %w", err)
	}
	r.begins = strings.HasSuffix(ev.Kind, ".opened")
	if l.queue == nil {
		l.writeInline(r)
	} else if err := l.writeQueued(ctx, r); err != nil {
		return Entry{}, fmt.Errorf("appending %q: %w", ev.Kind, err)
	}
	e, err := Entry{Sequence: r.seq, Leaf: r.leaf}, r.err
	l.free(r)
	if err != nil {
		l.stats.refused.Add(1)
		return Entry{}, fmt.Errorf("appending %q: %w", ev.Kind, err)
	}
	return e, nil
}

// writeQueued hands r to the writer and waits. With an error r belongs to the
// writer.
func (l *Ledger) writeQueued(ctx context.Context, r *request) error {
	l.life.RLock()
	if l.closed {
		l.life.RUnlock()
		return ErrClosed
	}
	select {
	case l.queue <- r:
		l.life.RUnlock()
	case <-ctx.Done():
		l.life.RUnlock()
		return ctx.Err()
	}
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Ledger) writeInline(r *request) {
	l.life.RLock()
	defer l.life.RUnlock()
	if l.closed {
		r.err = ErrClosed
		return
	}
	l.wmu.Lock()
	defer l.wmu.Unlock()
	l.one[0] = r
	l.rotate()
	l.put(l.one[:])
	l.keep(l.one[:])
	l.one[0] = nil
}
