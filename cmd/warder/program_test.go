package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// linkProgram puts the program under test into dir under its own name, by which
// the test binary knows to be it, and returns its path.
func linkProgram(t *testing.T, dir string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	warder := filepath.Join(dir, "warder")
	if err := os.Symlink(self, warder); err != nil {
		t.Fatal(err)
	}
	return warder
}

// outputOf runs the program to its end and returns what it printed, without the
// last line end.
func outputOf(t *testing.T, warder string, args ...string) string {
	t.Helper()
	out, err := exec.Command(warder, args...).Output()
	if err != nil {
		t.Fatalf("warder %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}
