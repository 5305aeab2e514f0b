package plan

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"warder.example/internal/redteam/attack"
	"warder.example/internal/redteam/journal"
	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/strategy"
	"warder.example/internal/redteam/target"
)

// An Attempt is what is sent in one conversation, and what for.
type Attempt struct {
	Exchanges [][]probe.Message // each is sent at once, and answered
	Objective probe.Objective
}

// Impossible says that an attack cannot succeed on the target.
type Impossible struct {
	Family, Seed string
	Why          string
}

// Error says which and why.
func (i *Impossible) Error() string { return fmt.Sprintf("%s/%s: %s", i.Family, i.Seed, i.Why) }

// A Maker writes attempts. It is safe for concurrent use.
type Maker struct {
	file     *target.File
	families map[string]*attack.Family
	seeds    map[[2]string]int // index by family and seed
	ways     map[string]strategy.Strategy
}

func newMaker(f *target.File, spec Spec) *Maker {
	m := &Maker{file: f, families: map[string]*attack.Family{}, seeds: map[[2]string]int{}, ways: map[string]strategy.Strategy{"": {}}}
	for _, fam := range spec.Families {
		m.families[fam.ID] = fam
		for i, s := range fam.Seeds {
			m.seeds[[2]string{fam.ID, s.ID}] = i
		}
	}
	for _, s := range spec.Strategies {
		m.ways[s.ID] = s
	}
	return m
}

// Make writes the attempt of a key of the plan: always the same. It is an [*Impossible]
// if it could not succeed.
func (m *Maker) Make(k journal.Key) (*Attempt, error) {
	seed, known := m.seeds[[2]string{k.Family, k.Seed}]
	way, has := m.ways[k.Strategy]
	if !known || !has {
		return nil, fmt.Errorf("attempt %s/%s by %q is not of this plan", k.Family, k.Seed, k.Strategy)
	}
	fam := m.families[k.Family]
	write := fam.Make
	if k.Twin {
		write = fam.MakeTwin
	}
	c, err := write(seed, k.Draw, m.setting(k.Draw))
	if err == nil && !k.Twin {
		err = m.fit(&c)
	}
	if err != nil {
		return nil, &Impossible{k.Family, k.Seed, err.Error()}
	}
	said, err := way.Apply(c.Messages[c.At].Text[c.Span[0]:c.Span[1]], rand.New(rand.NewPCG(k.Draw, number(k.Strategy))))
	if err != nil {
		return nil, &Impossible{k.Family, k.Seed, err.Error()}
	}
	exchanges, err := lay(&c, said)
	if err != nil {
		return nil, &Impossible{k.Family, k.Seed, err.Error()}
	}
	return &Attempt{Exchanges: exchanges, Objective: c.Objective}, nil
}

// setting is what the file tells of the target.
func (m *Maker) setting(draw uint64) attack.Setting {
	f := m.file
	set := attack.Setting{Values: map[string]string{}}
	switch f.Kind {
	case target.KindHTTP, target.KindCommand, target.KindMCP:
	default:
		set.Plant = !f.Installed && f.Prompt == "" && len(f.Canaries) == 0
	}
	if f.Prompt != "" {
		set.Values["prompt"] = f.Prompt
	}
	if n := uint64(len(f.Canaries)); n > 0 {
		set.Values["secret"] = f.Canaries[draw%n].Value
	}
	if names := m.tools(); len(names) > 0 {
		set.Values["tool"] = names[draw%uint64(len(names))]
	}
	return set
}

// tools are the tools that attacks try to have called: those that may not be, or else
// all.
func (m *Maker) tools() []string {
	var all, wrong []string
	for _, t := range m.file.Tools {
		all = append(all, t.Name)
		if !m.allowed(t.Name) {
			wrong = append(wrong, t.Name)
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	return all
}

// allowed reports whether every call of a tool is right.
func (m *Maker) allowed(tool string) bool {
	return slices.ContainsFunc(m.file.Allowed, func(r target.CallRule) bool {
		return (r.Tool == tool || r.Tool == "*") && r.Argument == "" && r.Contains == ""
	})
}

// fit brings an attack's objective to what the target has: its tools, its canaries.
func (m *Maker) fit(c *attack.Case) error {
	o := &c.Objective
	if o.Benign {
		return nil
	}
	if len(o.Secrets) > 0 {
		for _, s := range m.file.Canaries {
			if !slices.Contains(o.Secrets, s.Value) {
				o.Secrets = append(o.Secrets, s.Value)
			}
		}
	}
	onlyCalls := o.MostCalls > 0 && o.MostTokens == 0
	if (len(o.Forbidden) > 0 || onlyCalls) && len(m.file.Tools) == 0 {
		return errors.New("the target file declares no tools")
	}
	asked := len(o.Forbidden)
	o.Forbidden = slices.DeleteFunc(o.Forbidden, func(r probe.CallRule) bool { return r.Contains == "" && m.allowed(r.Tool) })
	if asked > 0 && len(o.Forbidden) == 0 {
		return errors.New("the target file allows every call that the attack is after")
	}
	for _, r := range m.file.Forbidden {
		o.Forbidden = append(o.Forbidden, probe.CallRule(r))
	}
	return nil
}

// lay puts what a strategy says into the place of the attack and parts the messages into
// what is sent at once.
func lay(c *attack.Case, said []probe.Message) ([][]probe.Message, error) {
	at := c.Messages[c.At]
	if len(said) == 1 {
		at.Text = at.Text[:c.Span[0]] + said[0].Text + at.Text[c.Span[1]:]
		messages := slices.Clone(c.Messages)
		messages[c.At] = at
		return turns(messages), nil
	}
	if at.Role != probe.RoleUser || c.At != len(c.Messages)-1 || c.Span != [2]int{0, len(at.Text)} {
		return nil, errors.New("a script of several messages fits only where the attack is all that the user says last")
	}
	before, script := turns(c.Messages[:c.At]), strategy.Exchanges(said)
	if n := len(before); n > 0 && before[n-1][len(before[n-1])-1].Role != probe.RoleUser {
		script[0] = slices.Concat(before[n-1], script[0])
		before = before[:n-1]
	}
	return slices.Concat(before, script), nil
}

// turns parts messages where the user speaks twice in a row: the first wants an answer.
func turns(messages []probe.Message) (out [][]probe.Message) {
	begin := 0
	for i, m := range messages {
		if i+1 == len(messages) || m.Role == probe.RoleUser && messages[i+1].Role == probe.RoleUser {
			out = append(out, messages[begin:i+1])
			begin = i + 1
		}
	}
	return out
}
