package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"warder.example/internal/bundle"
	"warder.example/internal/config"
	"warder.example/internal/node"
	"warder.example/internal/store"
)

type bundleActivateCmd struct {
	bundleFlags
	Name string `arg:"" help:"Name of the bundle."`
}

func (c *bundleActivateCmd) Run(e *env) error {
	return c.withBundles(e, func(db *store.DB, cfg *config.Config) error {
		if err := c.usable(e, db, cfg); err != nil {
			return err
		}
		b, err := db.ActivateBundle(c.as(e), c.Name)
		if err != nil {
			return bundleHint(err)
		}
		fmt.Fprintf(e.stderr, "%s %s is active; warder bundle rollback %s takes it back\n", b.Name, b.Version, b.Name)
		return nil
	})
}

// usable checks what would keep a server from using the staged bundle: that its
// file is whole and trusted, and its model one that the thresholds are for.
func (c *bundleActivateCmd) usable(e *env, db *store.DB, cfg *config.Config) error {
	all, err := db.Bundles(e.ctx)
	if err != nil {
		return err
	}
	for _, row := range all {
		if row.Name != c.Name || row.State != store.BundleStaged {
			continue
		}
		trusted, err := bundle.Trust(cfg.Bundles.TrustedKeys)
		if err != nil {
			return err
		}
		b, err := node.BundleDir(cfg).Get(row.Digest, trusted)
		if err != nil {
			return fmt.Errorf("bundle %s %s: %w", row.Name, row.Version, err)
		}
		if b.Model == nil {
			return nil
		}
		judging, err := c.settings(e, config.LoadGuard)
		if err != nil {
			return err
		}
		if _, err := judging.LoadThresholdsFor(b.Model, e.now()); err != nil {
			return hinted{err, "thresholds are for one model: take guard.thresholds out of the configuration first"}
		}
	}
	return nil
}

type bundleRollbackCmd struct {
	bundleFlags
	Name   string `arg:"" help:"Name of the bundle."`
	Staged bool   `help:"Drop the staged version instead; the active one stays."`
}

func (c *bundleRollbackCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		end := db.RollBackBundle
		if c.Staged {
			end = db.DropBundle
		}
		b, err := end(c.as(e), c.Name)
		if err != nil {
			return bundleHint(err)
		}
		fmt.Fprintf(e.stderr, "%s %s is %s", b.Name, b.Version, b.State)
		all, err := db.Bundles(e.ctx)
		if err != nil {
			return err
		}
		now := "none"
		for _, o := range all {
			if o.Name == b.Name && o.State == store.BundleActive {
				now = o.Version
			}
		}
		fmt.Fprintf(e.stderr, "; active: %s\n", now)
		return nil
	})
}

// bundleHint helps with names that have nothing to change.
func bundleHint(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return hinted{err, "warder bundle list shows what there is"}
	}
	return err
}

type bundleListCmd struct {
	bundleFlags
	All  bool `help:"Also versions that ended."`
	JSON bool `name:"json" help:"Print a JSON array."`
}

func (c *bundleListCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		all, err := db.Bundles(e.ctx)
		if err != nil {
			return err
		}
		var shown []store.Bundle
		for _, b := range all {
			if c.All || b.State != store.BundleEnded {
				shown = append(shown, b)
			}
		}
		if c.JSON {
			return printJSON(e.stdout, notNil(shown))
		}
		if len(shown) == 0 {
			fmt.Fprintln(e.stderr, "no bundles; warder bundle import takes one in")
			return nil
		}
		return printTable(e.stdout, bundleRows(shown, e.now()))
	})
}

func bundleRows(bs []store.Bundle, now time.Time) [][]string {
	rows := [][]string{{"NAME", "VERSION", "STATE", "HOLDS", "IMPORTED", "BY", "NOT AFTER", "SIGNED BY", "OBSERVED"}}
	for _, b := range bs {
		until := timeText(b.NotAfter)
		if !now.Before(b.NotAfter) {
			until += " (expired)"
		}
		rows = append(rows, []string{b.Name, b.Version, b.State, strings.Join(b.Holds, " "), timeText(b.Imported), b.ImportedBy, until, strings.Join(b.SignedBy, " "), observedText(&b)})
	}
	return rows
}

// observedText says in words what a bundle saw while it was staged.
func observedText(b *store.Bundle) string {
	s := &b.Seen
	parts := []string{fmt.Sprintf("%d texts", s.Texts)}
	for _, p := range b.Holds {
		switch p {
		case bundle.ThreatsPart:
			parts = append(parts, fmt.Sprintf("threats in %d", s.Threats))
		case bundle.SignaturesPart:
			parts = append(parts, fmt.Sprintf("signatures in %d", s.Signatures))
		case bundle.ModelPart:
			parts = append(parts, fmt.Sprintf("models compared on %d: both find %d, only it %d, only the active one %d", s.Compared, s.Both, s.OnlyStaged, s.OnlyActive))
		}
	}
	return strings.Join(parts, ", ")
}
