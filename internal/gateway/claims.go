package gateway

import "warder.example/internal/dialect"

// failClaim is what a caller hears that claims two things at once: which of them counts
// must not depend on who reads them.
var failClaim = failure{Status: 400, Code: dialect.CodeInvalidValue, Message: "The request has this header more than once. Send it once, with one value."}

// claimedSubject returns whom the caller says the request is for: by the header that
// the application configured and nothing else, or without one as the body says. It is
// empty if nobody is named. No part of it is cut off: two that begin alike are two.
func (x *exchange) claimedSubject(body string) (string, *failure) {
	name := x.application().SubjectHeader
	if name == "" {
		return body, nil
	}
	return x.claim(name)
}

// claimedSession returns which conversation the caller says the request is of: by the
// header that the application configured, else as the body says. Neither is cut.
func (x *exchange) claimedSession(body string) (string, *failure) {
	name := x.application().SessionHeader
	if name == "" {
		return body, nil
	}
	s, f := x.claim(name)
	if f == nil && s == "" {
		s = body
	}
	return s, f
}

// claim returns what a header says, empty if it is missing.
func (x *exchange) claim(header string) (string, *failure) {
	if len(x.r.Header.Values(header)) > 1 {
		return "", failClaim.naming(header)
	}
	return x.r.Header.Get(header), nil
}
