package openai

import (
	"strings"
	"unicode"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// MaxClaim is the most bytes that a subject or a session may have.
const MaxClaim = 256

// originClaim is the extension in a message or a part.
func originClaim() *rule {
	return &rule{Cut: true, Types: anObject, Object: &object{Sealed: true, Fields: fields{
		"origin": {Use: dialect.Own, Tag: tagOrigin, Types: aString},
	}}}
}

// exchangeClaim is the extension at the top of a request.
func exchangeClaim() *rule {
	return &rule{Cut: true, Types: anObject, Object: &object{Sealed: true, Fields: fields{
		"subject": {Use: dialect.Own, Tag: tagSubject, Types: aString},
		"session": {Use: dialect.Own, Tag: tagSession, Types: aString},
	}}}
}

// claimed notes the origin that a message or a part claims, if it does.
func claimed(s *dialect.Scope) error {
	v, ok := s.Value(tagOrigin)
	if !ok {
		return nil
	}
	switch v.Text {
	case "user":
		s.Claim(guard.OriginUser)
	case "document":
		s.Claim(guard.OriginDocument)
	case "tool":
		s.Claim(guard.OriginTool)
	case "email":
		s.Claim(guard.OriginEmail)
	default:
		return s.Fail(v, dialect.CodeInvalidValue, "unknown warder.origin; expected document, tool, email or user")
	}
	return nil
}

func closePart(s *dialect.Scope) error { return claimed(s) }

// claim returns a subject or session.
func claim(s *dialect.Scope, t dialect.Tag) (string, error) {
	v, ok := s.Value(t)
	if !ok {
		return "", nil
	}
	if len(v.Text) > MaxClaim || strings.ContainsFunc(v.Text, unicode.IsControl) {
		return "", s.Fail(v, dialect.CodeInvalidValue, "warder claim is too long or has control characters; expected at most 256 bytes of text")
	}
	return strings.Clone(v.Text), nil
}

func roleOrigin(role string) guard.Origin {
	switch role {
	case "system", "developer":
		return guard.OriginOperator
	case "user":
		return guard.OriginUser
	case "assistant":
		return guard.OriginModel
	case "tool", "function":
		return guard.OriginTool
	}
	return guard.OriginUnknown
}
