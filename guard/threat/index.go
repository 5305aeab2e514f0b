package threat

// index finds signatures by their bands. Rows are numbered; a row that was
// removed is used again. Its methods need the lock of the memory.
type index struct {
	rows  []row
	marks []sample // of the rows, apart: a candidate costs one line of cache
	next  []uint32 // of row and band: the next row with that key, plus one
	heads []uint32 // of band and key: the first row, plus one
	mask  uint32   // keys of one band, less one
	free  []uint32
}

// row is one signature of an entry, samples aside.
type row struct {
	slot   uint32 // of the entry
	pieces uint16
	part   uint8
}

// minKeys is the smallest table of a band. A table has half to one key a row.
const minKeys = 64

func (x *index) add(s *signature, part int, slot uint32) uint32 {
	r := row{slot: slot, part: uint8(part), pieces: s.pieces}
	var id uint32
	if n := len(x.free); n > 0 {
		id, x.free = x.free[n-1], x.free[:n-1]
		x.rows[id], x.marks[id] = r, s.sample
	} else {
		id = uint32(len(x.rows))
		x.rows, x.marks = append(x.rows, r), append(x.marks, s.sample)
		for range bands {
			x.next = append(x.next, 0)
		}
		if len(x.rows) > 2*int(x.mask+1) || len(x.heads) == 0 {
			x.grow()
			return id // grow has linked it
		}
	}
	x.link(id)
	return id
}

func (x *index) link(id uint32) {
	for b := range bands {
		head := x.head(&x.marks[id], b)
		x.next[int(id)*bands+b] = *head
		*head = id + 1
	}
}

func (x *index) head(s *sample, band int) *uint32 {
	return &x.heads[uint32(band)*(x.mask+1)+s.band(band)&x.mask]
}

// grow makes larger tables and links all rows into them. It is called when every
// row is in use.
func (x *index) grow() {
	x.mask = max(2*(x.mask+1), minKeys) - 1
	x.heads = make([]uint32, bands*int(x.mask+1))
	for id := range x.rows {
		x.link(uint32(id))
	}
}

func (x *index) remove(id uint32) {
	for b := range bands {
		at := x.head(&x.marks[id], b)
		for *at != id+1 {
			at = &x.next[int(*at-1)*bands+b]
		}
		*at = x.next[int(id)*bands+b]
	}
	x.free = append(x.free, id)
}

// find calls seen for every row that is alike, more than once for some, until it
// compared as many as it may.
func (x *index) find(s *signature, seen func(r *row, sim float64)) {
	if len(x.heads) == 0 {
		return
	}
	compared := 0
	for b := range bands {
		for at := *x.head(&s.sample, b); at != 0; at = x.next[int(at-1)*bands+b] {
			if n := s.sample.equal(&x.marks[at-1]); n >= leastEqual {
				r := &x.rows[at-1]
				if estimates[n] >= thresholds[min(s.pieces, r.pieces, longPieces)] {
					seen(r, estimates[n])
				}
			}
			if compared++; compared == MaxCompared {
				return
			}
		}
	}
}
