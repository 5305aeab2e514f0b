package responses

import (
	"strings"

	"warder.example/internal/dialect"
)

// eventTable is the payload of every event.
func eventTable() *rule {
	m := maker{stream: true}
	response := &rule{Types: dialect.MaybeObject, Object: &object{Fields: responseFields(m), Close: closeResponse}}
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closeEvent, Fields: fields{
		"type":            dialect.Tagged(tagType, dialect.StringType, &rule{Use: dialect.Word, Words: eventTypes, Origin: model, Name: "type"}),
		"sequence_number": dialect.Tagged(tagSequence, dialect.MaybeNumber, dialect.Plain()),
		"response":        response,
		"output_index":    dialect.Tagged(tagItem, dialect.MaybeNumber, dialect.Plain()),
		"content_index":   dialect.Tagged(tagPart, dialect.MaybeNumber, dialect.Plain()),
		"summary_index":   dialect.Tagged(tagPart, dialect.MaybeNumber, dialect.Plain()),
		"item_id":         m.label("item_id"),
		"item":            dialect.Typed(dialect.MaybeObject, m.item(closeItem)),
		"part":            dialect.Typed(dialect.MaybeObject, m.part(dialect.FieldContent)),
		"delta":           {Use: dialect.Prose, Late: true, Name: "delta", Delta: true},
		"logprobs":        m.logprobs(true),
		"obfuscation":     m.label("obfuscation"),

		"text": m.said(dialect.Prose, dialect.FieldContent), "refusal": m.said(dialect.Prose, dialect.FieldRefusal),
		"arguments": m.arguments(dialect.FieldArguments), "name": m.label(dialect.FieldTool), "input": m.arguments(fieldInput),
		"code": m.said(dialect.Prose, fieldCode), "status": m.words(statuses...),

		"annotation": m.annotation(), "annotation_index": dialect.Plain(),
		"partial_image_b64": m.use(dialect.Media, ""), "partial_image_index": dialect.Plain(),
		"output_format": m.words("png", "webp", "jpeg"), "quality": m.words("low", "medium", "high", "auto"), "size": m.label(""),
		"background": m.words("transparent", "opaque", "auto"),

		"error": errorTable(), "message": dialect.Text(model), "param": dialect.Name(model),
	}}}
}

// sequels are the texts that an answer may have in several parts and items.
var sequels = []string{dialect.FieldContent, dialect.FieldRefusal, fieldReasoning, fieldSummary}

// events is the table of streams.
var events = &dialect.ChunkTable{
	Spec:     dialect.NewSpec(eventTable(), dialect.SpecOptions{UnknownOrigin: model, Pieces: true}),
	Numbered: []string{"output", "content", "summary"},
	Sequels:  sequels,
	Again:    whole,
	Events:   eventTypes,
	MustEnd:  true,
	Tell:     tell,
}

func closeResponse(s *dialect.Scope) error {
	about(s)
	return s.Resolve(model)
}

// closeEvent sorts an event by its kind.
func closeEvent(s *dialect.Scope) error {
	c := s.State().(*dialect.Chunk)
	kind, ok := s.Value(tagType)
	switch {
	case ok && c.Event != "" && kind.Text != c.Event:
		return s.Fail(kind, dialect.CodeInvalidValue, "event whose name says something else than its type")
	case !ok && !c.Error:
		if _, failed := s.Value(tagError); !failed {
			return s.Fail(kind, dialect.CodeMissingField, "event without a type")
		}
	}
	if v, ok := s.Value(tagSequence); ok {
		c.Sequence, _ = v.Int()
	}
	settle(s, c, kind.Text)
	if err := place(s, c, kind.Text); err != nil {
		return err
	}
	return sortTexts(s, kind.Text)
}

// settle notes what an event means for the stream.
func settle(s *dialect.Scope, c *dialect.Chunk, kind string) {
	switch kind {
	case "response.created":
		c.Kind = kindCreated
	case "response.completed", "response.incomplete":
		c.Done = true
	case "response.failed":
		c.Done, c.Error = true, true
	case "error":
		c.Error = true
	}
	if _, ok := s.Value(tagError); ok {
		c.Error = true
	}
}

// place says to which item and part the texts of an event belong.
func place(s *dialect.Scope, c *dialect.Chunk, kind string) error {
	index := func(t dialect.Tag) (int, error) {
		v, ok := s.Value(t)
		if !ok {
			return -1, nil
		}
		n, ok := v.Int()
		if !ok {
			n = -1
		}
		return bounded(s, v, n)
	}
	item, err := index(tagItem)
	if err != nil || item < 0 {
		return err
	}
	part, err := index(tagPart)
	if err != nil {
		return err
	}
	finish := ""
	if kind == "response.output_item.done" {
		finish = "completed" // whatever its status: nothing goes on in it
	}
	c.AddChoice(dialect.Choice{Index: item, Finish: finish}, s)
	if part >= 0 {
		c.Mark(s, dialect.Mark{Choice: item, Tool: part})
	}
	return nil
}

// sortTexts gives the texts of an event the rules that its kind means, and those
// that no item resolved their origin.
func sortTexts(s *dialect.Scope, kind string) error {
	m := maker{stream: true}
	switch kind {
	case "response.reasoning_text.done":
		m.rename(s, dialect.FieldContent, fieldReasoning)
	case "response.reasoning_summary_text.done", "response.reasoning_summary_part.done", "response.reasoning_summary_part.added":
		m.rename(s, dialect.FieldContent, fieldSummary)
	}
	rules := begun
	switch r := deltas[kind]; {
	case r != nil:
		rules = map[string]*rule{"delta": r}
	case !strings.HasSuffix(kind, ".added"):
		rules = nil
	}
	for i := range s.Leaves() {
		if r := rules[s.Leaves()[i].Rule().Name]; r != nil && !s.Leaves()[i].IsKey() {
			s.As(i, r)
		}
	}
	return s.Resolve(model)
}
