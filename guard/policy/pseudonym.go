package policy

import (
	"slices"
	"strings"

	"warder.example/guard"
	"warder.example/guard/strictyaml"
)

// Bounds of the section pseudonyms.
const (
	MaxRestore     = 100 // parameters
	MaxRestoreName = 128 // bytes of the name of a tool or parameter
)

// withPseudonym is the value of with that lets values come back.
const withPseudonym = "pseudonym"

// Restore is a parameter of a tool in whose arguments masked values may come
// back.
type Restore struct{ Tool, Parameter string }

// Pseudonyms reports whether some rule masks with pseudonyms.
func (p *Policy) Pseudonyms() bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool {
		return r.pseudonym || slices.ContainsFunc(r.excepts, func(e exception) bool { return e.pseudonym })
	})
}

// Restores returns the parameters of a tool in which masked values may come
// back.
func (p *Policy) Restores(tool string) (parameters []string) {
	for _, r := range p.restores {
		if r.Tool == tool {
			parameters = append(parameters, r.Parameter)
		}
	}
	return parameters
}

// with compiles the key with of a rule or exception.
func (c *compiler) with(path, with, then string) (pseudonym bool) {
	if with != "" && then != guard.Redact.String() {
		c.Errorf(path+".with", "with says what stands for a masked value, and then is not redact")
	}
	return with == withPseudonym
}

// restores compiles the section pseudonyms.
func (c *compiler) restores(p *Policy) (out []Restore) {
	const path = "pseudonyms.restore"
	if c.doc.Pseudonyms == nil {
		return nil
	}
	list := c.doc.Pseudonyms.Restore
	if len(list) > MaxRestore {
		c.Errorf(path, "%d entries; expected at most %d", len(list), MaxRestore)
		return nil
	}
	if len(list) > 0 && !p.Pseudonyms() && c.Err() == nil {
		c.Errorf("pseudonyms", "nothing can come back: no rule says with: pseudonym")
	}
	for i, e := range list {
		at := strictyaml.Index(path, i)
		r := Restore(e)
		c.checkRestore(at+".tool", "tool", r.Tool)
		c.checkRestore(at+".parameter", "parameter", r.Parameter)
		if slices.Contains(out, r) {
			c.Errorf(at, "parameter %.80q of tool %.80q is listed twice", r.Parameter, r.Tool)
		}
		out = append(out, r)
	}
	return out
}

func (c *compiler) checkRestore(path, what, name string) {
	if name == "" || len(name) > MaxRestoreName || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == '*' || r == 0x7f }) {
		c.Errorf(path, "%s %.80q; expected a name of at most %d bytes, without spaces or stars", what, name, MaxRestoreName)
	}
}
