package upstream

import (
	"net/http"
	"strconv"
	"time"
)

// statusOverloaded is what Anthropic's servers answer when they have too much to do.
const statusOverloaded = 529

// outcome is what came of an attempt: an answer or an error.
type outcome struct {
	res *http.Response
	err *Error
}

// health says what an outcome tells of the upstream. A status that a caller may bring
// about by what it sends (4xx, 500) must not open a circuit for all.
func (o outcome) health() result {
	if o.err != nil {
		switch o.err.Kind {
		case Canceled, TotalTimeout, BadCall:
			return neither
		case Redirected:
			return succeeded
		}
		return failed
	}
	switch s := o.res.StatusCode; {
	case s == http.StatusBadGateway, s == http.StatusServiceUnavailable, s == http.StatusGatewayTimeout, s == statusOverloaded:
		return failed
	case s >= 500, s == http.StatusTooManyRequests:
		return neither
	}
	return succeeded
}

// kind returns under what an outcome is counted; Unknown for none.
func (o outcome) kind() Kind {
	if o.err != nil {
		return o.err.Kind
	}
	switch o.res.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, statusOverloaded:
		return Refused
	}
	return Unknown
}

// elsewhere reports whether another upstream may be asked: this one cannot have
// worked on the request, or has refused it.
func (o outcome) elsewhere(onTimeout bool) bool {
	if o.err != nil {
		switch o.err.Kind {
		case FirstByteTimeout:
			return onTimeout
		case Unreachable, ConnectTimeout, TLSFailed, TLSTimeout, Broken:
			return !o.err.sent
		}
		return false
	}
	switch o.res.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, statusOverloaded:
		return true
	case http.StatusGatewayTimeout:
		return onTimeout
	}
	return false
}

// again reports whether the same upstream may be asked once more, of an outcome after
// which another may: a certificate does not mend itself, and an upstream that limits
// its callers says when to come back.
func (o outcome) again() bool {
	if o.err != nil {
		return o.err.Kind != TLSFailed
	}
	return o.res.StatusCode != http.StatusTooManyRequests || o.after(time.Now()) > 0
}

// credential reports whether the upstream may have refused the credential.
func (o outcome) credential() bool {
	return o.res != nil && (o.res.StatusCode == http.StatusUnauthorized || o.res.StatusCode == http.StatusForbidden || o.res.StatusCode == http.StatusTooManyRequests)
}

// maxAfter bounds what an upstream may ask for.
const maxAfter = 24 * time.Hour

// after returns how long the upstream wants to be left alone: Retry-After-Ms of
// OpenAI, else Retry-After (RFC 9110, section 10.2.3); 0 if it does not say.
func (o outcome) after(now time.Time) time.Duration {
	if o.res == nil {
		return 0
	}
	if ms, err := strconv.ParseUint(o.res.Header.Get("Retry-After-Ms"), 10, 31); err == nil {
		return min(time.Duration(ms)*time.Millisecond, maxAfter)
	}
	v := o.res.Header.Get("Retry-After")
	if s, err := strconv.ParseUint(v, 10, 31); err == nil {
		return min(time.Duration(s)*time.Second, maxAfter)
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, min(t.Sub(now), maxAfter))
	}
	return 0
}

// backoffBase is the longest first wait; each further one may be twice as long.
const backoffBase = 100 * time.Millisecond

// backoff returns how long to wait after an attempt, the first being 1: full jitter
// (M. Brooker, Exponential Backoff And Jitter).
func backoff(attempt int, random func(int) int) time.Duration {
	return time.Duration(random(int(backoffBase << min(attempt-1, 8))))
}
