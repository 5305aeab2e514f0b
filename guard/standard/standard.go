// Package standard assembles the guard that Warder ships: every detector of
// package detect under a policy of package policy.
//
//	g, err := standard.New(policy.Default())
//	v, err := g.Inspect(ctx, guard.Input{Texts: []guard.Text{{Content: text, Origin: guard.OriginUser}}})
package standard

import (
	"fmt"

	"warder.example/guard"
	"warder.example/guard/conversation"
	"warder.example/guard/detect"
	"warder.example/guard/policy"
	"warder.example/guard/threshold"
)

// New returns a guard with the standard detectors, set up as the policy's
// detect section says, that decides by the policy. Building one takes some
// milliseconds; it is safe for concurrent use.
func New(p *policy.Policy) (*guard.Guard, error) { return NewWith(p, nil) }

// NewWith is [New] with an operator's own thresholds for the classifiers; nil for
// the published ones. The error wraps [threshold.ErrModel] when they are for
// another model; the caller asks [threshold.Set.Expired].
func NewWith(p *policy.Policy, own *threshold.Set) (*guard.Guard, error) {
	d := p.Detect()
	c := detect.Config{Deny: d.Deny, AllowedDomains: d.AllowedDomains, DisableModel: d.DisableModel, Thresholds: own}
	for _, x := range d.Custom {
		c.Custom = append(c.Custom, detect.CustomPattern{Name: x.Name, Pattern: x.Pattern})
	}
	ds, err := detect.Standard(c)
	if err != nil {
		return nil, fmt.Errorf("building detectors: %w", err)
	}
	return &guard.Guard{Detectors: ds, Turns: Turns(ds), Decider: p}, nil
}

// Turns returns the reader of conversations that goes with detectors: it reads with
// the classifier and the signatures that are among them.
func Turns(ds []guard.Detector) guard.TurnDetector {
	var attack *detect.PromptAttack
	var signatures *detect.Signatures
	for _, d := range ds {
		switch d := d.(type) {
		case *detect.PromptAttack:
			attack = d
		case *detect.Signatures:
			if signatures == nil { // the built-in ones come first, those of bundles later
				signatures = d
			}
		}
	}
	return conversation.New(attack, signatures)
}
