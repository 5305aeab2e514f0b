package telemetry

import (
	"strings"
	"sync"

	"warder.example/guard"
)

// other stands for what is not passed on: a name in which a text could hide, and one
// more name than a metric may have.
const other = "_OTHER"

// Bounds of what comes from callers and upstreams.
const (
	maxName    = 128 // bytes of the name of a model
	maxReasons = 8   // why the choices of one answer ended
	maxModels  = 256 // names of models that metrics tell apart
)

// modelName passes on what can be the name of a model, and is no sentence, address or
// account: callers and upstreams choose it.
func modelName(s string) string {
	if s == "" || len(s) > maxName || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@") != "" {
		return other
	}
	if _, host, ok := strings.Cut(s, "@"); ok && strings.Contains(host, ".") { // as of an e-mail; versions stand there, too
		return other
	}
	digits := 0
	for _, c := range s {
		if digits++; c < '0' || c > '9' {
			digits = 0
		}
		if digits > maxDigits {
			return other
		}
	}
	return s
}

// maxDigits are those of a date. Telephone and account numbers have more.
const maxDigits = 8

// reasons are why an answer ended, by all dialects, in lower case.
var reasons = []string{"stop", "length", "content_filter", "tool_calls", "function_call", // OpenAI
	"completed", "incomplete", "failed", "cancelled", "max_output_tokens", // its responses
	"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded", // Anthropic
	"safety", "recitation", "language", "blocklist", "prohibited_content", "spii", "malformed_function_call", "image_safety", "unexpected_tool_call", "other"} // Gemini

// finishReasons passes on those that are known: an upstream chooses them.
func finishReasons(in []string) []string {
	out := make([]string, 0, min(len(in), maxReasons))
	for _, r := range in[:min(len(in), maxReasons)] {
		r = strings.ToLower(r[:min(len(r), maxName)])
		known := other
		for _, k := range reasons {
			if k == r {
				known = k
			}
		}
		out = append(out, known)
	}
	return out
}

// categories are those of a verdict's findings, each once. Operators name custom ones.
func categories(v *guard.Verdict) []string {
	var out []string
next:
	for i := range v.Findings {
		c := v.Findings[i].Category
		if strings.HasPrefix(c, "custom.") {
			c = "custom"
		}
		for _, o := range out {
			if o == c {
				continue next
			}
		}
		out = append(out, c)
	}
	return out
}

// models bounds how many names of models the metrics tell apart. Only names that an
// upstream answered for are told apart: others may be made up.
type models struct {
	mu    sync.Mutex
	known map[string]bool
}

func (m *models) label(name string, answered bool) string {
	name = modelName(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.known[name]:
		return name
	case !answered || len(m.known) >= maxModels:
		return other
	}
	if m.known == nil {
		m.known = map[string]bool{}
	}
	m.known[strings.Clone(name)] = true
	return name
}
