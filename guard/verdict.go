package guard

import (
	"fmt"
	"slices"
)

// Action is what a policy decides. The zero value is Block.
type Action uint8

// The actions, from the strictest.
const (
	Block  Action = iota // refuse
	Ask                  // refuse until a person approves
	Redact               // mask the spans and let the rest pass
	Flag                 // let pass and record
	Allow                // let pass
)

var actionNames = [...]string{"block", "ask", "redact", "flag", "allow"}

// String returns the lower-case name.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("action(%d)", uint8(a))
}

// Stops reports whether the text must not pass.
func (a Action) Stops() bool { return a == Block || a == Ask }

// MarshalText writes the name of the action.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText accepts the names of [Action.String] and nothing else.
func (a *Action) UnmarshalText(b []byte) error {
	for i, n := range actionNames {
		if n == string(b) {
			*a = Action(i)
			return nil
		}
	}
	return fmt.Errorf("unknown action %q; expected allow, flag, redact, block or ask", b)
}

// A Verdict is what a policy decided because of findings.
type Verdict struct {
	// Action is what is enforced. In observe mode it is never stricter
	// than Flag and Would says what would have been.
	Action Action `json:"action"`
	Would  Action `json:"would"`
	// Observed says that Action was softened by observe mode.
	Observed bool `json:"observed,omitempty"`
	// Code is the stable code for the caller: "blocked",
	// "approval_required"; empty when nothing stops.
	Code string `json:"code,omitempty"`
	// Rule names the rule that decided; empty if none matched.
	Rule string `json:"rule,omitempty"`
	// Policy is the digest of the policy that decided.
	Policy string `json:"policy,omitempty"`
	// Decisions names for each finding, in order, every rule that matched
	// it; nothing is short-circuited away.
	Decisions []Decision `json:"decisions,omitempty"`
	// Findings are the findings decided on.
	Findings []Finding `json:"findings,omitempty"`
}

// Decision is what one rule said of one finding.
type Decision struct {
	Finding int    `json:"finding"` // index in Verdict.Findings
	Rule    string `json:"rule"`
	Line    int    `json:"line,omitempty"` // line of the rule in its file
	Action  Action `json:"action"`
	// Pseudonym says of a Redact that the value may come back in the answer.
	Pseudonym bool `json:"pseudonym,omitempty"`
	// Decides marks the strictest decision for this finding.
	Decides bool `json:"decides,omitempty"`
}

// Reversible reports whether finding i is masked so that its value may come back:
// every rule that masks it says so.
func (v *Verdict) Reversible(i int) bool {
	some := false
	for _, d := range v.Decisions {
		if d.Finding == i && d.Action == Redact {
			if !d.Pseudonym {
				return false
			}
			some = true
		}
	}
	return some
}

// byFinding orders decisions as [Verdict.Decisions] promises.
func byFinding(d Decision, finding int) int { return d.Finding - finding }

// ActionFor returns the strictest action decided for finding i: Allow if no
// rule matched it.
func (v *Verdict) ActionFor(i int) Action {
	a := Allow
	first, _ := slices.BinarySearchFunc(v.Decisions, i, byFinding)
	for _, d := range v.Decisions[first:] {
		if d.Finding != i {
			break
		}
		a = min(a, d.Action)
	}
	return a
}
