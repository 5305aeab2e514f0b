package corpus

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"warder.example/internal/jsonerr"
)

// A Reader reads rows from a stream, one at a time, in constant memory. It is
// used by one goroutine.
type Reader struct {
	// Conversations says that rows may have messages in place of a text.
	Conversations bool
	// Blank counts the blank lines that were skipped.
	Blank int

	r      *bufio.Reader
	name   string
	line   int
	offset int64
	buf    []byte
}

// NewReader returns a reader of r. name stands in errors and in Row.File; it
// may be empty.
func NewReader(r io.Reader, name string) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 64<<10), name: name}
}

// Next returns the next row. At the end of the stream it returns [io.EOF].
// After an error about a line ([ErrRow]) the reader stands behind that line and
// may be used further, except when the line was longer than [MaxLine].
func (r *Reader) Next() (Row, error) {
	for {
		start := r.offset
		b, err := r.readLine()
		if err != nil {
			return Row{}, err
		}
		if r.line == 1 {
			b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
		}
		b = bytes.TrimSpace(b)
		if len(b) == 0 {
			r.Blank++
			continue
		}
		row, err := parse(b, r.Conversations)
		if err != nil {
			return Row{}, fmt.Errorf("%s: %w: %w", r.where(), ErrRow, err)
		}
		row.File, row.Line, row.Offset = r.name, r.line, start
		return row, nil
	}
}

// Rows returns the remaining rows. Iteration ends after the first error.
func (r *Reader) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for {
			row, err := r.Next()
			if err == io.EOF {
				return
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func (r *Reader) where() string {
	if r.name == "" {
		return fmt.Sprintf("line %d", r.line)
	}
	return fmt.Sprintf("%s:%d", r.name, r.line)
}

// readLine returns the next line without its end; the slice is valid until the
// next call.
func (r *Reader) readLine() ([]byte, error) {
	r.buf = r.buf[:0]
	for {
		part, err := r.r.ReadSlice('\n')
		r.offset += int64(len(part))
		r.buf = append(r.buf, part...)
		if len(r.buf) > MaxLine {
			r.line++
			return nil, fmt.Errorf("%s: %w: line is longer than %d bytes", r.where(), ErrRow, MaxLine)
		}
		switch {
		case err == nil:
			r.line++
			return r.buf[:len(r.buf)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == io.EOF && len(r.buf) > 0:
			r.line++
			return r.buf, nil
		case err == io.EOF:
			return nil, io.EOF
		default:
			return nil, fmt.Errorf("%s: reading: %w", r.where(), err)
		}
	}
}

func parse(b []byte, conversations bool) (Row, error) {
	var row struct {
		Row
		Text   *string         `json:"text"` // shadows Row.Text to tell a missing one
		Origin json.RawMessage `json:"origin"`
	}
	if !utf8.Valid(b) {
		return Row{}, errors.New("not valid UTF-8")
	}
	if err := plainKeys(b); err != nil {
		return Row{}, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	if err := dec.Decode(&row); err != nil {
		return Row{}, jsonerr.Plain(err, &row)
	}
	if _, err := dec.Token(); err != io.EOF {
		return Row{}, errors.New("more than one value on the line")
	}
	if err := row.named(row.Origin, conversations); err != nil {
		return Row{}, err
	}
	switch {
	case row.Text != nil && conversations && isMessages(row.Messages):
		return Row{}, errors.New(`both "text" and "messages"; expected one of them`)
	case row.Text != nil:
		row.Row.Text, row.Messages = *row.Text, nil
	case !conversations:
		return Row{}, errors.New(`no "text"`)
	case row.Messages == nil:
		return Row{}, errors.New(`neither "text" nor "messages"`)
	}
	return row.Row, nil
}

// UnmarshalJSON accepts a string, a list of strings or null.
func (s *Sub) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		var list []string
		if err := json.Unmarshal(b, &list); err != nil {
			return fmt.Errorf(`key "sub" is %w`, jsonerr.Plain(err, nil))
		}
		*s = Sub(strings.Join(list, "/"))
		return nil
	}
	var one *string
	if err := json.Unmarshal(b, &one); err != nil {
		return fmt.Errorf(`key "sub" is %w`, jsonerr.Plain(err, nil))
	}
	if one != nil {
		*s = Sub(*one)
	}
	return nil
}

// Files returns the *.jsonl files directly in dir, sorted by name. It is an
// error if there are none. If dir is itself a file, it is the only one.
func Files(dir string) ([]string, error) {
	st, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("opening corpus: %w", err)
	}
	if !st.IsDir() {
		return []string{dir}, nil
	}
	names, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("listing corpus %q: %w", dir, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("corpus %q: no *.jsonl files", dir)
	}
	slices.Sort(names)
	return names, nil
}

func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

// Dir returns the rows of every file of [Files], file after file. Iteration
// ends after the first error.
func Dir(dir string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		names, err := Files(dir)
		if err != nil {
			yield(Row{}, err)
			return
		}
		for _, name := range names {
			if !file(name, yield) {
				return
			}
		}
	}
}

func file(name string, yield func(Row, error) bool) bool {
	f, err := os.Open(name)
	if err != nil {
		yield(Row{}, fmt.Errorf("opening corpus file: %w", err))
		return false
	}
	defer f.Close()
	for row, err := range NewReader(f, filepath.Base(name)).Rows() {
		if !yield(row, err) || err != nil {
			return false
		}
	}
	return true
}
