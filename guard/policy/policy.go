// Package policy decides what may pass, from what was found.
//
// A policy is a reviewed YAML file; docs/policy.md is its manual. [Parse]
// compiles it to a [Policy], which implements [guard.Decider] and
// [guard.Holder]. [Default] is the one that is built in.
//
// # How a finding is decided
//
// Every rule is tried on every finding and every match is listed in the
// verdict; nothing is short-circuited away. The strictest match decides, and
// between equals the first in the file. So a rule can only ever make a verdict
// stricter, and a rule that allows never weakens one that stops. What an author
// wants to treat more mildly is written as an exception inside of the rule that
// would stop it, where a reviewer sees both.
//
// A finding that no rule speaks of gets the action of unmatched: block for
// exact recognisers, flag for models, unless the file says otherwise. The
// verdict of several findings is the strictest of theirs; without findings it
// is allow.
//
// # Failing closed
//
// The zero Policy blocks everything. A text of unknown origin, and an
// application whose environment or data class is not known, get the strictest
// of what the known ones would get. A score or rate that is not a number counts
// as certain. A finding that is to be masked and says no span is asked about,
// and so refused.
//
// # What is promised
//
// Decide is a pure function. It is monotone: one more finding, a higher score
// or a lower false-positive rate never makes a verdict milder. The compiler
// refuses files that would break this.
package policy

import "warder.example/guard"

// Policy is a compiled policy. It is immutable and safe for concurrent use. The
// zero value, and a nil pointer, block everything.
type Policy struct {
	name      string
	source    []byte
	canonical []byte
	digest    string
	mode      Mode
	hold      guard.Hold
	detect    Detect
	rules     []rule
	unmatched [2]guard.Action // by guard.Class
	unmatchAt int             // line
	examples  []example
	restores  []Restore
}

var (
	_ guard.Decider = (*Policy)(nil)
	_ guard.Holder  = (*Policy)(nil)
)

// Codes of verdicts that stop, for callers.
const (
	CodeBlocked  = "blocked"
	CodeApproval = "approval_required" // blocked until a person approves
	CodeNoPolicy = "no_policy"         // the zero policy
)

// RuleUnmatched is the name that stands for a rule where none matched.
const RuleUnmatched = "unmatched"

// Mode says whether a policy acts.
type Mode uint8

// The modes.
const (
	Enforce Mode = iota // verdicts are carried out
	Observe             // verdicts are recorded; nothing is stopped or masked
)

// String returns "enforce" or "observe".
func (m Mode) String() string {
	if m == Observe {
		return "observe"
	}
	return "enforce"
}

// Name is what Parse was given: a path or "default".
func (p *Policy) Name() string { return p.name }

// Source returns the file as it was read. The caller does not change it.
func (p *Policy) Source() []byte { return p.source }

// Canonical returns the policy as JSON with every default written out, without
// comments and examples, ending in a newline. The caller does not change it.
func (p *Policy) Canonical() []byte { return p.canonical }

// Digest returns "sha256:" and the SHA-256 of [Policy.Canonical] in hex. Two
// files with one digest decide alike. It is empty for the zero policy.
func (p *Policy) Digest() string { return p.digest }

// Hold implements [guard.Holder]: what a stream keeps back for windowed
// detectors. The zero policy holds all.
func (p *Policy) Hold(guard.Facts) guard.Hold {
	if p == nil || p.digest == "" {
		return guard.HoldAll
	}
	return p.hold
}

// Detect returns what the policy asks of the detectors. The caller does not
// change it.
func (p *Policy) Detect() Detect { return p.detect }

// Mode returns whether the policy acts.
func (p *Policy) Mode() Mode { return p.mode }

// WithMode returns the same policy in another mode, for an application that is
// registered to be observed only. The digest stays.
func (p *Policy) WithMode(m Mode) *Policy {
	c := *p
	c.mode = m
	return &c
}

// Rules returns the names of the rules, in order.
func (p *Policy) Rules() []string {
	out := make([]string, len(p.rules))
	for i := range p.rules {
		out[i] = p.rules[i].name
	}
	return out
}

// Reason returns why the rule of that name is there, as its author wrote it;
// empty if nothing is written or there is no such rule.
func (p *Policy) Reason(rule string) string {
	for i := range p.rules {
		r := &p.rules[i]
		if r.name == rule {
			return r.reason
		}
		for j := range r.excepts {
			if r.excepts[j].name == rule {
				return r.excepts[j].reason
			}
		}
	}
	return ""
}
