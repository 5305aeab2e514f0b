package anthropic

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

func roleOrigin(role string) guard.Origin {
	switch role {
	case "system":
		return guard.OriginOperator
	case "user":
		return guard.OriginUser
	case "assistant":
		return guard.OriginModel
	}
	return guard.OriginUnknown
}

func closeMessage(s *dialect.Scope) error {
	role, _ := s.Value(tagRole)
	if err := s.ClaimOrigin(tagOrigin); err != nil {
		return err
	}
	s.State().(*dialect.Request).AddTurn(role.Text == "assistant")
	return s.Resolve(roleOrigin(role.Text))
}

// wayToCap is where Warder may write the most tokens of an answer.
var wayToCap = []dialect.Member{{Name: "max_tokens", Tag: tagMaxTokens}}

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
	r.CapAt = s.Blank(wayToCap...)
	if v, ok := s.Value(tagMaxTokens); ok {
		n, ok := v.Int()
		if !ok || n < 0 {
			return s.Fail(v, dialect.CodeInvalidValue, "max_tokens is not a whole number")
		}
		r.MaxTokens = n
	}
	return r.Claims(s, tagSubject, tagSession)
}
