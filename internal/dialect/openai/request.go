package openai

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// MaxChoices is the most answers that a request may ask for.
const MaxChoices = 128

// A Request is a chat completion request that was read. It refers to its body,
// which must not be changed as long as the Request is in use.
type Request struct {
	Model        string
	User         string // the field "user": a claim of the caller
	Stream       bool
	IncludeUsage bool // stream_options.include_usage
	HasTools     bool // tools or functions are offered to the model
	N            int  // answers asked for, 1 to MaxChoices
	MaxTokens    int  // the larger of max_tokens and max_completion_tokens; 0 if the request sets no limit
	Turns        int  // messages
	Subject      string
	Session      string
	// Leaves are the texts to inspect.
	Leaves []dialect.Leaf

	doc       *dialect.Document
	last      int  // see LastTurn
	assistant bool // the message before this one is the assistant's
}

// ParseRequest reads a request. An error is a [*dialect.Problem].
func ParseRequest(body []byte, lim dialect.Limits) (*Request, error) {
	r := &Request{N: 1}
	doc, err := dialect.Parse(body, requestSpec, lim, r)
	if err != nil {
		return nil, err
	}
	r.doc, r.Leaves = doc, doc.Leaves
	return r, nil
}

// Operator returns the system and developer texts.
func (r *Request) Operator() []string {
	var out []string
	for i := range r.Leaves {
		l := &r.Leaves[i]
		if l.Turn >= 0 && l.Origin == guard.OriginOperator && l.Kind == guard.Prose && !l.Inner {
			out = append(out, l.Text)
		}
	}
	return out
}

// LastTurn returns the index of the first message that is new: the one after the
// last assistant message that something follows. An assistant message at the
// very end was written by the caller to be continued, so it is new too.
func (r *Request) LastTurn() int { return r.last }

// Body returns the bytes to forward: the body with the edits and without the
// extension. It is the original slice when nothing changes.
func (r *Request) Body(edits []dialect.Edit) []byte { return r.doc.Splice(edits) }

func closeMessage(s *dialect.Scope) error {
	r := s.State().(*Request)
	role, _ := s.Value(tagRole)
	if err := claimed(s); err != nil {
		return err
	}
	assistant := role.Text == "assistant"
	if r.assistant && !assistant {
		r.last = r.Turns
	}
	r.assistant = assistant
	r.Turns++
	return s.Resolve(roleOrigin(role.Text))
}

func closeTool(s *dialect.Scope) error {
	s.State().(*Request).HasTools = true
	return nil
}

func closeRequest(s *dialect.Scope) (err error) {
	r := s.State().(*Request)
	model, _ := s.Value(tagModel)
	r.Model = strings.Clone(model.Text)
	if v, ok := s.Value(tagUser); ok {
		r.User = strings.Clone(v.Text)
	}
	if v, ok := s.Value(tagStream); ok {
		r.Stream = v.Bool()
	}
	if v, ok := s.Value(tagIncludeUsage); ok {
		r.IncludeUsage = v.Bool()
	}
	if r.Subject, err = claim(s, tagSubject); err != nil {
		return err
	}
	if r.Session, err = claim(s, tagSession); err != nil {
		return err
	}
	return r.counts(s)
}

// counts reads the numbers that limits depend on.
func (r *Request) counts(s *dialect.Scope) error {
	if v, ok := s.Value(tagN); ok {
		n, ok := v.Int()
		if !ok || n < 1 || n > MaxChoices {
			return s.Fail(v, dialect.CodeInvalidValue, "n out of range; expected an integer from 1 to 128")
		}
		r.N = n
	}
	for _, t := range []dialect.Tag{tagMaxTokens, tagMaxCompletion} {
		v, ok := s.Value(t)
		if !ok {
			continue
		}
		n, ok := v.Int()
		if !ok {
			return s.Fail(v, dialect.CodeInvalidValue, "token limit is not an integer")
		}
		r.MaxTokens = max(r.MaxTokens, n)
	}
	return nil
}
