package openai

import (
	"strings"

	"warder.example/internal/dialect"
)

// MaxChoices is the most answers that a request may ask for.
const MaxChoices = 128

// ParseRequest reads a chat completion request. An error is a [*dialect.Problem].
func ParseRequest(body []byte, lim dialect.Limits) (*dialect.Request, error) {
	return dialect.ReadRequest(body, requestSpec, lim)
}

func closeMessage(s *dialect.Scope) error {
	role, _ := s.Value(tagRole)
	if err := s.ClaimOrigin(tagOrigin); err != nil {
		return err
	}
	s.State().(*dialect.Request).AddTurn(role.Text == "assistant")
	return s.Resolve(roleOrigin(role.Text))
}

func closeTool(s *dialect.Scope) error {
	s.State().(*dialect.Request).HasTools = true
	return nil
}

func closeRequest(s *dialect.Scope) (err error) {
	r := s.State().(*dialect.Request)
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
	if r.Subject, err = s.ClaimText(tagSubject); err != nil {
		return err
	}
	if r.Session, err = s.ClaimText(tagSession); err != nil {
		return err
	}
	return counts(r, s)
}

// counts reads the numbers that limits depend on.
func counts(r *dialect.Request, s *dialect.Scope) error {
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
