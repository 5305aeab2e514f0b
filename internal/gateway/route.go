package gateway

import (
	"net/http"
	"strings"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// A route is one call that is served.
type route struct {
	method   string
	path     string
	family   *family
	protocol dialect.Protocol // what the caller speaks; of calls without a model, how failures are told
	serve    func(*exchange) *failure
}

// routes returns all of them.
func (s *Server) routes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{post, "/v1/chat/completions", &openAI, openai.Chat, s.talk("/chat/completions")},
		{get, "/v1/models", &openAI, openai.Chat, s.models},
		{post, "/v1/guard", &openAI, openai.Chat, s.guardTexts},
		{post, "/v1/moderations", &openAI, openai.Chat, s.moderations},
		{post, "/v2/guard", &openAI, openai.Chat, s.lakeraGuard},
		{post, "/v2/guard/results", &openAI, openai.Chat, s.lakeraResults},
	}
}

// unrouted is how failures are told where no route is known.
var unrouted = openai.Chat

// A family is what the calls of one provider have in common besides their bodies.
type family struct {
	keys      []keyHeader                      // where a caller may put its key
	authorize func(h http.Header, u *upstream) // puts the upstream's key into a request to it
}

var openAI = family{keys: []keyHeader{{"Authorization", "Bearer"}}, authorize: bearer}

func bearer(h http.Header, u *upstream) {
	if u.bearer != nil {
		h["Authorization"] = u.bearer
	}
}

// A keyHeader is a header that holds a key, behind the name of a scheme unless that
// is empty.
type keyHeader struct{ name, scheme string }

// givenKey returns the key that a caller gives, empty if it gives none.
func givenKey(h http.Header, from []keyHeader) (string, *failure) {
	key, given := "", 0
	for _, k := range from {
		values := h.Values(k.name)
		if given += len(values); given > 1 {
			return "", &failBadKey // parsers disagree on which one counts
		}
		if len(values) == 0 {
			continue
		}
		key = values[0]
		if k.scheme != "" {
			scheme, rest, _ := strings.Cut(key, " ")
			if !strings.EqualFold(scheme, k.scheme) {
				return "", &failNoKey
			}
			key = rest
		}
		key = strings.TrimSpace(key)
	}
	return key, nil
}
