package journal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
)

// Read returns the header of the journal in a folder and its records in the order in
// which they were written. A journal may be read while a run writes it: a last line
// without its end is left out. The iteration ends at the first error, which names the
// line; it holds one record at a time.
func Read(dir string) (Header, iter.Seq2[*Record, error], error) {
	path := filepath.Join(dir, Name)
	file, err := openRegular(path)
	if err != nil {
		return Header{}, nil, fmt.Errorf("reading the journal: %w", err)
	}
	h, err := newReader(path, file).header()
	file.Close()
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("journal %q has no first line", path)
	}
	if err != nil {
		return Header{}, nil, err
	}
	return h, func(yield func(*Record, error) bool) {
		file, err := openRegular(path)
		if err != nil {
			yield(nil, fmt.Errorf("reading the journal: %w", err))
			return
		}
		defer file.Close()
		r := newReader(path, file)
		if _, err := r.header(); err != nil {
			yield(nil, err)
			return
		}
		for {
			rec, err := r.next()
			if errors.Is(err, io.EOF) || !yield(rec, err) || err != nil {
				return
			}
		}
	}, nil
}

// openRegular opens what is no pipe or device, which would be waited for.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is not a regular file", path)
	}
	return os.Open(path)
}

// reader reads a journal line by line.
type reader struct {
	path  string
	in    *bufio.Reader
	buf   []byte
	line  int
	whole int64 // bytes of the lines that have an end
	torn  int   // bytes of the last line, if it has none
}

// newReader reads lines from a file.
func newReader(path string, file io.Reader) *reader {
	return &reader{path: path, in: bufio.NewReaderSize(file, 256<<10)}
}

// read returns the next line; [io.EOF] behind the last one that has an end. It is valid
// until the next call.
func (r *reader) read() ([]byte, error) {
	r.buf = r.buf[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.buf = append(r.buf, part...)
		switch {
		case len(r.buf) > MaxLine:
			return nil, fmt.Errorf("journal %q, line %d has more than %d bytes", r.path, r.line+1, MaxLine)
		case err == nil:
			r.line++
			r.whole += int64(len(r.buf))
			return r.buf, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			r.torn = len(r.buf)
			return nil, io.EOF
		default:
			return nil, fmt.Errorf("reading journal %q: %w", r.path, err)
		}
	}
}

// header reads the first line.
func (r *reader) header() (h Header, err error) {
	line, err := r.read()
	if err != nil {
		return h, err
	}
	if err := json.Unmarshal(line, &h); err != nil || h.Schema == 0 {
		return h, fmt.Errorf("journal %q, line 1: expected the header of a journal", r.path)
	}
	if h.Schema != Schema {
		return h, fmt.Errorf("%w: %q has schema %d; this program knows %d", ErrOther, r.path, h.Schema, Schema)
	}
	return h, nil
}

// next reads the next record.
func (r *reader) next() (*Record, error) {
	line, err := r.read()
	if err != nil {
		return nil, err
	}
	if r.line > MaxRecords+1 {
		return nil, fmt.Errorf("journal %q has more than %d attempts", r.path, MaxRecords)
	}
	rec := new(Record)
	if err := json.Unmarshal(line, rec); err != nil {
		return nil, fmt.Errorf("journal %q, line %d: not a record: %w", r.path, r.line, err)
	}
	if rec.ID != rec.Key.ID() {
		return nil, fmt.Errorf("journal %q, line %d: the id is not that of the attempt's key", r.path, r.line)
	}
	return rec, nil
}
