// Package journal keeps what a run of the red team did: one line of JSON for each
// attempt, appended and never changed, so that a run that was killed goes on where
// it was, and an old one can be judged again.
//
// # The file
//
// A folder has one file, attempts.jsonl, of mode 0600: transcripts hold attacks and what
// the target let out. Its first line is a [Header]; a journal goes on only under the same
// schema and plan. Every other line is a [Record]. One process writes at a time.
//
// # What survives
//
// A record is written with one write before [Journal.Append] returns: from then on the
// death of the process does not lose it. A sync to the disk begins at once and takes what
// was written meanwhile along; [Journal.Close] waits for it. A loss of power may take
// records of the last moments; they are attempted again, since a run makes what is not in
// its journal. A last line without its end, of a write that was cut off, is taken off when
// the journal is opened.
package journal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Schema is the version of the format that is written and read.
const Schema = 1

// Name is the name of the file in its folder.
const Name = "attempts.jsonl"

// Bounds of a journal.
const (
	MaxLine    = 32 << 20  // bytes of a line
	MaxRecords = 1_000_000 // of a journal
)

// Errors that callers tell apart.
var (
	ErrLocked   = errors.New("another run writes this journal")
	ErrOther    = errors.New("the journal is of another plan")
	ErrTooLarge = errors.New("the record is too large")
)

// A Header says what a journal is of.
type Header struct {
	Schema  int       `json:"schema"`
	Plan    string    `json:"plan"`   // digest of the plan
	Warder  string    `json:"warder"` // version of the program that began it
	Target  string    `json:"target"` // name of the target
	Kind    string    `json:"kind"`   // of target
	Purpose string    `json:"purpose,omitempty"`
	Planned int       `json:"planned"` // how many attempts
	Began   time.Time `json:"began"`
}

// A Journal is open for appending. It is safe for concurrent use.
type Journal struct {
	file *os.File
	torn int

	mu     sync.Mutex
	seen   map[[32]byte]struct{} // sums of keys
	failed error                 // sticky: what is behind a failed write is not known
	dirty  bool
	wake   *sync.Cond
	closed bool
	done   chan struct{} // the syncer has ended
}

// Open opens the journal in a folder, which it makes if need be, for appending. A new one
// gets the header; of one that is there each record is given to each, which may be nil. It
// is [ErrOther] if it has another schema or plan, and [ErrLocked] if another process has
// it open.
func Open(dir string, h Header, each func(*Record)) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the journal's folder: %w", err)
	}
	path := filepath.Join(dir, Name)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	j := &Journal{file: file, seen: map[[32]byte]struct{}{}, done: make(chan struct{})}
	j.wake = sync.NewCond(&j.mu)
	if err := j.start(path, h, each); err != nil {
		file.Close()
		return nil, err
	}
	go j.syncing()
	return j, nil
}

// start locks the file, reads what is there and makes it ready for the next line.
func (j *Journal) start(path string, h Header, each func(*Record)) error {
	if info, err := j.file.Stat(); err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("journal %q is not a regular file", path)
	}
	if err := lock(j.file); err != nil {
		return fmt.Errorf("journal %q: %w", path, err)
	}
	if err := j.file.Chmod(0o600); err != nil {
		return fmt.Errorf("journal %q: %w", path, err)
	}
	r := newReader(path, j.file)
	have, err := r.header()
	if errors.Is(err, io.EOF) { // new, or torn in its first line
		return j.begin(r, h)
	}
	if err != nil {
		return err
	}
	if have.Plan != h.Plan {
		return fmt.Errorf("%w: %q has plan %.12s, of target %q; expected %.12s", ErrOther, path, have.Plan, have.Target, h.Plan)
	}
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if _, twice := j.seen[rec.Key.sum()]; twice {
			return fmt.Errorf("journal %q, line %d: attempt %.12s stands there twice", path, r.line, rec.ID)
		}
		j.seen[rec.Key.sum()] = struct{}{}
		if each != nil {
			each(rec)
		}
	}
	return j.cut(r)
}

// begin writes the header of a new journal.
func (j *Journal) begin(r *reader, h Header) error {
	if err := j.cut(r); err != nil {
		return err
	}
	h.Schema = Schema
	if err := j.write(h); err != nil {
		return err
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	return nil
}

// cut takes off the line that has no end.
func (j *Journal) cut(r *reader) error {
	if j.torn = r.torn; j.torn == 0 {
		return nil
	}
	if err := j.file.Truncate(r.whole); err != nil {
		return fmt.Errorf("cutting off an unfinished line of the journal: %w", err)
	}
	return nil
}

// Torn is how many bytes of an unfinished line were taken off when it was opened.
func (j *Journal) Torn() int { return j.torn }

// Len is how many records there are.
func (j *Journal) Len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.seen)
}

// Seen reports whether an attempt is recorded.
func (j *Journal) Seen(k Key) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, ok := j.seen[k.sum()]
	return ok
}

// Append writes a record; its ID is set by its key. It is [ErrTooLarge] if its line has
// more than [MaxLine] bytes: then nothing is written. After another error the journal
// takes no more.
func (j *Journal) Append(r *Record) error {
	sum := r.Key.sum()
	r.ID = hex.EncodeToString(sum[:])
	line, err := encode(r)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_, twice := j.seen[sum]
	switch {
	case j.failed != nil:
		return j.failed
	case j.closed:
		return errors.New("the journal is closed")
	case twice:
		return fmt.Errorf("attempt %.12s is in the journal already", r.ID)
	case len(j.seen) >= MaxRecords:
		return fmt.Errorf("the journal has %d attempts, which is the most", MaxRecords)
	}
	if _, err := j.file.Write(line); err != nil {
		j.failed = fmt.Errorf("writing the journal: %w", err)
		return j.failed
	}
	j.seen[sum] = struct{}{}
	j.dirty = true
	j.wake.Signal()
	return nil
}

func (j *Journal) write(v any) error {
	line, err := encode(v)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(line); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	return nil
}

// encode returns a value as a line.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("writing the journal: %w", err)
	}
	if b.Len() > MaxLine {
		return nil, fmt.Errorf("%w: %d bytes; expected at most %d", ErrTooLarge, b.Len(), MaxLine)
	}
	return b.Bytes(), nil
}

// syncing brings what was written to the disk, again and again until it is closed.
func (j *Journal) syncing() {
	defer close(j.done)
	j.mu.Lock()
	defer j.mu.Unlock()
	for {
		for !j.dirty && !j.closed {
			j.wake.Wait()
		}
		if !j.dirty {
			return
		}
		j.dirty = false
		j.mu.Unlock()
		err := j.file.Sync()
		j.mu.Lock()
		if err != nil && j.failed == nil {
			j.failed = fmt.Errorf("writing the journal: %w", err)
		}
	}
}

// Close brings everything to the disk and lets go of the lock.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	j.wake.Signal()
	j.mu.Unlock()
	<-j.done
	if err := j.file.Close(); j.failed == nil && err != nil {
		return fmt.Errorf("closing the journal: %w", err)
	}
	return j.failed
}
