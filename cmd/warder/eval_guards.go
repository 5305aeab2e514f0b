package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"warder.example/guard"
	"warder.example/guard/detect"
	"warder.example/guard/policy"
	"warder.example/guard/standard"
	"warder.example/guard/textmodel"
	"warder.example/internal/evaluate"
	"warder.example/internal/evaluate/command"
	"warder.example/internal/evaluate/remote"
)

// keyPrefix begins the names of the environment variables with guards' keys.
const keyPrefix = "WARDER_EVAL_KEY_"

// guards lists what is measured: Warder, the other guards, and what is compared.
func (c *evalCmd) guards(e *env) ([]evaluate.Guard, error) {
	var out []evaluate.Guard
	own, err := c.own()
	if err != nil {
		return nil, err
	}
	if own != nil {
		out = append(out, evaluate.Guard{Name: "warder", Judge: own})
	}
	for _, spec := range c.Guard {
		g, err := c.other(e, spec)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	if c.Compare != "" {
		g, err := c.compared(e)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
		if len(out) < 2 {
			return nil, errors.New("--compare has nothing to compare with; expected another guard before it")
		}
	}
	if len(out) == 0 {
		return nil, errors.New("nothing to measure: --detectors none needs a --guard")
	}
	for i, g := range out {
		if slices.ContainsFunc(out[:i], func(o evaluate.Guard) bool { return o.Name == g.Name }) {
			return nil, fmt.Errorf("two guards are named %.40q; expected a name of its own for each", g.Name)
		}
	}
	return out, nil
}

// guardName keeps names apart from what surrounds them in figures and variables.
var guardName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// other reads a guard as it is given on the command line.
func (c *evalCmd) other(e *env, spec string) (evaluate.Guard, error) {
	name, what, ok := strings.Cut(spec, "=")
	if !ok {
		what = spec
	}
	kind, url, addressed := strings.Cut(what, ":")
	switch {
	case kind == "exec" && ok && addressed && guardName.MatchString(name):
		j, err := command.New(e.ctx, command.Options{Command: url, Timeout: c.Timeout})
		if err != nil {
			return evaluate.Guard{}, fmt.Errorf("guard %s: %w", name, err)
		}
		return evaluate.Guard{Name: name, Judge: j}, nil
	case !guardName.MatchString(name), kind != "keywords" && (!ok || !addressed), kind == "keywords" && addressed:
		return evaluate.Guard{}, fmt.Errorf("guard %.80q; expected keywords, NAME=exec:COMMAND, or NAME=KIND:URL with a kind of %s", spec, strings.Join(remote.Kinds(), ", "))
	case kind == "keywords":
		return evaluate.Guard{Name: name, Judge: evaluate.Keywords{}}, nil
	}
	j, err := remote.New(remote.Options{Kind: kind, URL: url, Key: e.getenv(keyVariable(name)), Timeout: c.Timeout, Jobs: c.Jobs})
	if err != nil {
		return evaluate.Guard{}, fmt.Errorf("guard %s: %w", name, err)
	}
	return evaluate.Guard{Name: name, Judge: j, Jobs: c.Jobs}, nil
}

// closeGuards ends the programs that are asked.
func closeGuards(guards []evaluate.Guard) error {
	var errs []error
	for _, g := range guards {
		if c, ok := g.Judge.(io.Closer); ok {
			if err := c.Close(); err != nil {
				errs = append(errs, fmt.Errorf("guard %s: %w", g.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// keyVariable is the environment variable with the key of a guard.
func keyVariable(name string) string {
	return keyPrefix + strings.Map(func(r rune) rune {
		if r == '.' || r == '-' {
			return '_'
		}
		return r
	}, strings.ToUpper(name))
}

// compared is the guard of --compare: a model file, under its name, or a guard.
func (c *evalCmd) compared(e *env) (evaluate.Guard, error) {
	st, err := os.Stat(c.Compare)
	if err != nil || st.IsDir() {
		g, err := c.other(e, c.Compare)
		if err != nil && !strings.Contains(c.Compare, "=") {
			err = fmt.Errorf("--compare %.80q is neither a model file nor a guard; %w", c.Compare, err)
		}
		return g, err
	}
	if c.Detectors == "signatures" || c.Detectors == "none" {
		return evaluate.Guard{}, fmt.Errorf("--compare with a model has no effect on --detectors %s; expected all or model", c.Detectors)
	}
	j, err := c.withModel(c.Compare)
	if err != nil {
		return evaluate.Guard{}, err
	}
	name := strings.TrimSuffix(filepath.Base(c.Compare), filepath.Ext(c.Compare))
	if !guardName.MatchString(name) || name == "warder" {
		name = "compared"
	}
	return evaluate.Guard{Name: name, Judge: j}, nil
}

// own assembles what of Warder is measured, nil for nothing.
func (c *evalCmd) own() (evaluate.Judge, error) {
	if c.Detectors == "signatures" || c.Detectors == "none" {
		if c.Model != "" {
			return nil, fmt.Errorf("--model has no effect on --detectors %s; expected only one of them", c.Detectors)
		}
		if c.Detectors == "none" {
			return nil, nil
		}
		return evaluate.Detectors{detect.NewSignatures()}, nil
	}
	return c.withModel(c.Model)
}

// withModel assembles the detectors around a model; the built-in one if file is
// empty.
func (c *evalCmd) withModel(file string) (evaluate.Judge, error) {
	attack, err := modelDetector(file)
	if err != nil {
		return nil, err
	}
	if c.Detectors == "model" {
		return evaluate.Detectors{attack}, nil
	}
	g, err := standard.New(policy.Default())
	if err != nil {
		return nil, err
	}
	ds := evaluate.Detectors{attack}
	for _, d := range g.Detectors {
		if _, ok := d.(*detect.PromptAttack); !ok {
			ds = append(ds, d)
		}
	}
	return ds, nil
}

// modelDetector reads a model file; empty is the built-in model.
func modelDetector(file string) (guard.Detector, error) {
	if file == "" {
		return detect.NewPromptAttack(), nil
	}
	m, err := readModel(file)
	if err != nil {
		return nil, err
	}
	return detect.NewPromptAttackModel(m)
}

// readModel reads a model file of a bounded size.
func readModel(file string) (*textmodel.Model, error) {
	st, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("opening model: %w", err)
	}
	if st.Size() > textmodel.MaxFile {
		return nil, fmt.Errorf("model %s: %d bytes, at most %d are read", file, st.Size(), textmodel.MaxFile)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading model: %w", err)
	}
	m, err := textmodel.Load(b)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", file, err)
	}
	return m, nil
}
