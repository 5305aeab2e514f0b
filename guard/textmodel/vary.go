package textmodel

import (
	"fmt"
	"slices"
)

// With returns a model that reads as m does but knows another lexicon, nil for
// none: for measurements. Its digest is that of m. The weights are shared; m is
// not changed.
func (m *Model) With(l *Lexicon) *Model {
	other := *m
	other.knows.Lexicon = l
	return &other
}

// WithTrees returns a model that reads as m does but asks other trees, nil for none:
// for training and measurements. Its digest is that of m. The weights are shared; m is
// not changed. It is an error if the trees look where a head looks that m lacks.
func (m *Model) WithTrees(t *Trees) (*Model, error) {
	if err := t.fits(len(m.spec.Heads)); err != nil {
		return nil, err
	}
	other := *m
	other.knows.Trees = t
	return &other, nil
}

// Without returns a model that reads as m does, but to which features of some kinds
// ("words", "letters", "concepts", "spelling"), or its trees ("trees"), say nothing: for
// measurements. Its
// digest is that of m. The weights are shared; m is not changed. It is an error to
// name another kind.
func (m *Model) Without(kind ...string) (*Model, error) {
	other := *m
	for _, name := range kind {
		if name == treesKind {
			other.knows.Trees = nil
			continue
		}
		k := slices.Index(kindNames[:], name)
		if k < 0 {
			return nil, fmt.Errorf("features of kind %.40q: expected one of %q or %q", name, kindNames, treesKind)
		}
		other.deaf[k], other.anyDeaf = true, true
	}
	return &other, nil
}

// norms returns the factors of a stretch's sums.
func (m *Model) norms(n *[kinds]int32) [kinds]float32 {
	out := norms(n)
	if m.anyDeaf {
		for k, deaf := range m.deaf {
			if deaf {
				out[k] = 0
			}
		}
	}
	return out
}
