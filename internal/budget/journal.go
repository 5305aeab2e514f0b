package budget

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Bounds of a journal.
const (
	maxJournal   = 1 << 30  // bytes that are read
	rewriteAt    = 16 << 20 // bytes from which it is rewritten, or four times its last size
	maxUnwritten = 1 << 20  // bytes that wait while the disk takes none
)

// journal is the file behind a [Memory]. What is added under the store's lock is
// written by one writer at a time, who takes along all that came meanwhile.
type journal struct {
	path string

	// Guarded by the lock of the store.
	pending []byte
	added   int64 // records so far

	writing sync.Mutex // taken before the store's lock
	file    *os.File
	spare   []byte
	written int64 // records so far
	size    int64 // of the file, whole records only
	next    int64 // size at which it is rewritten
	torn    bool  // behind size there may be a part of a record
	dirty   bool  // not synced
}

// OpenMemory returns a store with the journal at path, which is made if it is
// missing, readable by its owner only. A record cut off at the end, the work of a
// crash, is dropped: nobody was told that it was kept. Any other damage is
// [ErrJournal]: to go on would forget what was used.
//
// Run must run while the store is used, and Close ends it.
func OpenMemory(path string) (*Memory, error) {
	m := &Memory{}
	m.reset()
	data, err := readJournal(path)
	if err == nil {
		err = m.replay(data)
	}
	if err == nil {
		j := &journal{path: path}
		if err = j.rewrite(m); err == nil {
			m.journal = j
		}
	}
	if err != nil {
		return nil, fmt.Errorf("opening budgets %q: %w", path, err)
	}
	return m, nil
}

func readJournal(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxJournal+1))
	if err == nil && len(data) > maxJournal {
		err = fmt.Errorf("%w: more than %d bytes", ErrJournal, maxJournal)
	}
	return data, err
}

// replay brings the store to where the journal ends.
func (m *Memory) replay(data []byte) error {
	n := min(len(data), len(journalHeader))
	if string(data[:n]) != journalHeader[:n] {
		return fmt.Errorf("%w: it does not begin as one", ErrJournal)
	}
	rest := data[n:]
	for len(rest) > 0 {
		payload, after, ok := nextFrame(rest)
		if !ok {
			return tornEnd(rest, len(data)-len(rest))
		}
		r, err := parse(payload)
		if err == nil {
			err = m.apply(r)
		}
		if err != nil {
			return fmt.Errorf("%w, at byte %d", err, len(data)-len(rest))
		}
		rest = after
	}
	return nil
}

// tornEnd returns nil if a bad record at the end is the work of a crash: no whole
// record follows it.
func tornEnd(rest []byte, at int) error {
	for i := 1; i < len(rest); i++ {
		if _, _, ok := nextFrame(rest[i:]); ok {
			return fmt.Errorf("%w: a bad record at byte %d, good ones behind it; restore the file, or move it away to start all counters at nothing", ErrJournal, at)
		}
	}
	return nil
}

// room refuses new reservations while the disk takes none. The caller holds the
// store's lock.
func (j *journal) room() error {
	if len(j.pending) > maxUnwritten {
		return errors.New("the budget journal cannot be written; what waits for the disk is full")
	}
	return nil
}

// add takes what is pending with one record more and returns its mark. The caller
// holds the store's lock.
func (j *journal) add(pending []byte) (mark int64) {
	j.pending = pending
	j.added++
	return j.added
}

// write returns once the record of that mark and all before it are with the
// operating system.
func (j *journal) write(m *Memory, mark int64) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if j.written >= mark {
		return nil // somebody took it along
	}
	if j.torn {
		if err := j.mend(); err != nil {
			return fmt.Errorf("mending the budget journal: %w", err)
		}
	}
	m.mu.Lock()
	b, upto := j.pending, j.added
	j.pending = j.spare[:0]
	m.mu.Unlock()
	n, err := j.file.Write(b)
	if err != nil {
		m.mu.Lock()
		j.pending = append(b, j.pending...) // to be tried again, in order
		m.mu.Unlock()
		j.spare, j.torn = nil, n > 0
		return fmt.Errorf("writing the budget journal: %w", err)
	}
	j.spare, j.written, j.dirty = b, upto, true
	j.size += int64(n)
	if j.size >= j.next {
		m.mu.Lock()
		defer m.mu.Unlock()
		if err := j.rewrite(m); err != nil {
			j.next = j.size + rewriteAt // the file is as good as before; later again
		}
	}
	return nil
}

// mend cuts off a part of a record.
func (j *journal) mend() error {
	err := j.file.Truncate(j.size)
	if err == nil {
		j.torn = false
	}
	return err
}

// rewrite replaces the journal with the state as it is, on disk once it returns.
// The caller holds both locks, or is alone.
func (j *journal) rewrite(m *Memory) error {
	b := m.appendAll([]byte(journalHeader))
	f, err := replaceFile(j.path, b)
	if err != nil {
		return err
	}
	if j.file != nil {
		_ = j.file.Close() // what it held is in the new one
	}
	j.file, j.size, j.next = f, int64(len(b)), max(rewriteAt, 4*int64(len(b)))
	j.pending, j.written, j.torn, j.dirty = j.pending[:0], j.added, false, false
	return nil
}

// replaceFile makes data the content of the file at path, whole or not at all and
// on disk once it returns, and returns the file, open to append to.
func replaceFile(path string, data []byte) (*os.File, error) {
	temporary := path + ".new"
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(temporary))
	}
	// If the folder is not on disk a loss of power brings the old file back, which
	// is no worse than one that was not synced; there is no way to undo the name.
	_ = syncFolder(filepath.Dir(path))
	return f, nil
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
