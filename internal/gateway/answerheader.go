package gateway

import (
	"net/http"
	"regexp"
)

// passedHeader is a header of an upstream's answer that the caller gets if its value
// has this form. Nothing inspects headers, so no form has room for a text.
type passedHeader struct {
	name string // canonical
	form headerForm
}

// headerForm reports whether a value has a form.
type headerForm func(string) bool

// The forms. A number has fewer digits than that of a card.
var (
	isCount    headerForm = regexp.MustCompile(`^[0-9]{1,11}$`).MatchString
	isDay      headerForm = regexp.MustCompile(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}$`).MatchString
	isFlag     headerForm = regexp.MustCompile(`^(true|false)$`).MatchString
	isDuration headerForm = regexp.MustCompile(`^([0-9]{1,5}(\.[0-9]{1,9})?(ms|us|µs|ns|d|h|m|s)){1,4}$`).MatchString
	isMillis   headerForm = regexp.MustCompile(`^[0-9]{1,8}(\.[0-9]{1,3})?$`).MatchString
	isInstant  headerForm = regexp.MustCompile(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$`).MatchString
)

// isResetTime reports whether s says when a limit ends: a time, or how long until then.
func isResetTime(s string) bool { return isMillis(s) || isDuration(s) || isInstant(s) }

// isRetryAfter reports whether s is one of the forms of Retry-After (RFC 9110,
// section 10.2.3), or the seconds with a fraction, which some upstreams write.
func isRetryAfter(s string) bool {
	if isMillis(s) {
		return true
	}
	at, err := http.ParseTime(s)
	return err == nil && at.UTC().Format(http.TimeFormat) == s // which has no room of its own
}

// openAIAnswers are what of an upstream's header is passed on to the caller.
var openAIAnswers = []passedHeader{
	{"Openai-Processing-Ms", isMillis}, {"Openai-Version", isDay}, {"Retry-After", isRetryAfter}, {"Retry-After-Ms", isMillis},
	{"X-Ratelimit-Limit-Requests", isCount}, {"X-Ratelimit-Limit-Tokens", isCount},
	{"X-Ratelimit-Remaining-Requests", isCount}, {"X-Ratelimit-Remaining-Tokens", isCount},
	{"X-Ratelimit-Reset-Requests", isResetTime}, {"X-Ratelimit-Reset-Tokens", isResetTime},
}

// anthropicAnswers are the same of Anthropic's API.
var anthropicAnswers = []passedHeader{
	{"Retry-After", isRetryAfter}, {"X-Should-Retry", isFlag},
	{"Anthropic-Ratelimit-Requests-Limit", isCount}, {"Anthropic-Ratelimit-Requests-Remaining", isCount}, {"Anthropic-Ratelimit-Requests-Reset", isResetTime},
	{"Anthropic-Ratelimit-Tokens-Limit", isCount}, {"Anthropic-Ratelimit-Tokens-Remaining", isCount}, {"Anthropic-Ratelimit-Tokens-Reset", isResetTime},
	{"Anthropic-Ratelimit-Input-Tokens-Limit", isCount}, {"Anthropic-Ratelimit-Input-Tokens-Remaining", isCount}, {"Anthropic-Ratelimit-Input-Tokens-Reset", isResetTime},
	{"Anthropic-Ratelimit-Output-Tokens-Limit", isCount}, {"Anthropic-Ratelimit-Output-Tokens-Remaining", isCount}, {"Anthropic-Ratelimit-Output-Tokens-Reset", isResetTime},
}

// answerHeader returns what of an upstream's header the caller gets.
func (x *exchange) answerHeader(from http.Header) http.Header {
	var h http.Header
	for _, p := range x.route.family.answers {
		if v := from[p.name]; len(v) == 1 && len(v[0]) <= maxPassed && p.form(v[0]) {
			if h == nil {
				h = http.Header{}
			}
			h[p.name] = v
		}
	}
	return h
}

// maxPassed is the longest value of such a header in bytes.
const maxPassed = 64
