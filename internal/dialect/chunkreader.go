package dialect

import "strings"

// maxRemembered bounds how many texts a ChunkReader remembers.
const maxRemembered = 4096

// maxSpare bounds how many chunks are kept to be read into: as many as wait for
// a word to end.
const maxSpare = 4

// A ChunkReader reads the events of one stream in order. Beyond [ReadChunk] it
// joins characters whose surrogate escapes stand in different events: the first
// half is taken out of its event and written into the next one, so that the
// whole character is inspected and travels at once. It also notes which values
// repeat, and what the caller was told. It is used by one goroutine.
type ChunkReader struct {
	table  *ChunkTable
	limits Limits

	spare  []*Chunk // given back by Recycle
	halves map[Key]uint16
	values map[Key]*lastValue
	news   int // values that were new
	told   Told
}

// NewChunkReader returns a reader of a new stream.
func NewChunkReader(table *ChunkTable, lim Limits) *ChunkReader {
	return &ChunkReader{table: table, limits: lim}
}

// lastValue is the value of a field or key that came last.
type lastValue struct {
	text   string
	times  int32 // in a row before
	former int32 // how often in a row the value before it came
}

// Parse reads the next event by its name and its data. An error is a [*Problem].
func (r *ChunkReader) Parse(name string, data []byte) (*Chunk, error) {
	var c *Chunk
	if n := len(r.spare) - 1; n < 0 {
		c = &Chunk{table: r.table}
	} else if c, r.spare = r.spare[n], r.spare[:n]; len(r.halves) == 0 && c.news == r.news && c.reread(name, data, r.limits) {
		return c, nil
	}
	if err := c.parse(name, data, r.limits); err != nil {
		return nil, err
	}
	if c.Unasked = r.limits.Unasked && c.Usage.Present && len(c.Choices) == 0 && !c.Done && !c.Error; c.Unasked {
		c.news = -1 // no later event is like this one
		return c, nil
	}
	for i := range c.Leaves {
		l := &c.Leaves[i]
		if l.Delta || l.Field && !l.Known {
			r.join(c, i)
		}
		if !l.Delta {
			r.value(l)
		}
	}
	c.news = r.news
	return c, nil
}

// value notes whether the value of a leaf is the last one of its key.
func (r *ChunkReader) value(l *ChunkLeaf) {
	old := r.values[l.Key]
	if old != nil && old.text == l.Text {
		l.again(old)
		return
	}
	r.news++
	if r.values == nil {
		r.values = map[Key]*lastValue{}
	}
	if old == nil && len(r.values) >= maxRemembered {
		return
	}
	l.last = &lastValue{text: strings.Clone(l.Text)}
	if old != nil {
		l.last.former = old.times + 1
	}
	r.values[l.Key], l.Former = l.last, l.last.former
}

// again counts a value that came again.
func (l *ChunkLeaf) again(v *lastValue) {
	v.times++
	l.last, l.Repeats, l.Former = v, v.times, v.former
}

func (r *ChunkReader) join(c *Chunk, i int) {
	key := c.Leaves[i].Key
	half := r.halves[key]
	next := c.doc.JoinPiece(i, half)
	c.Leaves[i].Leaf = c.doc.Leaves[i]
	switch {
	case next == half:
	case next == 0:
		delete(r.halves, key)
	case len(r.halves) < maxRemembered:
		if r.halves == nil {
			r.halves = map[Key]uint16{}
		}
		r.halves[key] = next
	}
}

// Recycle gives back a chunk that Parse returned and that is no longer in use,
// nor any of its leaves, so that the next one needs no memory of its own.
func (r *ChunkReader) Recycle(c *Chunk) {
	if c.doc != nil && len(r.spare) < maxSpare {
		r.spare = append(r.spare, c)
	}
}

// Left says that an event has left for the caller, with these edits. It comes
// before Recycle.
func (r *ChunkReader) Left(c *Chunk, edits []Edit) {
	if r.table.Tell != nil {
		r.table.Tell(&r.told, c, c.Data(edits))
	}
}

// Told returns what the caller was told: State is kept here, the other fields are
// for who relays the events to fill in.
func (r *ChunkReader) Told() *Told { return &r.told }

// Names reports whether events of the stream may have this name.
func (r *ChunkReader) Names(event string) bool { return r.table.Names(event) }

// Continues reports whether texts of this name are read one after another, see
// [ChunkTable].Sequels.
func (r *ChunkReader) Continues(field string) bool { return r.table.continues(field) }

// Repeats returns the name of the text that values of this name say once more, whole.
func (r *ChunkReader) Repeats(field string) (of string, ok bool) { return r.table.repeats(field) }

// Ends reports whether data are the payload by which clients take a stream for
// ended even where the line ends behind it are missing.
func (r *ChunkReader) Ends(data []byte) bool { return r.table.isSentinel(data) }

// Complete reports whether a stream that no event has ended is complete when its
// server closes it. finished says that a choice has ended, open how many began and
// have not.
func (r *ChunkReader) Complete(finished bool, open int) bool {
	return !r.table.MustEnd && finished && open == 0
}
