package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"warder.example/internal/redteam/plan"
)

type redteamPlanCmd struct {
	redteamFlags
	Power share `help:"Rate of success, as 0.01 or 1%, that is to be shown not to be reached: say how many attempts that takes." placeholder:"RATE"`
}

// Help says what kong's one-liners cannot.
func (redteamPlanCmd) Help() string {
	return `Requests and tokens are what the attempts need if none has to be repeated, with
answers of 300 tokens. "below" is the rate under which a family is shown to be, at
95 %, if nothing succeeds: over further attacks of its kind, and, in "here", with
these very seeds alone. More attempts narrow the second; the first takes more seeds.

  warder redteam plan target.yaml --attempts 40
  warder redteam plan target.yaml --family leak --power 1%`
}

func (c *redteamPlanCmd) Run(e *env) error {
	file, p, err := c.planned()
	if err != nil {
		return err
	}
	powers, err := p.Power()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "family\tattempts\tseeds\tbelow\there")
	for _, f := range powers {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\n", visible(f.Family), f.Attempts, f.Seeds, asPercent(f.Below), asPercent(f.BelowHere))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("printing the plan: %w", err)
	}
	fmt.Fprintf(e.stdout, "\n%d attempts, %d requests, about %d tokens of input and %d of output\n", len(p.Keys), p.Cost.Requests, p.Cost.Input, p.Cost.Output)
	if m := p.Cost.Money(file.Limits); m > 0 {
		fmt.Fprintf(e.stdout, "about %.2f in money by the prices of the target file\n", m)
	}
	for _, s := range p.Skipped {
		fmt.Fprintf(e.stdout, "left out: %s by %s: %s\n", visible(s.Family), strings.Join(s.Strategies, ", "), visible(s.Why))
	}
	if c.Power == 0 {
		return nil
	}
	need, err := plan.Need(float64(c.Power))
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "to show a rate below %s of a family that is at a tenth of it, with a chance of 80 %%: %d attempts with as many seeds\n", asPercent(float64(c.Power)), need.Attempts)
	return nil
}

// asPercent prints a share.
func asPercent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
