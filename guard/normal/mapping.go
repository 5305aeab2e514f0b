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
	strided              // one from Used, the next from Used as many as Step bytes on
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
	Step, Used     uint8 // of strided
}

func seg(at, start, end int, m mode) segment {
	return segment{At: int32(at), Start: int32(start), End: int32(end), Mode: m}
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

// places returns where stretches of the text that is mapped by from stand in the
// text made of it in steps that keep the order of what they copy.
func (m *mapping) places(from *mapping, found []stretch) []stretch {
	if m == from || len(found) == 0 {
		return found
	}
	found = m.parent.places(from, found)
	out := make([]stretch, 0, len(found))
	i := 0
	for _, s := range found {
		for i < len(m.segs) && int(m.segs[i].End) <= s.start {
			i++
		}
		if i == len(m.segs) {
			break
		}
		start := m.place(i, s.start)
		for i+1 < len(m.segs) && int(m.segs[i+1].Start) < s.end {
			i++
		}
		if end := m.place(i, s.end); end > start {
			out = append(out, stretch{start, end})
		}
	}
	return out
}

// place returns where byte at of the source stands, which segment i holds or
// which comes before or behind it.
func (m *mapping) place(i, at int) int {
	s := m.segs[i]
	limit := m.size
	if i+1 < len(m.segs) {
		limit = int(m.segs[i+1].At)
	}
	if at <= int(s.Start) {
		return int(s.At)
	}
	if s.Mode == linear {
		return min(limit, int(s.At)+at-int(s.Start))
	}
	return limit
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
	case strided:
		return first + from*int(s.Step), first + (to-1)*int(s.Step) + int(s.Used)
	case reversed:
		return last - to, last - from
	case of64, of32, of16, of2, of1:
		made, of := shares[s.Mode][0], shares[s.Mode][1]
		return min(last, first+from*of/made), min(last, first+(to*of+made-1)/made)
	}
	return first, last
}
