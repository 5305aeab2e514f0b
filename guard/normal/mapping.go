package normal

// mode says how a segment's view bytes relate to its source bytes.
type mode uint8

const (
	whole    mode = iota // all of the view bytes come from all of the source bytes
	linear               // byte i of the one is byte i of the other
	reversed             // byte i of the one is byte i from the end of the other
	of64                 // three view bytes from four source bytes, evenly
	of32                 // five from eight
	of16                 // one from two
	of2                  // one from eight
	of1                  // one from one, exchanged
	between              // whole, for what only parts two pieces
)

// shares are the view and source bytes of the evenly spread modes.
var shares = [...][2]int{of64: {3, 4}, of32: {5, 8}, of16: {1, 2}, of2: {1, 8}, of1: {1, 1}}

// maxText is the longest text that is read: offsets are kept in 32 bits and a
// view may be some times as long as its text.
const maxText = 1 << 28

// segment says that the view bytes from At on, up to the next segment, come
// from source bytes [Start, End).
type segment struct {
	At, Start, End int32
	Mode           mode
}

func seg(at, start, end int, m mode) segment {
	return segment{int32(at), int32(start), int32(end), m}
}

// mapping leads from the bytes of one text to the bytes of the text that it
// was made from, and by parent on to the first. A nil mapping is the identity.
type mapping struct {
	segs   []segment
	size   int // bytes of the made text
	parent *mapping
}

// source returns the smallest range of the first text that holds what bytes
// [start, end) were made from.
func (m *mapping) source(start, end int) (int, int) {
	for ; m != nil; m = m.parent {
		start, end = m.local(start, end)
	}
	return start, end
}

// local maps one step.
func (m *mapping) local(start, end int) (int, int) {
	if len(m.segs) == 0 {
		return 0, 0
	}
	if start >= end {
		lo, hi := m.local1(m.at(start), start, start+1)
		if m.segs[m.at(start)].Mode == linear && start < m.size {
			return lo, lo
		}
		if start >= m.size {
			return hi, hi
		}
		return lo, hi
	}
	first, last := m.at(start), m.at(end-1)
	lo, hi := m.local1(first, start, end)
	for i := first + 1; i <= last; i++ {
		l, h := m.local1(i, start, end)
		lo, hi = min(lo, l), max(hi, h)
	}
	return lo, hi
}

// changed reports whether any of the bytes [start, end) was not copied.
func (m *mapping) changed(start, end int) bool {
	if start >= end || len(m.segs) == 0 {
		return false
	}
	for i, last := m.at(start), m.at(end-1); i <= last; i++ {
		if k := m.segs[i].Mode; k != linear && k != between {
			return true
		}
	}
	return false
}

// at returns the index of the segment that holds byte i.
func (m *mapping) at(i int) int {
	lo, hi := 0, len(m.segs)
	for lo+1 < hi {
		mid := int(uint(lo+hi) >> 1)
		if int(m.segs[mid].At) <= i {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// local1 maps the part of [start, end) that lies in segment i.
func (m *mapping) local1(i, start, end int) (int, int) {
	s := m.segs[i]
	limit := m.size
	if i+1 < len(m.segs) {
		limit = int(m.segs[i+1].At)
	}
	at, first, last := int(s.At), int(s.Start), int(s.End)
	from, to, size := max(start-at, 0), min(end, limit)-at, limit-at
	from = min(from, size)
	to = max(to, from)
	switch s.Mode {
	case linear:
		return first + from, first + to
	case reversed:
		return last - to, last - from
	case of64, of32, of16, of2, of1:
		made, of := shares[s.Mode][0], shares[s.Mode][1]
		return min(last, first+from*of/made), min(last, first+(to*of+made-1)/made)
	}
	return first, last
}

// builder writes a text together with its mapping.
type builder struct {
	buf  []byte
	segs []segment
	hint int // bytes to make room for at first
}

// newBuilder returns a builder for a text of about size bytes. It takes no
// memory before the first byte is written.
func newBuilder(size int) *builder { return &builder{hint: size + size/16 + 16} }

// room makes room for the first bytes.
func (b *builder) room() {
	if b.buf == nil && b.hint > 0 {
		b.buf = make([]byte, 0, b.hint)
	}
}

// copy appends src[start:end] byte by byte.
func (b *builder) copy(src string, start, end int) {
	if start >= end {
		return
	}
	b.room()
	if n := len(b.segs); n == 0 || b.segs[n-1].Mode != linear || int(b.segs[n-1].End) != start {
		b.segs = append(b.segs, seg(len(b.buf), start, end, linear))
	} else {
		b.segs[n-1].End = int32(end)
	}
	b.buf = append(b.buf, src[start:end]...)
}

// replace appends with for the source bytes [start, end).
func (b *builder) replace(with string, start, end int) {
	if with == "" {
		return
	}
	b.room()
	b.segs = append(b.segs, seg(len(b.buf), start, end, whole))
	b.buf = append(b.buf, with...)
}

// replaceByte is replace for one ASCII byte; of equal length it stays linear.
func (b *builder) replaceByte(c byte, start, end int) {
	b.room()
	if end-start == 1 {
		if n := len(b.segs); n > 0 && b.segs[n-1].Mode == linear && int(b.segs[n-1].End) == start {
			b.segs[n-1].End = int32(end)
		} else {
			b.segs = append(b.segs, seg(len(b.buf), start, end, linear))
		}
	} else {
		b.segs = append(b.segs, seg(len(b.buf), start, end, whole))
	}
	b.buf = append(b.buf, c)
}

// spread appends bytes that come evenly, as m says, from the source bytes
// [start, end).
func (b *builder) spread(with []byte, start, end int, m mode) {
	if len(with) == 0 {
		return
	}
	b.segs = append(b.segs, seg(len(b.buf), start, end, m))
	b.buf = append(b.buf, with...)
}

// done returns the text and its mapping onto a text mapped by parent.
func (b *builder) done(parent *mapping) piece {
	return piece{string(b.buf), &mapping{segs: b.segs, size: len(b.buf), parent: parent}}
}

// piece is a text and where it came from.
type piece struct {
	text string
	from *mapping
}
