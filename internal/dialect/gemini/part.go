package gemini

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// fieldThought is the name of the text of a part that is a thought.
const fieldThought = "thought"

// maker builds the part of the table that requests, answers and events share.
type maker struct {
	origin guard.Origin // of its texts; unknown: what holds them decides
	said   string       // name of the rule of a part's text; empty: dialect.FieldContent
	delta  bool         // texts continue in the next event
	asked  bool         // of a request: both spellings are known
	claims bool         // contents and parts may hold the extension
}

func (m maker) use(u dialect.Use, name string) *rule {
	return &rule{Use: u, Origin: m.origin, Late: m.origin == guard.OriginUnknown, Name: name}
}

func (m maker) text(name string) *rule  { return m.use(dialect.Prose, name) }
func (m maker) label(name string) *rule { return m.use(dialect.Label, name) }

func (m maker) words(w ...string) *rule {
	r := m.use(dialect.Word, "")
	r.Words = w
	return r
}

// running is a text that goes on in the next event of a stream.
func (m maker) running(name string) *rule {
	r := m.text(name)
	r.Delta = m.delta
	return r
}

// known is an object with members that are spelled in all ways.
func (m maker) known(f fields) *rule {
	if m.asked {
		f = spelled(f)
	}
	return dialect.Known(f)
}

// object is known for an object that a Close function reads.
func (m maker) object(closed func(*dialect.Scope) error, f fields) *rule {
	r := m.known(f)
	r.Types, r.Object.Close = dialect.ObjectType, closed
	return r
}

// content is one message, or what the model says.
func (m maker) content(closed func(*dialect.Scope) error) *rule {
	f := fields{
		"role":  dialect.Tagged(tagRole, dialect.MaybeString, m.words("user", "model", "function", "system")),
		"parts": repeated(m.part()),
	}
	if m.claims {
		f["warder"] = dialect.OriginClaim(tagOrigin)
	}
	return m.object(closed, f)
}

// part is one piece of a content, of one of several kinds.
func (m maker) part() *rule {
	said := m.said
	if said == "" {
		said = dialect.FieldContent
	}
	ofKind := func(t dialect.Tag, r *rule) *rule { return dialect.Tagged(t, dialect.MaybeObject, r) }
	f := fields{
		"text":                dialect.Tagged(tagText, dialect.MaybeString, m.running(said)),
		"inlineData":          ofKind(tagData, m.blob()),
		"fileData":            ofKind(tagData, m.file()),
		"functionCall":        ofKind(tagCall, m.call()),
		"functionResponse":    ofKind(tagResult, m.response()),
		"executableCode":      ofKind(tagData, m.known(fields{"id": m.label(""), "language": m.words("LANGUAGE_UNSPECIFIED", "PYTHON"), "code": m.text("executableCode.code")})),
		"codeExecutionResult": ofKind(tagResult, m.known(fields{"id": m.label(""), "outcome": m.words(outcomes...), "output": m.text("")})),
		"toolCall":            ofKind(tagData, m.known(fields{"id": m.label(""), "toolType": m.words(toolTypes...), "args": m.arguments("")})),
		"toolResponse":        ofKind(tagResult, m.known(fields{"id": m.label(""), "toolType": m.words(toolTypes...), "response": dialect.Anything(m.text(""))})),
		"thought":             dialect.Tagged(tagThought, dialect.MaybeBool, dialect.Plain()),
		"thoughtSignature":    m.label("thoughtSignature"),
		"partMetadata":        dialect.Anything(m.text("")),
		"videoMetadata":       m.known(fields{"startOffset": m.label(""), "endOffset": m.label(""), "fps": dialect.Plain()}),
		"mediaResolution":     m.resolution(),
	}
	if m.claims {
		f["warder"] = dialect.OriginClaim(tagOrigin)
	}
	return m.object(m.closePart(said), f)
}

var (
	outcomes  = []string{"OUTCOME_UNSPECIFIED", "OUTCOME_OK", "OUTCOME_FAILED", "OUTCOME_DEADLINE_EXCEEDED"}
	toolTypes = []string{"TOOL_TYPE_UNSPECIFIED", "GOOGLE_SEARCH_WEB", "GOOGLE_SEARCH_IMAGE", "URL_CONTEXT", "GOOGLE_MAPS", "FILE_SEARCH", "MEDIA_PROCESSING"}
)

