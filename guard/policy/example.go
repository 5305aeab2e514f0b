package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"warder.example/guard"
	"warder.example/guard/strictyaml"
)

// A Finder finds, for examples that give a text instead of findings.
// [guard.Guard] is one.
type Finder interface {
	// Find returns what the detectors see in the texts, in text order.
	Find(ctx context.Context, texts []guard.Text) ([]guard.Finding, error)
}

var _ Finder = (*guard.Guard)(nil)

// ErrNoFinder is the error of an example whose text nobody can inspect.
var ErrNoFinder = errors.New("the example gives a text, and there are no detectors to inspect it")

// example is a compiled example.
type example struct {
	name    string
	line    int
	facts   guard.Facts
	text    *guard.Text // nil when findings are given
	found   []guard.Finding
	expect  guard.Action
	ruleMay string // "" for any
}

// Outcome is what an example gave.
type Outcome struct {
	Name    string
	Line    int // of the example
	Passed  bool
	Want    string // the verdict expected, in words
	Got     string // the verdict it got, in words
	Verdict guard.Verdict
	Err     error // the text could not be inspected
}

// Examples returns the number of examples.
func (p *Policy) Examples() int { return len(p.examples) }

// Test runs the examples. find may be nil when none gives a text; an example
// that does then fails with [ErrNoFinder].
func (p *Policy) Test(ctx context.Context, find Finder) []Outcome {
	out := make([]Outcome, len(p.examples))
	for i := range p.examples {
		out[i] = p.run(ctx, find, &p.examples[i])
	}
	return out
}

func (p *Policy) run(ctx context.Context, find Finder, e *example) Outcome {
	o := Outcome{Name: e.name, Line: e.line, Want: words(e.expect, e.ruleMay)}
	found := e.found
	if e.text != nil {
		if find == nil {
			o.Err = ErrNoFinder
			return o
		}
		text := *e.text
		if found, o.Err = find.Find(ctx, []guard.Text{text}); o.Err != nil {
			return o
		}
	}
	o.Verdict = p.Decide(e.facts, found)
	o.Got = words(o.Verdict.Would, o.Verdict.Rule)
	o.Passed = o.Verdict.Would == e.expect && (e.ruleMay == "" || o.Verdict.Rule == e.ruleMay)
	return o
}

func words(a guard.Action, rule string) string {
	if rule == "" {
		return a.String()
	}
	return fmt.Sprintf("%s by %s", a, rule)
}

// examples compiles the examples.
func (c *compiler) examples(p *Policy) {
	if n := len(c.doc.Examples); n > MaxExamples {
		c.Errorf("examples", "%d examples; expected at most %d", n, MaxExamples)
		return
	}
	names := []string{RuleUnmatched}
	for i := range p.rules {
		names = append(names, p.rules[i].name)
		for j := range p.rules[i].excepts {
			names = append(names, p.rules[i].excepts[j].name)
		}
	}
	for i := range c.doc.Examples {
		p.examples = append(p.examples, c.example(strictyaml.Index("examples", i), &c.doc.Examples[i], names))
	}
}

func (c *compiler) example(path string, e *exampleEntry, rules []string) example {
	out := example{name: e.Name, line: c.Line(path), expect: action(e.Expect.Action), ruleMay: e.Expect.Rule}
	out.facts = guard.Facts{Environment: or(e.Environment, "prod"), DataClass: or(e.DataClass, "internal")}
	if e.Direction == guard.Answer.String() {
		out.facts.Direction = guard.Answer
	}
	if e.Name == "" {
		c.Errorf(path, "example has no name")
	}
	if e.Expect.Action == "" {
		c.Errorf(path+".expect", "example %.80q expects no action", e.Name)
	}
	if e.Expect.Rule != "" && !slices.Contains(rules, e.Expect.Rule) {
		c.Errorf(path+".expect.rule", "there is no rule %.80q", e.Expect.Rule)
	}
	given := c.Has(path + ".findings")
	if given == (e.Text != "") {
		c.Errorf(path, "example %.80q; expected either text or findings", e.Name)
		return out
	}
	origin, _ := guard.ParseOrigin(or(e.Origin, "user"))
	if given {
		out.found = c.findings(path+".findings", e.Findings, origin)
		return out
	}
	out.text = &guard.Text{Content: e.Text, Origin: origin, Direction: out.facts.Direction, Path: "example",
		Exchange: &guard.Exchange{Environment: out.facts.Environment, DataClass: out.facts.DataClass}}
	for _, k := range []guard.Kind{guard.Prose, guard.ToolArguments, guard.Name} {
		if e.Kind == k.String() {
			out.text.Kind = k
		}
	}
	if e.Operator != "" {
		out.text.Exchange.Operator = []string{e.Operator}
	}
	return out
}

func (c *compiler) findings(path string, list []findingEntry, o guard.Origin) []guard.Finding {
	var out []guard.Finding
	for i, e := range list {
		at := strictyaml.Index(path, i)
		c.checkFinding(at+".category", e.Category)
		f := guard.Finding{Category: e.Category, Score: 1, FPR: e.FPR, Detector: e.Detector, Rule: e.Rule, Origin: o,
			Spans: []guard.Span{{Start: 0, End: 1}}}
		if e.Score != nil {
			f.Score = *e.Score
		}
		c.checkUnit(at+".score", f.Score)
		c.checkUnit(at+".fpr", f.FPR)
		if e.Class == guard.Windowed.String() {
			f.Class = guard.Windowed
		}
		if e.Encoded {
			f.View = "example"
		}
		out = append(out, f)
	}
	return out
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
