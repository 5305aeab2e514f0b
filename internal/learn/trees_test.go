package learn_test

import (
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/textmodel"
	"warder.example/internal/corpus"
	"warder.example/internal/learn"
)

// TestTreesCountForAttacksAlone: a model has trees unless they are left out; they count
// alike in each head that can find an attack, and in no other.
func TestTreesCountForAttacksAlone(t *testing.T) {
	cfg := config(t)
	m := train(t, cfg).Model
	if m.Knows().Trees == nil {
		t.Fatal("the model has no trees")
	}
	for _, o := range []guard.Origin{guard.OriginUser, guard.OriginTool} {
		by := map[string]float64{}
		for _, h := range m.Spec().Heads {
			for _, c := range h.Calibrations {
				if c.Origin == o {
					by[h.Name] = c.Trees
				}
			}
		}
		other := by[learn.HeadJailbreak]
		if textmodel.Data(o) {
			other = by[learn.HeadIndirect]
		}
		if by[learn.HeadInjection] <= 0 || other != by[learn.HeadInjection] || by[learn.HeadHarmful] != 0 {
			t.Errorf("%v: trees count %v", o, by)
		}
	}
	cfg.Without = []string{"trees"}
	bare := train(t, cfg).Model
	if bare.Knows().Trees != nil || strings.Contains(string(bare.Bytes()), `"trees":`) {
		t.Error("trees that are left out are in the model")
	}
}

// TestTreesLearnStyle: what no word says, the trees hear: here attacks are in brackets
// and honest texts of the same words are not.
func TestTreesLearnStyle(t *testing.T) {
	cfg := config(t)
	style := func(text string) string { return "[[" + strings.ReplaceAll(text, " ", " [] ") + "]]" }
	for i := range cfg.Rows {
		if r := &cfg.Rows[i]; r.Origin == guard.OriginUser && r.Label == corpus.Injection {
			r.Text = style(r.Text)
		}
	}
	m := train(t, cfg).Model
	words := "could somebody count the lantern near the tower"
	h := m.Head(learn.HeadInjection)
	plain, styled := m.Evidence(words, guard.OriginUser)[h], m.Evidence(style(words), guard.OriginUser)[h]
	if styled.Trees <= plain.Trees {
		t.Errorf("the trees say %v of the text, %v of it in brackets; expected more", plain.Trees, styled.Trees)
	}
	r, ok := m.ExplainTrees(style(words), guard.OriginUser, h, 3)
	if !ok || len(r.Parts) == 0 || r.Parts[0].Style != "share of brackets" {
		t.Errorf("%+v; expected that brackets weighed most", r)
	}
}
