package gateway

import (
	"net/http"
	"strings"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/anthropic"
	"warder.example/internal/dialect/gemini"
	"warder.example/internal/dialect/openai"
)

// unrouted is how failures are told where not even a path is known.
var unrouted = openai.Chat

// spoken returns how failures are told at a path that is no route: in the dialect
// whose paths begin so, or whose clients send such a header.
func spoken(path string, h http.Header) dialect.Protocol {
	switch {
	case strings.HasPrefix(path, "/v1/messages/"):
		return anthropic.Messages
	case strings.HasPrefix(path, "/v1beta/"), strings.HasPrefix(path, "/upload/v1beta/"), strings.HasPrefix(path, "/v1/models/") && strings.Contains(path, ":"):
		return gemini.Generate
	}
	switch meantFamily(h) {
	case &anthropicFamily:
		return anthropic.Messages
	case &geminiFamily:
		return gemini.Generate
	}
	return unrouted
}

// unserved are calls that providers have and Warder does not serve, by how their paths
// begin behind the version, in plain words. Of several that match the first counts.
var unserved = []struct{ path, what string }{
	{"messages/batches", "Batches"}, {"batches", "Batches"},
	{"files", "Files"}, {"uploads", "Uploads"}, {"containers", "Containers"}, {"skills", "Skills"},
	{"audio/", "Audio"}, {"images/", "Images"}, {"videos", "Videos"}, {"realtime", "Realtime sessions"},
	{"fine_tuning/", "Fine-tuning"}, {"tunedModels", "Tuned models"}, {"evals", "Evaluations"},
	{"assistants", "Assistants"}, {"threads", "Threads"}, {"agents", "Agents"}, {"sessions", "Sessions"}, {"environments", "Environments"},
	{"vector_stores", "Vector stores"}, {"fileSearchStores", "File search stores"}, {"corpora", "Corpora"},
	{"responses/", "Stored and compacted responses"}, {"conversations", "Stored conversations"}, {"chat/completions/", "Stored chat completions"},
	{"complete", "Text completions of Anthropic"}, {"cachedContents", "Cached contents"}, {"interactions", "Interactions"},
	{"operations", "Operations"}, {"auth_tokens", "Tokens for live sessions"}, {"organization", "An organisation's settings"}, {"organizations", "An organisation's settings"},
}

// unservedAt returns the failure at a path that is no route: what a provider has there is
// named, since its clients work else.
func unservedAt(path string) *failure {
	rest := strings.TrimPrefix(path, "/upload")
	for _, version := range []string{"/v1/", "/v1beta/", "/v1alpha/"} {
		if after, ok := strings.CutPrefix(rest, version); ok {
			for _, u := range unserved {
				if begins(after, u.path) {
					return notServed(u.what)
				}
			}
			if model, call, ok := strings.Cut(after, ":"); ok && call != "" && strings.HasPrefix(model, "models/") {
				return notServed("This call of a model")
			}
		}
	}
	return &failRoute
}

// begins reports whether a path begins with these whole elements.
func begins(path, with string) bool {
	rest, ok := strings.CutPrefix(path, with)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(with, "/"))
}

// notServed says so, and why.
func notServed(what string) *failure {
	f := failRoute
	f.Message = what + " cannot be used through this gateway: it serves only calls whose texts it guards, and nothing passes unguarded."
	return &f
}
