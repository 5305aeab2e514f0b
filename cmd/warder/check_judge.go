package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"warder.example/guard"
	"warder.example/guard/policy"
	"warder.example/guard/segment"
	"warder.example/guard/standard"
	"warder.example/guard/textmodel"
	"warder.example/internal/config"
	"warder.example/internal/node"
	"warder.example/internal/store"
)

// judge is a guard, and what it is told of the application that texts are for.
type judge struct {
	guard *guard.Guard
	about *guard.Exchange // nil: none was named
}

// judge returns the one that the flags ask for.
func (c *checkCmd) judge(e *env) (*judge, error) {
	if c.Config != "" {
		return c.deployed(e)
	}
	if c.App != "" {
		return nil, errors.New("--app names an application of a deployment; give its configuration with --config")
	}
	p, err := c.policy(config.Default(), "")
	if err != nil {
		return nil, err
	}
	g, err := standard.New(p)
	return &judge{guard: g}, err
}

// policy returns the policy that the flags name, else that of a configuration with
// this name.
func (c *checkCmd) policy(cfg *config.Config, name string) (*policy.Policy, error) {
	if c.Policy != "" {
		return policy.Load(c.Policy)
	}
	return cfg.LoadPolicy(name)
}

// deployed returns a judge with what a server of the configuration has in use.
func (c *checkCmd) deployed(e *env) (*judge, error) {
	cfg, err := config.LoadGuard(c.Config)
	if err != nil {
		return nil, err
	}
	if cfg.Guard.Detectors == config.DetectorsOff {
		return nil, fmt.Errorf("%s says guard.detectors: off, so nothing would be judged", c.Config)
	}
	in, err := c.inForce(e)
	if err != nil {
		return nil, err
	}
	own, err := cfg.LoadThresholdsFor(cmp.Or(in.Bundles.Model(), textmodel.Guard()), e.now())
	if err != nil {
		return nil, err
	}
	j, name := &judge{}, ""
	if a := in.Application; a != nil {
		j.about, name = &guard.Exchange{Application: a.ID, Environment: a.Environment, DataClass: a.DataClass}, a.Policy
	}
	p, err := c.policy(cfg, name)
	if err != nil {
		return nil, err
	}
	j.guard, err = in.Bundles.Guard(p, own, in.Threats)
	return j, err
}

// inForce reads the store of the configuration and tells what was found there.
func (c *checkCmd) inForce(e *env) (*node.InForce, error) {
	cfg, err := config.LoadState(c.Config)
	if err != nil {
		return nil, err
	}
	in, err := node.ReadInForce(e.ctx, cfg, c.App, e.now())
	switch {
	case errors.Is(err, store.ErrFileMode):
		return nil, hinted{err, "it decides what is judged: chmod 600 it, after asking who could have changed it"}
	case c.App != "" && errors.Is(err, store.ErrNotFound):
		return nil, appHint(err, c.App)
	case err != nil:
		return nil, err
	}
	if in.Threats != nil {
		printInForce(e.stderr, in)
	}
	return in, nil
}

// printInForce says in a line what a deployment adds to the guard.
func printInForce(w io.Writer, in *node.InForce) {
	whose := "all applications"
	if in.Application != nil {
		whose = "application " + in.Application.Name
	}
	var attacks, bundles []string
	for _, state := range []string{store.ThreatActive, store.ThreatSuspended, store.ThreatObserved} {
		if n := in.Remembered[state]; n > 0 {
			attacks = append(attacks, fmt.Sprintf("%d %s", n, state))
		}
	}
	if in.Bundles != nil {
		for _, l := range in.Bundles.Active {
			bundles = append(bundles, l.Manifest.Name+" "+l.Manifest.Version)
		}
	}
	fmt.Fprintf(w, "warder: in force for %s: remembered attacks: %s; bundles: %s\n", whose,
		orDefault(strings.Join(attacks, ", "), "none"), orDefault(strings.Join(bundles, ", "), "none"))
}

// facts are what a policy decides under.
func (j *judge) facts(d guard.Direction) guard.Facts {
	f := guard.Facts{Direction: d}
	if x := j.about; x != nil {
		f.Application, f.Environment, f.DataClass = x.Application, x.Environment, x.DataClass
	}
	return f
}

// inspect judges one text that stands for itself, and as the gateway does, what
// looks pasted into it for what it is.
func (j *judge) inspect(ctx context.Context, t guard.Text) (guard.Verdict, error) {
	f := j.facts(t.Direction)
	found, _, err := segment.Find(ctx, j.guard, f, []guard.Text{t}, nil)
	if err != nil {
		return guard.Verdict{Code: "guard_error"}, err
	}
	return j.guard.Decide(f, found), nil
}
