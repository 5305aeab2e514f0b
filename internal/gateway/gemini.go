package gateway

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"warder.example/internal/config"
	"warder.example/internal/dialect"
)

// geminiFamily are the calls of Google's Gemini API. They name the model in the
// path, behind which stands what is asked of it.
var geminiFamily = family{
	name:    config.FamilyGemini,
	keys:    []keyHeader{{"X-Goog-Api-Key", ""}, {"Authorization", "Bearer"}},
	ask:     func(_, _ http.Header) {},
	answers: []passedHeader{{"Retry-After", isRetryAfter}},
}

// ofModel is where the path of a route has the model. The mux cannot tell apart what
// stands behind it.
const ofModel = "{model}"

// geminiStream is the one of these calls that streams.
const geminiStream = "streamGenerateContent"

// geminiModel is a name of a model that may stand in a path. Such names are in lower
// case; nothing else is let through, since a path is no place for text that nobody
// inspects.
var geminiModel = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// The failures of what a URL says.
var (
	failURLKey     = failure{Status: 400, Code: "key_in_url", Message: "An API key was given in the URL, where logs keep it. Send it in the header x-goog-api-key, and replace this one."}
	failParameter  = failure{Status: 400, Code: "unknown_parameter", Message: "The URL has a parameter that is not served here. Only alt=sse is, on streams."}
	failArrayForm  = failure{Status: 400, Code: "unsupported_stream", Message: "Streams are served as events only, not as a JSON array. Add alt=sse to the URL."}
	failPage       = failure{Status: 400, Code: "unknown_parameter", Message: "The URL has a parameter that is not served here. Only pageSize is, and all models are on one page."}
	failNamesModel = &dialect.Problem{Code: dialect.CodeInvalidValue, Path: "model", Reason: "names another model than the path"}
)

// asked returns the route that a request to a model asks for, by what stands behind
// the model's name: ok is false where there is none.
func asked(calls map[string][]route, r *http.Request) (rt route, f *failure, ok bool) {
	model, verb, _ := strings.Cut(r.PathValue("call"), ":")
	of := calls[":"+verb]
	if verb == "" || of == nil && r.Method == http.MethodGet { // OpenAI's names may have a colon
		model, of = r.PathValue("call"), calls[""]
	}
	if len(of) == 0 {
		return rt, nil, false
	}
	if rt = *meant(of, r.Header); rt.family != &geminiFamily {
		return rt, nil, true
	}
	stream := verb == geminiStream
	if r.Method == rt.method { // else that is what is wrong
		f = checkParameters(r.URL.RawQuery, stream)
	}
	if f == nil && !geminiModel.MatchString(model) {
		f = &failModel
	}
	if rt.method == http.MethodPost {
		rt.protocol = pathSays{rt.protocol, model, stream}
	}
	return rt, f, true
}

// checkParameters refuses what a URL has behind its path, but for the one way in
// which streams, or other answers, are served. None of it goes to an upstream.
func checkParameters(query string, stream bool) *failure {
	values, err := url.ParseQuery(query)
	if err != nil {
		return failParameter.because(err)
	}
	form := "json"
	for name, v := range values {
		switch {
		case name == "key" || name == "access_token":
			return &failURLKey
		case name != "alt" || len(v) != 1 || v[0] != "sse" && v[0] != "json":
			return &failParameter
		}
		form = v[0]
	}
	switch {
	case stream && form != "sse":
		return &failArrayForm
	case !stream && form == "sse":
		return &failParameter
	}
	return nil
}

// pathSays is a protocol of which the path of a request said the model, and whether
// the answer is streamed.
type pathSays struct {
	dialect.Protocol
	model  string
	stream bool
}

// ParseRequest implements [dialect.Protocol].
func (p pathSays) ParseRequest(body []byte, lim dialect.Limits) (*dialect.Request, error) {
	r, err := p.Protocol.ParseRequest(body, lim)
	if err != nil {
		return nil, err
	}
	if r.Model != "" && r.Model != p.model {
		return nil, failNamesModel
	}
	r.Model, r.Stream = p.model, p.stream
	return r, nil
}
