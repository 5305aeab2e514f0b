package policy

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
	"sync"

	"warder.example/guard"
	"warder.example/guard/strictyaml"
)

// Bounds of a policy, beside those of package strictyaml.
const (
	MaxRules    = 256   // rules
	MaxList     = 64    // entries of one list of a condition, exceptions of a rule
	MaxName     = 64    // bytes of a name
	MaxReason   = 1000  // bytes of a reason
	MaxDeny     = 10000 // words on the deny list
	MaxDenyText = 256   // bytes of a denied word or phrase
	MaxCustom   = 100   // patterns of the operator
	MaxPattern  = 1024  // bytes of a pattern
	MaxDomains  = 1000  // allowed domains
	MaxExamples = 1000  // examples
)

//go:embed default.yaml
var defaultSource []byte

var parseDefault = sync.OnceValue(func() *Policy {
	p, err := Parse("default", defaultSource)
	if err != nil {
		panic(fmt.Sprintf("policy: the built-in policy is wrong: %v", err)) // held by a test
	}
	return p
})

// Default returns the policy that is built in: what a new application gets.
func Default() *Policy { return parseDefault() }

// Load reads and compiles the policy file at path. Its errors are those of
// [Parse], or say why the file could not be read.
func Load(path string) (*Policy, error) {
	f, err := os.Open(path)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, fmt.Errorf("reading policy %q: %w", path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, strictyaml.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading policy %q: %w", path, err)
	}
	return Parse(path, data)
}

// Parse compiles a policy; name is what errors call it. All that is wrong is
// reported at once, as [strictyaml.Problems] with lines.
func Parse(name string, data []byte) (*Policy, error) {
	var doc document
	f, err := strictyaml.Decode(name, data, &doc)
	if err != nil {
		return nil, err
	}
	doc.defaults()
	c := compiler{File: f, doc: &doc}
	p := c.compile()
	if err := f.Err(); err != nil {
		return nil, err
	}
	p.name, p.source = name, bytes.Clone(data)
	p.canonical = canonical(&doc)
	p.digest = fmt.Sprintf("sha256:%x", sha256.Sum256(p.canonical))
	return p, nil
}

// defaults writes out what the file leaves open.
func (d *document) defaults() {
	fill := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	fill(&d.Mode, Enforce.String())
	fill(&d.Hold, guard.HoldNone.String())
	fill(&d.Unmatched.Exact, guard.Block.String())
	fill(&d.Unmatched.Windowed, guard.Flag.String())
	if d.Rules == nil {
		d.Rules = []ruleEntry{}
	}
	for i := range d.Rules {
		for j := range d.Rules[i].Except {
			fill(&d.Rules[i].Except[j].Then, guard.Flag.String())
		}
	}
}

// canonical returns the deterministic form that is hashed.
func canonical(d *document) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d); err != nil {
		panic(fmt.Sprintf("policy: encoding a decoded document: %v", err)) // plain strings and finite numbers
	}
	return b.Bytes()
}

// compiler turns a document into a policy and adds what is wrong to the file's
// problems.
type compiler struct {
	*strictyaml.File
	doc *document
}

func (c *compiler) compile() *Policy {
	d := c.doc
	if d.Version != 1 {
		c.Errorf("version", "version is %d; expected 1, the format described in docs/policy.md", d.Version)
	}
	p := &Policy{
		unmatched: [2]guard.Action{guard.Exact: action(d.Unmatched.Exact), guard.Windowed: action(d.Unmatched.Windowed)},
		unmatchAt: c.Line("unmatched"),
		detect:    c.detect(),
	}
	if d.Mode == Observe.String() {
		p.mode = Observe
	}
	for _, h := range []guard.Hold{guard.HoldNone, guard.HoldSentence, guard.HoldAll} {
		if d.Hold == h.String() {
			p.hold = h
		}
	}
	c.rules(p)
	p.restores = c.restores(p)
	c.examples(p)
	return p
}

// action returns the action called name. A name that is none, which strictyaml
// has reported already, is block.
func action(name string) (a guard.Action) {
	_ = a.UnmarshalText([]byte(name))
	return a
}

