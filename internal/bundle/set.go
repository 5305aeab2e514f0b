package bundle

import (
	"fmt"

	"warder.example/guard"
	"warder.example/guard/detect"
	"warder.example/guard/policy"
	"warder.example/guard/standard"
	"warder.example/guard/textmodel"
	"warder.example/guard/threat"
	"warder.example/guard/threshold"
)

// Loaded is a bundle with its detectors.
type Loaded struct {
	*Bundle
	threats *detect.Threat       // nil: none
	model   *detect.PromptAttack // nil: none
	seen    *counter
}

// Load makes the detectors of a bundle.
func Load(b *Bundle) (*Loaded, error) {
	l := &Loaded{Bundle: b, seen: new(counter)}
	if len(b.Threats) > 0 {
		memory := threat.NewMemory(MaxThreats)
		for _, e := range b.Threats {
			if err := memory.Add(e); err != nil {
				return nil, fmt.Errorf("bundle %s %s: %w", b.Manifest.Name, b.Manifest.Version, err)
			}
		}
		l.threats = detect.NewThreat(memory)
	}
	if b.Model != nil {
		var err error
		if l.model, err = detect.NewPromptAttackModel(b.Model); err != nil {
			return nil, fmt.Errorf("bundle %s %s: %w", b.Manifest.Name, b.Manifest.Version, err)
		}
	}
	return l, nil
}

// detectors are those that a bundle adds to others.
func (l *Loaded) detectors() (out []guard.Detector) {
	if l.Signatures != nil {
		out = append(out, l.Signatures)
	}
	if l.threats != nil {
		out = append(out, l.threats)
	}
	return out
}

// Set is what the bundles of a node hold at one time. It is immutable; a nil one
// holds nothing.
type Set struct {
	Active []*Loaded // one of a name
	Staged []*Loaded // one of a name
}

// Model returns the model that takes the place of the built-in one, nil if none
// does.
func (s *Set) Model() *textmodel.Model {
	if m := s.model(); m != nil {
		return m.Model
	}
	return nil
}

func (s *Set) model() *Loaded {
	if s == nil {
		return nil
	}
	for _, l := range s.Active {
		if l.model != nil {
			return l
		}
	}
	return nil
}

// Guard returns a guard that decides by a policy, with the standard detectors, what
// the set holds (detectors of active bundles, a model in the place of the built-in
// one, and readers for what is staged, which find nothing), and what memory
// remembers; nil remembers nothing. own are the operator's thresholds, or nil; the
// error wraps [threshold.ErrModel] when they are for another model than the one that
// judges.
func (s *Set) Guard(p *policy.Policy, own *threshold.Set, memory *threat.Memory) (*guard.Guard, error) {
	builtIn := own
	if s.model() != nil {
		builtIn = nil // they are for the set's model
	}
	g, err := standard.NewWith(p, builtIn)
	if err != nil {
		return nil, err
	}
	if err := s.extend(g, own); err != nil {
		return nil, err
	}
	g.Turns = standard.Turns(g.Detectors)
	if memory != nil {
		g.Detectors = append(g.Detectors, detect.NewThreat(memory))
	}
	return g, nil
}

// extend gives a guard what the set holds.
func (s *Set) extend(g *guard.Guard, own *threshold.Set) error {
	if s == nil {
		return nil
	}
	for i, d := range g.Detectors {
		if p, ok := d.(*detect.PromptAttack); ok {
			p, err := s.classifier(p, own)
			if err != nil {
				return err
			}
			g.Detectors[i] = p
		}
	}
	for _, l := range s.Active {
		g.Detectors = append(g.Detectors, l.detectors()...)
	}
	for _, l := range s.Staged {
		g.Detectors = append(g.Detectors, &observer{l})
	}
	return nil
}

// classifier returns what takes the place of p.
func (s *Set) classifier(p *detect.PromptAttack, own *threshold.Set) (*detect.PromptAttack, error) {
	if l := s.model(); l != nil {
		p = l.model
		if own != nil {
			var err error
			if p, err = p.WithThresholds(own); err != nil {
				return nil, fmt.Errorf("model of bundle %s %s: %w", l.Manifest.Name, l.Manifest.Version, err)
			}
		}
	}
	for _, l := range s.Staged {
		if l.model != nil {
			p = p.Beside(l.model, l.seen.compare)
		}
	}
	return p, nil
}

// same reports whether two sets hold the same bundles.
func (s *Set) same(o *Set) bool {
	return s != nil && o != nil && equal(s.Active, o.Active) && equal(s.Staged, o.Staged)
}

func equal(a, b []*Loaded) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Digest != b[i].Digest {
			return false
		}
	}
	return true
}
