package logs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Values reads a log value by value: the lines of JSON Lines, or the elements of an
// array, or values that run over several lines. What it is shows in its first
// bytes.
type Values struct {
	r     *bufio.Reader
	lines bool
	array bool // values stand in an array
	begun bool
	line  int // of the value, from 1
	next  int // lines that were ended so far
	buf   []byte
}

func newValues(r *bufio.Reader) *Values { return &Values{r: r} }

// Line is the line, from 1, where the last value begins.
func (v *Values) Line() int { return v.line }

// Next returns the next value, which is valid until the following call. At the end
// it returns io.EOF. After an *[Unreadable] the reader stands behind that value.
func (v *Values) Next() ([]byte, error) {
	if !v.begun {
		v.begin()
	}
	if v.lines {
		return v.nextLine()
	}
	return v.nextValue()
}

// begin finds out how the values are written.
func (v *Values) begin() {
	v.begun = true
	if bom, _ := v.r.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		_, _ = v.r.Discard(3)
	}
	head, _ := v.r.Peek(v.r.Size())
	lead := bytes.TrimLeft(head, " \t\r\n")
	if len(lead) == 0 {
		v.lines = true
		return
	}
	first, _, ended := bytes.Cut(lead, []byte("\n"))
	ended = ended || len(head) < v.r.Size()
	switch {
	case lead[0] == '[' && !(ended && json.Valid(first)):
		skip := len(head) - len(lead) + 1
		v.next += bytes.Count(head[:skip], []byte("\n"))
		_, _ = v.r.Discard(skip)
		v.array = true
	case lead[0] == '{' && ended && openObject(first):
	default:
		v.lines = true
	}
}

// openObject reports whether a line is the beginning of an object that goes on in the
// next line.
func openObject(line []byte) bool {
	t := bytes.TrimSpace(line)
	last := t[len(t)-1]
	return last == '{' || last == '[' || last == ','
}

// nextLine returns the next line that is not blank.
func (v *Values) nextLine() ([]byte, error) {
	for {
		v.buf = v.buf[:0]
		v.line = v.next + 1
		skipped := 0
		for {
			piece, err := v.r.ReadSlice('\n')
			if skipped == 0 && len(v.buf)+len(piece) <= MaxValue {
				v.buf = append(v.buf, piece...)
			} else if skipped += len(v.buf) + len(piece); skipped > MaxSkipped {
				return nil, fmt.Errorf("line %d is longer than %d bytes", v.line, MaxSkipped)
			} else {
				v.buf = v.buf[:0]
			}
			if err == nil {
				v.next++
				break
			}
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if !errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("line %d: %w", v.line, err)
			}
			if len(v.buf) == 0 && skipped == 0 {
				return nil, io.EOF
			}
			break
		}
		if skipped > 0 {
			return nil, unreadable(TooLong)
		}
		if b := bytes.TrimSpace(v.buf); len(b) > 0 {
			return b, nil
		}
	}
}

// nextValue returns the next value, whatever lines it stands on.
func (v *Values) nextValue() ([]byte, error) {
	c, err := v.lead()
	if err != nil {
		return nil, err
	}
	v.buf = append(v.buf[:0], c)
	v.line = v.next + 1
	depth, quoted, escaped, n := 0, false, false, 1
	if c == '{' || c == '[' {
		depth = 1
	} else if c == '"' {
		quoted = true
	}
	for depth > 0 || quoted || !ends(v.peek()) {
		c, err := v.r.ReadByte()
		if errors.Is(err, io.EOF) {
			break // not whole, as its reader will see
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", v.next+1, err)
		}
		if n++; n > MaxSkipped {
			return nil, fmt.Errorf("the value in line %d is longer than %d bytes", v.line, MaxSkipped)
		}
		if n <= MaxValue {
			v.buf = append(v.buf, c)
		}
		switch {
		case c == '\n':
			v.next++
			escaped = false
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if depth == 0 && !quoted && (c == '}' || c == ']' || c == '"') {
			break
		}
	}
	if n > MaxValue {
		return nil, unreadable(TooLong)
	}
	return bytes.TrimSpace(v.buf), nil
}

// peek returns the next byte without taking it, 0 at the end.
func (v *Values) peek() byte {
	if b, err := v.r.Peek(1); err == nil {
		return b[0]
	}
	return 0
}

// ends reports whether a number or word ends before a byte.
func ends(c byte) bool {
	return c == 0 || c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t' || c == '\r' || c == '\n'
}

// lead takes what stands before a value and returns its first byte.
func (v *Values) lead() (byte, error) {
	for {
		c, err := v.r.ReadByte()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return 0, io.EOF
			}
			return 0, fmt.Errorf("line %d: %w", v.next+1, err)
		}
		switch {
		case c == '\n':
			v.next++
		case c == ' ' || c == '\t' || c == '\r' || c == ',':
		case c == ']' && v.array:
			v.array = false // what follows the array is values, too
		default:
			return c, nil
		}
	}
}
