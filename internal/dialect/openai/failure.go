package openai

import (
	"net/http"

	"warder.example/internal/dialect"
)

// errorType returns the type that official SDKs know for a status.
func errorType(status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return "authentication_error"
	case status == http.StatusForbidden:
		return "permission_error"
	case status == http.StatusTooManyRequests:
		return "rate_limit_error"
	case status >= 500:
		return "server_error"
	}
	return "invalid_request_error"
}

// ErrorBody returns the body of an error answer with this HTTP status. code is
// stable and for programs, message for people; param names the field at fault,
// null if empty; request_id is left out if empty. Official SDKs retry 408, 409,
// 429 and 5xx unless the header x-should-retry says false, and nothing else.
func ErrorBody(status int, code, message, requestID, param string) []byte {
	b := append(make([]byte, 0, 160+len(message)), `{"error":{"message":`...)
	b = dialect.AppendString(b, message)
	b = dialect.AppendString(append(b, `,"type":`...), errorType(status))
	b = append(b, `,"param":`...)
	if param == "" {
		b = append(b, "null"...)
	} else {
		b = dialect.AppendString(b, param)
	}
	b = dialect.AppendString(append(b, `,"code":`...), code)
	if requestID != "" {
		b = dialect.AppendString(append(b, `,"request_id":`...), requestID)
	}
	return append(b, "}}"...)
}

// ParseError reads the body of an error answer and returns its texts. A body
// without an error object is refused with a [*dialect.Problem].
func ParseError(body []byte, lim dialect.Limits) ([]dialect.Leaf, error) {
	return dialect.ReadError(body, answerSpec, lim)
}
