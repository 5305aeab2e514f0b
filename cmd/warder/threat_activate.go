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
	Budget float64 `help:"Share of honest texts that may match, more than 0 and less than 1." default:"0.001" placeholder:"SHARE"`
}

// rows opens the honest traffic for f.
func (b *benignFlags) rows(e *env, f func(*corpus.Reader) error) error {
	if b.Benign == "-" {
		return f(corpus.NewReader(e.stdin, b.Benign))
	}
	in, err := os.Open(b.Benign)
	if err != nil {
		return fmt.Errorf("reading honest traffic: %w", err)
	}
	defer in.Close()
	return f(corpus.NewReader(in, b.Benign))
}

// tooFewHint says what to do about too small a sample.
func tooFewHint(err error) error {
	if errors.Is(err, threats.ErrTooFew) {
		return hinted{err, "give more traffic, or a larger --budget if you can live with it"}
	}
	return threatHint(err)
}

type threatDryRunCmd struct {
	storeFlags
	benignFlags
	ID string `arg:"" help:"Id of the threat."`
}

// Run exits with status 1 when the threat may not be activated at the budget.
func (c *threatDryRunCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		return c.rows(e, func(rows *corpus.Reader) error {
			r, err := threats.Acts{Store: db}.DryRun(e.ctx, c.ID, rows, c.Budget)
			if err != nil {
				return threatHint(err)
			}
			fmt.Fprintln(e.stdout, r.Outcome)
			if err := r.Within(); err != nil {
				fmt.Fprintf(e.stderr, "%v\n", err)
				return exitStatus(1)
			}
			return nil
		})
	})
}

type threatActivateCmd struct {
	storeFlags
	benignFlags
	ID string `arg:"" help:"Id of the threat."`
}

func (c *threatActivateCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		return c.rows(e, func(rows *corpus.Reader) error {
			r, err := threats.Acts{Store: db}.Activate(c.as(e), c.ID, rows, c.Budget)
			if err != nil {
				return tooFewHint(err)
			}
			fmt.Fprintf(e.stderr, "%s is %s; %s\n", r.Threat.ID, r.Threat.State, r.Outcome)
			return nil
		})
	})
}
