package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// ErrAhead means that a projection holds records that the log does not have, as
// after a loss of power in mode SyncOS. Empty it and call [Rebuild].
var ErrAhead = errors.New("projection is ahead of the ledger")

// Projector is fed with the log in order, to keep what can be asked of it in
// another form. The log stays the truth: an emptied projection is rebuilt.
type Projector interface {
	// Project takes entries that follow each other and the ones before. It
	// must keep all of them and the position after them, or nothing.
	Project(ctx context.Context, entries []Entry) error
	// Projected is the sequence of the next entry it wants: 0 when empty.
	Projected(ctx context.Context) (int64, error)
}

// projectBatch is the most entries handed over at once.
const projectBatch = 512

// Rebuild brings a projection up to the end of the log in dir and returns how
// many records it handed over. The ledger may be open elsewhere.
func Rebuild(ctx context.Context, dir string, p Projector) (int64, error) {
	f, err := newFeed(ctx, dir, p)
	if err != nil {
		return 0, err
	}
	defer f.reader.Close()
	err = f.upto(ctx, -1)
	return f.fed, err
}

// Follow feeds a projection with the records kept so far and those to come,
// every so often at most, until ctx ends; then it returns nil. It returns what
// the projector returns. Only records as durable as [Options.Sync] says are
// handed over.
func (l *Ledger) Follow(ctx context.Context, p Projector, every time.Duration) error {
	news := make(chan struct{}, 1)
	news <- struct{}{} // what is there already
	l.follow(news)
	defer l.unfollow(news)
	f, err := newFeed(ctx, l.dir, p)
	if err != nil {
		return err
	}
	defer f.reader.Close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-news:
		}
		if err := f.upto(ctx, l.Size()); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if every > 0 {
			pause := time.NewTimer(every)
			select {
			case <-ctx.Done():
				pause.Stop()
			case <-pause.C:
			}
		}
	}
}

func (l *Ledger) follow(c chan struct{}) {
	for {
		old := l.followers.Load()
		var next []chan struct{}
		if old != nil {
			next = slices.Clone(*old)
		}
		next = append(next, c)
		if l.followers.CompareAndSwap(old, &next) {
			return
		}
	}
}

func (l *Ledger) unfollow(c chan struct{}) {
	for {
		old := l.followers.Load()
		next := slices.DeleteFunc(slices.Clone(*old), func(o chan struct{}) bool { return o == c })
		if l.followers.CompareAndSwap(old, &next) {
			return
		}
	}
}

// feed moves entries from a log to a projection.
type feed struct {
	reader *Reader
	to     Projector
	next   int64 // sequence the projection wants
	fed    int64
	batch  []Entry
}

func newFeed(ctx context.Context, dir string, p Projector) (*feed, error) {
	next, err := p.Projected(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking the projection for its position: %w", err)
	}
	if next < 0 {
		return nil, fmt.Errorf("projection wants record %d", next)
	}
	return &feed{reader: NewReader(dir, next), to: p, next: next}, nil
}

// upto hands over the records before end, or all there are when end is negative.
func (f *feed) upto(ctx context.Context, end int64) error {
	if end >= 0 && f.next > end {
		return fmt.Errorf("%w: it wants record %d of %d", ErrAhead, f.next, end)
	}
	for end < 0 || f.next < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := int64(projectBatch)
		if end >= 0 {
			n = min(n, end-f.next)
		}
		more, err := f.read(int(n))
		if err != nil {
			return err
		}
		if len(f.batch) > 0 {
			if err := f.to.Project(ctx, f.batch); err != nil {
				return fmt.Errorf("projecting records from %d on: %w", f.next, err)
			}
			f.next += int64(len(f.batch))
			f.fed += int64(len(f.batch))
		}
		if !more {
			return nil
		}
	}
	return nil
}

// read fills the batch with up to n entries that may be kept.
func (f *feed) read(n int) (more bool, err error) {
	f.batch = make([]Entry, 0, n)
	for len(f.batch) < n {
		e, err := f.reader.Next()
		if errors.Is(err, io.EOF) {
			if f.reader.next < f.next {
				return false, fmt.Errorf("%w: it wants record %d of %d", ErrAhead, f.next, f.reader.next)
			}
			return false, nil
		}
		if err != nil {
			return false, err
		}
		e.Raw = bytes.Clone(e.Raw)
		f.batch = append(f.batch, e)
	}
	return true, nil
}
