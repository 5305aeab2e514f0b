package ledger

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

// Bounds of what is written and synced together.
const (
	maxBatch      = 1024    // records
	maxBatchBytes = 1 << 20 // of their events
)

// writeLoop is the one writer of SyncGroup and SyncEach.
func (l *Ledger) writeLoop() {
	batch := make([]*request, 0, maxBatch)
	for r := range l.queue {
		batch = append(batch[:0], r)
		if l.opt.Sync == SyncGroup {
			// Let those run who are about to append: they share this sync.
			runtime.Gosched()
		}
		batch = l.commit(batch)
		for i, r := range batch {
			r.done <- struct{}{}
			batch[i] = nil
		}
	}
}

// commit writes a batch that begins with one request and, in SyncGroup, takes
// those that keep coming, then syncs. It returns the batch, settled.
func (l *Ledger) commit(batch []*request) []*request {
	l.wmu.Lock()
	defer l.wmu.Unlock()
	l.rotate()
	if l.opt.Sync == SyncEach {
		l.put(batch)
	} else {
		start := time.Now() // of the machine: Options.Clock may stand still
		for written, size := 0, 0; ; {
			batch, size = l.gather(batch, size)
			l.put(batch[written:])
			written = len(batch)
			if len(l.queue) == 0 || written == maxBatch || size >= maxBatchBytes || time.Since(start) >= l.opt.MaxDelay {
				break
			}
		}
	}
	l.sync()
	l.keep(batch)
	return batch
}

// gather adds what waits in the queue to a batch of size bytes.
func (l *Ledger) gather(batch []*request, size int) ([]*request, int) {
	for len(batch) < maxBatch && size < maxBatchBytes {
		select {
		case r, ok := <-l.queue:
			if !ok {
				return batch, size
			}
			batch, size = append(batch, r), size+len(r.body)
		default:
			return batch, size
		}
	}
	return batch, size
}

// put writes requests to the active segment. Each gets a place or an error.
func (l *Ledger) put(batch []*request) {
	l.recoverReserve()
	err := l.failed
	if err == nil {
		err = l.write(batch)
	}
	if isFull(err) && !l.low && l.failed == nil {
		l.low, l.reserve.tried = true, l.opt.Clock()
		if kept := l.reserve.release(); kept != nil {
			err = errors.Join(err, kept)
		} else {
			err = l.write(batch)
		}
	}
	if err == nil {
		return
	}
	if isFull(err) && l.failed == nil {
		err = fmt.Errorf("%w: %w", ErrFull, err)
	} else {
		err = l.fail(fmt.Errorf("writing %s: %w", l.name, err))
	}
	for _, r := range batch {
		r.err = err
	}
}

// recoverReserve takes the reserve back when there is room again.
func (l *Ledger) recoverReserve() {
	if l.failed == nil && l.low && l.reserve.refill(l.opt.Clock()) {
		l.low = false
	}
}

// write writes requests in one call, or none of them.
func (l *Ledger) write(batch []*request) error {
	l.buf = l.buf[:0]
	next := l.next
	for _, r := range batch {
		if r.err = nil; l.low && r.begins {
			r.err = fmt.Errorf("%w: what is left is reserved for records that end an exchange", ErrFull)
			continue
		}
		r.seq = next
		l.buf, r.leaf = appendFrame(l.buf, next, r.body)
		next++
	}
	if len(l.buf) == 0 {
		return nil
	}
	if err := writeAll(l.active, l.buf); err != nil {
		if cut := l.active.Truncate(l.offset); cut != nil {
			// Half a record stays: nothing may follow it.
			return l.fail(fmt.Errorf("writing %s: %w", l.name, errors.Join(err, cut)))
		}
		return err
	}
	l.offset += int64(len(l.buf))
	l.next = next
	return nil
}

// sync makes what was written durable.
func (l *Ledger) sync() {
	if l.failed != nil || l.synced == l.offset {
		return
	}
	l.stats.syncs.Add(1)
	if err := l.active.Sync(); err != nil {
		// What of it is on disk is unknown. Cut it off, so that it cannot be
		// read back from memory and taken for kept after the next Open.
		err = errors.Join(err, l.active.Truncate(l.synced))
		l.fail(fmt.Errorf("syncing %s: %w", l.name, err))
		return
	}
	l.synced = l.offset
}

// keep makes written requests part of the tree; in a ledger that failed, none.
func (l *Ledger) keep(batch []*request) {
	l.mu.Lock()
	for _, r := range batch {
		if r.err == nil && l.failed != nil {
			r.err = l.failed
		}
		if r.err == nil {
			l.tree.add(r.leaf)
		}
	}
	size := l.tree.size
	l.mu.Unlock()
	l.announce(size)
}

// fail ends the ledger's writing for good.
func (l *Ledger) fail(err error) error {
	if l.failed == nil {
		l.failed = fmt.Errorf("%w: %w", ErrFailed, err)
	}
	return l.failed
}

// rotate begins a new segment when the active one has its size. On a full disk
// the old one grows on.
func (l *Ledger) rotate() {
	if l.failed != nil || l.offset < l.opt.SegmentBytes {
		return
	}
	if l.sync(); l.failed != nil { // only the last segment may end torn
		return
	}
	l.mu.Lock()
	t := l.tree
	l.mu.Unlock()
	f, name, size, err := l.createSegment(l.number+1, &t)
	if err != nil {
		if !isFull(err) {
			l.fail(err)
		}
		return
	}
	l.syncing.Lock() // a checkpoint may be syncing the old one
	err = l.active.Close()
	l.syncing.Unlock()
	l.active, l.name, l.number, l.offset, l.synced = f, name, l.number+1, size, size
	if err != nil {
		l.fail(fmt.Errorf("closing segment: %w", err))
	}
}
