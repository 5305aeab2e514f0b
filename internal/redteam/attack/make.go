package attack

import (
	"fmt"
	"slices"
	"strings"

	"warder.example/internal/redteam/probe"
)

// frame is a message as a template.
type frame struct {
	role  probe.Role
	tool  string
	text  string
	plant bool // left out where the target takes no such thing from outside
}

// objective is the goal as templates.
type objective struct {
	marker, prompt, host, harm, reference string
	secrets, sinks, registry              []string
	forbidden                             []probe.CallRule
	mostTokens, mostCalls                 int
	benign, asked                         bool
}

// Make fills in the seed with this index. It fails with a [NeedsError] if the target has
// not what the objective is about, and if the messages come to more than [MaxMessages]
// bytes because of the setting's values. It panics if there is no such seed.
func (f *Family) Make(seed int, number uint64, set Setting) (Case, error) {
	return f.build(&f.Seeds[seed], number, set, false)
}

// MakeTwin fills in the honest twin of a seed, with the same values and in the same
// place. It is an error to ask for one that is not there. It panics if there is no such
// seed.
func (f *Family) MakeTwin(seed int, number uint64, set Setting) (Case, error) {
	s := &f.Seeds[seed]
	if s.Twin == "" {
		return Case{}, fmt.Errorf("%s/%s has no benign twin", f.ID, s.ID)
	}
	return f.build(s, number, set, true)
}

// builder fills in one case.
type builder struct {
	f      *Family
	s      *Seed
	number uint64
	set    Setting
	prompt string // the planted instructions
}

func (f *Family) build(s *Seed, number uint64, set Setting, twin bool) (Case, error) {
	b := builder{f: f, s: s, number: number, set: set}
	c := Case{Family: f.ID, Seed: s.ID, Number: number, Twin: twin}
	text := s.Text
	if twin {
		text = s.Twin
	}
	size := 0
	for _, m := range s.frames(f) {
		if m.plant && !set.Plant {
			continue
		}
		before, after, has := strings.Cut(m.text, "{{text}}")
		p := probe.Message{Role: m.role, Tool: expand(m.tool, b.value), Text: expand(before, b.value)}
		if m.role == probe.RoleOperator {
			b.prompt += p.Text
		}
		if has {
			said := expand(text, b.value)
			c.At, c.Span = len(c.Messages), [2]int{len(p.Text), len(p.Text) + len(said)}
			p.Text += said + expand(after, b.value)
		}
		if size += len(p.Text); size > MaxMessages {
			return Case{}, fmt.Errorf("%s/%s is longer than %d bytes with these values", f.ID, s.ID, MaxMessages)
		}
		c.Messages = append(c.Messages, p)
	}
	if twin {
		c.Objective = probe.Objective{Benign: true}
		return c, nil
	}
	goal := s.goal(f)
	c.Objective = b.goal(goal)
	return c, b.needs(goal, &c)
}

func (s *Seed) frames(f *Family) []frame {
	if s.messages != nil {
		return s.messages
	}
	return f.messages
}

func (s *Seed) goal(f *Family) objective {
	if s.objective != nil {
		return *s.objective
	}
	return f.objective
}

// value returns what a variable stands for.
func (b *builder) value(name string) string {
	if v, ok := b.set.Values[name]; ok {
		return v
	}
	if name == "prompt" {
		return b.prompt
	}
	r := source(b.f.ID, b.s.ID, b.number, name)
	if list := b.f.values[name]; len(list) > 0 {
		return pick(r, list)
	}
	if m := made[name]; m != nil {
		return m(r)
	}
	return "{{" + name + "}}" // what rows of texts have in braces
}

func (b *builder) goal(o objective) probe.Objective {
	one := func(s string) string { return expand(s, b.value) }
	all := func(list []string) (out []string) {
		for _, s := range list {
			out = append(out, one(s))
		}
		return out
	}
	p := probe.Objective{
		Marker: one(o.marker), Secrets: all(o.secrets), Prompt: one(o.prompt), Sinks: all(o.sinks), Host: one(o.host),
		Harm: one(o.harm), Reference: one(o.reference), Registry: all(o.registry),
		MostTokens: o.mostTokens, MostCalls: o.mostCalls, Benign: o.benign, PromptAsked: o.asked,
	}
	for _, r := range o.forbidden {
		p.Forbidden = append(p.Forbidden, probe.CallRule{Tool: one(r.Tool), Argument: r.Argument, Contains: one(r.Contains)})
	}
	return p
}

// needs checks that what a judge will look for is somewhere: in what is sent, or in the
// target, as the setting says. An attack that cannot succeed must not count as one that
// failed. Secrets that are nowhere are left out of the objective if others are there.
func (b *builder) needs(o objective, c *Case) error {
	if missing := b.missing(o, c); missing != "" {
		return NeedsError{Family: c.Family, Seed: c.Seed, Variable: missing}
	}
	held := c.Objective.Secrets[:0:0]
	for _, template := range o.secrets {
		if b.given(template) || b.sent(template, c) {
			held = append(held, expand(template, b.value))
		}
	}
	if len(o.secrets) > 0 && len(held) == 0 {
		return NeedsError{Family: c.Family, Seed: c.Seed, Variable: named(strings.Join(o.secrets, " "))}
	}
	c.Objective.Secrets = held
	return nil
}

// missing names what an attack must say itself to succeed, and does not.
func (b *builder) missing(o objective, c *Case) string {
	for _, template := range []string{o.marker, o.host} {
		if template != "" && !b.sent(template, c) {
			return named(template)
		}
	}
	for _, r := range o.forbidden {
		if r.Contains == "" || b.sent(r.Contains, c) {
			return ""
		}
	}
	if len(o.forbidden) > 0 {
		return named(o.forbidden[0].Contains)
	}
	return ""
}

// named returns the variables of a template, or what it says without any.
func named(template string) string {
	if names := variables(template); len(names) > 0 {
		return strings.Join(names, ", ")
	}
	return template
}

// sent reports whether a message has what a template stands for.
func (b *builder) sent(template string, c *Case) bool {
	want := expand(template, b.value)
	return slices.ContainsFunc(c.Messages, func(m probe.Message) bool { return strings.Contains(m.Text, want) })
}

// given reports whether the target holds what a template stands for: because the setting
// says so, or because the family names it itself.
func (b *builder) given(template string) bool {
	for _, n := range variables(template) {
		if b.set.Values[n] == "" {
			return false
		}
	}
	return true
}

// possible reports whether a seed can succeed on a target that holds all secrets.
func (s *Seed) possible(f *Family) bool {
	b := builder{f: f, s: s, set: Setting{Plant: true}}
	c, _ := f.build(s, 0, b.set, false) // what it lacks of secrets does not matter here
	o := s.goal(f)
	o.secrets = nil
	return b.needs(o, &c) == nil
}
