// The schemagen program writes the JSON Schemas of the configuration, of policies
// and of target files, and the reference tables of their manual pages, from the comments
// and tags of the Go types that the files are decoded into. go generate runs
// it; a test of it fails when what is checked in is not what it writes.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"warder.example/internal/config"
	"warder.example/internal/redteam/target"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "schemagen: %v\n", err)
		os.Exit(2)
	}
}

func run() error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	files, err := build(root)
	if err != nil {
		return err
	}
	for path, data := range files {
		full := filepath.Join(root, path)
		if old, err := os.ReadFile(full); err == nil && bytes.Equal(old, data) {
			continue
		}
		if err := os.WriteFile(full, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// moduleRoot returns the folder of go.mod at or above the working folder.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod here or above")
		}
	}
	return "", err
}

// build returns every generated file by its path from root.
func build(root string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, t := range []struct {
		dir, root, title string
		defaults         func() (map[string]any, error)
		schemas          []string
		page             string
	}{
		{"internal/config", "Config", "Configuration of a Warder server", configDefaults,
			[]string{"internal/config/schema.json", "docs/config.schema.json"}, "docs/configuration.md"},
		{"guard/policy", "document", "Warder policy", policyDefaults,
			[]string{"guard/policy/schema.json", "docs/policy.schema.json"}, "docs/policy.md"},
		{"internal/redteam/target", "File", "Target of the red team", targetDefaults,
			[]string{"internal/redteam/target/schema.json", "docs/redteam-target.schema.json"}, "docs/redteam-targets.md"},
	} {
		structs, err := readStructs(filepath.Join(root, t.dir))
		if err != nil {
			return nil, err
		}
		defaults, err := t.defaults()
		if err != nil {
			return nil, err
		}
		g := &generator{structs: structs, defaults: defaults}
		schema, err := g.generate(t.root, t.title)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.dir, err)
		}
		for _, path := range t.schemas {
			out[path] = schema
		}
		page, err := os.ReadFile(filepath.Join(root, t.page))
		if err != nil {
			return nil, err
		}
		if out[t.page], err = splice(page, g.reference()); err != nil {
			return nil, fmt.Errorf("%s: %w", t.page, err)
		}
	}
	return out, nil
}

// configDefaults returns the default configuration as a file would say it.
func configDefaults() (map[string]any, error) { return said(config.Default()) }

// targetDefaults returns what a target file that says nothing means.
func targetDefaults() (map[string]any, error) { return said(target.Default()) }

// said returns a value as a file would say it.
func said(v any) (map[string]any, error) {
	text, err := yaml.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	err = yaml.Unmarshal(text, &out)
	return out, err
}

// policyDefaults returns what a policy that says nothing means; package policy
// has them in a function of unexported types, and a test of it holds them.
func policyDefaults() (map[string]any, error) {
	return map[string]any{"mode": "enforce", "hold": "none", "unmatched": map[string]any{"exact": "block", "windowed": "flag"}}, nil
}
