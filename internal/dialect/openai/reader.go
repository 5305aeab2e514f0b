package openai

import (
	"strings"

	"warder.example/internal/dialect"
)

// maxRemembered bounds how many texts a ChunkReader remembers.
const maxRemembered = 4096

// A ChunkReader reads the events of one stream in order. Beyond [ParseChunk] it
// joins characters whose surrogate escapes stand in different chunks: the first
// half is taken out of its chunk and written into the next one, so that the
// whole character is inspected and travels at once. It also notes which texts
// repeat. The zero value is ready; it is used by one goroutine.
type ChunkReader struct {
	Limits dialect.Limits

	spare  *Chunk // given back by Recycle
	halves map[Key]uint16
	seen   map[Key]string
}

// Parse reads the data of the next event. An error is a [*dialect.Problem].
func (r *ChunkReader) Parse(data []byte) (*Chunk, error) {
	c := r.spare
	r.spare = nil
	if c == nil {
		c = &Chunk{}
	} else if len(r.halves) == 0 && c.reread(data, r.Limits) {
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
		if l.Delta {
			r.join(c, i)
			continue
		}
		if r.seen == nil {
			r.seen = map[Key]string{}
		}
		if old, ok := r.seen[l.Key]; ok && old == l.Text {
			l.Seen = true
		} else if ok || len(r.seen) < maxRemembered {
			r.seen[l.Key] = strings.Clone(l.Text)
		}
	}
	return c, nil
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
	if c.doc != nil {
		r.spare = c
	}
}
