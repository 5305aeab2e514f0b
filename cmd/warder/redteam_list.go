package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"warder.example/internal/redteam/strategy"
)

type redteamFamiliesCmd struct {
	attackFlags
}

func (c *redteamFamiliesCmd) Run(e *env) error {
	all, err := c.catalogue()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "family\tseverity\tseeds\tjudge\ttitle\tframeworks")
	for _, f := range all.List() {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", visible(f.ID), f.Severity, len(f.Seeds), f.Judge, visible(f.Title), visible(strings.Join(f.Frameworks, " ")))
	}
	return w.Flush()
}

type redteamStrategiesCmd struct{}

// Help says what kong's one-liners cannot.
func (redteamStrategiesCmd) Help() string {
	return `Strategies are composed with +, the outermost first: frame:decode+encode:base64
asks to decode a text in base64.`
}

func (redteamStrategiesCmd) Run(e *env) error {
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "strategy\ttitle\tframeworks")
	for _, s := range strategy.All() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.ID, s.Title, strings.Join(s.Frameworks, " "))
	}
	return w.Flush()
}
