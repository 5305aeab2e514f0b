package dialect

import (
	"slices"
	"strconv"
	"strings"
)

// Key is the identity of a text that continues over the events of a stream.
type Key struct {
	Choice int    // index of the choice; -1 outside
	Tool   int    // index of the tool call; -1 outside
	Field  string // name of the table's rule, see [FieldContent]; of other places the path
}

// A ChunkLeaf is a text in an event.
type ChunkLeaf struct {
	Leaf
	Key Key
	// Delta says that the text continues the one of the same Key in earlier
	// events. Else it is a value of its own.
	Delta bool
	// Field says that the value may be a piece all the same: a name, an id, an
	// unknown member. Most servers write it whole with each event, and a
	// client keeps the last one; a client that puts the values of one Key
	// together reads them as one text. Keys of objects and numbers are no
	// fields.
	Field bool
	// Repeats is how often in a row the same value of the Key came before, and
	// Former how often in a row the value before that came, as a [ChunkReader]
	// saw it.
	Repeats, Former int32

	last *lastValue // what the reader knows of its Key; nil: nothing
}

// A Chunk is one event of a streamed answer that was read. It refers to the
// event's data, which must not be changed as long as the Chunk is in use.
type Chunk struct {
	// Event is the name of the event, empty where it has none. A Close function
	// that reads the kind of the event from its payload compares the two:
	// clients differ in which of them they go by.
	Event string
	Done  bool // the event ends the stream
	// Unasked says that the event tells nothing but the usage that Warder alone asked
	// for: it must not leave, and its leaves were not compared with those before.
	Unasked bool
	Error   bool // the event tells of an error
	ID      string
	Model   string
	// Choices are those that the event speaks of, in its order.
	Choices []Choice
	Usage   Usage
	// Kind and Sequence are for the dialect's own [ChunkTable].Tell: what the
	// event is, and its number where the dialect numbers events.
	Kind     uint8
	Sequence int
	// Leaves are the texts to inspect. [Edit].Leaf is an index here.
	Leaves []ChunkLeaf

	data  []byte
	doc   *Document
	table *ChunkTable
	marks []chunkMark
	news  int // of the ChunkReader when this was read
}

// A Mark says what the leaves of an object in an event belong to.
type Mark struct {
	Choice, Tool int  // as in a [Key]; -1: not said here
	Delta        bool // strings that the table does not know continue, too
}

// chunkMark is a Mark on leaves from first to end.
type chunkMark struct {
	first, end int
	Mark
}

// Mark notes what the leaves of the object that was read belong to. What an outer
// object says goes before what is said within it.
func (c *Chunk) Mark(s *Scope, m Mark) {
	first := s.First()
	if end := first + len(s.Leaves()); end > first {
		c.marks = append(c.marks, chunkMark{first, end, m})
	}
}

// AddChoice implements [Receiver].
func (c *Chunk) AddChoice(ch Choice, s *Scope) {
	c.Choices = append(c.Choices, ch)
	c.Mark(s, Mark{Choice: ch.Index, Tool: -1})
}

// SetUsage implements [Receiver].
func (c *Chunk) SetUsage(u Usage) { c.Usage = u }

// About implements [Receiver].
func (c *Chunk) About(id, model string, isError bool) { c.ID, c.Model, c.Error = id, model, isError }

// ReadChunk reads one event by its name and its data. An error is a [*Problem].
// It has no memory: a character whose two surrogates are escapes in different
// events is not in any text. Streams are read with a [ChunkReader].
func ReadChunk(name string, data []byte, table *ChunkTable, lim Limits) (*Chunk, error) {
	c := &Chunk{table: table}
	if err := c.parse(name, data, lim); err != nil {
		return nil, err
	}
	return c, nil
}