// rules compiles the rules and what follows from them together.
func (c *compiler) rules(p *Policy) {
	if n := len(c.doc.Rules); n > MaxRules {
		c.Errorf("rules", "%d rules; expected at most %d", n, MaxRules)
		return
	}
	names := map[string]int{}
	for i := range c.doc.Rules {
		path := strictyaml.Index("rules", i)
		r := c.rule(path, &c.doc.Rules[i])
		if at, twice := names[r.name]; twice {
			c.Errorf(path+".name", "rule %q is there twice; first on line %d", r.name, at)
		}
		names[r.name] = r.line
		p.rules = append(p.rules, r)
	}
	if c.Err() == nil { // else half-read rules would give misleading advice
		c.reach(p)
	}
}

func (c *compiler) rule(path string, e *ruleEntry) rule {
	c.checkName(path+".name", e.Name)
	if e.Name == RuleUnmatched {
		c.Errorf(path+".name", "the name %q stands for findings without a rule; choose another", e.Name)
	}
	if e.Then == "" {
		c.Errorf(path, "rule %q has no then; expected allow, flag, redact, block or ask", e.Name)
	}
	if len(e.When.Category) == 0 && !c.Has(path+".when.category") {
		c.Errorf(path+".when", "rule %q has no category; write \"*\" for all", e.Name)
	}
	c.checkReason(path+".reason", e.Reason)
	r := rule{
		name: e.Name, reason: e.Reason, line: c.Line(path), then: action(e.Then),
		when: c.condition(path+".when", &e.When), pseudonym: c.with(path, e.With, e.Then),
	}
	c.checkLength(path+".except", len(e.Except))
	for i := range e.Except {
		r.excepts = append(r.excepts, c.exception(strictyaml.Index(path+".except", i), i, e))
	}
	return r
}

func (c *compiler) exception(path string, i int, r *ruleEntry) exception {
	e := &r.Except[i]
	name := r.Name + "/except"
	if i > 0 {
		name = fmt.Sprintf("%s-%d", name, i+1)
	}
	if e.When.MinScore != nil || e.When.MaxFPR != nil {
		c.Errorf(path+".when", "an exception takes no min_score or max_fpr: a more certain finding must not be treated more mildly")
	}
	if !c.Has(path + ".when") {
		c.Errorf(path, "exception of rule %q has no when", r.Name)
	}
	c.checkReason(path+".reason", e.Reason)
	if then := action(e.Then); r.Then != "" && then <= action(r.Then) {
		c.Errorf(path+".then", "the exception's %s is no milder than the rule's %s", e.Then, r.Then)
	}
	return exception{
		name: name, reason: e.Reason, line: c.Line(path), then: action(e.Then),
		when: c.condition(path+".when", &e.When), pseudonym: c.with(path, e.With, e.Then),
	}
}

func (c *compiler) condition(path string, w *whenEntry) condition {
	out := condition{
		bits:       c.bits(path, w),
		categories: c.categories(path+".category", w.Category),
		detectors:  c.patterns(path+".detector", w.Detector),
		from:       c.patterns(path+".rule", w.Rule),
		minScore:   math.Inf(-1),
		maxFPR:     math.Inf(1),
	}
	if w.MinScore != nil {
		out.minScore = *w.MinScore
		c.checkUnit(path+".min_score", *w.MinScore)
	}
	if w.MaxFPR != nil {
		out.maxFPR = *w.MaxFPR
		c.checkUnit(path+".max_fpr", *w.MaxFPR)
	}
	return out
}

// bits compiles the fields with few values.
func (c *compiler) bits(path string, w *whenEntry) bits {
	out := allBits
	for _, list := range []struct {
		key    string
		field  valueField
		values []string
	}{
		{"origin", origins, w.Origin}, {"environment", environments, w.Environment}, {"data_class", dataClasses, w.DataClass},
		{"direction", directions, w.Direction}, {"class", classes, w.Class},
	} {
		at := strictyaml.Join(path, list.key)
		if !c.Has(at) {
			continue
		}
		c.checkList(at, list.values)
		out &^= list.field.bits
		for _, v := range list.values {
			out |= list.field.bit(v)
		}
	}
	if w.Encoded != nil {
		out = out&^encodedBits | encodings.bit(fmt.Sprint(*w.Encoded))
	}
	return out
}

// patterns compiles names that package guard does not list.
func (c *compiler) patterns(path string, list []string) []pattern {
	if !c.Has(path) {
		return nil
	}
	c.checkList(path, list)
	out := make([]pattern, len(list))
	for i, s := range list {
		out[i] = newPattern(s)
		if s == "" || len(s) > MaxName || strings.Contains(out[i].text, "*") {
			c.Errorf(strictyaml.Index(path, i), "cannot use %.80q; expected a name of at most %d bytes, with * only at its end", s, MaxName)
		}
	}
	return out
}
