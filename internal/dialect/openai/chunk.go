package openai

import (
	"slices"
	"strconv"
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// DoneData is the payload of the event that ends a stream.
const DoneData = "[DONE]"

// Key is the identity of a text that continues over the chunks of a stream.
type Key struct {
	Choice int    // index of the choice; -1 outside
	Tool   int    // index of the tool call; -1 outside
	Field  string // "delta.content", "delta.tool_calls.function.arguments"; of other places the path
}

// A ChunkLeaf is a text in a chunk.
type ChunkLeaf struct {
	dialect.Leaf
	Key Key
	// Delta says that the text continues the one of the same Key in earlier
	// chunks. Else it is a value of its own.
	Delta bool
	// Field says that the value may be a piece all the same: a name, an id, an
	// unknown member. Most servers write it whole with each chunk, and a
	// client keeps the last one; a client that puts the values of one Key
	// together reads them as one text. Keys of objects and numbers are no
	// fields.
	Field bool
	// Repeats is how often in a row the same value of the Key came before, and
	// Former how often in a row the value before that came, as a [ChunkReader]
	// saw it.
	Repeats, Former int32

	last *value // what the reader knows of its Key; nil: nothing
}

// ChunkChoice is a choice as a chunk mentions it.
type ChunkChoice = Choice

// A Chunk is one event of a streamed answer that was read. It refers to the
// event's data, which must not be changed as long as the Chunk is in use.
type Chunk struct {
	Done    bool // the event that ends the stream; there is nothing else
	Error   bool // the event holds an error object
	ID      string
	Model   string
	Choices []ChunkChoice // in the order of the chunk
	Usage   Usage
	// Leaves are the texts to inspect; [dialect.Edit].Leaf is an index here.
	Leaves []ChunkLeaf

	data  []byte
	doc   *dialect.Document
	marks []mark
	news  int // of the ChunkReader when this was read
}

// mark notes what leaves from first to end belong to.
type mark struct {
	first, end   int
	choice, tool int // -1: not said
	delta        bool
}

func (c *Chunk) mark(s *dialect.Scope, m mark) {
	m.first = s.First()
	m.end = m.first + len(s.Leaves())
	if m.end > m.first {
		c.marks = append(c.marks, m)
	}
}

func (c *Chunk) choice(ch Choice, s *dialect.Scope) {
	c.Choices = append(c.Choices, ch)
	c.mark(s, mark{choice: ch.Index, tool: -1})
}

func (c *Chunk) usage(u Usage)                        { c.Usage = u }
func (c *Chunk) about(id, model string, isError bool) { c.ID, c.Model, c.Error = id, model, isError }

// ParseChunk reads the data of one event. An error is a [*dialect.Problem]. It
// has no memory: a character whose two surrogates are escapes in different
// chunks is not in any text. Streams are read with a [ChunkReader].
func ParseChunk(data []byte, lim dialect.Limits) (*Chunk, error) {
	c := &Chunk{}
	if err := c.parse(data, lim); err != nil {
		return nil, err
	}
	return c, nil
}

// parse reads data into a chunk that is new or no longer in use.
func (c *Chunk) parse(data []byte, lim dialect.Limits) error {
	*c = Chunk{data: data, doc: c.doc, Choices: c.Choices[:0], Leaves: c.Leaves[:0], marks: c.marks[:0]}
	if string(data) == DoneData {
		c.Done, c.doc = true, nil
		return nil
	}
	if c.doc == nil {
		c.doc = &dialect.Document{}
	}
	doc := c.doc
	if err := dialect.ParseInto(doc, data, chunkSpec, lim, c); err != nil {
		return err
	}
	c.Leaves = slices.Grow(c.Leaves, len(doc.Leaves))[:len(doc.Leaves)]
	for i := range doc.Leaves {
		l := &c.Leaves[i]
		*l = ChunkLeaf{Leaf: doc.Leaves[i], Key: Key{Choice: -1, Tool: -1}}
		l.Delta, l.Key.Field = l.Rule().Delta && !l.Number, l.Rule().Name
	}
	for _, m := range c.marks {
		m.apply(c.Leaves[m.first:m.end])
	}
	for i := range c.Leaves {
		l := &c.Leaves[i]
		l.name()
		l.Field = !l.Delta && !l.Number && !l.IsKey() && !l.listed()
	}
	return nil
}

// reread makes c the chunk of data if that differs from what c was read from in
// the text of its one delta alone, which must be the last leaf.
func (c *Chunk) reread(data []byte, lim dialect.Limits) bool {
	n := len(c.Leaves)
	if n == 0 || len(c.doc.Leaves) != n || lim.MaxBytes > 0 && len(data) > lim.MaxBytes || len(data) > dialect.DefaultMaxBytes {
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

func (m *mark) apply(leaves []ChunkLeaf) {
	for i := range leaves {
		l := &leaves[i]
		if m.choice >= 0 {
			l.Key.Choice = m.choice
		}
		if m.tool >= 0 {
			l.Key.Tool = m.tool
		}
		l.Delta = l.Delta || m.delta && !l.Known && !l.Number
	}
}

// numbered are the arrays whose elements have an index of their own.
var numbered = []string{"choices", "tool_calls"}

// name completes the Field of a leaf: where the table has no name for it or the
// name does not say which it is, with its path.
func (l *ChunkLeaf) name() {
	switch {
	case l.Rank() > 0:
		l.Key.Field += "#" + strconv.Itoa(l.Rank())
	case l.Key.Field == "" || l.IsKey() || l.InArray(numbered...):
		l.Key.Field = strings.TrimPrefix(l.Place(numbered...), "choices.")
	}
}

// listed reports whether the leaf is a list of alternatives, one a line, which
// no client puts together.
func (l *ChunkLeaf) listed() bool {
	return l.Rule().Use == dialect.Candidate && l.Rank() == 0
}

// Data returns the event's data with the edits. When anything is masked, its
// logprobs become null. It is the original slice when nothing changes.
func (c *Chunk) Data(edits []dialect.Edit) []byte {
	if c.doc == nil {
		return c.data
	}
	return c.doc.Splice(edits)
}

// Rewritten reports whether Data(nil) differs from the data that was read: half
// a character was moved to or from it by a [ChunkReader], or unknown text was
// stripped. The event's raw bytes must not be relayed then.
func (c *Chunk) Rewritten() bool { return c.doc != nil && c.doc.Rewritten() }

func chunkTable() *rule {
	m := maker{origin: guard.OriginModel, delta: true}
	delta := &rule{Types: anObject | orNull, Object: &object{Fields: m.message(closeToolDelta), Close: closeDelta}}
	return completion("chat.completion.chunk", "delta", delta, m)
}

var chunkSpec = dialect.NewSpec(chunkTable(), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Pieces: true})

// MaxToolCalls bounds the index of a tool call in a stream.
const MaxToolCalls = 1024

func closeToolDelta(s *dialect.Scope) error {
	tool := s.Index()
	if v, ok := s.Value(tagToolIndex); ok {
		n, ok := v.Int()
		if !ok || n < 0 || n >= MaxToolCalls {
			return s.Fail(v, dialect.CodeInvalidValue, "tool call index out of range; expected an integer from 0 to 1023")
		}
		tool = n
	}
	s.State().(*Chunk).mark(s, mark{choice: -1, tool: tool})
	return nil
}

func closeDelta(s *dialect.Scope) error {
	s.State().(*Chunk).mark(s, mark{choice: -1, tool: -1, delta: true})
	return nil
}
