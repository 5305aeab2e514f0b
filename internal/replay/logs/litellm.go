package logs

import (
	"slices"
	"strings"
)

// liteLLM reads a StandardLoggingPayload (docs.litellm.ai/docs/proxy/logging_spec),
// or a row of the spend log, which has spend in place of response_cost.
func (p *parser) liteLLM(o object) error {
	if in := o.object("standard_logging_object"); in != nil {
		o = in
	}
	if kind := o.name("call_type"); strings.Contains(kind, "embedding") {
		return p.left(NoTexts)
	}
	r := Record{
		Time:  o.time("startTime", "start_time"),
		Model: o.name("model_group", "model"),
	}
	r.InputTokens, r.OutputTokens = o.tokens("prompt_tokens"), o.tokens("completion_tokens")
	if r.InputTokens+r.OutputTokens == 0 {
		r.InputTokens = o.tokens("total_tokens")
	}
	r.price(o, "response_cost", "spend")
	meta := o.object("metadata")
	r.App = firstOf(meta.name("user_api_key_alias"), meta.name("user_api_key_team_alias"), o.name("key_alias", "team_alias"))
	body := object{"messages": unquoted(o["messages"])}
	if in := o.object("messages"); in != nil {
		body = in
	}
	if len(body) == 0 { // the spend log has the request as it came
		body = bodyOf(o, "proxy_server_request")
	}
	// The parameters hold what stands beside the messages: system, tools.
	for _, k := range []string{"system", "instructions", "tools", "functions"} {
		if v := o.object("model_parameters")[k]; v != nil && body != nil && body[k] == nil {
			body[k] = v
		}
	}
	r.request(body)
	r.answer(unquoted(o["response"]))
	r.Request, r.Answer = slices.DeleteFunc(r.Request, withheld), slices.DeleteFunc(r.Answer, withheld)
	return p.add(&r)
}

// withheld reports whether LiteLLM was told to leave a text out.
func withheld(t Text) bool { return t.Content == "redacted-by-litellm" }
