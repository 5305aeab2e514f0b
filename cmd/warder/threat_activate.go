package main

import (
	"errors"
	"fmt"
	"os"

	"warder.example/internal/corpus"
	"warder.example/internal/store"
	"warder.example/internal/threats"
)

// benignFlags say on what honest traffic a threat is measured, and against what.
type benignFlags struct {
	Benign string  `required:"" help:"Honest traffic: JSON Lines with the key text, one object a line (and channel: user, document, tool, email); - reads standard input." placeholder:"FILE"`
	Budget float64 `help:"Share of honest texts that may match, between 0 and 1." default:"0.001" placeholder:"SHARE"`
}

// measure runs a stored threat over the honest traffic.
func (b *benignFlags) measure(e *env, db *store.DB, id string) (t store.Threat, o threats.Outcome, err error) {
	if !(b.Budget > 0 && b.Budget < 1) {
		return t, o, fmt.Errorf("budget is %g; expected a share between 0 and 1", b.Budget)
	}
	if t, err = db.Threat(e.ctx, id); err != nil {
		return t, o, threatHint(err)
	}
	in := e.stdin
	if b.Benign != "-" {
		f, err := os.Open(b.Benign)
		if err != nil {
			return t, o, fmt.Errorf("reading honest traffic: %w", err)
		}
		defer f.Close()
		in = f
	}
	o, err = threats.DryRun(e.ctx, t.Sketch, corpus.NewReader(in, b.Benign))
	if err != nil {
		return t, o, fmt.Errorf("dry run of %s: %w", t.ID, err)
	}
	return t, o, nil
}

// tooFewHint says what to do about too small a sample.
func tooFewHint(err error) error {
	if errors.Is(err, threats.ErrTooFew) {
		return hinted{err, "give more traffic, or a larger --budget if you can live with it"}
	}
	return err
}

type threatDryRunCmd struct {
	storeFlags
	benignFlags
	ID string `arg:"" help:"Id of the threat."`
}

// Run exits with status 1 when the threat may not be activated at the budget.
func (c *threatDryRunCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		_, o, err := c.measure(e, db, c.ID)
		if err != nil {
			return err
		}
		fmt.Fprintln(e.stdout, o)
		if err := o.Within(c.Budget); err != nil {
			fmt.Fprintf(e.stderr, "%v\n", err)
			return exitStatus(1)
		}
		return nil
	})
}

type threatActivateCmd struct {
	storeFlags
	benignFlags
	ID string `arg:"" help:"Id of the threat."`
}

// activation is what the act of activating says of its dry run.
type activation struct {
	threats.Outcome
	Budget float64 `json:"budget"`
}

func (c *threatActivateCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		t, o, err := c.measure(e, db, c.ID)
		if err != nil {
			return err
		}
		if err := o.Within(c.Budget); err != nil {
			return tooFewHint(fmt.Errorf("%s stays %s: %w", t.ID, t.State, err))
		}
		if t, err = db.ActivateThreat(c.as(e), c.ID, activation{o, c.Budget}); err != nil {
			return threatHint(err)
		}
		fmt.Fprintf(e.stderr, "%s is %s; %s\n", t.ID, t.State, o)
		return nil
	})
}
