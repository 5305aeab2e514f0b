package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"

	"warder.example/internal/event"
)

// Reader reads the records of a ledger in order, also while another process
// appends to it. It is used by one goroutine and holds one file open.
type Reader struct {
	dir  string
	from int64 // first wanted
	next int64 // sequence of the next record in the file
	file *os.File
	name string
	ln   *lines
}

// NewReader returns a reader that begins with the record of a sequence.
func NewReader(dir string, from int64) *Reader { return &Reader{dir: dir, from: max(0, from)} }

// Next returns the next record. Its Raw is valid until the next call. [io.EOF]
// means that there is none yet: a later call may find one. [ErrCorrupt] says
// that what stands there is not a record, and where; use [Verify] then.
func (r *Reader) Next() (Entry, error) {
	for {
		f, err := r.frame()
		if err != nil {
			return Entry{}, err
		}
		if f.seq >= r.from {
			return entryOf(f)
		}
	}
}

// Close closes the file that the reader holds.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file = nil
	return f.Close()
}

// frame reads one record, on into the next segment at the end of one.
func (r *Reader) frame() (frame, error) {
	if r.file == nil {
		if err := r.begin(); err != nil {
			return frame{}, err
		}
	}
	for {
		got, err := r.ln.next()
		if err == nil && got.whole {
			return r.parse(got)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return frame{}, fmt.Errorf("reading %s: %w", r.name, err)
		}
		if err == nil { // unfinished: perhaps still being written
			if _, err := r.file.Seek(got.offset, io.SeekStart); err != nil {
				return frame{}, err
			}
			r.ln = newLines(r.file, got.offset)
			return frame{}, io.EOF
		}
		// A segment is named after its first record: once there is one of
		// that name, this one is complete.
		if name := segmentName(r.next); name == r.name {
			return frame{}, io.EOF
		} else if err := r.open(name); errors.Is(err, os.ErrNotExist) {
			return frame{}, io.EOF
		} else if err != nil {
			return frame{}, err
		}
	}
}

func (r *Reader) parse(got line) (frame, error) {
	f, err := parseFrame(got.text)
	if err == nil && f.seq != r.next {
		err = fmt.Errorf("%w: it has sequence %d", errFrame, f.seq)
	}
	if err != nil {
		return f, fmt.Errorf("%w: %s, byte %d, where record %d should be: %w", ErrCorrupt, r.name, got.offset, r.next, err)
	}
	r.next++
	return f, nil
}

// begin opens the segment that holds the first wanted record.
func (r *Reader) begin() error {
	segments, err := listSegments(r.dir)
	if err != nil {
		return err
	}
	if len(segments) == 0 {
		return fmt.Errorf("no ledger in %s: %w", r.dir, os.ErrNotExist)
	}
	i := sort.Search(len(segments), func(i int) bool { return segments[i].first > r.from })
	if i == 0 {
		return fmt.Errorf("%w: the log begins with record %d", ErrCorrupt, segments[0].first)
	}
	r.next = segments[i-1].first
	return r.open(segments[i-1].name)
}

func (r *Reader) open(name string) error {
	f, err := os.Open(filepath.Join(r.dir, name))
	if err != nil {
		return err
	}
	ln := newLines(f, 0)
	first, err := ln.next()
	if err == nil {
		var h header
		if h, _, err = parseHeader(first.text); err == nil && h.First != r.next {
			err = fmt.Errorf("header says it begins with record %d", h.First)
		}
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%w: %s: %w", ErrCorrupt, name, err), f.Close())
	}
	if err := r.Close(); err != nil {
		return errors.Join(err, f.Close())
	}
	r.file, r.name, r.ln = f, name, ln
	return nil
}

// entryOf decodes a record.
func entryOf(f frame) (Entry, error) {
	e := Entry{Sequence: f.seq, Leaf: f.stored, Raw: f.record}
	b, err := eventBytes(f.record)
	if err == nil {
		e.Event, err = event.Decode(b)
	}
	if err != nil && !errors.Is(err, event.ErrPayload) {
		return e, fmt.Errorf("%w: record %d: %w", ErrCorrupt, f.seq, err)
	}
	return e, nil
}

// Scan calls fn with each record from a sequence on, and returns nil at the end
// of the log as it is. Raw is valid during the call. An error of fn ends the
// scan and is returned as it is.
func Scan(dir string, from int64, fn func(Entry) error) error {
	r := NewReader(dir, from)
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Close()
		}
		if err == nil {
			err = fn(e)
		}
		if err != nil {
			return errors.Join(err, r.Close())
		}
	}
}