// resolution is how closely a picture is looked at: a word, or an object with it.
func (m maker) resolution() *rule {
	level := m.words("MEDIA_RESOLUTION_UNSPECIFIED", "MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH", "MEDIA_RESOLUTION_ULTRA_HIGH")
	r := m.words(level.Words...)
	r.Object = m.known(fields{"level": level, "numTokens": dialect.Plain()}).Object
	return r
}

// blob is a file in base64.
func (m maker) blob() *rule {
	return m.object(closeBlob, fields{
		"mimeType": dialect.Tagged(tagMime, dialect.MaybeString, m.label("")), "displayName": m.text(""),
		"data": dialect.Tagged(tagBlob, dialect.MaybeString, m.use(dialect.Media, "")),
	})
}

// file is a link to a file.
func (m maker) file() *rule {
	return m.known(fields{"mimeType": m.label(""), "displayName": m.text(""), "fileUri": dialect.Kept("file_uri", m.use(dialect.MediaURL, ""))})
}

// arguments are what a tool is called with: JSON itself.
func (m maker) arguments(name string) *rule { return dialect.Anything(m.use(dialect.Arguments, name)) }

// call is a function that the model calls. Its arguments come whole, in streams
// too; where a server is asked to stream them, strings come in pieces as well.
func (m maker) call() *rule {
	return m.known(fields{
		"id": m.label(""), "name": m.label(dialect.FieldTool), "args": m.arguments(dialect.FieldArguments), "willContinue": dialect.Plain(),
		"partialArgs": dialect.List(m.known(fields{
			"jsonPath": m.label(""), "stringValue": m.running("partialArgs"), "nullValue": m.words("NULL_VALUE"),
			"numberValue": dialect.Plain(), "boolValue": dialect.Plain(), "willContinue": dialect.Plain(),
		})),
	})
}

// response is what a function that was called returned.
func (m maker) response() *rule {
	return m.known(fields{
		"id": m.label(""), "name": m.label(""), "response": dialect.Anything(m.text("")), "willContinue": dialect.Plain(),
		"scheduling": m.words("SCHEDULING_UNSPECIFIED", "SILENT", "WHEN_IDLE", "INTERRUPT"),
		"parts":      repeated(m.known(fields{"inlineData": m.blob(), "fileData": m.file()})),
	})
}

// closeBlob refuses a file of another kind than its type says: whoever goes by the
// type would read as text what is not looked into here.
func closeBlob(s *dialect.Scope) error {
	kind, _ := s.Value(tagMime)
	if data, ok := s.Value(tagBlob); ok && dialect.IsMedia(data.Text) && !dialect.IsMediaOf(kind.Text, data.Text) {
		return s.Fail(data, dialect.CodeInvalidValue, "file whose bytes are not of the kind that its mimeType says")
	}
	return nil
}

// closePart returns what reads a part whose text has a rule of this name. A part is
// of one kind: servers take one of several and drop the others.
func (m maker) closePart(said string) func(*dialect.Scope) error {
	thought := m.running(fieldThought)
	return func(s *dialect.Scope) error {
		kinds := 0
		for _, t := range []dialect.Tag{tagText, tagData, tagCall, tagResult} {
			for v := range s.Values(t) {
				if kinds++; v.Type == dialect.NullType {
					kinds--
				}
			}
		}
		if kinds > 1 {
			return s.Fail(dialect.Value{}, dialect.CodeInvalidValue, "part of more than one kind; expected one of text, inlineData, functionCall and so on")
		}
		if err := s.ClaimOrigin(tagOrigin); err != nil {
			return err
		}
		if v, ok := s.Value(tagThought); ok && v.Bool() {
			for i, l := range s.Leaves() {
				if l.Known && l.Rule().Name == said {
					s.As(i, thought)
				}
			}
		}
		if c, ok := s.State().(*dialect.Chunk); ok {
			if _, ok := s.Value(tagCall); ok {
				c.Mark(s, dialect.Mark{Choice: -1, Tool: s.Index()})
			}
		}
		if _, ok := s.Value(tagResult); ok {
			return s.Resolve(guard.OriginTool)
		}
		return nil
	}
}
