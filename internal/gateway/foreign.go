package gateway

import (
	"encoding/json"
	"strings"

	"warder.example/guard"
	"warder.example/guard/segment"
	"warder.example/internal/dialect"
)

// foreign reports whether the request carries text of somebody who is no party
// to it.
func foreign(texts []guard.Text, parts [][]segment.Part) bool {
	for i := range texts {
		if texts[i].Origin != guard.OriginModel && segment.Trust(texts[i].Origin) < segment.Trust(guard.OriginUser) {
			return true
		}
		for _, p := range parts[i] {
			if segment.Trust(p.Origin) < segment.Trust(guard.OriginUser) {
				return true
			}
		}
	}
	return false
}

// unread reports whether the model may read more for the request than the texts that
// were judged: files that are no text or links to them, what the provider keeps, and
// what its own tools fetch. Any of it may be somebody else's.
func unread(req *dialect.Request) bool {
	if files, _ := req.Opaque(); files > 0 || len(req.References) > 0 {
		return true
	}
	for name, value := range req.Members() {
		switch name = strings.ToLower(strings.ReplaceAll(name, "_", "")); {
		case value == "null" || value == "[]": // brings nothing
		case name == "tools" && !callersTools(value), name != "tools" && !bringsNothing[name]:
			return true
		}
	}
	return false
}

// bringsNothing are the members at the top of a request by which the model reads
// nothing but what stands in the request, of all dialects, without underscores and in
// lower case. Of one that nobody knows, such as a search that some servers offer, that
// cannot be said.
var bringsNothing = func() map[string]bool {
	out := map[string]bool{}
	for n := range strings.FieldsSeq(`
		model warder stream streamoptions metadata store user safetyidentifier promptcachekey promptcacheretention promptcacheoptions
		servicetier temperature topp topk seed n stop logprobs toplogprobs logitbias frequencypenalty presencepenalty
		toolchoice paralleltoolcalls maxtoolcalls
		messages maxtokens maxcompletiontokens functions functioncall responseformat prediction audio modalities reasoningeffort verbosity
		input instructions include text reasoning truncation background maxoutputtokens contextmanagement moderation
		system stopsequences thinking outputconfig outputformat cachecontrol speed inferencegeo
		contents systeminstruction toolconfig safetysettings generationconfig labels modelarmorconfig`) {
		out[n] = true
	}
	return out
}()

// callersTools reports whether all tools of a request are functions that its caller
// defined and runs. All others are taken for the provider's, which reads their results
// without showing them.
func callersTools(tools string) bool {
	var all []map[string]json.RawMessage
	if json.Unmarshal([]byte(tools), &all) != nil {
		return false
	}
	for _, tool := range all {
		if !callersTool(tool) {
			return false
		}
	}
	return true
}

// callersTool reads a tool of any dialect. OpenAI and Anthropic name its type, which
// Anthropic leaves out of functions; Gemini has a member for each kind.
func callersTool(tool map[string]json.RawMessage) bool {
	var kind string
	if t, ok := tool["type"]; ok && (json.Unmarshal(t, &kind) != nil || kind != "") {
		return kind == "function" || kind == "custom"
	}
	if _, named := tool["name"]; named {
		return true
	}
	for member, value := range tool {
		if member != "functionDeclarations" && member != "function_declarations" && string(value) != "null" {
			return false
		}
	}
	return true
}
