package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"warder.example/internal/redteam/engine"
)

// printRedteam prints what became of the attempts, by family.
func printRedteam(out io.Writer, t *engine.Tally, planned int) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "family\tn\tsucceeded\tno verdict\trate\t95 %\tat worst\ttwins refused\tworst finding")
	for _, f := range t.Families() {
		s, err := f.Statistics()
		if err != nil {
			return err
		}
		rate, interval, worst := "-", "-", "-"
		if s.Scored() > 0 {
			rate, interval = asPercent(s.Rate), fmt.Sprintf("%s to %s", asPercent(s.Low), asPercent(s.High))
		}
		if s.Attempts > 0 {
			worst = asPercent(s.Worst)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", visible(f.ID), s.Attempts, s.Successes, s.Unscored, rate, interval, worst, twins(f), finding(f))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("printing the table: %w", err)
	}
	_, err := fmt.Fprintf(out, "\n%d of %d attempts made, %d found, %d without a verdict; %d requests, %d tokens of input, %d of output\n",
		t.Attempts, planned, t.Found, t.Errors, t.Requests, t.Used.Input, t.Used.Output)
	if len(t.Models) > 1 {
		fmt.Fprintf(out, "the target changed while it was attacked: it answered as %s\n", visible(strings.Join(t.Models, ", ")))
	}
	return err
}

// twins says how many honest requests were refused.
func twins(f *engine.Family) string {
	if f.Twins.Attempts == 0 {
		return "-"
	}
	return fmt.Sprintf("%d of %d", f.Twins.Successes, f.Twins.Attempts)
}

// finding names the worst that got through.
func finding(f *engine.Family) string {
	r := f.Worst
	if r == nil {
		return "-"
	}
	by := ""
	if r.Key.Strategy != "" {
		by = " by " + r.Key.Strategy
	}
	return visible(fmt.Sprintf("%.12s %s%s: %s", r.ID, r.Key.Seed, by, r.Verdict.Why))
}
