package openai

import (
	"strings"

	"warder.example/internal/dialect"
)

// maxRemembered bounds how many texts a ChunkReader remembers.
const maxRemembered = 4096

// maxSpare bounds how many chunks are kept to be read into: as many as wait for
// a word to end.
const maxSpare = 4

// A ChunkReader reads the events of one stream in order. Beyond [ParseChunk] it
// joins characters whose surrogate escapes stand in different chunks: the first
// half is taken out of its chunk and written into the next one, so that the
// whole character is inspected and travels at once. It also notes which values
// repeat. The zero value is ready; it is used by one goroutine.
type ChunkReader struct {
	Limits dialect.Limits

	spare  []*Chunk // given back by Recycle
	halves map[Key]uint16
	values map[Key]*value
	news   int // values that were new
}

// value is the value of a field or key that came last.
type value struct {
	text   string
	times  int32 // in a row before
	former int32 // how often in a row the value before it came
}

// Parse reads the data of the next event. An error is a [*dialect.Problem].
func (r *ChunkReader) Parse(data []byte) (*Chunk, error) {
	var c *Chunk
	if n := len(r.spare) - 1; n < 0 {
		c = &Chunk{}
	} else if c, r.spare = r.spare[n], r.spare[:n]; len(r.halves) == 0 && c.news == r.news && c.reread(data, r.Limits) {
		return c, nil
	}
	if err := c.parse(data, r.Limits); err != nil {
		return nil, err
	}
	if c.Done {
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
		r.values = map[Key]*value{}
	}
	if old == nil && len(r.values) >= maxRemembered {
		return
	}
	l.last = &value{text: strings.Clone(l.Text)}
	if old != nil {
		l.last.former = old.times + 1
	}
	r.values[l.Key], l.Former = l.last, l.last.former
}

// again counts a value that came again.
func (l *ChunkLeaf) again(v *value) {
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
