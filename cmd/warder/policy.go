package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"warder.example/guard"
	"warder.example/guard/policy"
	"warder.example/guard/standard"
	"warder.example/guard/strictyaml"
)

type policyCmd struct {
	Check   policyCheckCmd   `cmd:"" help:"Check policy files."`
	Test    policyTestCmd    `cmd:"" help:"Run the examples that a policy keeps."`
	Show    policyShowCmd    `cmd:"" help:"Print a policy."`
	Explain policyExplainCmd `cmd:"" help:"Say what a policy makes of a finding, rule by rule."`
	Schema  policySchemaCmd  `cmd:"" help:"Print the JSON Schema of policies."`
}

// builtIn is what stands for the built-in policy where a file is expected.
const builtIn = "default"

// loadPolicy reads a policy file or takes the built-in one. What is wrong with
// the file has been printed when it returns an exitStatus.
func loadPolicy(e *env, file string) (*policy.Policy, error) {
	if file == builtIn {
		return policy.Default(), nil
	}
	p, err := policy.Load(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, hinted{err, "warder policy show default > my.policy.yaml makes one to start from"}
	}
	return p, printProblems(e, err)
}

// printProblems prints every problem of a file on a line of its own, as editors
// and CI systems find them, and returns the exit status. Other errors, and nil,
// it returns as they are.
func printProblems(e *env, err error) error {
	var ps strictyaml.Problems
	if !errors.As(err, &ps) {
		return err
	}
	for _, line := range strings.Split(ps.Error(), "\n") {
		fmt.Fprintln(e.stderr, visible(line))
	}
	return exitStatus(2)
}

type policyCheckCmd struct {
	File []string `arg:"" help:"Policy files."`
}

func (c *policyCheckCmd) Run(e *env) error {
	var failed error
	for _, file := range c.File {
		p, err := loadPolicy(e, file)
		if err != nil {
			if failed = errors.Join(failed, err); !errors.As(err, new(exitStatus)) {
				return err
			}
			continue
		}
		// Detectors may refuse what the file itself cannot show, such as a
		// pattern without a longest match.
		if _, err := standard.New(p); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		fmt.Fprintf(e.stdout, "%s: ok, %d rules, %d examples, %s, %s\n", visible(file), len(p.Rules()), p.Examples(), p.Mode(), p.Digest())
	}
	return failed
}

type policyTestCmd struct {
	File    string `arg:"" optional:"" default:"default" help:"Policy file, or default."`
	Verbose bool   `short:"v" help:"Print the examples that pass, too."`
	JSON    bool   `name:"json" help:"Print every example as a line of JSON."`
}

// Help says what kong's one-liners cannot.
func (policyTestCmd) Help() string {
	return `Examples that give a text are read by the real detectors. Exit status: 0 all
passed, 1 one did not get the verdict it expects, 2 error.`
}

func (c *policyTestCmd) Run(e *env) error {
	p, err := loadPolicy(e, c.File)
	if err != nil {
		return err
	}
	if p.Examples() == 0 {
		return hinted{fmt.Errorf("policy %q has no examples", c.File), "docs/policy.md says how to write some"}
	}
	g, err := standard.New(p)
	if err != nil {
		return err
	}
	outcomes := p.Test(e.ctx, g)
	failed := 0
	for i := range outcomes {
		o := &outcomes[i]
		if o.Err != nil {
			return fmt.Errorf("%s:%d: example %q: %w", c.File, o.Line, o.Name, o.Err)
		}
		if !o.Passed {
			failed++
		}
		if err := c.print(e, o); err != nil {
			return err
		}
	}
	if !c.JSON {
		fmt.Fprintf(e.stdout, "%d of %d examples passed\n", len(outcomes)-failed, len(outcomes))
	}
	if failed > 0 {
		return exitStatus(1)
	}
	return nil
}

