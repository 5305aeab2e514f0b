package normal

import (
	"slices"
	"sync"
)

// builder writes a text together with its mapping, in memory that is used again
// once it is done.
type builder struct {
	buf  []byte
	segs []segment
	hint int // bytes to make room for at first
	room *room
	// floor is how many segments are closed, so that what is written next
	// begins another.
	floor int
}

// room is memory that builders write in.
type room struct {
	buf  []byte
	segs []segment
}

// Rooms that grew beyond these are not kept for later.
const (
	maxRoom     = 1 << 20 // bytes of text
	maxSegments = 1 << 16
)

var rooms = sync.Pool{New: func() any { return new(room) }}

// newBuilder returns a builder for a text of about size bytes. It takes no
// memory before the first byte is written.
func newBuilder(size int) *builder { return &builder{hint: size + size/16 + 16} }

// begin takes memory for the first bytes.
func (b *builder) begin() {
	if b.room != nil {
		return
	}
	b.room = rooms.Get().(*room)
	b.buf, b.segs = slices.Grow(b.room.buf[:0], b.hint), b.room.segs[:0]
}

// drop gives the memory back and with it all that was written.
func (b *builder) drop() {
	if b.room == nil {
		return
	}
	if cap(b.buf) <= maxRoom && cap(b.segs) <= maxSegments {
		b.room.buf, b.room.segs = b.buf, b.segs
		rooms.Put(b.room)
	}
	b.buf, b.segs, b.room, b.floor = nil, nil, nil, 0
}

// done returns the text and its mapping onto a text mapped by parent, and leaves
// the builder empty.
func (b *builder) done(parent *mapping) piece {
	p := piece{string(b.buf), &mapping{segs: slices.Clone(b.segs), size: len(b.buf), parent: parent}}
	b.drop()
	return p
}

// close ends the last segment.
func (b *builder) close() { b.floor = len(b.segs) }

// append appends what another builder wrote: bytes from at on, made by segs.
func (b *builder) append(text []byte, at int, segs []segment) {
	b.begin()
	by := int32(len(b.buf) - at)
	for _, s := range segs {
		s.At += by
		b.segs = append(b.segs, s)
	}
	b.buf = append(b.buf, text...)
	b.close()
}

// copy appends src[start:end] byte by byte.
func (b *builder) copy(src string, start, end int) {
	if start >= end {
		return
	}
	b.linear(start, end)
	b.buf = append(b.buf, src[start:end]...)
}

// mark notes that the next bytes are made of [start, end) as m says.
func (b *builder) mark(start, end int, m mode) {
	b.begin()
	b.segs = append(b.segs, seg(len(b.buf), start, end, m))
}

// linear notes that the next bytes are those of [start, end), one by one.
func (b *builder) linear(start, end int) {
	b.begin()
	if n := len(b.segs); n > b.floor && b.segs[n-1].Mode == linear && int(b.segs[n-1].End) == start {
		b.segs[n-1].End = int32(end)
	} else {
		b.segs = append(b.segs, seg(len(b.buf), start, end, linear))
	}
}

// replace appends with for the source bytes [start, end).
func (b *builder) replace(with string, start, end int) {
	if with == "" {
		return
	}
	b.mark(start, end, whole)
	b.buf = append(b.buf, with...)
}

// replaceByte is replace for one byte; of equal length it stays linear,
// and what comes in even steps shares a segment.
func (b *builder) replaceByte(c byte, start, end int) {
	if end-start == 1 {
		b.linear(start, end)
	} else if !b.stride(start, end) {
		b.mark(start, end, whole)
	}
	b.buf = append(b.buf, c)
}

// stride adds a byte made of [start, end) to the last segment if it is as far
// from the byte before as that one from the byte before it.
func (b *builder) stride(start, end int) bool {
	n := len(b.segs)
	if n <= b.floor {
		return false
	}
	s := &b.segs[n-1]
	step := start + (end - start) - int(s.End)
	switch {
	case s.Mode == whole && int(s.At) == len(b.buf)-1 && int(s.End-s.Start) == end-start && step >= end-start && step < 1<<8:
		s.Mode, s.Step, s.Used = strided, uint8(step), uint8(end-start)
	case s.Mode != strided || step != int(s.Step) || end-start != int(s.Used):
		return false
	}
	s.End = int32(end)
	return true
}

// spread appends bytes that come evenly, as m says, from the source bytes
// [start, end).
func (b *builder) spread(with []byte, start, end int, m mode) {
	if len(with) == 0 {
		return
	}
	b.mark(start, end, m)
	b.buf = append(b.buf, with...)
}

// piece is a text and where it came from.
type piece struct {
	text string
	from *mapping
}
