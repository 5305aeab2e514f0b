package policy

import (
	"regexp"
	"slices"
	"strings"

	"warder.example/guard"
	"warder.example/guard/strictyaml"
)

var nameForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (c *compiler) checkName(path, s string) {
	switch {
	case s == "":
		c.Errorf(path, "name is missing")
	case len(s) > MaxName || !nameForm.MatchString(s):
		c.Errorf(path, "name %.80q; expected lower-case letters, digits and single dashes, at most %d", s, MaxName)
	}
}

func (c *compiler) checkReason(path, s string) {
	if len(s) > MaxReason {
		c.Errorf(path, "reason has %d bytes; expected at most %d", len(s), MaxReason)
	}
}

func (c *compiler) checkUnit(path string, x float64) {
	if x < 0 || x > 1 {
		c.Errorf(path, "value is %g; expected 0 to 1", x)
	}
}

func (c *compiler) checkLength(path string, n int) {
	if n > MaxList {
		c.Errorf(path, "%d entries; expected at most %d", n, MaxList)
	}
}

// checkList refuses lists that match nothing or say a thing twice.
func (c *compiler) checkList(path string, list []string) {
	if len(list) == 0 {
		c.Errorf(path, "the list is empty and would match nothing; remove it to match everything")
	}
	c.checkLength(path, len(list))
	for i, s := range list {
		if slices.Contains(list[:i], s) {
			c.Errorf(strictyaml.Index(path, i), "%.80q is listed twice", s)
		}
	}
}

// categories compiles category patterns, each of which can match something.
func (c *compiler) categories(path string, list []string) []pattern {
	if !c.Has(path) {
		return nil
	}
	c.checkList(path, list)
	out := make([]pattern, len(list))
	for i, s := range list {
		out[i] = newPattern(s)
		c.checkCategory(strictyaml.Index(path, i), s)
	}
	return out
}

// checkCategory checks a category or a pattern of categories.
func (c *compiler) checkCategory(path, s string) {
	base, open := strings.CutSuffix(s, "*")
	switch {
	case s == "*", open && inFamily(base):
	case open:
		c.Errorf(path, "%.80q matches no category; a star stands alone or in a family: %s", s, strings.Join(familyPatterns(), ", "))
	default:
		c.checkFinding(path, s)
	}
}

// checkFinding checks the category of a finding.
func (c *compiler) checkFinding(path, s string) {
	if _, ok := guard.LookupCategory(s); !ok || strings.Contains(s, "*") || len(s) > MaxName {
		c.Errorf(path, "unknown category %.80q%s", s, suggestCategory(s))
		return
	}
	if name, ok := strings.CutPrefix(s, "custom."); ok {
		for _, p := range c.doc.Detect.Custom {
			if p.Name == name {
				return
			}
		}
		c.Errorf(path, "category %.80q: detect.custom has no pattern %.80q", s, name)
	}
}

// inFamily reports whether a category that begins with base can exist.
func inFamily(base string) bool {
	for _, c := range guard.Categories {
		if strings.HasSuffix(c.Name, ".") && strings.HasPrefix(base, c.Name) && !strings.Contains(base, "*") {
			return true
		}
	}
	return false
}

func familyPatterns() (out []string) {
	for _, c := range guard.Categories {
		if strings.HasSuffix(c.Name, ".") {
			out = append(out, c.Name+"*")
		}
	}
	return out
}

// suggestCategory returns the end of an error about a category.
func suggestCategory(s string) string {
	var names []string
	family, _, _ := strings.Cut(s, ".")
	for _, c := range guard.Categories {
		name := c.Name
		if strings.HasSuffix(name, ".") {
			name += "*"
		}
		if strings.TrimSuffix(c.Name, ".") == family {
			return "; did you mean " + name
		}
		names = append(names, name)
	}
	if near := strictyaml.Nearest(s, names); near != "" {
		return "; did you mean " + near
	}
	if near := strictyaml.Nearest(family+".*", names); near != "" {
		return "; did you mean " + near
	}
	return "; expected one of " + strings.Join(names, ", ")
}
