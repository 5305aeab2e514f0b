package anthropic

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// The kinds of events.
const (
	eventStart      = "message_start"
	eventBlockStart = "content_block_start"
	eventBlockDelta = "content_block_delta"
	eventBlockStop  = "content_block_stop"
	eventDelta      = "message_delta"
	eventStop       = "message_stop"
	eventPing       = "ping"
	eventError      = "error"
)

var eventNames = []string{eventStart, eventBlockStart, eventBlockDelta, eventBlockStop, eventDelta, eventStop, eventPing, eventError}

// MaxBlocks bounds the index of a content block in a stream.
const MaxBlocks = 1024

// sequels are the texts that an answer may have in several blocks.
var sequels = []string{dialect.FieldContent, "thinking"}

// events is the table of streams.
var events = &dialect.ChunkTable{
	Spec:    dialect.NewSpec(eventTable(), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Pieces: true}),
	Sequels: sequels,
	Events:  eventNames,
	MustEnd: true,
	Tell:    tell,
}

// deltaTable is what a block, or at its end the message, is continued by. The names
// of its texts are those of the block that they continue.
func deltaTable() *rule {
	m := maker{delta: true}
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closeDelta, Fields: fields{
		"type":              m.words("text_delta", "input_json_delta", "thinking_delta", "signature_delta", "citations_delta", "compaction_delta"),
		"text":              m.text(dialect.FieldContent),
		"partial_json":      m.use(dialect.Arguments, dialect.FieldArguments),
		"thinking":          m.text("thinking"),
		"signature":         m.label("signature"),
		"citation":          maker{}.citation(),
		"content":           m.text("content"),
		"encrypted_content": m.label(""),

		"stop_reason":   dialect.Tagged(tagStop, dialect.MaybeString, m.words(stopReasons...)),
		"stop_sequence": maker{}.text(""),
		"stop_details":  detailsTable(),
		"container":     leftContainer(),
	}}}
}

func eventTable() *rule {
	m := maker{}
	message := messageFields()
	message["type"] = m.words("message")
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closeEvent, Fields: fields{
		"type":               dialect.Tagged(tagType, dialect.StringType, m.words(eventNames...)),
		"index":              {Tag: tagIndex, Types: dialect.NumberType},
		"message":            {Types: dialect.ObjectType, Object: &object{Fields: message}},
		"content_block":      maker{delta: true}.block(),
		"delta":              deltaTable(),
		"usage":              usageTable(),
		"context_management": appliedTable(),
		"error":              errorTable(),
		"request_id":         m.label(""),
	}}}
}

// closeDelta notes the end of the message: it is said of its first block, which
// every answer has, since the message is no choice beside them.
func closeDelta(s *dialect.Scope) error {
	c := s.State().(*dialect.Chunk)
	c.Mark(s, dialect.Mark{Choice: -1, Tool: -1, Delta: true})
	if v, ok := s.Value(tagStop); ok {
		c.Choices = append(c.Choices, dialect.Choice{Finish: v.Text})
	}
	return nil
}

func closeEvent(s *dialect.Scope) error {
	c := s.State().(*dialect.Chunk)
	kind, ok := s.Value(tagType)
	if !ok {
		return s.Fail(kind, dialect.CodeMissingField, "event without a type")
	}
	if c.Event != "" && c.Event != kind.Text {
		return s.Fail(kind, dialect.CodeInvalidValue, "event whose name and type differ: clients go by either")
	}
	id, _ := s.Value(tagID)
	model, _ := s.Value(tagModel)
	c.About(id.Text, model.Text, kind.Text == eventError)
	switch kind.Text {
	case eventStart:
		c.Kind = kindStart
		c.Usage.Partial = true // of what it writes nothing is there yet
	case eventBlockStart:
		c.Kind = kindBlockStart
	case eventBlockStop:
		c.Kind = kindBlockStop
	case eventStop:
		c.Done = true
	}
	if kind.Text == eventBlockStart || kind.Text == eventBlockDelta || kind.Text == eventBlockStop {
		if err := ofBlock(c, s); err != nil {
			return err
		}
	}
	return s.Resolve(guard.OriginModel)
}

// ofBlock gives an event to the block that it is about.
func ofBlock(c *dialect.Chunk, s *dialect.Scope) error {
	v, _ := s.Value(tagIndex)
	n, ok := v.Int()
	if !ok || n < 0 || n >= MaxBlocks {
		return s.Fail(v, dialect.CodeInvalidValue, "index of a content block out of range; expected an integer from 0 to 1023")
	}
	block := dialect.Choice{Index: n}
	if c.Kind == kindBlockStop {
		block.Finish = "stop"
	}
	c.AddChoice(block, s)
	return nil
}
