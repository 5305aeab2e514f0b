package main

import (
	"fmt"

	"warder.example/internal/bundle"
	"warder.example/internal/store"
)

type threatExportCmd struct {
	storeFlags
	Observed bool `help:"Also those that are only observed."`
}

// Run writes the threats that hold for all applications as warder bundle make takes
// them. Sketches are no texts, but whoever has them can check a guess.
func (c *threatExportCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		all, err := db.Threats(e.ctx)
		if err != nil {
			return err
		}
		var out []bundle.Threat
		var single, observed, suspended int
		for _, t := range all {
			switch over := !t.Expires.IsZero() && !e.now().Before(t.Expires); {
			case over || !t.Live():
				continue
			case t.Application != "":
				single++
				continue
			case t.State == store.ThreatObserved && !c.Observed:
				observed++
				continue
			case t.State == store.ThreatSuspended:
				suspended++
				continue
			}
			sketch, err := t.Sketch.MarshalBinary()
			if err != nil {
				return err
			}
			out = append(out, bundle.Threat{ID: t.ID, Category: t.Category, Source: t.Source, Expires: t.Expires, Sketch: sketch})
		}
		if err := bundle.WriteThreats(e.stdout, out); err != nil {
			return err
		}
		if len(out) == 0 {
			fmt.Fprintln(e.stderr, "nothing to export: no active threat holds for all applications")
		}
		fmt.Fprintf(e.stderr, "exported %d; left out: %d only observed (--observed takes them), %d of one application, %d suspended\n", len(out), observed, single, suspended)
		return nil
	})
}
