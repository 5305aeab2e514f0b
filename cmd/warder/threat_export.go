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
		for _, t := range all {
			over := !t.Expires.IsZero() && !e.now().Before(t.Expires)
			if t.Application != "" || over || t.State != store.ThreatActive && !(c.Observed && t.State == store.ThreatObserved) {
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
		fmt.Fprintf(e.stderr, "%d threats of %d; those of single applications stay\n", len(out), len(all))
		return nil
	})
}
