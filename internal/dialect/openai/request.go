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
	return s.Resolve(RoleOrigin(role.Text))
}

func closeTool(s *dialect.Scope) error {
	s.State().(*dialect.Request).HasTools = true
	return nil
}

// Where Warder may write into a request.
var (
	wayToCap      = []dialect.Member{{Name: "max_completion_tokens", Tag: tagMaxCompletion}}
	wayToOlderCap = []dialect.Member{{Name: "max_tokens", Tag: tagMaxTokens}}
	wayToUsage    = []dialect.Member{{Name: "stream_options", Tag: tagStreamOptions}, {Name: "include_usage", Tag: tagIncludeUsage}}
)

func closeRequest(s *dialect.Scope) error {
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
	r.CapAt, r.OlderCapAt, r.UsageAt = s.Blank(wayToCap...), s.Blank(wayToOlderCap...), s.Blank(wayToUsage...)
	if err := r.Claims(s, tagSubject, tagSession); err != nil {
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
	given, endless := 0, false
	for _, t := range []dialect.Tag{tagMaxTokens, tagMaxCompletion} {
		v, ok := s.Value(t)
		if !ok {
			continue
		}
		n, ok := v.Int()
		if !ok {
			return s.Fail(v, dialect.CodeInvalidValue, "token limit is not an integer")
		}
		if given++; n < 1 { // some servers take it for no limit: a cap goes in its place
			endless, r.CapAt, r.OlderCapAt = true, s.Blank(dialect.Member{Tag: t}), dialect.Blank{}
		}
		r.MaxTokens = max(r.MaxTokens, n)
	}
	if endless && given > 1 {
		return s.Fail(dialect.Value{}, dialect.CodeInvalidValue, "two token limits of which one is none; expected one")
	}
	return nil
}
