package answercache

import (
	"maps"
	"testing"
)

// TestRepeatable: which requests may have the same answer again.
func TestRepeatable(t *testing.T) {
	type members map[string]string
	for name, c := range map[string]struct {
		protocol    string
		members     members
		sure, other bool // with and without the demand for no chance
	}{
		"temperature 0":      {"openai.chat", members{"model": `"m"`, "messages": "[]", "temperature": "0"}, true, true},
		"0 in another form":  {"openai.chat", members{"temperature": "0.0e3"}, true, true},
		"temperature 0.1":    {"openai.chat", members{"temperature": "0.1"}, false, true},
		"no temperature":     {"openai.chat", members{"model": `"m"`}, false, true},
		"null":               {"openai.chat", members{"temperature": "null", "seed": "null"}, false, true},
		"a string":           {"openai.chat", members{"temperature": `"0"`}, false, true},
		"seed":               {"openai.chat", members{"temperature": "1", "seed": "7"}, true, true},
		"unknown member":     {"openai.chat", members{"temperature": "0", "mood": "1"}, false, false},
		"web search":         {"openai.chat", members{"temperature": "0", "web_search_options": "{}"}, false, false},
		"tools":              {"openai.chat", members{"temperature": "0", "tools": "[]"}, false, false},
		"sound":              {"openai.chat", members{"temperature": "0", "modalities": `["audio"]`}, false, false},
		"stored":             {"openai.chat", members{"temperature": "0", "store": "true"}, false, false},
		"not stored":         {"openai.chat", members{"temperature": "0", "store": "false"}, true, true},
		"stream":             {"openai.chat", members{"temperature": "0", "stream": "true"}, false, false},
		"no stream":          {"openai.chat", members{"temperature": "0", "stream": "false"}, true, true},
		"two answers":        {"openai.chat", members{"temperature": "0", "n": "2"}, false, false},
		"one answer":         {"openai.chat", members{"temperature": "0", "n": "1"}, true, true},
		"best of two":        {"openai.completions", members{"temperature": "0", "best_of": "2"}, false, false},
		"completions":        {"openai.completions", members{"prompt": `"p"`, "temperature": "0"}, true, true},
		"embeddings":         {"openai.embeddings", members{"input": `"p"`}, true, true},
		"responses":          {"openai.responses", members{"input": `"p"`, "temperature": "0", "store": "false"}, true, true},
		"kept responses":     {"openai.responses", members{"input": `"p"`, "temperature": "0"}, false, false},
		"null is kept, too":  {"openai.responses", members{"input": `"p"`, "temperature": "0", "store": "null"}, false, false},
		"previous response":  {"openai.responses", members{"temperature": "0", "store": "false", "previous_response_id": `"r"`}, false, false},
		"conversation":       {"openai.responses", members{"temperature": "0", "store": "false", "conversation": `"c"`}, false, false},
		"prompt of its own":  {"openai.responses", members{"temperature": "0", "store": "false", "prompt": `{}`}, false, false},
		"messages":           {"anthropic.messages", members{"messages": "[]", "temperature": "0"}, true, true},
		"container":          {"anthropic.messages", members{"temperature": "0", "container": `"c"`}, false, false},
		"servers":            {"anthropic.messages", members{"temperature": "0", "mcp_servers": `[]`}, false, false},
		"no seed there":      {"anthropic.messages", members{"temperature": "1", "seed": "7"}, false, false},
		"another protocol":   {"gemini.generate", members{"temperature": "0"}, false, false},
		"none":               {"", nil, false, false},
		"counts of tokens":   {"anthropic.count_tokens", members{"messages": "[]", "temperature": "0"}, false, false},
		"store of old calls": {"openai.completions", members{"temperature": "0", "store": "false"}, false, false},
	} {
		if got := Repeatable(c.protocol, maps.All(c.members), true); got != c.sure {
			t.Errorf("%s: %v; expected %v", name, got, c.sure)
		}
		if got := Repeatable(c.protocol, maps.All(c.members), false); got != c.other {
			t.Errorf("%s, by chance too: %v; expected %v", name, got, c.other)
		}
	}
}
