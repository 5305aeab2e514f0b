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
	path     string // for the mux, or with {model} in its last element: see ofModels
	family   *family
	protocol dialect.Protocol // what the caller speaks; of calls without a model, how failures are told
	serve    func(*exchange) *failure
	query    func(string) *failure // refuses what the URL may not have behind its path; nil where that is not looked at
}

// routes returns all of them.
func (s *Server) routes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{post, "/v1/chat/completions", &openAI, openai.Chat, s.talk("/chat/completions"), nil},
		{post, "/v1/messages", &anthropicFamily, anthropic.Messages, s.talk("/messages"), nil},
		{post, "/v1/messages/count_tokens", &anthropicFamily, anthropic.CountTokens, s.talk("/messages/count_tokens"), nil},
		{post, "/v1/responses", &openAI, responses.Responses, s.talk("/responses"), nil},
		{post, "/v1/completions", &openAI, openai.Completions, s.talk("/completions"), nil},
		{post, "/v1/embeddings", &openAI, openai.Embeddings, s.talk("/embeddings"), nil},
		{get, "/v1/models", &openAI, openai.Chat, s.models, nil},
		{get, "/v1/models", &anthropicFamily, anthropic.Messages, s.namedModels(anthropic.ModelList), nil},
		{get, "/v1/models", &geminiFamily, gemini.Generate, s.namedModels(gemini.ModelList), checkPage},
		{get, "/v1/models/{model}", &openAI, openai.Chat, s.model, nil},
		{get, "/v1/models/{model}", &anthropicFamily, anthropic.Messages, s.namedModel(anthropic.Model), nil},
		{get, "/v1/models/{model}", &geminiFamily, gemini.Generate, s.namedModel(gemini.Model), nil},
		{get, "/v1beta/models", &geminiFamily, gemini.Generate, s.namedModels(gemini.ModelList), checkPage},
		{get, "/v1beta/models/{model}", &geminiFamily, gemini.Generate, s.namedModel(gemini.Model), nil},
		{post, "/v1beta/models/{model}:generateContent", &geminiFamily, gemini.Generate, s.talk("/models/{model}:generateContent"), nil},
		{post, "/v1beta/models/{model}:streamGenerateContent", &geminiFamily, gemini.Generate, s.talk("/models/{model}:streamGenerateContent?alt=sse"), nil},
		{post, "/v1beta/models/{model}:countTokens", &geminiFamily, gemini.CountTokens, s.talk("/models/{model}:countTokens"), nil},
		{post, "/v1beta/models/{model}:embedContent", &geminiFamily, gemini.Embed, s.talk("/models/{model}:embedContent"), nil},
		{post, "/v1beta/models/{model}:batchEmbedContents", &geminiFamily, gemini.EmbedBatch, s.talk("/models/{model}:batchEmbedContents"), nil},
		{post, "/v1/models/{model}:generateContent", &geminiFamily, gemini.Generate, s.talk("/models/{model}:generateContent"), nil},
		{post, "/v1/models/{model}:streamGenerateContent", &geminiFamily, gemini.Generate, s.talk("/models/{model}:streamGenerateContent?alt=sse"), nil},
		{post, "/v1/models/{model}:countTokens", &geminiFamily, gemini.CountTokens, s.talk("/models/{model}:countTokens"), nil},
		{post, "/v1/models/{model}:embedContent", &geminiFamily, gemini.Embed, s.talk("/models/{model}:embedContent"), nil},
		{post, "/v1/models/{model}:batchEmbedContents", &geminiFamily, gemini.EmbedBatch, s.talk("/models/{model}:batchEmbedContents"), nil},
		{post, "/v1/guard", &openAI, openai.Chat, s.guardTexts, nil},
		{post, "/v1/moderations", &openAI, openai.Chat, s.moderations, nil},
		{post, "/v2/guard", &openAI, openai.Chat, s.lakeraGuard, nil},
		{post, "/v2/guard/results", &openAI, openai.Chat, s.lakeraResults, nil},
		{post, "/contentsafety/text:shieldPrompt", &contentSafety, promptshield.Failures, s.shieldPrompt, nil},
		{post, "/beta/litellm_basic_guardrail_api", &liteLLM, openai.Chat, s.liteLLMGuard, nil},
	}
}

// meant returns which of several routes of one path and method a request means: that of
// the family whose header it has, or the first.
func meant(routes []route, h http.Header) *route {
	if len(routes) > 1 {
		family := meantFamily(h)
		for i := range routes {
			if routes[i].family == family {
				return &routes[i]
			}
		}
	}
	return &routes[0]
}

// meantFamily returns whose clients send such a header, where the path does not tell it.
func meantFamily(h http.Header) *family {
	switch {
	case h["X-Goog-Api-Key"] != nil:
		return &geminiFamily
	case h["Anthropic-Version"] != nil, h["X-Api-Key"] != nil && h["Authorization"] == nil:
		return &anthropicFamily
	}
	return &openAI
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
