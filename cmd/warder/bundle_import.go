package main

import (
	"errors"
	"fmt"
	"strings"

	"warder.example/internal/bundle"
	"warder.example/internal/config"
	"warder.example/internal/node"
	"warder.example/internal/store"
)

type bundleInspectCmd struct {
	File string `arg:"" help:"The bundle."`
	JSON bool   `name:"json" help:"Print the manifest as JSON."`
}

func (c *bundleInspectCmd) Run(e *env) error {
	file, err := bundle.ReadFile(c.File)
	if err != nil {
		return err
	}
	m, claimed, err := bundle.Inspect(file)
	if err != nil {
		return err
	}
	fmt.Fprintln(e.stderr, "not verified: whoever made the file can have written this; warder bundle verify tells")
	if c.JSON {
		return printJSON(e.stdout, m)
	}
	return printFields(e.stdout, manifestFields(m, "claims key", claimed))
}

// manifestFields are the lines of a manifest for people.
func manifestFields(m *bundle.Manifest, signed string, keys []string) [][]string {
	rows := [][]string{
		{"name", m.Name}, {"version", m.Version}, {"maker", orDefault(m.Maker, "not said")},
		{"created", timeText(m.Created)}, {"not after", timeText(m.NotAfter)}, {signed, strings.Join(keys, ", ")},
	}
	for _, p := range m.Parts {
		rows = append(rows, []string{"holds", fmt.Sprintf("%s, %d bytes, sha256:%s", p.Name, p.Bytes, p.SHA256)})
	}
	return rows
}

type bundleVerifyCmd struct {
	placeFlags
	File string `arg:"" help:"The bundle."`
}

func (c *bundleVerifyCmd) Run(e *env) error {
	cfg, err := c.settings(e, config.LoadData)
	if err != nil {
		return err
	}
	b, _, err := openBundle(e, cfg, c.File)
	if err != nil {
		return err
	}
	return printFields(e.stdout, manifestFields(&b.Manifest, "signed by", b.SignedBy))
}

// openBundle reads and verifies a bundle that may be taken in now.
func openBundle(e *env, cfg *config.Config, path string) (*bundle.Bundle, []byte, error) {
	if len(cfg.Bundles.TrustedKeys) == 0 {
		return nil, nil, hinted{errors.New("no key is trusted to sign bundles"), "name the maker's public key under bundles.trusted_keys in the configuration, and the configuration with -c"}
	}
	trusted, err := bundle.Trust(cfg.Bundles.TrustedKeys)
	if err != nil {
		return nil, nil, err
	}
	file, err := bundle.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	b, err := bundle.Open(file, trusted)
	if errors.Is(err, bundle.ErrUntrusted) {
		err = hinted{err, "warder bundle inspect shows which key it claims; ask the maker for it on another way before you trust it"}
	}
	if err != nil {
		return nil, nil, err
	}
	if err := b.Manifest.Fresh(e.now()); err != nil {
		return nil, nil, err
	}
	return b, file, nil
}

// bundleFlags say where bundles are kept.
type bundleFlags struct{ storeFlags }

// withBundles opens the store for f, with the configuration that says where the
// files are and which keys are trusted.
func (s *bundleFlags) withBundles(e *env, f func(*store.DB, *config.Config) error) error {
	cfg, err := s.settings(e, config.LoadState)
	if err != nil {
		return err
	}
	return s.create(e, func(db *store.DB) error { return f(db, cfg) })
}

type bundleImportCmd struct {
	bundleFlags
	File       string `arg:"" help:"The bundle."`
	AllowOlder bool   `help:"Take in a version older than one that was imported before."`
}

func (c *bundleImportCmd) Run(e *env) error {
	return c.withBundles(e, func(db *store.DB, cfg *config.Config) error {
		b, file, err := openBundle(e, cfg, c.File)
		if err != nil {
			return err
		}
		folder := node.BundleDir(cfg)
		if err := folder.Put(file); err != nil {
			return err
		}
		m := &b.Manifest
		row := store.Bundle{Digest: b.Digest, Name: m.Name, Version: m.Version, SignedBy: b.SignedBy, Bytes: int64(len(file)), Created: m.Created, NotAfter: m.NotAfter}
		for _, p := range m.Parts {
			row.Holds = append(row.Holds, p.Name)
		}
		row, err = db.StageBundle(c.as(e), row, c.AllowOlder)
		if errors.Is(err, store.ErrOlderBundle) {
			return hinted{err, "somebody may want an old version back; if that is you, --allow-older"}
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stderr, "%s %s is staged and observes; warder bundle activate %s has it decide\n", row.Name, row.Version, row.Name)
		return forgetBundles(e, db, folder)
	})
}

// forgetBundles deletes the files that nothing can return to.
func forgetBundles(e *env, db *store.DB, folder bundle.Folder) error {
	all, err := db.Bundles(e.ctx)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, b := range all {
		wanted[b.Digest] = b.State != store.BundleEnded
	}
	return folder.Keep(wanted, e.now())
}
