package policy

import "warder.example/guard"

// Decide implements [guard.Decider]. The verdict's findings are found itself,
// not a copy.
func (p *Policy) Decide(f guard.Facts, found []guard.Finding) guard.Verdict {
	if p == nil || p.digest == "" {
		return guard.Verdict{Code: CodeNoPolicy, Findings: found}
	}
	v := guard.Verdict{Action: guard.Allow, Would: guard.Allow, Policy: p.digest, Findings: found}
	if len(found) == 0 {
		return v
	}
	facts := factBits(f)
	v.Decisions = make([]guard.Decision, 0, 3*len(found))
	for i := range found {
		first := len(v.Decisions)
		v.Decisions = p.decide(v.Decisions, i, &found[i], facts)
		d := strictest(v.Decisions[first:])
		d.Decides = true
		if v.Rule == "" || d.Action < v.Would {
			v.Would, v.Rule = d.Action, d.Rule
		}
	}
	p.conclude(&v)
	return v
}

// decide appends what every rule says of one finding; at least one thing is
// said.
func (p *Policy) decide(out []guard.Decision, i int, f *guard.Finding, facts bits) []guard.Decision {
	b := facts | findingBits(f)
	first := len(out)
	var spoken bits // origins of b that some rule speaks of
	for r := range p.rules {
		out, spoken = p.rules[r].apply(out, i, f, b, spoken)
	}
	if b&originBits&^spoken != 0 {
		a := p.unmatched[guard.Exact]
		if f.Class == guard.Windowed {
			a = p.unmatched[guard.Windowed]
		}
		out = append(out, guard.Decision{Finding: i, Rule: RuleUnmatched, Line: p.unmatchAt, Action: a})
	}
	if len(f.Spans) == 0 {
		for j := first; j < len(out); j++ {
			// Nothing says what to mask. Ask, the next stricter action, keeps
			// the order of actions, and with it what the package promises.
			if out[j].Action == guard.Redact {
				out[j].Action = guard.Ask
			}
		}
	}
	return out
}

// apply appends what the rule says of a finding, if it matches.
func (r *rule) apply(out []guard.Decision, i int, f *guard.Finding, b, spoken bits) ([]guard.Decision, bits) {
	sure := r.when.bits&b == b
	if !sure && !r.when.may(b) || !r.when.fits(f) {
		return out, spoken
	}
	rest := r.when.bits & b & originBits
	if sure || r.when.surelyBut(originBits, b) {
		spoken |= rest
	}
	for j := range r.excepts {
		e := &r.excepts[j]
		hit := rest & e.when.bits
		if hit == 0 || !e.when.may(b) || !e.when.fits(f) {
			continue
		}
		out = append(out, guard.Decision{Finding: i, Rule: e.name, Line: e.line, Action: e.then, Pseudonym: e.pseudonym})
		if e.when.surelyBut(originBits, b) {
			rest &^= hit // else what comes after may apply as well
		}
	}
	if rest != 0 {
		out = append(out, guard.Decision{Finding: i, Rule: r.name, Line: r.line, Action: r.then, Pseudonym: r.pseudonym})
	}
	return out, spoken
}

// strictest returns the strictest of ds, the first of equals. ds is not empty.
func strictest(ds []guard.Decision) *guard.Decision {
	best := &ds[0]
	for i := range ds {
		if ds[i].Action < best.Action {
			best = &ds[i]
		}
	}
	return best
}

// conclude fills in what is enforced and told, from what would be done.
func (p *Policy) conclude(v *guard.Verdict) {
	v.Action = v.Would
	if p.mode == Observe && v.Would < guard.Flag {
		v.Action, v.Observed = guard.Flag, true
	}
	switch v.Action {
	case guard.Block:
		v.Code = CodeBlocked
	case guard.Ask:
		v.Code = CodeApproval
	}
}
