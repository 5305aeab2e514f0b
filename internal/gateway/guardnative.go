package gateway

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect/native"
)

// maxAnswered bounds the findings in one answer; how many more there were is
// said.
const maxAnswered = 1000

// guardTexts serves POST /v1/guard.
func (s *Server) guardTexts(x *exchange) *failure {
	body, f := x.readRequest()
	if f != nil {
		return f
	}
	req, err := native.ParseRequest(body, x.limits())
	if err != nil {
		return problem(err)
	}
	e, f := x.examine(req.Subject)
	if f != nil {
		return f
	}
	e.operator, e.conversation = req.Operator(), req.Messages
	for i := range req.Leaves {
		e.add(&req.Leaves[i], i, req.Direction(i))
	}
	if f := e.judge(len(body), nil); f != nil {
		return f
	}
	return e.reply(e.nativeAnswer(req))
}

func (e *examination) nativeAnswer(req *native.Request) ([]byte, error) {
	v := &e.verdict
	a := &native.Answer{
		RequestID: e.id, Action: v.Action, Would: v.Would, Code: v.Code, Flagged: v.Would != guard.Allow,
		Explained:   req.Explain && e.explains(),
		NotAssessed: notAssessed(e.protection.guard.Detectors, e.texts), Policy: v.Policy,
	}
	if v.Action == guard.Redact {
		var err error
		if a.Masked, err = req.Masked(e.edits()); err != nil {
			return nil, err
		}
	}
	if a.Explained {
		a.Rule = v.Rule
		e.explainedFindings(a)
		var err error
		if a.Explanations, err = e.explanations(); err != nil {
			return nil, err
		}
	} else {
		e.coarseFindings(a)
	}
	return a.Body()
}

// show returns what every caller may see of finding i.
func (e *examination) show(i int) (native.Finding, *guard.Category) {
	f := &e.verdict.Findings[i]
	l := &e.leaves[f.Text]
	c, ok := guard.LookupCategory(f.Category)
	if !ok {
		c = guard.Category{Coarse: "policy"}
	}
	return native.Finding{Coarse: c.Coarse, Action: e.actions[i], Origin: f.Origin, Text: l.Turn, Path: l.Path()}, &c
}

// tells reports whether the caller may learn what exactly was found and where:
// of data that it sent itself and must take out. Where an attack was seen would
// teach how to word the next one.
func tells(category string) bool {
	family, _, _ := strings.Cut(category, ".")
	return family == "pii" || family == "secret" || family == "denied" || family == "custom"
}

// coarseFindings lists what an application may know: what passes unrecorded is
// left out, and of what it must not know the details a string has one entry.
func (e *examination) coarseFindings(a *native.Answer) {
	type entry struct{ path, coarse string }
	at := map[entry]int{}
	for i := range e.verdict.Findings {
		if e.actions[i] == guard.Allow {
			continue
		}
		n, _ := e.show(i)
		if f := &e.verdict.Findings[i]; tells(f.Category) {
			n.Category, n.Spans = f.Category, f.Spans
			put(a, n)
			continue
		}
		k := entry{n.Path, n.Coarse}
		if j, ok := at[k]; ok {
			a.Findings[j].Action = min(a.Findings[j].Action, n.Action)
		} else if put(a, n) {
			at[k] = len(a.Findings) - 1
		}
	}
}

// put adds a finding to an answer that has room for it.
func put(a *native.Answer, n native.Finding) bool {
	if len(a.Findings) == maxAnswered {
		a.Omitted++
		return false
	}
	a.Findings = append(a.Findings, n)
	return true
}

// explainedFindings lists everything, what passes too.
func (e *examination) explainedFindings(a *native.Answer) {
	rules := make([]string, len(e.verdict.Findings))
	for _, d := range e.verdict.Decisions {
		if d.Decides {
			rules[d.Finding] = d.Rule
		}
	}
	for i := range e.verdict.Findings {
		f := &e.verdict.Findings[i]
		n, c := e.show(i)
		n.Category, n.Spans = f.Category, f.Spans
		n.Why = &native.Why{Score: f.Score, FPR: f.FPR, Class: f.Class.String(), View: f.View, Detector: f.Detector, Rule: f.Rule,
			PolicyRule: rules[i], Explanation: f.Explanation, OWASP: append([]string{}, c.OWASP...), ATLAS: append([]string{}, c.ATLAS...), Turns: f.Turns}
		put(a, n)
	}
}
