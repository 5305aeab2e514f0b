package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warder.example/guard/policy"
)

// TestGeneratedFilesAreCurrent fails when what is checked in is not what the
// program writes.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	files, err := build(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 9 {
		t.Errorf("%d generated files; expected 9", len(files))
	}
	for path, want := range files {
		got, err := os.ReadFile(filepath.Join(root, path))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not current (%v): run go generate ./internal/config", path, err)
		}
	}
}

// TestPolicyDefaults holds what policyDefaults says against the package.
func TestPolicyDefaults(t *testing.T) {
	p, err := policy.Parse("empty", []byte("version: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"version":1,"mode":"enforce","hold":"none","unmatched":{"exact":"block","windowed":"flag"},"rules":[],"detect":{}}` + "\n"
	if string(p.Canonical()) != want {
		t.Errorf("a policy that says nothing is\n%s\nwant\n%s", p.Canonical(), want)
	}
}

// TestEveryKeyIsDescribed: a key without a comment is an error.
func TestEveryKeyIsDescribed(t *testing.T) {
	dir := t.TempDir()
	for name, src := range map[string]struct{ text, want string }{
		"no comment":   {"package x\n\ntype Root struct {\n\tA string `yaml:\"a\"`\n}\n", "key a has no comment"},
		"unknown type": {"package x\n\ntype Root struct {\n\t// A is.\n\tA complex64 `yaml:\"a\"`\n}\n", `unknown type "complex64"`},
		"no root":      {"package x\n", "no struct Root"},
	} {
		if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte(src.text), 0o600); err != nil {
			t.Fatal(err)
		}
		structs, err := readStructs(dir)
		if err != nil {
			t.Fatal(err)
		}
		g := generator{structs: structs}
		if _, err := g.generate("Root", "x"); err == nil || !strings.Contains(err.Error(), src.want) {
			t.Errorf("%s: error %v; expected %q in it", name, err, src.want)
		}
	}
	if _, err := splice([]byte("no marks"), nil); err == nil {
		t.Error("a page without marks is accepted")
	}
}
