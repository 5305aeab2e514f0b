package gateway

import (
	"net/http"
	"strings"

	"warder.example/internal/config"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/anthropic"
	"warder.example/internal/dialect/gemini"
	"warder.example/internal/dialect/openai"
	"warder.example/internal/dialect/promptshield"
	"warder.example/internal/dialect/responses"
)

// A route is one call that is served.
type route struct {
	method   string
	path     string // for the mux, or with {model} before a colon: see ofModels
	family   *family
	protocol dialect.Protocol // what the caller speaks; of calls without a model, how failures are told
	serve    func(*exchange) *failure
}

// routes returns all of them.
func (s *Server) routes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{post, "/v1/chat/completions", &openAI, openai.Chat, s.talk("/chat/completions")},
		{post, "/v1/messages", &anthropicFamily, anthropic.Messages, s.talk("/messages")},
		{post, "/v1/messages/count_tokens", &anthropicFamily, anthropic.CountTokens, s.talk("/messages/count_tokens")},
		{post, "/v1/responses", &openAI, responses.Responses, s.talk("/responses")},
		{post, "/v1/completions", &openAI, openai.Completions, s.talk("/completions")},
		{post, "/v1/embeddings", &openAI, openai.Embeddings, s.talk("/embeddings")},
		{get, "/v1/models", &openAI, openai.Chat, s.models},
		{post, "/v1beta/models/{model}:generateContent", &geminiFamily, gemini.Generate, s.talk("/models/{model}:generateContent")},
		{post, "/v1beta/models/{model}:streamGenerateContent", &geminiFamily, gemini.Generate, s.talk("/models/{model}:streamGenerateContent?alt=sse")},
		{post, "/v1beta/models/{model}:countTokens", &geminiFamily, gemini.CountTokens, s.talk("/models/{model}:countTokens")},
		{post, "/v1/models/{model}:generateContent", &geminiFamily, gemini.Generate, s.talk("/models/{model}:generateContent")},
		{post, "/v1/models/{model}:streamGenerateContent", &geminiFamily, gemini.Generate, s.talk("/models/{model}:streamGenerateContent?alt=sse")},
		{post, "/v1/models/{model}:countTokens", &geminiFamily, gemini.CountTokens, s.talk("/models/{model}:countTokens")},
		{post, "/v1/guard", &openAI, openai.Chat, s.guardTexts},
		{post, "/v1/moderations", &openAI, openai.Chat, s.moderations},
		{post, "/v2/guard", &openAI, openai.Chat, s.lakeraGuard},
		{post, "/v2/guard/results", &openAI, openai.Chat, s.lakeraResults},
		{post, "/contentsafety/text:shieldPrompt", &contentSafety, promptshield.Failures, s.shieldPrompt},
		{post, "/beta/litellm_basic_guardrail_api", &liteLLM, openai.Chat, s.liteLLMGuard},
	}
}

// unrouted is how failures are told where not even a path is known.
var unrouted = openai.Chat

// spoken returns how failures are told at a path that is no route: in the dialect
// whose paths begin so.
func spoken(path string) dialect.Protocol {
	if strings.HasPrefix(path, "/v1/messages/") {
		return anthropic.Messages
	}
	if strings.HasPrefix(path, "/v1beta/") || strings.HasPrefix(path, "/v1/models/") && strings.Contains(path, ":") {
		return gemini.Generate
	}
	return unrouted
}

// A family is what the calls of one provider have in common besides their bodies.
type family struct {
	name      string                     // of the upstreams that serve it, as in the configuration
	keys      []keyHeader                // where a caller may put its key
	requestID string                     // header of answers in which its clients look for the id; empty for X-Request-Id
	ask       func(from, to http.Header) // adds what of a caller's header goes to an upstream
	answers   []passedHeader             // headers of an upstream's answers that the caller gets
}

var openAI = family{name: config.FamilyOpenAI, keys: []keyHeader{{"Authorization", "Bearer"}}, ask: askOpenAI, answers: openAIAnswers}

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
