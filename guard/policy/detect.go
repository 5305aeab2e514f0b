package policy

import (
	"regexp"
	"strings"

	"warder.example/guard/strictyaml"
)

// Detect is what a policy asks of the detectors: plain data for package detect.
type Detect struct {
	// Deny holds words and phrases that must not occur, any case.
	Deny []string
	// Custom holds the operator's patterns, reported as custom.NAME.
	Custom []Pattern
	// AllowedDomains are the domains, with their subdomains, that links and
	// images in answers may point to without being judged.
	AllowedDomains []string
	// Canaries plants a phrase in the system prompt and looks for it in
	// answers.
	Canaries bool
	// DisableModel turns the trained classifiers off; exact detectors stay.
	DisableModel bool
}

// Pattern is a named RE2 pattern.
type Pattern struct {
	Name    string // the category is custom.NAME
	Pattern string
}

// detect checks the section detect.
func (c *compiler) detect() Detect {
	d := &c.doc.Detect
	c.deny(d.Deny)
	c.domains(d.AllowedDomains)
	return Detect{
		Deny: d.Deny, Custom: c.custom(d.Custom), AllowedDomains: d.AllowedDomains,
		Canaries: d.Canaries, DisableModel: d.DisableModel,
	}
}

func (c *compiler) deny(words []string) {
	const path = "detect.deny"
	if len(words) > MaxDeny {
		c.Errorf(path, "%d entries; expected at most %d", len(words), MaxDeny)
		return
	}
	seen := map[string]bool{}
	for i, w := range words {
		at := strictyaml.Index(path, i)
		key := strings.ToLower(w)
		switch {
		case strings.TrimSpace(w) != w || w == "":
			c.Errorf(at, "%.80q is empty or has space at an end", w)
		case len(w) > MaxDenyText:
			c.Errorf(at, "%d bytes; expected at most %d", len(w), MaxDenyText)
		case seen[key]:
			c.Errorf(at, "%.80q is listed twice (case does not matter)", w)
		}
		seen[key] = true
	}
}

func (c *compiler) custom(list []patternEntry) []Pattern {
	const path = "detect.custom"
	if len(list) > MaxCustom {
		c.Errorf(path, "%d patterns; expected at most %d", len(list), MaxCustom)
		return nil
	}
	seen := map[string]bool{}
	var out []Pattern
	for i, p := range list {
		at := strictyaml.Index(path, i)
		c.checkName(at+".name", p.Name)
		if seen[p.Name] {
			c.Errorf(at+".name", "pattern %.80q is there twice", p.Name)
		}
		seen[p.Name] = true
		re, err := regexp.Compile(p.Pattern)
		switch {
		case p.Pattern == "":
			c.Errorf(at, "pattern %.80q has no pattern", p.Name)
		case len(p.Pattern) > MaxPattern:
			c.Errorf(at+".pattern", "pattern has %d bytes; expected at most %d", len(p.Pattern), MaxPattern)
		case err != nil:
			c.Errorf(at+".pattern", "%s; expected an RE2 pattern", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		case re.MatchString(""):
			c.Errorf(at+".pattern", "the pattern matches the empty text, and so every text")
		}
		out = append(out, Pattern(p))
	}
	return out
}

var domainForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`)

func (c *compiler) domains(list []string) {
	const path = "detect.allowed_domains"
	if len(list) > MaxDomains {
		c.Errorf(path, "%d domains; expected at most %d", len(list), MaxDomains)
		return
	}
	seen := map[string]bool{}
	for i, s := range list {
		at := strictyaml.Index(path, i)
		switch {
		case len(s) > 253 || !domainForm.MatchString(s):
			c.Errorf(at, "%.80q; expected a domain such as docs.example.com, lower case, without scheme, port, path or star (subdomains are included)", s)
		case seen[s]:
			c.Errorf(at, "%q is listed twice", s)
		}
		seen[s] = true
	}
}
