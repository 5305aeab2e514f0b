package gemini

import (
	"net/http"
	"strconv"
	"strings"

	"warder.example/internal/dialect"
)

// statusOf returns the canonical code of an HTTP status:
// https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto.
func statusOf(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "UNAUTHENTICATED"
	case http.StatusForbidden:
		return "PERMISSION_DENIED"
	case http.StatusNotFound:
		return "NOT_FOUND"
	case http.StatusConflict:
		return "ABORTED"
	case http.StatusTooManyRequests:
		return "RESOURCE_EXHAUSTED"
	case http.StatusNotImplemented:
		return "UNIMPLEMENTED"
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		return "UNAVAILABLE"
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return "DEADLINE_EXCEEDED"
	}
	if status >= 500 {
		return "INTERNAL"
	}
	return "INVALID_ARGUMENT"
}

// failureBody returns the body of an error. Its stable code stands in the metadata
// of an ErrorInfo, with the field at fault, and in upper case as its reason, as
// https://google.aip.dev/193 wants it; the request's id in a RequestInfo.
func failureBody(f *dialect.Failure) []byte {
	b := append(make([]byte, 0, 384+len(f.Message)), `{"error":{"code":`...)
	b = append(strconv.AppendInt(b, int64(f.Status), 10), `,"message":`...)
	b = append(dialect.AppendString(b, f.Message), `,"status":"`+statusOf(f.Status)+`","details":[`...)
	b = append(b, `{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":`...)
	b = dialect.AppendString(b, strings.ToUpper(f.Code))
	b = dialect.AppendString(append(b, `,"domain":"warder","metadata":{"code":`...), f.Code)
	if f.Param != "" {
		b = dialect.AppendString(append(b, `,"param":`...), f.Param)
	}
	b = append(b, "}}"...)
	if f.Request != "" {
		b = append(b, `,{"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":`...)
		b = append(dialect.AppendString(b, f.Request), '}')
	}
	return append(b, "]}}"...)
}
