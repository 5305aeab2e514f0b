//go:build unix

package target_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"warder.example/internal/redteam/target"
)

// TestCommandIsKilled: a program that hangs is killed with its children.
func TestCommandIsKilled(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	t.Setenv("WHERE", pid)
	s := open(t, in(asCommand, "env: {PID_FILE: env:WHERE}", "limits: {timeout: 2s}"))
	if f := failure(t, s, "hang"); f.Kind != target.TimedOut || !strings.Contains(f.Reason, "killed") {
		t.Errorf("%v; expected that it timed out", f)
	}
	s.Close()
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	gone := func() bool {
		stat, err := os.ReadFile("/proc/" + string(text) + "/stat")
		return syscall.Kill(n, 0) != nil || err == nil && strings.Contains(string(stat), ") Z ")
	}
	for until := time.Now().Add(5 * time.Second); !gone(); {
		if time.Now().After(until) {
			t.Fatalf("the child %d of the program lives on", n)
		}
	}
}
