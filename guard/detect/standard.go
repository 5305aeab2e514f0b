package detect

import (
	"fmt"
	"strings"

	"warder.example/guard"
	"warder.example/guard/threshold"
)

// Config says what of the standard set an application or an operator chooses.
// The zero value is the default set.
type Config struct {
	// Deny lists words and phrases that must not pass; see [NewDeny].
	Deny []string
	// Custom holds the operator's own patterns; see [NewCustom].
	Custom []CustomPattern
	// AllowedDomains are the domains that links and images may point to
	// whatever their addresses carry; a domain covers its subdomains.
	AllowedDomains []string
	// DisableModel leaves out the trained prompt-attack classifier. The
	// signatures stay.
	DisableModel bool
	// Thresholds are an operator's own for the classifier; nil for the published
	// ones. They must be for the model that Warder ships.
	Thresholds *threshold.Set
}

// Standard returns every detector that Warder ships, configured, in the order in
// which they are to run: exact ones first, the classifier last. The error names
// the entry of cfg that is wrong.
//
// The detectors are safe for concurrent use and are meant to be built once per
// policy, not per request.
func Standard(cfg Config) ([]guard.Detector, error) {
	for _, d := range cfg.AllowedDomains {
		if !plainDomain(d) {
			return nil, fmt.Errorf("allowed domain %.80q: expected a domain name such as example.com", d)
		}
	}
	out := []guard.Detector{NewSecrets(), NewPII(), NewLeak(), Canaries{}, NewLinks(cfg.AllowedDomains), NewSignatures(), Invisible{}}
	if len(cfg.Deny) > 0 {
		d, err := NewDeny(cfg.Deny)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	if len(cfg.Custom) > 0 {
		d, err := NewCustom(cfg.Custom)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	out = append(out, NewCode())
	if cfg.DisableModel {
		return out, nil
	}
	attack := NewPromptAttack()
	if cfg.Thresholds != nil {
		var err error
		if attack, err = attack.WithThresholds(cfg.Thresholds); err != nil {
			return nil, err
		}
	}
	return append(out, attack), nil
}

// plainDomain reports whether s is a domain name: labels of letters, digits and
// inner hyphens, joined by dots; letters of other scripts are allowed.
func plainDomain(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if r != '-' && !(wordRune(r) && r != '_') {
				return false
			}
		}
	}
	return true
}
