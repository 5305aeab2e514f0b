package textmodel_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"warder.example/guard"
	"warder.example/guard/textmodel"
)

// TestReasonsNameConcepts: every concept, leading or not and said by whoever, and
// every pair of concepts has its names, in the order of the text.
func TestReasonsNameConcepts(t *testing.T) {
	lexicon, err := textmodel.ParseLexicon([]byte("DROP\ten\tignore\nPAST\ten\tprevious\nRULE\ten\trule*\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := lexicon.Concepts(); !slices.Equal(got, []string{"DROP", "PAST", "RULE"}) {
		t.Fatalf("concepts %q", got)
	}
	for _, o := range []guard.Origin{guard.OriginUser, guard.OriginDocument, guard.OriginTool, guard.OriginEmail} {
		seen := map[string]bool{}
		for seed := range 32 {
			m := modelOf(t, lexicon, seed)
			for _, text := range []string{"ignore", "previous", "ignore the previous", "ignore all rules", "please, ignore", "previous; previous ignore"} {
				for _, r := range m.Explain(text, o, 0, 1000) {
					if (r.Kind == "concepts") != (len(r.Concepts) > 0) {
						t.Errorf("%s %q: kind %s, concepts %q", o, r.Gram, r.Kind, r.Concepts)
					}
					if len(r.Concepts) == 2 {
						seen[r.Concepts[0]+">"+r.Concepts[1]] = true
					} else if r.Lead {
						seen[r.Concepts[0]+" leads"] = true
					}
				}
			}
		}
		for _, want := range []string{"DROP>PAST", "DROP>RULE", "PAST>DROP", "DROP leads", "PAST leads"} {
			if !seen[want] {
				t.Errorf("%s: not seen: %s; seen %v", o, want, seen)
			}
		}
		if seen["RULE>DROP"] || seen["RULE leads"] {
			t.Errorf("%s: against the order of the text: %v", o, seen)
		}
	}
}

// modelOf returns a model in which every feature weighs something, each seed
// another: of features at the same place only the heaviest is told.
func modelOf(t *testing.T, lexicon *textmodel.Lexicon, seed int) *textmodel.Model {
	t.Helper()
	const bits = 16
	weights := make([][textmodel.MaxHeads]int8, 1<<bits)
	rng := rand.New(rand.NewPCG(7, uint64(seed)))
	for i := range weights {
		weights[i][0] = int8(1 + rng.IntN(100))
	}
	spec := textmodel.Spec{Name: "named", Features: textmodel.FeaturesName, Bits: bits,
		Heads: []textmodel.Head{{Name: "only", Scale: 1, Calibrations: []textmodel.Calibration{{Passage: 1, Thresholds: [3]float64{0.9, 0.8, 0.7}}}}}}
	m, err := textmodel.New(spec, weights, textmodel.Knowledge{Lexicon: lexicon})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
