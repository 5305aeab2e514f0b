package openai

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// DoneData is the payload of the event that ends a stream.
const DoneData = "[DONE]"

// ParseChunk reads the data of one event, see [dialect.ReadChunk].
func ParseChunk(data []byte, lim dialect.Limits) (*dialect.Chunk, error) {
	return dialect.ReadChunk("", data, chunks, lim)
}

func chunkTable() *rule {
	m := maker{origin: guard.OriginModel, delta: true}
	delta := &rule{Types: dialect.MaybeObject, Object: &object{Fields: m.message(closeToolDelta), Close: closeDelta}}
	return completion("chat.completion.chunk", "delta", delta, logprobsTable(m), m)
}

// chunks is the table of streams.
var chunks = &dialect.ChunkTable{
	Spec:     dialect.NewSpec(chunkTable(), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Pieces: true}),
	Numbered: []string{"choices", "tool_calls"},
	Within:   "choices.",
	Sentinel: DoneData,
}

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
	s.State().(*dialect.Chunk).Mark(s, dialect.Mark{Choice: -1, Tool: tool})
	return nil
}

func closeDelta(s *dialect.Scope) error {
	s.State().(*dialect.Chunk).Mark(s, dialect.Mark{Choice: -1, Tool: -1, Delta: true})
	return nil
}
