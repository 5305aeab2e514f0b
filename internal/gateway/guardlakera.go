package gateway

import (
	"cmp"
	"slices"
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/lakera"
)

// lakeraGuard serves POST /v2/guard.
func (s *Server) lakeraGuard(x *exchange) *failure {
	e, req, f := x.lakera()
	if f != nil {
		return f
	}
	a := &lakera.Answer{Metadata: lakera.Metadata{RequestUUID: x.uuid()}}
	for i := range e.verdict.Findings {
		a.Flagged = a.Flagged || e.enforced(i)
	}
	a.Flagged = a.Flagged || e.verdict.Action.Stops() // a guard without a policy
	if req.Payload {
		p := e.matches(req)
		a.Payload = &p
	}
	if req.Breakdown {
		b := []lakera.Verdict{}
		for _, d := range e.detectors(req) {
			b = append(b, lakera.Verdict{Detector: e.lakeraDetector(d.name), Detected: d.detected, MessageID: d.message})
		}
		a.Breakdown = &b
	}
	if req.DevInfo {
		a.DevInfo = buildInfo(x.state.model())
	}
	return e.reply(lakera.Encode(a))
}

// lakeraResults serves POST /v2/guard/results.
func (s *Server) lakeraResults(x *exchange) *failure {
	e, req, f := x.lakera()
	if f != nil {
		return f
	}
	out := &lakera.Results{Results: []lakera.Result{}}
	for _, d := range e.detectors(req) {
		r := lakera.Result{Detector: e.lakeraDetector(d.name), Result: d.level, MessageID: d.message}
		if lakera.Custom(d.name) {
			matched := d.level != lakera.L5
			r.CustomMatched = &matched
		}
		out.Results = append(out.Results, r)
	}
	return e.reply(lakera.Encode(out))
}

// lakera reads and judges a request of this dialect. Only the last interaction
// counts; of the operator's messages, which the dialect trusts, only credentials
// do, since a model that is given one can lose it.
func (x *exchange) lakera() (*examination, *lakera.Request, *failure) {
	body, f := x.readRequest()
	if f != nil {
		return nil, nil, f
	}
	req, err := lakera.ParseRequest(body, x.limits())
	if err != nil {
		return nil, nil, problem(err)
	}
	e, f := x.examine(req.Subject)
	if f != nil {
		return nil, nil, f
	}
	e.operator = dialect.Operator(req.Leaves)
	first := req.Interaction()
	for i := range req.Leaves {
		l := &req.Leaves[i]
		switch {
		case l.Turn < 0: // beside the messages: no model sees it
		case req.Trusted(l.Turn):
			e.add(l, i, guard.Request)
		case l.Turn >= first && req.Assistant(l.Turn):
			e.add(l, i, guard.Answer)
		case l.Turn >= first:
			e.add(l, i, guard.Request)
		}
	}
	f = e.judge(len(body), func(f *guard.Finding) bool {
		return !req.Trusted(e.leaves[f.Text].Turn) || strings.HasPrefix(f.Category, "secret.")
	})
	return e, req, f
}

// detector is what one type of detector of the dialect says of one message.
type detector struct {
	name     string
	message  int
	detected bool
	level    string
}

// detectors returns what each type of detector says: of every message in which
// it saw something, else once, of the last message.
func (e *examination) detectors(req *lakera.Request) []detector {
	type place struct {
		name    string
		message int
	}
	at := map[place]int{}
	var out []detector
	seen := map[string]bool{}
	for i := range e.verdict.Findings {
		f := &e.verdict.Findings[i]
		name, _ := lakera.DetectorType(f.Category)
		level := e.level(i)
		if level == lakera.L5 && !e.enforced(i) {
			continue
		}
		p := place{name, e.leaves[f.Text].Turn}
		j, ok := at[p]
		if !ok && len(out) == maxAnswered {
			continue
		}
		if !ok {
			j = len(out)
			at[p] = j
			out = append(out, detector{name: name, message: p.message, level: lakera.L5})
		}
		seen[name] = true
		out[j].detected = out[j].detected || e.enforced(i)
		out[j].level = min(out[j].level, level)
	}
	for _, name := range e.lakeraTypes() {
		if !seen[name] {
			out = append(out, detector{name: name, message: req.Turns() - 1, level: lakera.L5})
		}
	}
	slices.SortStableFunc(out, func(a, b detector) int { return cmp.Or(a.message-b.message, strings.Compare(a.name, b.name)) })
	return out
}

// lakeraTypes returns the types of detector that looked at these texts.
func (e *examination) lakeraTypes() []string {
	saw := assessed(e.protection.guard.Detectors, e.texts)
	var out []string
	for _, c := range []struct{ category, name string }{
		{"injection", lakera.PromptAttack}, {"harmful_request", lakera.Crime}, {"exfiltration.", lakera.UnknownLinks},
	} {
		if saw[c.category] {
			out = append(out, c.name)
		}
	}
	if saw["pii."] {
		for _, c := range []string{"pii.email", "pii.phone", "pii.credit_card", "pii.iban", "pii.ip_address", "pii.us_ssn"} {
			name, _ := lakera.DetectorType(c)
			out = append(out, name)
		}
	}
	if saw["pii."] || saw["secret."] {
		out = append(out, lakera.OtherData)
	}
	return append(out, lakera.OtherContent)
}

// level says how sure finding i is. A caller that may not learn scores learns
// what the policy makes of it, in the same words.
func (e *examination) level(i int) string {
	f := &e.verdict.Findings[i]
	if !e.explains() {
		switch {
		case e.actions[i] <= guard.Redact:
			return lakera.L1
		case e.actions[i] == guard.Flag:
			return lakera.L3
		}
		return lakera.L5
	}
	switch {
	case f.Class == guard.Exact && f.Score >= 0.5:
		return lakera.L1
	case f.Class == guard.Windowed && f.FPR <= 0.001:
		return lakera.L2
	case f.Class == guard.Exact, f.FPR <= 0.01:
		return lakera.L3
	case f.FPR <= 0.05:
		return lakera.L4
	}
	return lakera.L5
}

func (e *examination) lakeraDetector(name string) lakera.Detector {
	_, digest, _ := strings.Cut(e.verdict.Policy, ":")
	return lakera.Detector{ProjectID: "project-" + e.app.ID, PolicyID: "policy-" + digest[:min(len(digest), 16)],
		DetectorID: lakera.DetectorID(name), DetectorType: name}
}
