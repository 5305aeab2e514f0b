package gateway

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/litellm"
)

// liteLLM are the calls of a LiteLLM proxy, which sends its api_key in the one
// header; an operator may set the other.
var liteLLM = family{keys: []keyHeader{{"X-Api-Key", ""}, {"Authorization", "Bearer"}}}

// codeUnmaskable is recorded where a mask belongs in a place that the proxy cannot
// be told to change.
const codeUnmaskable = "unmaskable"

// liteLLMGuard serves POST /beta/litellm_basic_guardrail_api.
func (s *Server) liteLLMGuard(x *exchange) *failure {
	body, f := x.readRequest()
	if f != nil {
		return f
	}
	req, err := litellm.ParseRequest(body, x.limits())
	if err != nil {
		return problem(err)
	}
	e, f := x.examine(req.Subject)
	if f != nil {
		return f
	}
	e.operator, e.conversation = dialect.Operator(req.Leaves), req.Messages && !req.Response
	var apart []int // texts of which no message says whose they are
	for i := range req.Leaves {
		if req.Again(i) {
			continue
		}
		if req.Text(i) {
			apart = append(apart, len(e.texts))
		}
		e.add(&req.Leaves[i], i, req.Direction(i))
	}
	if !req.Messages { // the parts of one call, which a model reads or wrote as one
		e.together = [][]int{apart}
	}
	// What stands in members that the contract does not name may be about the call
	// and not in it: an address there must not stop each call of a newer proxy.
	f = e.judge(len(body), func(f *guard.Finding) bool { return !req.Beside(e.index[f.Text]) || !tells(f.Category) })
	if f != nil {
		return f
	}
	return e.reply(e.liteLLMAnswer(req).Body(), nil)
}

func (e *examination) liteLLMAnswer(req *litellm.Request) *litellm.Answer {
	v := &e.verdict
	if v.Action.Stops() {
		code, category := refusal(v)
		return &litellm.Answer{Reason: refusalMessage(code, category, e.id)}
	}
	edits := e.edits()
	if len(edits) == 0 {
		return &litellm.Answer{Action: litellm.None}
	}
	texts, ok := req.Masked(edits)
	if !ok {
		e.closing.Code = codeUnmaskable
		return &litellm.Answer{Reason: "Data that the application's safety policy masks stands where it cannot be masked. Request id: " + e.id + "."}
	}
	return &litellm.Answer{Action: litellm.Intervened, Texts: texts}
}
