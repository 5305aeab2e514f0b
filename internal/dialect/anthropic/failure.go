package anthropic

import (
	"net/http"

	"warder.example/internal/dialect"
)

// errorType returns the type that official SDKs know for a status.
func errorType(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "authentication_error"
	case http.StatusPaymentRequired:
		return "billing_error"
	case http.StatusForbidden:
		return "permission_error"
	case http.StatusNotFound:
		return "not_found_error"
	case http.StatusRequestEntityTooLarge:
		return "request_too_large"
	case http.StatusTooManyRequests:
		return "rate_limit_error"
	case http.StatusServiceUnavailable:
		return "overloaded_error"
	case http.StatusGatewayTimeout:
		return "timeout_error"
	}
	if status >= 500 {
		return "api_error"
	}
	return "invalid_request_error"
}

// failureBody returns the body of an error. Its code stands where official SDKs
// find one, error.details.error_code, and the field at fault beside it. They retry
// 408, 409, 429 and 5xx, and nothing else.
func failureBody(f *dialect.Failure) []byte {
	b := append(make([]byte, 0, 192+len(f.Message)), `{"type":"error","error":{"type":"`...)
	b = dialect.AppendString(append(append(b, errorType(f.Status)...), `","message":`...), f.Message)
	b = dialect.AppendString(append(b, `,"details":{"error_code":`...), f.Code)
	if f.Param != "" {
		b = dialect.AppendString(append(b, `,"param":`...), f.Param)
	}
	b = append(b, "}}"...)
	if f.Request != "" {
		b = dialect.AppendString(append(b, `,"request_id":`...), f.Request)
	}
	return append(b, '}')
}
