package gateway

import (
	"cmp"
	"fmt"
	"slices"

	"warder.example/guard"
	"warder.example/guard/explain"
	"warder.example/internal/dialect/native"
)

// Bounds of what one request is explained with: a text is read as often as
// explainEvaluations says, but no more than explainWork bytes in all.
const (
	maxExplained       = 4 // texts
	explainEvaluations = 256
	explainWork        = 1 << 20
)

// explanations says of the texts that are judged most strictly why, each by
// itself; of texts that only joined with others are more than allowed nothing.
func (e *examination) explanations() ([]native.Explanation, error) {
	g := e.protection.guardFor(e.app.Mode)
	rules := regions(e.state.cfg.Applications[e.app.Name])
	var out []native.Explanation
	for _, i := range e.strictest() {
		t := e.texts[i]
		x, err := explain.Explain(e.r.Context(), g, t, explain.Options{
			Facts: e.facts(t.Direction), Rules: rules, Evaluations: explainEvaluations, Work: explainWork,
		})
		if err != nil {
			return nil, fmt.Errorf("explaining text %d: %w", i, err)
		}
		if x.Would != guard.Allow {
			l := &e.leaves[i]
			out = append(out, native.Explanation{Text: l.Turn, Path: l.Path(), Explanation: x})
		}
	}
	return out, nil
}

// strictest returns the texts to explain: those that the policy does not just
// allow, the strictest first, maxExplained at most.
func (e *examination) strictest() []int {
	action := map[int]guard.Action{}
	for i := range e.verdict.Findings {
		at := e.verdict.Findings[i].Text
		if a, ok := action[at]; e.actions[i] != guard.Allow && (!ok || e.actions[i] < a) {
			action[at] = e.actions[i]
		}
	}
	texts := make([]int, 0, len(action))
	for at := range action {
		texts = append(texts, at)
	}
	slices.SortFunc(texts, func(a, b int) int { return cmp.Or(cmp.Compare(action[a], action[b]), a-b) })
	return texts[:min(len(texts), maxExplained)]
}
