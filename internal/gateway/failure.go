package gateway

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"warder.example/internal/dialect"
	"warder.example/internal/upstream"
)

// failure is why a request is not answered by a model. Code is stable: callers
// branch on it. Message is for the caller and holds nothing that helps an
// attacker; cause is for the operator's log.
type failure struct {
	Status  int
	Code    string
	Message string
	Param   string
	Retry   time.Duration // for Retry-After; 0 for none
	cause   error
}

func (f *failure) Error() string {
	if f.cause != nil {
		return f.Code + ": " + f.cause.Error()
	}
	return f.Code
}

func (f *failure) Unwrap() error { return f.cause }

// naming returns a copy that names what of the request is at fault.
func (f failure) naming(param string) *failure {
	f.Param = param
	return &f
}

// because returns a copy with its cause.
func (f failure) because(err error) *failure {
	f.cause = err
	return &f
}

// The failures of the gateway itself. docs/errors.md lists them.
var (
	failRoute       = failure{Status: 404, Code: "unknown_route", Message: "This route is not served here."}
	failMethod      = failure{Status: 405, Code: "method_not_allowed", Message: "This method is not allowed on this route."}
	failUpgrade     = failure{Status: 400, Code: "upgrade_not_supported", Message: "Protocol upgrades are not supported."}
	failNoKey       = failure{Status: 401, Code: "missing_api_key", Message: "No API key was given. Send it as Authorization: Bearer KEY."}
	failBadKey      = failure{Status: 401, Code: "invalid_api_key", Message: "The API key is not valid."}
	failRevoked     = failure{Status: 401, Code: "revoked_api_key", Message: "The API key was revoked."}
	failExpired     = failure{Status: 401, Code: "expired_api_key", Message: "The API key has expired."}
	failStale       = failure{Status: 503, Code: "access_unavailable", Message: "Keys cannot be checked at the moment.", Retry: 5 * time.Second}
	failRate        = failure{Status: 429, Code: "rate_limited", Message: "The request rate of this key is used up."}
	failConcurrency = failure{Status: 429, Code: "concurrency_limited", Message: "Too many requests of this key are in flight."}
	failOverload    = failure{Status: 503, Code: "overloaded", Message: "The gateway is at its capacity.", Retry: time.Second}
	failBudget      = failure{Status: 429, Code: "budget_exceeded", Message: "A budget that concerns this request is used up."}
	failTooMuch     = failure{Status: 400, Code: "request_over_budget", Message: "The request may need more than a budget allows at all. A lower cap of output tokens may help; waiting does not."}
	failNoPrice     = failure{Status: 400, Code: "model_without_price", Message: "A budget counts money and the model has no price.", Param: "model"}
	failCounters    = failure{Status: 503, Code: "budget_unavailable", Message: "The budget of the request could not be reserved, so it was not sent.", Retry: 5 * time.Second}
	failDraining    = failure{Status: 503, Code: "shutting_down", Message: "The gateway is shutting down.", Retry: time.Second}
	failMedia       = failure{Status: 415, Code: "unsupported_content_type", Message: "Send application/json in UTF-8."}
	failEncoding    = failure{Status: 415, Code: "unsupported_content_encoding", Message: "Send the body unencoded, as gzip or as deflate."}
	failTooLarge    = failure{Status: 413, Code: "request_too_large", Message: "The request body is larger than the limit."}
	failBody        = failure{Status: 400, Code: "unreadable_body", Message: "The request body could not be read."}
	failSlowBody    = failure{Status: 408, Code: "request_timeout", Message: "The request body did not arrive in time."}
	failReference   = failure{Status: 400, Code: "kept_elsewhere", Message: "The request names something that the provider keeps and this gateway cannot read, which this application may not use. Send the texts themselves."}
	failModel       = failure{Status: 404, Code: "model_not_found", Message: "The model does not exist or this application may not use it.", Param: "model"}
	failGuard       = failure{Status: 503, Code: "guard_error", Message: "The request could not be inspected, so it was not sent."}
	failLedger      = failure{Status: 503, Code: "audit_unavailable", Message: "The request could not be recorded, so it was not sent.", Retry: 5 * time.Second}
	failUpstream    = failure{Status: 502, Code: "upstream_unreachable", Message: "The model server could not be reached."}
	failUpAway      = failure{Status: 503, Code: "upstream_unavailable", Message: "The model server fails and is left alone for now.", Retry: time.Second}
	failUpTimeout   = failure{Status: 504, Code: "upstream_timeout", Message: "The model server did not answer in time."}
	failUpGarbage   = failure{Status: 502, Code: "upstream_invalid_answer", Message: "The model server's answer could not be understood, so it was not passed on."}
	failUpTooLarge  = failure{Status: 502, Code: "upstream_answer_too_large", Message: "The model server's answer is larger than the limit."}
	failUpCut       = failure{Status: 502, Code: "upstream_cut", Message: "The model server's answer ended before it was complete."}
	failInternal    = failure{Status: 500, Code: "internal_error", Message: "The gateway failed to process the request."}
)

// problem turns a body that parsers might disagree on into a failure.
func problem(err error) *failure {
	var p *dialect.Problem
	if errors.As(err, &p) {
		f := failure{Status: http.StatusBadRequest, Code: p.Code, Param: p.Path,
			Message: "The request body was refused: " + p.Reason + " (at byte " + strconv.Itoa(p.Offset) + ")."}
		return f.because(err)
	}
	return failBody.because(err)
}

// upstreamFailure names what went wrong between here and a model server.
func upstreamFailure(err error) *failure {
	if e, ok := errors.AsType[*upstream.Error](err); ok {
		switch e.Kind {
		case upstream.NoUpstream, upstream.BadCall: // of a call, only the model is the caller's
			return failModel.because(err)
		case upstream.CircuitOpen:
			f := failUpAway.because(err)
			f.Retry = e.Retry
			return f
		case upstream.Redirected:
			return failUpGarbage.because(err)
		}
	}
	var t interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout() {
		return failUpTimeout.because(err)
	}
	return failUpstream.because(err)
}

// fail sends a failure in the caller's dialect. It does nothing once an answer
// has begun.
func (o *outlet) fail(f *failure) {
	if o.begun {
		return
	}
	h := http.Header{}
	if f.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int((f.Retry+time.Second-1)/time.Second)))
	}
	if f.Status == http.StatusUnauthorized {
		h.Set("Www-Authenticate", "Bearer")
	}
	_ = o.whole(f.Status, "application/json", h, made(o.words(f)))
}

// words returns the body in which a failure is told.
func (o *outlet) words(f *failure) []byte {
	return o.protocol.Failure(dialect.Failure{Status: f.Status, Code: f.Code, Message: f.Message, Param: f.Param, Request: o.request})
}
