package dialect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrEventTooLarge is returned when a block exceeds the reader's limit.
var ErrEventTooLarge = errors.New("server-sent event too large")

// DefaultMaxEvent bounds a block when no limit is given.
const DefaultMaxEvent = 1 << 20

// An Event is one block of a server-sent event stream: its lines up to and with
// the blank line that ends it. Its slices are never written to again and may be
// kept; they share memory with neighbouring events.
type Event struct {
	// Raw is the exact bytes of the block. The Raw of all events in order
	// are the stream, byte for byte.
	Raw []byte
	// Data is the payload. It is nil when a client dispatches nothing:
	// comments, a lone blank line; it is empty, not nil, for an empty
	// payload.
	Data []byte
	// Name is the event type; empty means "message".
	Name string
	// Pure says that Raw holds data lines and line ends and nothing else.
	// Other blocks carry bytes that were not inspected (comments, ids, event
	// names, unknown fields): relay them as [AppendEvent] writes them.
	Pure bool
	// Named says the same of a block with one line more, the one that Name
	// comes from.
	Named bool
}

// EventReader splits a stream of server-sent events as section 9.2.6 of the
// WHATWG HTML standard tells clients to. It is used by one goroutine.
type EventReader struct {
	r       io.Reader
	max     int
	size    int    // of the next buffer
	buf     []byte // bytes of the open block and after it; never overwritten
	scanned int    // end of the last complete line of the open block
	looked  int    // bytes after it that hold no line end
	cr      bool   // the last line ended in a CR at the end of what was read
	begun   bool   // the start of the stream, where a byte order mark may be, is behind
	err     error
	ev      Event
	multi   []byte // data of several lines
}

// NewEventReader returns a reader of r. Blocks longer than maxEvent bytes are
// refused; zero or less means [DefaultMaxEvent].
func NewEventReader(r io.Reader, maxEvent int) *EventReader {
	if maxEvent <= 0 {
		maxEvent = DefaultMaxEvent
	}
	return &EventReader{r: r, max: maxEvent, size: readLeast}
}

// Next returns the next block as soon as its last byte has come. At the end of a
// stream that ends behind a block it returns io.EOF. A stream that ends within
// one returns what is left, which clients drop, with io.ErrUnexpectedEOF, and as
// if the block were complete; a failing reader what is left as Raw alone, with its
// error. A block that is too large is [ErrEventTooLarge]. Errors are final.
func (er *EventReader) Next() (Event, error) {
	for {
		if er.scan() {
			return er.take(), nil
		}
		if len(er.buf) > er.max {
			er.err = fmt.Errorf("%w: more than %d bytes without a blank line", ErrEventTooLarge, er.max)
			er.reset()
		}
		if er.err != nil {
			return er.rest()
		}
		er.fill()
	}
}

// Bounds of reading.
const (
	readLeast = 1 << 10 // bytes of the first buffer
	readMost  = 8 << 10 // bytes that buffers grow to, but for a larger event
	emptyMost = 100     // reads in a row that bring nothing
)

// fill reads once. Bytes that were handed out are not overwritten: a full buffer
// is left behind. The next one is larger if more came at once than this could take:
// a stream that is waited for holds little.
func (er *EventReader) fill() {
	if cap(er.buf)-len(er.buf) < min(512, er.size/4) {
		grown := make([]byte, len(er.buf), max(er.size, 2*len(er.buf)))
		copy(grown, er.buf)
		er.buf = grown
	}
	for range emptyMost {
		room := er.buf[len(er.buf):cap(er.buf)]
		n, err := er.r.Read(room)
		if n == len(room) {
			er.size = min(2*er.size, readMost)
		}
		er.buf = er.buf[:len(er.buf)+n]
		er.err = err
		if n > 0 || err != nil {
			return
		}
	}
	er.err = io.ErrNoProgress
}

// scan takes complete lines and reports whether the block has ended.
func (er *EventReader) scan() bool {
	if !er.begun && !er.begin() {
		return false
	}
	for {
		rest := er.buf[er.scanned:]
		if er.cr && len(rest) > 0 {
			er.cr = false
			if rest[0] == '\n' { // the line end was CR LF
				er.scanned++
				er.looked = 0
				continue
			}
		}
		i := lineEnd(rest, er.looked)
		if i == len(rest) {
			er.looked = i
			return false
		}
		er.looked = 0
		line := rest[:i]
		er.scanned += i + 1
		if rest[i] == '\r' {
			if i+1 < len(rest) && rest[i+1] == '\n' {
				er.scanned++
			} else {
				er.cr = i+1 == len(rest)
			}
		}
		if len(line) == 0 {
			return er.scanned <= er.max
		}
		er.line(line)
	}
}

