package policy

import (
	"slices"
	"strings"

	"warder.example/guard"
)

// rule is a compiled rule.
type rule struct {
	name, reason string
	line         int
	when         condition
	then         guard.Action
	pseudonym    bool // what is masked can come back
	excepts      []exception
}

// exception is a compiled exception of a rule.
type exception struct {
	name, reason string // name is the rule's with a suffix
	line         int
	when         condition
	then         guard.Action
	pseudonym    bool
}

// condition is what a finding and its facts must meet.
type condition struct {
	bits                        bits
	categories, detectors, from []pattern // nil: any
	minScore, maxFPR            float64   // infinite where the file says nothing
}

// bits is a set of values in each of six fields with few values. In a condition
// it holds the values that match, in facts the one value that is known, or all
// that may be.
type bits uint32

// The fields. The order inside of each is that of the names in fields.
const (
	originBits      bits = 0b111111
	environmentBits bits = 0b111 << 6
	dataClassBits   bits = 0b1111 << 9
	directionBits   bits = 0b11 << 13
	classBits       bits = 0b11 << 15
	encodedBits     bits = 0b11 << 17
	allBits         bits = 1<<19 - 1
)

// valueField is one field and what its values are called.
type valueField struct {
	bits  bits
	names []string
}

var (
	origins      = valueField{originBits, []string{"operator", "user", "document", "tool", "email", "model"}}
	environments = valueField{environmentBits, []string{"dev", "test", "prod"}}
	dataClasses  = valueField{dataClassBits, []string{"public", "internal", "confidential", "restricted"}}
	directions   = valueField{directionBits, []string{"request", "answer"}}
	classes      = valueField{classBits, []string{"exact", "windowed"}}
	encodings    = valueField{encodedBits, []string{"false", "true"}}

	fields = [...]valueField{origins, environments, dataClasses, directions, classes, encodings}
)

// at returns the bit of the i-th value, or all when there is no such value.
func (v valueField) at(i int) bits {
	if i < 0 || i >= len(v.names) {
		return v.bits
	}
	return (v.bits & -v.bits) << i
}

// bit returns the bit of the value called name, or all when there is none.
func (v valueField) bit(name string) bits { return v.at(slices.Index(v.names, name)) }

// factBits returns what is known beside the finding.
func factBits(f guard.Facts) bits {
	d := directions.at(0)
	if f.Direction == guard.Answer {
		d = directions.at(1)
	}
	return environments.bit(f.Environment) | dataClasses.bit(f.DataClass) | d
}

// findingBits returns what is known of the finding. Origins are numbered from
// one in package guard, zero being the unknown one.
func findingBits(f *guard.Finding) bits {
	b := origins.at(int(f.Origin) - 1)
	if f.Class == guard.Windowed {
		b |= classes.at(1)
	} else {
		b |= classes.at(0)
	}
	if f.View != "" {
		return b | encodings.at(1)
	}
	return b | encodings.at(0)
}

// may reports whether, in every field, some value that may be matches.
func (c *condition) may(b bits) bool {
	for _, f := range fields {
		if c.bits&b&f.bits == 0 {
			return false
		}
	}
	return true
}

// surelyBut reports whether every value that may be matches, one field aside.
func (c *condition) surelyBut(field, b bits) bool { return c.bits&b&^field == b&^field }

// fits reports whether the finding's own values match. A score or rate that is
// not a number fits every bound.
func (c *condition) fits(f *guard.Finding) bool {
	return !(f.Score < c.minScore) && !(f.FPR > c.maxFPR) &&
		anyMatch(c.categories, f.Category) && anyMatch(c.detectors, f.Detector) && anyMatch(c.from, f.Rule)
}

// pattern is a name, or the beginning of one.
type pattern struct {
	text string
	open bool // anything may follow
}

// newPattern compiles name, or the beginning of a name and a star.
func newPattern(s string) pattern {
	text, open := strings.CutSuffix(s, "*")
	return pattern{text, open}
}

func (p pattern) match(s string) bool {
	return s == p.text || p.open && strings.HasPrefix(s, p.text)
}

// covers reports whether p matches all that q matches.
func (p pattern) covers(q pattern) bool {
	if p.open {
		return strings.HasPrefix(q.text, p.text)
	}
	return p == q
}

// anyMatch reports whether one of ps matches; no patterns match everything.
func anyMatch(ps []pattern, s string) bool {
	if ps == nil {
		return true
	}
	for i := range ps {
		if ps[i].match(s) {
			return true
		}
	}
	return false
}
