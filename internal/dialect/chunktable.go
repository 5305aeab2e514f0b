package dialect

import (
	"slices"
	"strings"
)

// A ChunkTable says how the events of one kind of stream are read. It is made once
// and read only.
type ChunkTable struct {
	// Spec is the table of the payload of every event. Its Close functions find
	// the *Chunk in [Scope.State]. It must have [SpecOptions].Pieces.
	Spec *Spec
	// Numbered are the names of arrays whose index is no part of the name of a
	// text: their elements are choices and tools, which a [Key] has, or they all
	// continue one text.
	Numbered []string
	// Sequels are the names of texts that are read one after another, though each
	// has a choice or a tool of its own in its [Key]: parts and items of one
	// answer, in the order of these numbers.
	Sequels []string
	// Again ends the names of values that say a text of Sequels once more, whole,
	// or a text of arguments; empty where nothing is said twice.
	Again string
	// Within is cut from the beginning of paths that name a text.
	Within string
	// Sentinel is the payload, not JSON, of an event that ends the stream; empty
	// for none. Other events that end it set [Chunk].Done.
	Sentinel string
	// Events are the names that events may have. Such a name is structure; any
	// other is inspected. Two tables with the same payload may not hide behind
	// names: see [Chunk].Event.
	Events []string
	// MustEnd says that a stream is complete only when an event ended it. Else it
	// is, too, when every choice has ended that began.
	MustEnd bool
	// Tell keeps in [Told].State what the dialect needs to end a stream properly
	// that it has begun. It is called for each event in the order in which they
	// leave, with the payload that leaves, and must keep neither; nil where the
	// open choices are enough.
	Tell func(told *Told, c *Chunk, data []byte)
}

func (t *ChunkTable) isSentinel(data []byte) bool {
	return t.Sentinel != "" && string(data) == t.Sentinel
}

// Names reports whether an event may have this name.
func (t *ChunkTable) Names(event string) bool { return slices.Contains(t.Events, event) }

// continues reports whether texts of this name are read one after another.
func (t *ChunkTable) continues(field string) bool { return slices.Contains(t.Sequels, field) }

// repeats returns the name of the text that values of this name say once more.
func (t *ChunkTable) repeats(field string) (of string, ok bool) {
	if t.Again == "" {
		return "", false
	}
	return strings.CutSuffix(field, t.Again)
}

// Told is what the caller of one stream was told so far, as far as its end depends
// on it.
type Told struct {
	// ID and Model are the answer's own; empty if the caller was not told, or if
	// they may not be said again.
	ID, Model string
	// Open are the choices that began and have not ended, as they came from the
	// server; the caller may not yet know of the last ones.
	Open []int
	// State is what [ChunkTable].Tell keeps. It must stay small whatever a server
	// sends.
	State any
}
