package store_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"warder.example/internal/access"
	"warder.example/internal/store"
)

// crashEnv tells the test binary to be the process that is killed.
const crashEnv = "WARDER_TEST_STORE_CRASH"

// TestCrashChild issues and revokes keys for ever and says after each what it
// was told is done. It runs only as a child of TestKilledProcessLosesNothing.
func TestCrashChild(t *testing.T) {
	path := os.Getenv(crashEnv)
	if path == "" {
		t.Skip("is started by TestKilledProcessLosesNothing")
	}
	db := open(t, path, nil)
	for {
		_, k := access.NewKey()
		k.Application = "desk"
		if _, err := db.CreateKey(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		fmt.Println("issued", k.ID)
		if _, err := db.RevokeKey(t.Context(), k.ID); err != nil {
			t.Fatal(err)
		}
		fmt.Println("revoked", k.ID)
	}
}

// TestKilledProcessLosesNothing kills a writing process with SIGKILL at many
// points, on one database. What it had been told is done must be there.
func TestKilledProcessLosesNothing(t *testing.T) {
	path := t.TempDir() + "/warder.db"
	db := open(t, path, nil)
	if _, err := db.CreateApplication(t.Context(), access.Application{Name: "desk"}); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for round := range 12 {
		for _, line := range killAfter(t, "TestCrashChild", crashEnv+"="+path, 1+3*round, "issued", "revoked") {
			what, id, _ := strings.Cut(line, " ")
			k, err := db.Key(t.Context(), id)
			if err != nil {
				t.Fatalf("round %d: key %q was %s: %v", round, id, what, err)
			}
			if what == "revoked" && k.Revoked.IsZero() {
				t.Fatalf("round %d: key %q came back", round, id)
			}
			checked++
		}
	}
	acts, err := db.ClaimActs(t.Context(), "log", store.MaxBatch)
	if err != nil || len(acts) < checked {
		t.Errorf("%d acts (%v) for %d acknowledged changes", len(acts), err, checked)
	}
	if checked < 100 {
		t.Errorf("checked %d changes; expected at least 100", checked)
	}
}

// killAfter runs a test as a child with an environment until it has said that many
// lines that begin with one of words, kills it and returns all of them that it had said.
func killAfter(t *testing.T, child, env string, lines int, words ...string) (said []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+child+"$")
	cmd.Env = append(os.Environ(), env)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		if word, _, ok := strings.Cut(scan.Text(), " "); ok && slices.Contains(words, word) {
			said = append(said, scan.Text())
		}
		if len(said) == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(said) < lines {
		t.Fatalf("child said %d lines and ended with %v; expected %d and to be killed", len(said), err, lines)
	}
	return said
}
