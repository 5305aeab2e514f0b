package report

import (
	"maps"
	"slices"

	"warder.example/internal/asr"
)

// Change is how a family fares in this run beside an earlier one.
type Change struct {
	Guard  string   `json:"guard,omitempty"`
	Family string   `json:"family"`
	Before *Figures `json:"before,omitempty"` // of all attempts of the earlier run; nil: not tried
	After  *Figures `json:"after,omitempty"`
	// Paired is on the attempts that both runs made; nil if there are none.
	Paired *asr.Comparison `json:"paired,omitempty"`
	// Adjusted is the p-value for as many families as were compared (Holm); 1 if not
	// paired.
	Adjusted float64 `json:"adjusted"`
	Judgment string  `json:"judgment"` // better, worse, no clear change, new, gone, not comparable
}

// Compare sets the changes since an earlier run, family by family. Attempts are the same
// ones if family, seed, strategy, guard, draw and repeat are, whatever the target's file
// says by now.
func (s *Summary) Compare(base *Summary) error {
	earlier := make(map[[16]byte]attempt, len(base.outcome))
	for _, a := range base.outcome {
		earlier[a.key] = a
	}
	pairs := map[place]map[string]*asr.Pairs{}
	for _, a := range s.outcome {
		b, ok := earlier[a.key]
		if !ok {
			continue
		}
		at := place{guard: a.guard, family: a.family}
		if pairs[at] == nil {
			pairs[at] = map[string]*asr.Pairs{}
		}
		if pairs[at][a.seed] == nil {
			pairs[at][a.seed] = &asr.Pairs{}
		}
		pair(pairs[at][a.seed], b, a)
	}
	changes := s.beside(base)
	ps := make([]float64, 0, len(changes))
	var paired []int
	for i := range changes {
		c := &changes[i]
		seeds := pairs[place{guard: c.Guard, family: c.Family}]
		if seeds == nil {
			continue
		}
		var list []asr.Pairs
		for _, seed := range slices.Sorted(maps.Keys(seeds)) {
			list = append(list, *seeds[seed])
		}
		cmp, err := asr.Compare(list, s.Confidence, s.random)
		if err != nil {
			return err
		}
		c.Paired = &cmp
		ps, paired = append(ps, cmp.P), append(paired, i)
	}
	for i, p := range asr.Holm(ps) {
		changes[paired[i]].Adjusted = p
	}
	for i := range changes {
		changes[i].Judgment = changes[i].judge(1 - s.Confidence)
	}
	s.Changes = changes
	return nil
}

func pair(p *asr.Pairs, before, after attempt) {
	switch {
	case !before.scored || !after.scored:
		p.Unscored++
	case before.success && after.success:
		p.Both++
	case before.success:
		p.OnlyBase++
	case after.success:
		p.OnlyOther++
	default:
		p.Neither++
	}
}

// beside lists the families of both runs with their figures.
func (s *Summary) beside(base *Summary) []Change {
	all := map[place]*Change{}
	at := func(guard, family string) *Change {
		k := place{guard: guard, family: family}
		if all[k] == nil {
			all[k] = &Change{Guard: guard, Family: family, Adjusted: 1}
		}
		return all[k]
	}
	base.attacked(func(m Mode, f Family) { at(m.Guard, f.ID).Before = &f.Figures })
	s.attacked(func(m Mode, f Family) { at(m.Guard, f.ID).After = &f.Figures })
	var out []Change
	for _, c := range all {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Change) int {
		return slices.Compare([]string{a.Guard, a.Family}, []string{b.Guard, b.Family})
	})
	return out
}

// attacked calls for each family that was attacked.
func (s *Summary) attacked(do func(Mode, Family)) {
	for _, m := range s.Modes {
		for _, f := range m.Families {
			if f.Attempts > 0 {
				do(m, f)
			}
		}
	}
}

// judge names a change.
func (c Change) judge(level float64) string {
	switch {
	case c.Before == nil:
		return "new"
	case c.After == nil:
		return "gone"
	case c.Paired == nil || c.Paired.Both+c.Paired.OnlyBase+c.Paired.OnlyOther+c.Paired.Neither == 0:
		return "not comparable"
	case c.Adjusted <= level && c.Paired.Change > 0:
		return "worse"
	case c.Adjusted <= level && c.Paired.Change < 0:
		return "better"
	}
	return "no clear change"
}