// parse reads data into a chunk that is new or no longer in use.
func (c *Chunk) parse(name string, data []byte, lim Limits) error {
	*c = Chunk{Event: name, table: c.table, data: data, doc: c.doc, Choices: c.Choices[:0], Leaves: c.Leaves[:0], marks: c.marks[:0]}
	if c.table.isSentinel(data) {
		c.Done, c.doc = true, nil
		return nil
	}
	if c.doc == nil {
		c.doc = &Document{}
	}
	doc := c.doc
	if err := ParseInto(doc, data, c.table.Spec, lim, c); err != nil {
		return err
	}
	c.Leaves = slices.Grow(c.Leaves, len(doc.Leaves))[:len(doc.Leaves)]
	for i := range doc.Leaves {
		l := &c.Leaves[i]
		*l = ChunkLeaf{Leaf: doc.Leaves[i], Key: Key{Choice: -1, Tool: -1}}
		l.Delta, l.Key.Field = l.rule.Delta && !l.Number, l.rule.Name
	}
	for i := range c.marks {
		m := &c.marks[i]
		m.apply(c.Leaves[m.first:m.end])
	}
	for i := range c.Leaves {
		l := &c.Leaves[i]
		l.name(c.table)
		l.Field = !l.Delta && !l.Number && !l.key && !l.listed()
	}
	return nil
}

// reread makes c the chunk of data if that differs from what c was read from in
// the text of its one delta alone, which must be the last leaf.
func (c *Chunk) reread(name string, data []byte, lim Limits) bool {
	n := len(c.Leaves)
	if n == 0 || len(c.doc.Leaves) != n || name != c.Event || lim.MaxBytes > 0 && len(data) > lim.MaxBytes || len(data) > DefaultMaxBytes {
		return false
	}
	for i := range c.Leaves[:n-1] {
		if c.Leaves[i].Delta {
			return false
		}
	}
	if !c.Leaves[n-1].Delta || !c.doc.Reread(data) {
		return false
	}
	c.data = data
	c.Leaves[n-1].Leaf = c.doc.Leaves[n-1]
	for i := range c.Leaves[:n-1] {
		if l := &c.Leaves[i]; l.last != nil {
			l.again(l.last)
		}
	}
	return true
}

func (m *chunkMark) apply(leaves []ChunkLeaf) {
	for i := range leaves {
		l := &leaves[i]
		if m.Choice >= 0 {
			l.Key.Choice = m.Choice
		}
		if m.Tool >= 0 {
			l.Key.Tool = m.Tool
		}
		l.Delta = l.Delta || m.Delta && !l.Known && !l.Number
	}
}

// name completes the Field of a leaf: where the table has no name for it or the
// name does not say which it is, with its path. Of arguments it says that only where
// they go on: those that come whole are JSON, with many strings.
func (l *ChunkLeaf) name(t *ChunkTable) {
	switch {
	case l.Rank() > 0:
		l.Key.Field += "#" + strconv.Itoa(l.Rank())
	case l.Key.Field == "" || l.key || l.Key.Field == FieldArguments && !l.Delta || l.InArray(t.Numbered...):
		l.Key.Field = strings.TrimPrefix(l.Place(t.Numbered...), t.Within)
	}
}

// listed reports whether the leaf is a list of alternatives, one a line, which
// no client puts together.
func (l *ChunkLeaf) listed() bool { return l.rule.Use == Candidate && l.Rank() == 0 }

// Data returns the event's data with the edits. When anything is masked, what
// repeats the text (see [Rule].Drop) becomes null. It is the original slice when
// nothing changes.
func (c *Chunk) Data(edits []Edit) []byte {
	if c.doc == nil {
		return c.data
	}
	return c.doc.Splice(edits)
}

// Rewritten reports whether Data(nil) differs from the data that was read: half
// a character was moved to or from it by a [ChunkReader], or unknown text was
// stripped. The event's raw bytes must not be relayed then.
func (c *Chunk) Rewritten() bool { return c.doc != nil && c.doc.Rewritten() }
