package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"warder.example/guard/threat"
	"warder.example/internal/corpus"
	"warder.example/internal/dialect/openai"
	"warder.example/internal/store"
	"warder.example/internal/threats"
)

// failure is why something was not done. Code is stable; docs/errors.md lists them.
type failure struct {
	status  int
	code    string
	message string
	param   string
	retry   time.Duration // for Retry-After; 0 for none
	cause   error         // for the log
}

// with returns a copy that says more.
func (f failure) with(message string) *failure {
	f.message = message
	return &f
}

// at returns a copy that names a part of the body.
func (f failure) at(param string) *failure {
	f.param = param
	return &f
}

var (
	failOff      = failure{status: 404, code: "admin_api_off", message: "The administrative API is off: there are no admin_tokens in the configuration."}
	failRoute    = failure{status: 404, code: "unknown_route", message: "This route is not served here."}
	failMethod   = failure{status: 405, code: "method_not_allowed", message: "This method is not allowed on this route."}
	failNoToken  = failure{status: 401, code: "missing_admin_token", message: "No admin token was given. Send it as Authorization: Bearer TOKEN."}
	failToken    = failure{status: 401, code: "invalid_admin_token", message: "The admin token is not valid."}
	failScope    = failure{status: 403, code: "scope_missing"}
	failGuessing = failure{status: 429, code: "rate_limited", message: "Too many wrong admin tokens came from this address."}
	failBusy     = failure{status: 503, code: "overloaded", message: "Another dry run is in progress.", retry: 5 * time.Second}
	failMedia    = failure{status: 415, code: "unsupported_content_type"}
	failTooLarge = failure{status: 413, code: "request_too_large", message: "The request body is larger than the limit."}
	failBody     = failure{status: 400, code: "unreadable_body", message: "The request body could not be read."}
	failJSON     = failure{status: 400, code: "invalid_json"}
	failValue    = failure{status: 400, code: "invalid_value"}
	failNone     = failure{status: 404, code: "not_found"}
	failConflict = failure{status: 409, code: "conflict"}
	failBudget   = failure{status: 422, code: "over_budget"}
	failFew      = failure{status: 422, code: "too_few_texts"}
	failInternal = failure{status: 500, code: "internal_error", message: "The request failed; the server's log says why."}
)

// why turns an error of the store or of a dry run into a failure.
func why(err error) *failure {
	for _, c := range []struct {
		is   bool
		then failure
	}{
		{errors.Is(err, corpus.ErrRow), failValue},
		{errors.Is(err, threats.ErrBudget), failValue},
		{errors.Is(err, threat.ErrShort), failValue},
		{errors.Is(err, store.ErrThreat), failValue},
		{errors.Is(err, store.ErrNotFound), failNone},
		{errors.Is(err, store.ErrConflict), failConflict},
		{errors.Is(err, threats.ErrOverBudget), failBudget},
		{errors.Is(err, threats.ErrTooFew), failFew},
	} {
		if !c.is {
			continue
		}
		if c.then.message == "" {
			c.then.message = err.Error()
		}
		return &c.then
	}
	f := failInternal
	f.cause = err
	return &f
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, id string, f *failure) {
	if f.cause != nil {
		a.log.Error("an administrative request failed", "request", id, "method", r.Method, "route", r.Pattern, "cause", f.cause)
	}
	if f.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((f.retry+time.Second-1)/time.Second)))
	}
	if f.status == http.StatusUnauthorized {
		w.Header().Set("Www-Authenticate", "Bearer")
	}
	head(w, id, f.status)
	_, _ = w.Write(append(openai.ErrorBody(f.status, f.code, f.message, id, f.param), '\n'))
}

// send answers with JSON.
func send(w http.ResponseWriter, id string, status int, body any) {
	head(w, id, status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(body)
}

func head(w http.ResponseWriter, id string, status int) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Request-Id", id)
	w.WriteHeader(status)
}
