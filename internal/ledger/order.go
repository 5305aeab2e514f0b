package ledger

import "slices"

// order judges the sequence in which records stand. It expects each record in
// turn and remembers, in bounded memory, which ones have not come.
type order struct {
	next    int64
	missing []gap // ascending
	lost    int64 // missing records that are no longer remembered
	recent  []seen
}

// seen is a record that stood in its place.
type seen struct {
	seq  int64
	leaf Hash
}

// gap is a run of missing records, both ends included.
type gap struct {
	first, last int64
	segment     string // where the run was noticed
	offset      int64
	remark      string
}

const (
	maxGaps   = 10_000
	maxRecent = 1 << 14
)

// place is what order says of a record.
type place uint8

const (
	inOrder place = iota
	late          // was missed and comes now
	second        // the same record again
	foreign       // another record of a sequence that was already seen
)

// see judges a record. A record beyond the next one leaves a gap.
func (o *order) see(seq int64, leaf Hash, at gap) place {
	if seq >= o.next {
		if seq > o.next {
			o.skip(seq, at)
		}
		o.next = seq + 1
		o.remember(seq, leaf)
		return inOrder
	}
	if o.fill(seq) {
		return late
	}
	if o.recent != nil {
		if known := o.recent[seq%maxRecent]; known.seq == seq && known.leaf != leaf {
			return foreign
		}
	}
	return second
}

// skip notes that the records from next up to seq are missing.
func (o *order) skip(seq int64, at gap) {
	at.first, at.last = o.next, seq-1
	o.next = seq
	if len(o.missing) >= maxGaps {
		o.lost += at.last - at.first + 1
		return
	}
	o.missing = append(o.missing, at)
}

// fill takes a record out of the missing ones.
func (o *order) fill(seq int64) bool {
	i, ok := slices.BinarySearchFunc(o.missing, seq, func(g gap, seq int64) int {
		switch {
		case g.last < seq:
			return -1
		case g.first > seq:
			return 1
		}
		return 0
	})
	if !ok {
		return false
	}
	g := o.missing[i]
	left, right := g, g
	left.last, right.first = seq-1, seq+1
	var parts []gap
	for _, part := range []gap{left, right} {
		if part.first <= part.last {
			parts = append(parts, part)
		}
	}
	o.missing = slices.Replace(o.missing, i, i+1, parts...)
	return true
}

// remember keeps the leaves of the latest records, to tell a second copy from a
// forgery.
func (o *order) remember(seq int64, leaf Hash) {
	if o.recent == nil {
		o.recent = make([]seen, maxRecent)
	}
	o.recent[seq%maxRecent] = seen{seq, leaf}
}