func (c *policyTestCmd) print(e *env, o *policy.Outcome) error {
	switch {
	case c.JSON:
		return json.NewEncoder(e.stdout).Encode(struct {
			Name   string `json:"name"`
			Line   int    `json:"line"`
			Passed bool   `json:"passed"`
			Want   string `json:"want"`
			Got    string `json:"got"`
		}{o.Name, o.Line, o.Passed, o.Want, o.Got})
	case !o.Passed:
		fmt.Fprintf(e.stdout, "%s:%d: FAIL %s: got %s; expected %s\n", visible(c.File), o.Line, visible(o.Name), o.Got, o.Want)
	case c.Verbose:
		fmt.Fprintf(e.stdout, "%s:%d: ok %s: %s\n", visible(c.File), o.Line, visible(o.Name), o.Got)
	}
	return nil
}

type policyShowCmd struct {
	File string `arg:"" optional:"" default:"default" help:"Policy file, or default for the built-in one."`
	JSON bool   `name:"json" help:"Print the canonical form, whose SHA-256 is the digest."`
}

func (c *policyShowCmd) Run(e *env) error {
	p, err := loadPolicy(e, c.File)
	if err != nil {
		return err
	}
	out := p.Source()
	if c.JSON {
		out = p.Canonical()
	}
	_, err = e.stdout.Write(out)
	return err
}

type policyExplainCmd struct {
	File      string  `arg:"" optional:"" default:"default" help:"Policy file, or default."`
	Category  string  `required:"" help:"Category of the finding, such as pii.email."`
	Score     float64 `help:"Its score, 0 to 1." default:"1"`
	FPR       float64 `name:"fpr" help:"Its false-positive rate, 0 to 1." default:"0"`
	Class     string  `help:"exact or windowed." enum:"exact,windowed" default:"exact"`
	Encoded   bool    `help:"It was found behind an encoding."`
	Origin    string  `help:"Who wrote the text: user, document, tool, email, operator, model, unknown." default:"user"`
	Direction string  `help:"request or answer." enum:"request,answer" default:"request"`
	Env       string  `help:"Environment of the application: dev, test, prod." enum:"dev,test,prod," default:"prod"`
	DataClass string  `help:"Data class of the application: public, internal, confidential, restricted." enum:"public,internal,confidential,restricted," default:"internal"`
	Detector  string  `help:"The detector's name."`
	Rule      string  `help:"The detector's rule."`
	JSON      bool    `name:"json" help:"Print the verdict as JSON."`
}

func (c *policyExplainCmd) Run(e *env) error {
	p, err := loadPolicy(e, c.File)
	if err != nil {
		return err
	}
	if _, ok := guard.LookupCategory(c.Category); !ok {
		return fmt.Errorf("unknown category %.80q; expected one such as injection, pii.email or secret.generic", c.Category)
	}
	origin, err := guard.ParseOrigin(c.Origin)
	if err != nil {
		return err
	}
	f := guard.Finding{
		Category: c.Category, Score: c.Score, FPR: c.FPR, Detector: c.Detector, Rule: c.Rule, Origin: origin,
		Spans: []guard.Span{{Start: 0, End: 1}},
	}
	if c.Class == guard.Windowed.String() {
		f.Class = guard.Windowed
	}
	if c.Encoded {
		f.View = "encoded"
	}
	facts := guard.Facts{Environment: c.Env, DataClass: c.DataClass}
	if c.Direction == guard.Answer.String() {
		facts.Direction = guard.Answer
	}
	v := p.Decide(facts, []guard.Finding{f})
	if c.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	return c.print(e, p, v)
}

func (c *policyExplainCmd) print(e *env, p *policy.Policy, v guard.Verdict) error {
	fmt.Fprintf(e.stdout, "%s by %s", v.Would, v.Rule)
	if v.Observed {
		fmt.Fprintf(e.stdout, "; the policy only observes, so %s", v.Action)
	}
	fmt.Fprint(e.stdout, "\n\n")
	rows := [][]string{{"", "line", "rule", "action", "reason"}}
	for _, d := range v.Decisions {
		mark := ""
		if d.Decides {
			mark = "*"
		}
		rows = append(rows, []string{mark, fmt.Sprint(d.Line), d.Rule, d.Action.String(), p.Reason(d.Rule)})
	}
	return printTable(e.stdout, rows)
}

type policySchemaCmd struct{}

func (policySchemaCmd) Run(e *env) error {
	_, err := e.stdout.Write(policy.Schema())
	return err
}
