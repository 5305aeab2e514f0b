package budget

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// A journal is a header and frames:
//
//	length of the payload, 4 bytes, little endian
//	CRC-32C of the payload, 4 bytes, little endian
//	payload: a byte that says what it is, then varints and counted strings
//
// It is of one machine and not signed: who can write the data folder owns it.
const (
	journalHeader = "warder budget 1\n"
	frameHead     = 8
	maxFrame      = 1 << 20
)

// What a payload is.
const (
	frameCounter = 'C' // a counter as it was when the journal was rewritten
	frameReserve = 'R'
	frameSettle  = 'S'
)

// ErrJournal means that a journal cannot be read as one.
var ErrJournal = errors.New("damaged budget journal")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// begin leaves room for the head of a frame.
func begin(b []byte, kind byte) []byte { return append(b, 0, 0, 0, 0, 0, 0, 0, 0, kind) }

// finish fills in the head of the frame that begins at start.
func finish(b []byte, start int) []byte {
	payload := b[start+frameHead:]
	binary.LittleEndian.PutUint32(b[start:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(b[start+4:], crc32.Checksum(payload, castagnoli))
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendCounter(b []byte, name, group string, c Counter) []byte {
	start := len(b)
	b = appendText(appendText(begin(b, frameCounter), name), group)
	b = binary.AppendUvarint(b, uint64(c.Start))
	b = binary.AppendUvarint(b, uint64(c.End))
	return finish(binary.AppendUvarint(b, uint64(c.Settled)), start)
}

func appendReserve(b []byte, h *Hold) []byte {
	start := len(b)
	b = appendText(appendText(appendText(begin(b, frameReserve), h.ID), h.Owner), h.Group)
	b = binary.AppendUvarint(b, uint64(len(h.Lines)))
	for i := range h.Lines {
		l := &h.Lines[i]
		b = appendText(b, l.Counter)
		b = binary.AppendUvarint(b, uint64(l.Start))
		b = binary.AppendUvarint(b, uint64(l.End))
		b = binary.AppendUvarint(b, uint64(l.Amount))
		b = binary.AppendUvarint(b, uint64(l.Limit))
	}
	return finish(b, start)
}

func appendSettle(b []byte, id string, actual []int64) []byte {
	start := len(b)
	b = appendText(begin(b, frameSettle), id)
	b = binary.AppendUvarint(b, uint64(len(actual)))
	for _, n := range actual {
		b = binary.AppendUvarint(b, uint64(clamp(n)))
	}
	return finish(b, start)
}

// record is what a frame says.
type record struct {
	kind    byte
	hold    Hold    // of frameReserve; its id also of frameSettle, its group of frameCounter
	actual  []int64 // of frameSettle
	name    string  // of frameCounter
	counter Counter
}

// nextFrame returns the payload at the beginning of b and what follows it. ok is
// false if no whole and true frame begins there.
func nextFrame(b []byte) (payload, rest []byte, ok bool) {
	if len(b) < frameHead {
		return nil, b, false
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n == 0 || n > maxFrame || n > len(b)-frameHead {
		return nil, b, false
	}
	payload = b[frameHead : frameHead+n]
	if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, b, false
	}
	return payload, b[frameHead+n:], true
}

// parse reads a payload. A true checksum over nonsense is [ErrJournal].
func parse(payload []byte) (record, error) {
	r := reader{b: payload[1:]}
	rec := record{kind: payload[0]}
	switch rec.kind {
	case frameCounter:
		rec.name, rec.hold.Group = r.text(MaxName), r.text(MaxGroup)
		rec.counter = Counter{Start: r.number(), End: r.number(), Settled: r.number()}
	case frameReserve:
		rec.hold = Hold{ID: r.text(MaxID), Owner: r.text(MaxID), Group: r.text(MaxGroup)}
		for range r.count() {
			rec.hold.Lines = append(rec.hold.Lines, Line{Counter: r.text(MaxName), Start: r.number(), End: r.number(), Amount: r.number(), Limit: r.number()})
		}
		r.bad = r.bad || rec.hold.Check() != nil
	case frameSettle:
		rec.hold.ID = r.text(MaxID)
		for range r.count() {
			rec.actual = append(rec.actual, r.number())
		}
	default:
		r.bad = true
	}
	if r.bad || len(r.b) > 0 {
		return record{}, fmt.Errorf("%w: record of kind %q does not read", ErrJournal, rec.kind)
	}
	return rec, nil
}

// reader reads a payload; bad is set once something did not fit.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) number() int64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > 1<<62 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return int64(n)
}

func (r *reader) count() int {
	n := r.number()
	if n > MaxLines {
		r.bad, n = true, 0
	}
	return int(n)
}

func (r *reader) text(most int) string {
	n := r.number()
	if n > int64(most) || n > int64(len(r.b)) {
		r.bad, r.b = true, nil
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}
