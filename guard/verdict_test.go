package guard_test

import (
	"testing"

	"warder.example/guard"
)

// shuffled is a decider that names its decisions in no order.
type shuffled []guard.Decision

func (s shuffled) Decide(_ guard.Facts, found []guard.Finding) guard.Verdict {
	return guard.Verdict{Action: guard.Block, Decisions: s, Findings: found}
}

// TestActionFor: the strictest decision for a finding counts, in whatever order a
// decider names them.
func TestActionFor(t *testing.T) {
	ds := shuffled{{Finding: 2, Action: guard.Flag}, {Finding: 0, Action: guard.Allow}, {Finding: 2, Action: guard.Redact}, {Finding: 1, Action: guard.Block}, {Finding: 2, Action: guard.Allow}}
	g := guard.Guard{Decider: ds}
	v := g.Decide(guard.Facts{}, make([]guard.Finding, 4))
	for i, want := range []guard.Action{guard.Allow, guard.Block, guard.Redact, guard.Allow} {
		if got := v.ActionFor(i); got != want {
			t.Errorf("finding %d: %s; want %s", i, got, want)
		}
	}
	if ds[0].Finding != 2 {
		t.Error("the decider's own list was changed")
	}
}
