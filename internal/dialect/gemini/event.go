package gemini

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// events is the table of streams: each event is an answer that goes on from the one
// before.
var events = &dialect.ChunkTable{
	Spec:     dialect.NewSpec(answerTable(true), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Pieces: true}),
	Numbered: []string{"candidates", "parts", "partialArgs"},
	Within:   "candidates.",
}
