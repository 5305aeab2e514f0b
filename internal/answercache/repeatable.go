package answercache

import (
	"iter"
	"strconv"
	"strings"
)

// rule says of one kind of call which requests may have the same answer again.
type rule struct {
	// members are those that a request may have at its top: what they say decides the
	// answer together with the model, and nothing else does, neither a state at the
	// provider nor the world. A request with any other is asked each time.
	members map[string]bool
	// fixed says that answers are never drawn by chance.
	fixed bool
	// stored says that the provider keeps answers unless it is told not to.
	stored bool
}

// shared are members of OpenAI's older calls that write text.
const shared = "model stream temperature top_p seed stop frequency_penalty presence_penalty logit_bias logprobs user warder "

// rules are by protocol. Of others nothing is repeatable.
var rules = map[string]rule{
	"openai.chat": {members: set(shared + "messages max_tokens max_completion_tokens n response_format safety_identifier prompt_cache_key " +
		"prompt_cache_retention reasoning_effort verbosity service_tier top_k top_logprobs metadata store")},
	"openai.completions": {members: set(shared + "prompt suffix max_tokens n best_of echo")},
	"openai.embeddings":  {members: set("model input dimensions encoding_format user warder"), fixed: true},
	"openai.responses": {members: set("model stream temperature top_p frequency_penalty presence_penalty user warder input instructions " +
		"max_output_tokens text reasoning safety_identifier prompt_cache_key prompt_cache_retention service_tier top_logprobs truncation metadata store"), stored: true},
	"anthropic.messages": {members: set("model messages system max_tokens stop_sequences stream temperature top_p top_k metadata cache_control " +
		"service_tier output_config output_format thinking warder")},
}

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// Repeatable reports whether a request of a protocol may have the same answer again, by
// the members at the top of its body, each with its value as it is written there. It
// may if none of them is unknown or makes the answer depend on anything but the
// request; one answer is asked for, whole; and the provider is not to keep it. With
// sure the request must also ask not to draw the answer by chance: by temperature 0, or
// by a seed.
func Repeatable(protocol string, members iter.Seq2[string, string], sure bool) bool {
	r, served := rules[protocol]
	certain, unstored := r.fixed || !sure, !r.stored
	for name, value := range members {
		ok := r.members[name]
		switch name {
		case "temperature":
			certain = certain || isZero(value)
		case "seed":
			certain = certain || isNumber(value)
		case "stream":
			ok = ok && (value == "false" || value == "null")
		case "store":
			unstored = value == "false" || value == "null" && !r.stored
		case "n", "best_of":
			ok = ok && (value == "1" || value == "null")
		}
		if !ok {
			return false
		}
	}
	return served && certain && unstored
}

func isNumber(value string) bool {
	_, err := strconv.ParseFloat(value, 64)
	return err == nil
}

// isZero reports whether a value is the number 0 in any of its forms.
func isZero(value string) bool {
	f, err := strconv.ParseFloat(value, 64)
	return err == nil && f == 0
}
