package dialect

import (
	"strings"
	"unicode"

	"warder.example/guard"
)

// The extension "warder" is the same in every dialect of requests: at the top it
// names the end user and the conversation, in a message or a part of one the
// origin of its text. It never leaves Warder.

// MaxClaim is the most bytes that a subject or a session may have.
const MaxClaim = 256

// OriginClaim returns the rule of the extension in a message or a part, an object
// with "origin". See [Scope.ClaimOrigin] for t.
func OriginClaim(t Tag) *Rule {
	return &Rule{Cut: true, Types: ObjectType, Object: &Object{Sealed: true, Fields: Fields{
		"origin": {Use: Own, Tag: t, Types: StringType},
	}}}
}

// ExchangeClaim returns the rule of the extension at the top of a request, an
// object with "subject" and "session". See [Scope.ClaimText] for the tags.
func ExchangeClaim(subject, session Tag) *Rule {
	return &Rule{Cut: true, Types: ObjectType, Object: &Object{Sealed: true, Fields: Fields{
		"subject": {Use: Own, Tag: subject, Types: StringType},
		"session": {Use: Own, Tag: session, Types: StringType},
	}}}
}

// ClaimOrigin notes the origin that the object claims by the value tagged t, if it
// does. [Scope.Resolve] of the message judges it.
func (s *Scope) ClaimOrigin(t Tag) error {
	v, ok := s.Value(t)
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
		return s.Fail(v, CodeInvalidValue, "unknown warder.origin; expected document, tool, email or user")
	}
	return nil
}

// Claims reads the extension at the top of a request by the tags that
// [ExchangeClaim] has. A claim that [Scope.ClaimText] refuses is an error.
func (r *Request) Claims(s *Scope, subject, session Tag) (err error) {
	if r.Subject, err = s.ClaimText(subject); err != nil {
		return err
	}
	r.Session, err = s.ClaimText(session)
	return err
}

// ClaimText returns a subject or a session, empty if there is none. One that is
// longer than MaxClaim or has control characters is refused.
func (s *Scope) ClaimText(t Tag) (string, error) {
	v, ok := s.Value(t)
	if !ok {
		return "", nil
	}
	if len(v.Text) > MaxClaim || strings.ContainsFunc(v.Text, unicode.IsControl) {
		return "", s.Fail(v, CodeInvalidValue, "warder claim is too long or has control characters; expected at most 256 bytes of text")
	}
	return strings.Clone(v.Text), nil
}
