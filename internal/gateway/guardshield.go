package gateway

import (
	"warder.example/guard"
	"warder.example/internal/dialect/lakera"
	"warder.example/internal/dialect/promptshield"
)

// contentSafety are the calls of Azure AI Content Safety. Its clients send their
// key in a header of its own or, as a token, where others do.
var contentSafety = family{keys: []keyHeader{{"Ocp-Apim-Subscription-Key", ""}, {"Authorization", "Bearer"}}}

// shieldPrompt serves POST /contentsafety/text:shieldPrompt. A text is an attack
// when the policy does not let it pass as it is because of a prompt attack. What
// else is found is recorded and not in the answer: the form has no word for it.
func (s *Server) shieldPrompt(x *exchange) *failure {
	body, f := x.readRequest()
	if f != nil {
		return f
	}
	req, err := promptshield.ParseRequest(body, x.limits())
	if err != nil {
		return problem(err)
	}
	e, f := x.examine("")
	if f != nil {
		return f
	}
	for i := range req.Leaves {
		if req.Judged(i) {
			e.add(&req.Leaves[i], i, guard.Request)
		}
	}
	if f := e.judge(len(body), nil); f != nil {
		return f
	}
	return e.reply(e.shieldAnswer(req).Body(), nil)
}

func (e *examination) shieldAnswer(req *promptshield.Request) *promptshield.Answer {
	prompt, documents := false, make([]bool, req.Documents)
	mark := func(document int) {
		if document < 0 {
			prompt = true
		} else {
			documents[document] = true
		}
	}
	stopped := e.verdict.Action.Stops()
	for i := range e.verdict.Findings {
		f := &e.verdict.Findings[i]
		if e.actions[i].Stops() {
			stopped = false // there is a reason, and it is this text's
		}
		if name, _ := lakera.DetectorType(f.Category); name == lakera.PromptAttack && e.enforced(i) {
			mark(e.leaves[f.Text].Turn)
		}
	}
	if stopped { // whatever the texts say, as by a guard without a policy
		for i := -1; i < req.Documents; i++ {
			mark(i)
		}
	}
	a := &promptshield.Answer{Documents: documents}
	if req.Prompt {
		a.Prompt = &prompt
	}
	return a
}
