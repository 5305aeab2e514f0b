package anthropic

import (
	"slices"

	"warder.example/internal/dialect"
)

// Kinds of events that a stream's end depends on; see [dialect.Chunk].Kind.
const (
	kindOther uint8 = iota
	kindStart
	kindBlockStart
	kindBlockStop
)

// progress is how far a caller was told a stream: it is there once the message has
// begun.
type progress struct {
	open   []int // blocks that began and have not ended, less than MaxBlocks
	output int   // tokens, as far as the server said
}

// tell notes an event that leaves.
func tell(told *dialect.Told, c *dialect.Chunk, _ []byte) {
	p, _ := told.State.(*progress)
	if p == nil {
		if c.Kind != kindStart {
			return
		}
		p = &progress{}
		told.State = p
	}
	p.output = max(p.output, c.Usage.Completion)
	switch c.Kind {
	case kindBlockStart:
		if i := c.Choices[0].Index; !slices.Contains(p.open, i) {
			p.open = append(p.open, i)
		}
	case kindBlockStop:
		p.open = slices.DeleteFunc(p.open, func(i int) bool { return i == c.Choices[0].Index })
	}
}
