package policy

import (
	"math"
	"slices"

	"warder.example/guard"
	"warder.example/guard/strictyaml"
)

// reach reports rules and exceptions that can never decide anything, and rules
// under which a more certain finding would be treated more mildly.
func (c *compiler) reach(p *Policy) {
	for i := range p.rules {
		path := strictyaml.Index("rules", i)
		if by := shadows(p.rules, i); len(by) > 0 {
			c.Errorf(path, "rule %q can never decide: %s", p.rules[i].name, describe(by))
		}
		c.exceptions(path, &p.rules[i])
		c.monotone(path, p, i)
	}
}

// describe names the rules that take everything.
func describe(by []*rule) string {
	s := ""
	for i, r := range by {
		if i > 0 {
			s += " and "
		}
		s += "rule " + r.name
	}
	if len(by) == 1 {
		return s + " applies wherever it does and is at least as strict"
	}
	return s + " together apply wherever it does and are at least as strict"
}

// shadows returns the rules that between them apply wherever rule i does and
// win against it; none if rule i decides something. Each combination of a
// category pattern and of the fields with few values is tried.
func shadows(rules []rule, i int) []*rule {
	r := &rules[i]
	var winners []*rule
	for j := range rules {
		if o := &rules[j]; j != i && o.wins(r, j < i) && o.mayShadow(r) {
			winners = append(winners, o)
		}
	}
	if len(winners) == 0 {
		return nil
	}
	var used []*rule
	categories := r.when.categories
	for _, cat := range categories {
		for b := range combinations(r.when.bits) {
			k := slices.IndexFunc(winners, func(o *rule) bool {
				return o.when.bits&b == b && slices.ContainsFunc(o.when.categories, func(p pattern) bool { return p.covers(cat) })
			})
			if k < 0 {
				return nil
			}
			if !slices.Contains(used, winners[k]) {
				used = append(used, winners[k])
			}
		}
	}
	return used
}

// wins reports whether o decides where both apply. A rule that masks for good
// has its say beside one that lets values come back.
func (o *rule) wins(r *rule, first bool) bool {
	return o.then < r.then || o.then == r.then && (first && (r.pseudonym || !o.pseudonym) || r.pseudonym && !o.pseudonym)
}

// mayShadow reports whether o is as wide as r in what is not a combination, and
// always as strict as it says.
func (o *rule) mayShadow(r *rule) bool {
	for i := range o.excepts {
		if o.excepts[i].when.meets(&r.when) {
			return false
		}
	}
	return o.when.minScore <= r.when.minScore && o.when.maxFPR >= r.when.maxFPR &&
		allCovered(o.when.detectors, r.when.detectors) && allCovered(o.when.from, r.when.from)
}

// covers reports whether c matches all that d matches.
func (c *condition) covers(d *condition) bool {
	return c.bits&d.bits == d.bits && c.minScore <= d.minScore && c.maxFPR >= d.maxFPR &&
		allCovered(c.categories, d.categories) && allCovered(c.detectors, d.detectors) && allCovered(c.from, d.from)
}

// allCovered reports whether wide matches all that narrow matches.
func allCovered(wide, narrow []pattern) bool {
	if wide == nil {
		return true
	}
	if narrow == nil {
		narrow = []pattern{{open: true}}
	}
	return !slices.ContainsFunc(narrow, func(q pattern) bool {
		return !slices.ContainsFunc(wide, func(p pattern) bool { return p.covers(q) })
	})
}

// meets reports whether some finding matches both.
func (c *condition) meets(d *condition) bool {
	return c.may(d.bits) && overlap(c.categories, d.categories) && overlap(c.detectors, d.detectors) && overlap(c.from, d.from)
}

func overlap(a, b []pattern) bool {
	return a == nil || b == nil || slices.ContainsFunc(a, func(p pattern) bool {
		return slices.ContainsFunc(b, func(q pattern) bool { return p.covers(q) || q.covers(p) })
	})
}

// combinations yields every choice of one value a field.
func combinations(b bits) func(yield func(bits) bool) {
	return func(yield func(bits) bool) {
		var walk func(i int, chosen bits) bool
		walk = func(i int, chosen bits) bool {
			if i == len(fields) {
				return yield(chosen)
			}
			for rest := b & fields[i].bits; rest != 0; rest &= rest - 1 {
				if !walk(i+1, chosen|rest&-rest) {
					return false
				}
			}
			return true
		}
		walk(0, 0)
	}
}

// exceptions reports exceptions that never or always apply.
func (c *compiler) exceptions(path string, r *rule) {
	for i := range r.excepts {
		e := &r.excepts[i]
		at := strictyaml.Index(path+".except", i)
		switch {
		case !e.when.meets(&r.when):
			c.Errorf(at, "the exception can never apply: rule %q does not match such a finding", r.name)
		case e.when.covers(&condition{bits: r.when.bits, categories: r.when.categories, detectors: r.when.detectors, from: r.when.from,
			minScore: e.when.minScore, maxFPR: e.when.maxFPR}):
			c.Errorf(at, "the exception applies to everything that rule %q matches", r.name)
		}
		for j := range i {
			if r.excepts[j].when.covers(&e.when) {
				c.Errorf(at, "the exception can never apply: the one on line %d takes everything that it matches", r.excepts[j].line)
				break
			}
		}
	}
}

// monotone reports a rule with a threshold that is milder than what happens
// below its threshold, where nothing may be left but unmatched.
func (c *compiler) monotone(path string, p *Policy, i int) {
	r := &p.rules[i]
	wide := r.when
	wide.minScore, wide.maxFPR = math.Inf(-1), math.Inf(1)
	if r.when.covers(&wide) {
		return // no threshold
	}
	mildest := r.then
	for j := range r.excepts {
		mildest = max(mildest, r.excepts[j].then)
	}
	for _, class := range []guard.Class{guard.Exact, guard.Windowed} {
		below := wide
		below.bits = wide.bits&^classBits | wide.bits&classes.at(int(class))
		if mildest > p.unmatched[class] && below.bits&classBits != 0 && !p.speaksOf(below) {
			c.Errorf(path, "rule %q: %s findings below its threshold are unmatched (%s), stricter than its %s above; add a rule without threshold for them, or set unmatched.%s",
				r.name, class, p.unmatched[class], mildest, class)
		}
	}
}

// speaksOf reports whether for every category of c one rule matches all of it.
func (p *Policy) speaksOf(c condition) bool {
	return !slices.ContainsFunc(c.categories, func(cat pattern) bool {
		one := c
		one.categories = []pattern{cat}
		return !slices.ContainsFunc(p.rules, func(r rule) bool { return r.when.covers(&one) })
	})
}
