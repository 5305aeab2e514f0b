// Package lakera reads and writes the wire format of Lakera Guard's endpoints
// POST /v2/guard and POST /v2/guard/results, as far as an application sees it.
//
// # Request
//
// messages is a list of OpenAI chat messages and is required. project_id,
// payload, breakdown, dev_info and metadata are optional. metadata.user_id and
// metadata.session_id are claims about the end user and the conversation; the
// rest of metadata is accepted and not read. For what is refused see package
// dialect.
//
// # Answer
//
// Offsets count characters (Unicode code points) of the message's content, since
// clients of this dialect slice strings of Python; the end is exclusive. Where
// content is a list of parts they count in its texts joined without anything
// between them.
package lakera

import (
	"strings"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// A Request that was read. It refers to its body, which must not be changed as
// long as the Request is in use.
type Request struct {
	Payload   bool // the caller wants what matched, and where
	Breakdown bool // the caller wants to know which detectors decided
	DevInfo   bool // the caller wants to know which build answers
	Subject   string
	Session   string
	// Leaves are the strings of the body. Leaf.Turn is the index of the
	// message that holds a leaf.
	Leaves []dialect.Leaf

	talk openai.Conversation
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
	r.Leaves = doc.Leaves
	return r, nil
}

// Trusted reports whether message i is the operator's: this dialect does not
// judge those.
func (r *Request) Trusted(i int) bool {
	return r.talk.Roles[i] == "system" || r.talk.Roles[i] == "developer"
}

// Assistant reports whether message i is an answer of the model.
func (r *Request) Assistant(i int) bool { return r.talk.Roles[i] == "assistant" }

// Interaction returns the index of the first message that this dialect decides
// on. The last interaction is the last user message, what follows it, and what
// came before it since the model's last answer: tool results are new too.
// Without user messages it is all there is.
func (r *Request) Interaction() int {
	roles, i := r.talk.Roles, len(r.talk.Roles)-1
	for i >= 0 && roles[i] != "user" {
		i--
	}
	for i > 0 && roles[i-1] != "assistant" {
		i--
	}
	return max(i, 0)
}

// Turns returns the number of messages.
func (r *Request) Turns() int { return len(r.talk.Roles) }

// Tags of the fields whose values are read.
const (
	tagNone dialect.Tag = iota + 100 // above those of the messages' table
	tagMessages
	tagPayload
	tagBreakdown
	tagDevInfo
	tagUser
	tagSession
)

func requestTable() *dialect.Rule {
	// What the caller notes about the request goes nowhere.
	note := dialect.Anything(&dialect.Rule{Use: dialect.Own})
	return &dialect.Rule{Types: dialect.ObjectType, Object: &dialect.Object{Required: []string{"messages"}, Close: closeRequest, Fields: dialect.Fields{
		"messages":   openai.Messages(tagMessages),
		"project_id": {Use: dialect.Own, Types: dialect.MaybeString},
		"payload":    {Types: dialect.MaybeBool, Tag: tagPayload},
		"breakdown":  {Types: dialect.MaybeBool, Tag: tagBreakdown},
		"dev_info":   {Types: dialect.MaybeBool, Tag: tagDevInfo},
		"metadata": {Types: dialect.MaybeObject, Object: &dialect.Object{Rest: note, Fields: dialect.Fields{
			"user_id":    {Use: dialect.Own, Tag: tagUser, Types: dialect.MaybeString},
			"session_id": {Use: dialect.Own, Tag: tagSession, Types: dialect.MaybeString},
		}}},
	}}}
}

var requestSpec = dialect.NewSpec(requestTable(), dialect.SpecOptions{})

func closeRequest(s *dialect.Scope) error {
	r := s.State().(*Request)
	if len(r.talk.Roles) == 0 {
		v, _ := s.Value(tagMessages)
		return s.Fail(v, dialect.CodeInvalidValue, "messages is empty; expected at least one message")
	}
	for _, f := range []struct {
		tag dialect.Tag
		to  *bool
	}{{tagPayload, &r.Payload}, {tagBreakdown, &r.Breakdown}, {tagDevInfo, &r.DevInfo}} {
		if v, ok := s.Value(f.tag); ok {
			*f.to = v.Bool()
		}
	}
	if v, ok := s.Value(tagUser); ok {
		r.Subject = strings.Clone(v.Text)
	}
	if v, ok := s.Value(tagSession); ok {
		r.Session = strings.Clone(v.Text)
	}
	return nil
}
