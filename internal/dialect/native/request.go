// Package native reads and writes the wire format of Warder's own guard-only
// endpoint, POST /v1/guard.
//
// A request holds either texts, each with its origin, direction and kind, or
// messages as package openai reads them:
//
//	{"texts": [{"text": "…", "origin": "document", "direction": "request", "kind": "prose"}]}
//	{"messages": [{"role": "user", "content": "…"}]}
//
// with optional subject, session and explain. A member that is not named here is
// refused, since a misspelt one would change what is looked for. For what else
// is refused see package dialect.
package native

import (
	"encoding/json"
	"strings"
	"unicode"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// MaxClaim is the most bytes that a subject or a session may have.
const MaxClaim = 256

// A Request that was read. It refers to its body, which must not be changed as
// long as the Request is in use.
type Request struct {
	Subject  string // the end user: a claim of the caller
	Session  string // the conversation: a claim of the caller
	Explain  bool   // the caller wants to know why
	Messages bool   // it holds messages, not texts
	// Leaves are the texts to inspect. Leaf.Turn is the index of the text or
	// message that holds a leaf.
	Leaves []dialect.Leaf

	doc        *dialect.Document
	directions []guard.Direction // of texts
	texts      []string
	messages   string // as it stands in the body
	talk       openai.Conversation
}

var _ openai.Converser = (*Request)(nil)

// Conversation implements [openai.Converser].
func (r *Request) Conversation() *openai.Conversation { return &r.talk }

// ParseRequest reads a request. An error is a [*dialect.Problem].
func ParseRequest(body []byte, lim dialect.Limits) (*Request, error) {
	r := &Request{}
	doc, err := dialect.Parse(body, requestSpec, lim, r)
	if err != nil {
		return nil, err
	}
	r.doc, r.Leaves = doc, doc.Leaves
	return r, nil
}

// Direction returns which way the text of leaf i travels. Messages are on their
// way to a model, those of the assistant too.
func (r *Request) Direction(i int) guard.Direction {
	if t := r.Leaves[i].Turn; t >= 0 && t < len(r.directions) {
		return r.directions[t]
	}
	return guard.Request
}

// Operator returns the texts that the operator wrote.
func (r *Request) Operator() []string { return dialect.Operator(r.Leaves) }

// Masked returns the texts, or the messages, with the edits applied, as a JSON
// array. The extension in messages is left out.
func (r *Request) Masked(edits []dialect.Edit) (json.RawMessage, error) {
	after := &Request{}
	// What was read once is within its limits; masks may make it longer.
	lim := dialect.Limits{MaxDepth: 1 << 20, MaxLeaves: 1 << 30, MaxBytes: 1 << 30}
	if _, err := dialect.Parse(r.doc.Splice(edits), requestSpec, lim, after); err != nil {
		return nil, err
	}
	if r.Messages {
		return json.RawMessage(after.messages), nil
	}
	b := []byte{'['}
	for i, t := range after.texts {
		if i > 0 {
			b = append(b, ',')
		}
		b = dialect.AppendString(b, t)
	}
	return append(b, ']'), nil
}

// Tags of the fields whose values are read.
const (
	tagNone dialect.Tag = iota + 100 // above those of the messages' table
	tagText
	tagOrigin
	tagDirection
	tagKind
	tagTexts
	tagMessages
	tagSubject
	tagSession
	tagExplain
)

func word(t dialect.Tag) *dialect.Rule {
	return &dialect.Rule{Use: dialect.Own, Tag: t, Types: dialect.StringType}
}

func requestTable() *dialect.Rule {
	text := &dialect.Object{Sealed: true, Required: []string{"text"}, Close: closeText, Fields: dialect.Fields{
		"text":      {Use: dialect.Prose, Tag: tagText, Types: dialect.StringType},
		"origin":    word(tagOrigin),
		"direction": word(tagDirection),
		"kind":      word(tagKind),
	}}
	return &dialect.Rule{Types: dialect.ObjectType, Object: &dialect.Object{Sealed: true, Close: closeRequest, Fields: dialect.Fields{
		"texts":    {Types: dialect.ArrayType, Tag: tagTexts, Turns: true, Items: &dialect.Rule{Types: dialect.ObjectType, Object: text}},
		"messages": openai.Messages(tagMessages),
		"subject":  word(tagSubject),
		"session":  word(tagSession),
		"explain":  {Types: dialect.BoolType, Tag: tagExplain},
	}}}
}

var requestSpec = dialect.NewSpec(requestTable(), dialect.SpecOptions{})

// kinds are the names of [guard.Kind].
var kinds = map[string]guard.Kind{"prose": guard.Prose, "tool_arguments": guard.ToolArguments, "name": guard.Name}

func closeText(s *dialect.Scope) error {
	r := s.State().(*Request)
	direction, origin, kind := guard.Request, guard.OriginUser, guard.Prose
	if v, ok := s.Value(tagDirection); ok {
		switch v.Text {
		case "request":
		case "answer":
			direction, origin = guard.Answer, guard.OriginModel
		default:
			return s.Fail(v, dialect.CodeInvalidValue, "unknown direction; expected request or answer")
		}
	}
	if v, ok := s.Value(tagOrigin); ok {
		o, err := guard.ParseOrigin(v.Text)
		if err != nil || o.String() != v.Text {
			return s.Fail(v, dialect.CodeInvalidValue, "unknown origin; expected user, document, tool, email, operator, model or unknown")
		}
		origin = o
	}
	if v, ok := s.Value(tagKind); ok {
		if kind, ok = kinds[v.Text]; !ok {
			return s.Fail(v, dialect.CodeInvalidValue, "unknown kind; expected prose, tool_arguments or name")
		}
	}
	text, _ := s.Value(tagText)
	r.texts, r.directions = append(r.texts, strings.Clone(text.Text)), append(r.directions, direction)
	for i := range s.Leaves() {
		l := &s.Leaves()[i]
		l.Origin, l.Kind = origin, kind
	}
	if kind == guard.ToolArguments && len(s.Leaves()) > 0 {
		return s.Arguments(s.First())
	}
	return nil
}

func closeRequest(s *dialect.Scope) (err error) {
	r := s.State().(*Request)
	_, texts := s.Value(tagTexts)
	messages, ok := s.Value(tagMessages)
	if ok == texts {
		return s.Fail(dialect.Value{}, dialect.CodeMissingField, "expected either texts or messages")
	}
	r.Messages, r.messages = ok, messages.Raw
	if v, ok := s.Value(tagExplain); ok {
		r.Explain = v.Bool()
	}
	if r.Subject, err = claim(s, tagSubject); err != nil {
		return err
	}
	r.Session, err = claim(s, tagSession)
	return err
}

// claim returns a subject or session.
func claim(s *dialect.Scope, t dialect.Tag) (string, error) {
	v, ok := s.Value(t)
	if !ok {
		return "", nil
	}
	if len(v.Text) > MaxClaim || strings.ContainsFunc(v.Text, unicode.IsControl) {
		return "", s.Fail(v, dialect.CodeInvalidValue, "claim is too long or has control characters; expected at most 256 bytes of text")
	}
	return strings.Clone(v.Text), nil
}
