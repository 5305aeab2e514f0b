package main

import (
	"fmt"

	"warder.example/internal/redteam/engine"
	"warder.example/internal/redteam/journal"
)

type redteamRejudgeCmd struct {
	Journal string `arg:"" help:"Folder of a run." type:"path" placeholder:"DIR"`
	Out     string `help:"Folder for a journal with the new verdicts." type:"path" placeholder:"DIR"`
}

// Help says what kong's one-liners cannot.
func (redteamRejudgeCmd) Help() string {
	return `Judges what a run kept by the judges of this version. The run stays as it is; each
verdict that differs is listed, and --out keeps the new ones in a journal of their own.

Exit status: 0 all verdicts are the same, 1 some differ, 2 error.

  warder redteam rejudge runs/today --out runs/today-judged-again`
}

func (c *redteamRejudgeCmd) Run(e *env) error {
	header, records, err := journal.Read(c.Journal)
	if err != nil {
		return err
	}
	var to *journal.Journal
	if c.Out != "" {
		if sameFile(c.Out, c.Journal) {
			return fmt.Errorf("--out %.200q is the run itself; expected another folder", c.Out)
		}
		header.Warder = buildVersion()
		if to, err = journal.Open(c.Out, header, nil); err != nil {
			return err
		}
		defer to.Close()
		if to.Len() > 0 {
			return fmt.Errorf("--out %.200q has a journal already; expected a new folder", c.Out)
		}
	}
	tally, differ := engine.NewTally(), 0
	for r, err := range records {
		if err != nil {
			return err
		}
		before := r.Verdict
		if r.Verdict, err = engine.Judge(r.Key, r.Objective, r.Transcript); err != nil {
			return fmt.Errorf("judging attempt %.12s: %w", r.ID, err)
		}
		if before.Outcome != r.Verdict.Outcome {
			differ++
			fmt.Fprintf(e.stdout, "%.12s %s: %s by %s, now %s by %s\n", r.ID, visible(r.Key.Family), visible(string(before.Outcome)), visible(before.Judge), r.Verdict.Outcome, r.Verdict.Judge)
		}
		tally.Add(r)
		if to != nil {
			if err := to.Append(r); err != nil {
				return err
			}
		}
	}
	if err := printRedteam(e.stdout, tally, header.Planned); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%d verdicts differ\n", differ)
	if to != nil {
		if err := to.Close(); err != nil {
			return err
		}
	}
	if differ > 0 {
		return exitStatus(1)
	}
	return nil
}
