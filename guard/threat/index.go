package threat

// index finds signatures by their bands. Rows are numbered; a row that was
// removed is used again. Its methods need the lock of the memory.
//
// A look-up reads memory that no cache holds, and most of what it could read is in
// vain: rows whose keys share a place of the table. So each link says in its upper
// bits which keys the rows behind it can have, and a chain is followed only as far as
// it can hold the key that is looked for (the tagged hash table of Leis et al. 2014,
// Morsel-Driven Parallelism, section 4.2).
type index struct {
	rows  []row
	heads []link // of band and key: to the first row
	mask  uint32 // keys of one band, less one
	free  []uint32
}

// link leads to a row: its number plus one in the lower bits, 0 for none, and above
// them the tags of that row and of all behind it. Rows that were removed may have
// left tags behind.
type link uint32

const (
	rowBits = 22
	rowMask = 1<<rowBits - 1
	tagBits = 32 - rowBits
)

// maxRows is how many rows can be told apart.
const maxRows = rowMask

// Every entry that there may be has room.
var _ [maxRows - MaxEntries*(1+MaxParts)]struct{}

// tag returns the bit that stands for a key. The table is addressed by other bits.
func tag(key uint32) link { return 1 << (rowBits + key>>16*tagBits>>16) }

// row returns the number of the row, plus one.
func (l link) row() uint32 { return uint32(l & rowMask) }

// row is one signature of an entry. It fills three lines of cache, the sample one of
// them, since a look-up waits for little else.
type row struct {
	sample sample
	next   [bands]link // to the next row with the key of a band
	slot   uint32      // of the entry
	pieces uint16
	part   uint8
	_      [24]byte
}

// minKeys is the smallest table of a band. A table has one to two keys a row.
const minKeys = 64

func (x *index) add(s *signature, part int, slot uint32) uint32 {
	r := row{sample: s.sample, slot: slot, part: uint8(part), pieces: s.pieces}
	var id uint32
	if n := len(x.free); n > 0 {
		id, x.free = x.free[n-1], x.free[:n-1]
		x.rows[id] = r
	} else {
		id = uint32(len(x.rows))
		x.rows = append(x.rows, r)
		if len(x.rows) > int(x.mask+1) || len(x.heads) == 0 {
			x.grow()
			return id // grow has linked it
		}
	}
	x.link(id)
	return id
}

func (x *index) link(id uint32) {
	for b := range bands {
		key := x.rows[id].sample.band(b)
		head := x.head(key, b)
		x.rows[id].next[b] = *head
		*head = *head&^rowMask | tag(key) | link(id+1)
	}
}

func (x *index) head(key uint32, band int) *link {
	return &x.heads[uint32(band)*(x.mask+1)+key&x.mask]
}

// grow makes larger tables and links all rows into them. It is called when every
// row is in use.
func (x *index) grow() {
	x.mask = max(2*(x.mask+1), minKeys) - 1
	x.heads = make([]link, bands*int(x.mask+1))
	for id := range x.rows {
		x.link(uint32(id))
	}
}

func (x *index) remove(id uint32) {
	for b := range bands {
		at := x.head(x.rows[id].sample.band(b), b)
		for at.row() != id+1 {
			at = &x.rows[at.row()-1].next[b]
		}
		rest := x.rows[id].next[b].row()
		if *at = *at&^rowMask | link(rest); rest == 0 {
			*at = 0
		}
	}
	x.free = append(x.free, id)
}

// find calls seen for every row that is alike, more than once for some, until it
// compared as many as it may.
func (x *index) find(s *signature, seen func(r *row, sim float64)) {
	if len(x.heads) == 0 {
		return
	}
	// The first rows of all bands before any of them is looked at: so the processor
	// waits for memory once, and not for each band.
	var first, tags [bands]link
	for b := range bands {
		key := s.sample.band(b)
		first[b], tags[b] = *x.head(key, b), tag(key)
	}
	compared := 0
	for b := range bands {
		for at := first[b]; at&tags[b] != 0; {
			r := &x.rows[at.row()-1]
			at = r.next[b]
			if n := s.sample.equal(&r.sample); n >= leastEqual && estimates[n] >= thresholds[min(s.pieces, r.pieces, longPieces)] {
				seen(r, estimates[n])
			}
			if compared++; compared == MaxCompared {
				return
			}
		}
	}
}
