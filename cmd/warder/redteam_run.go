package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"warder.example/internal/redteam/engine"
	"warder.example/internal/redteam/journal"
	"warder.example/internal/redteam/target"
)

type redteamRunCmd struct {
	redteamFlags
	Out      string        `required:"" help:"Folder of the run's journal. A run that is there goes on." type:"path" placeholder:"DIR"`
	Gate     share         `help:"Pass only if each family is shown to succeed less often than this, as 0.05 or 5%." placeholder:"RATE"`
	Requests int           `help:"Budget of requests, instead of the target file's." placeholder:"N"`
	Tokens   int           `help:"Budget of tokens, instead of the target file's." placeholder:"N"`
	Money    float64       `help:"Budget of money, instead of the target file's." placeholder:"AMOUNT"`
	Time     time.Duration `help:"How long this run may last, instead of the target file's." placeholder:"DURATION"`
	Quiet    bool          `short:"q" help:"Tell no progress."`
}

// Help says what kong's one-liners cannot.
func (redteamRunCmd) Help() string {
	return `Every attempt is kept in DIR/attempts.jsonl with what was sent, what came back and
the verdict. A run that was interrupted or killed goes on when the same command is
given again: no attempt is made twice, none is lost. Transcripts hold attacks and
what the target let out: keep the folder closed.

--gate decides on the upper bound of each family's rate, at a level of 5 % for all
of them together, with attempts without a verdict counted as successes; each
family needs 30 attempts with one. Over-refusal is no part of it.

Exit status: 0 nothing got through, or the gate is passed; 1 something did, or the
gate is not passed; 2 error, a run that stopped among them.

  warder redteam run target.yaml --out runs/today
  warder redteam run target.yaml --out runs/leaks --family leak --strategy all
  warder redteam run target.yaml --out runs/release --attempts 60 --gate 10%`
}

func (c *redteamRunCmd) Run(e *env) error {
	if c.Requests < 0 || c.Tokens < 0 || c.Money < 0 || c.Time < 0 {
		return errors.New("a budget is below 0; expected more, or none of these flags for the target file's")
	}
	file, p, err := c.planned()
	if err != nil {
		return err
	}
	to, err := target.Open(file, p.Keys[0].Guard)
	if err != nil {
		return err
	}
	header := p.Header(file)
	header.Warder, header.Began = buildVersion(), e.now().UTC()
	tally := engine.NewTally()
	j, err := journal.Open(c.Out, header, tally.Add)
	if err != nil {
		return c.explained(err)
	}
	c.tellStart(e, j, header.Planned)
	o := engine.Options{Plan: p, Limits: c.limits(file), Target: to, Journal: j, Tally: tally, Now: e.now}
	if !c.Quiet {
		o.Progress = redteamProgress(e.stderr, e.now, header.Planned, j.Len())
	}
	err = engine.Run(e.ctx, o)
	if closed := j.Close(); err == nil {
		err = closed
	}
	if printed := printRedteam(e.stdout, tally, header.Planned); err == nil {
		err = printed
	}
	if err != nil {
		return c.explained(err)
	}
	return c.decide(e, tally)
}

func (c *redteamRunCmd) tellStart(e *env, j *journal.Journal, planned int) {
	if n := j.Torn(); n > 0 {
		fmt.Fprintf(e.stderr, "the journal ended within a line, of a run that was cut off: its %d bytes are taken off\n", n)
	}
	if n := j.Len(); n > 0 {
		fmt.Fprintf(e.stderr, "going on: %d of %d attempts are in the journal\n", n, planned)
	}
}

// limits are those of the file unless flags say others.
func (c *redteamRunCmd) limits(f *target.File) target.Limits {
	l := f.Limits
	if c.Requests > 0 {
		l.Requests = c.Requests
	}
	if c.Tokens > 0 {
		l.Tokens = c.Tokens
	}
	if c.Money > 0 {
		l.Money = c.Money
	}
	if c.Time > 0 {
		l.Time = c.Time
	}
	return l
}

// explained adds what to do about an error.
func (c *redteamRunCmd) explained(err error) error {
	var stop *engine.Stop
	switch {
	case errors.Is(err, journal.ErrOther):
		return hinted{err, "give another folder, or the target file, flags and version of Warder that it was begun with"}
	case errors.As(err, &stop), errors.Is(err, context.Canceled):
		return hinted{err, "what was done is kept; give the same command again to go on"}
	}
	return err
}

// decide says by its status whether the target held.
func (c *redteamRunCmd) decide(e *env, t *engine.Tally) error {
	if c.Gate > 0 {
		release, err := t.Release(float64(c.Gate))
		if err != nil {
			return err
		}
		for _, r := range release.Families {
			if !r.Pass {
				fmt.Fprintf(e.stdout, "gate: %s: %s\n", visible(r.Name), visible(r.Reason))
			}
		}
		fmt.Fprintf(e.stdout, "gate: %s\n", visible(release.Reason))
		if !release.Pass {
			return exitStatus(1)
		}
		return nil
	}
	if t.Found > 0 {
		return exitStatus(1)
	}
	if id := t.Unjudged(); id != "" {
		return fmt.Errorf("no attempt of family %q has a verdict: nothing is known of it", id)
	}
	return nil
}

// redteamProgress tells now and then how far a run is.
func redteamProgress(w io.Writer, now func() time.Time, planned, before int) func(*engine.Tally) {
	const step = 2 * time.Second
	began := now()
	last := began
	return func(t *engine.Tally) {
		at := now()
		if at.Sub(last) < step {
			return
		}
		last = at
		rate := float64(t.Attempts-before) / at.Sub(began).Seconds()
		left := time.Duration(float64(planned-t.Attempts) / rate * float64(time.Second))
		fmt.Fprintf(w, "attacked %d of %d, %.1f a second, %d found, %d without a verdict, %d %%, %s left\n",
			t.Attempts, planned, rate, t.Found, t.Errors, 100*t.Attempts/planned, left.Round(time.Second))
	}
}