// lineEnd returns the index of the first CR or LF from i on, len(b) if none.
func lineEnd(b []byte, i int) int {
	for i < len(b) && b[i] != '\n' && b[i] != '\r' {
		i++
	}
	return i
}

// begin passes the one byte order mark that may begin a stream. It reports
// whether enough has come to know.
func (er *EventReader) begin() bool {
	const mark = "\xef\xbb\xbf"
	if n := len(er.buf); n < len(mark) && er.err == nil && string(er.buf) == mark[:n] {
		return false
	}
	er.begun = true
	er.ev = Event{Pure: true}
	if bytes.HasPrefix(er.buf, []byte(mark)) {
		er.scanned = len(mark)
		er.ev.Pure = false
	}
	return true
}

// line processes one line that is not blank.
func (er *EventReader) line(line []byte) {
	field, value, _ := bytes.Cut(line, []byte{':'})
	value = bytes.TrimPrefix(value, []byte{' '})
	switch string(field) {
	case "data":
		er.data(value)
	case "event":
		er.ev.Name = string(value)
		er.ev.Pure, er.ev.Named = false, er.ev.Pure
	default: // comments, id, retry, unknown fields
		er.ev.Pure, er.ev.Named = false, false
	}
}

func (er *EventReader) data(value []byte) {
	switch {
	case er.ev.Data == nil:
		er.ev.Data = value[:len(value):len(value)]
		if er.ev.Data == nil {
			er.ev.Data = []byte{}
		}
	case er.multi == nil:
		er.multi = append(append(make([]byte, 0, 2*len(er.ev.Data)+len(value)+1), er.ev.Data...), '\n')
		er.multi = append(er.multi, value...)
	default:
		er.multi = append(append(er.multi, '\n'), value...)
	}
}

// take hands out the block that ends at scanned.
func (er *EventReader) take() Event {
	ev := er.event(er.scanned)
	er.buf = er.buf[er.scanned:]
	er.scanned = 0
	return ev
}

func (er *EventReader) event(size int) Event {
	ev := er.ev
	if er.multi != nil {
		ev.Data = er.multi
	}
	if ev.Data == nil {
		ev.Name = ""
	}
	ev.Raw = er.buf[:size:size]
	er.ev, er.multi = Event{Pure: true}, nil
	return ev
}

// rest ends the stream.
func (er *EventReader) rest() (Event, error) {
	// A lone LF here is the second half of the line end of the block before.
	half := len(er.buf) == 1 && er.scanned == 1
	err := er.err
	if line := er.buf[er.scanned:]; err == io.EOF && len(line) > 0 {
		er.line(line) // it has no end
	}
	ev := er.event(len(er.buf))
	if err != io.EOF { // nobody knows what the block would have been
		ev = Event{Raw: ev.Raw}
	}
	if half && err == io.EOF {
		err = nil
	}
	if err == io.EOF && len(ev.Raw) > 0 {
		err = io.ErrUnexpectedEOF
	}
	er.reset()
	return ev, err
}

// reset forgets what was read.
func (er *EventReader) reset() { er.buf, er.scanned, er.looked, er.cr = nil, 0, 0, false }

// AppendEvent appends an event as its plainest form: a name line unless it is
// empty, a data line for each line of data, a blank line. Line ends in the name
// are dropped.
func AppendEvent(dst []byte, name string, data []byte) []byte {
	if name != "" {
		dst = append(dst, "event: "...)
		for _, c := range []byte(name) {
			if c != '\r' && c != '\n' {
				dst = append(dst, c)
			}
		}
		dst = append(dst, '\n')
	}
	for {
		i := bytes.IndexAny(data, "\r\n")
		dst = append(dst, "data: "...)
		if i < 0 {
			return append(append(dst, data...), "\n\n"...)
		}
		dst = append(append(dst, data[:i]...), '\n')
		if data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n' {
			i++
		}
		data = data[i+1:]
	}
}
