package main

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"warder.example/internal/redteam/journal"
)

// TestKillRedteam kills a run with SIGKILL at ten random moments and starts it again. In
// the end it has the same attempts, with the same verdicts, as one that was left alone.
func TestKillRedteam(t *testing.T) {
	const kills = 10
	dir := t.TempDir()
	warder := linkProgram(t, dir)
	file := filepath.Join(dir, "target.yaml")
	if err := os.WriteFile(file, []byte("version: 1\nkind: practice\nname: killed\nlevel: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func(out string) *exec.Cmd {
		return exec.Command(warder, "redteam", "run", file, "--out", out, "--family", "inj,leak", "--attempts", "16", "--quiet")
	}
	whole, killed := filepath.Join(dir, "whole"), filepath.Join(dir, "killed")
	if err := start(whole).Run(); err == nil || err.Error() != "exit status 1" {
		t.Fatalf("the undisturbed run: %v; expected that it found something", err)
	}
	size := sizeOf(whole)
	rnd := rand.New(rand.NewPCG(20261122, kills))
	for i := range int64(kills) {
		at := (i*size + rnd.Int64N(size)) / (kills + 1)
		if !killAt(t, start(killed), killed, at) {
			t.Fatalf("run %d ended before it was killed", i)
		}
	}
	if err := start(killed).Run(); err == nil || err.Error() != "exit status 1" {
		t.Fatalf("going on after the kills: %v; expected that it found something", err)
	}
	want, got := verdicts(t, whole), verdicts(t, killed)
	if len(want) < 500 || !slices.Equal(want, got) {
		t.Errorf("%d attempts after the kills, %d without, or others; expected the same, at least 500", len(got), len(want))
	}
}

// sizeOf is how many bytes a journal has.
func sizeOf(dir string) int64 {
	info, err := os.Stat(filepath.Join(dir, journal.Name))
	if err != nil {
		return 0
	}
	return info.Size()
}

// killAt starts a run and kills it once its journal has so many bytes. It is false if the
// run ended by itself.
func killAt(t *testing.T, run *exec.Cmd, dir string, size int64) bool {
	t.Helper()
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for sizeOf(dir) < size {
		select {
		case <-ended:
			return false
		case <-look.C:
		}
	}
	_ = run.Process.Kill()
	err := <-ended
	return err != nil && err.Error() == "signal: killed"
}

// verdicts are the attempts of a journal with their outcomes, sorted.
func verdicts(t *testing.T, dir string) (out []string) {
	t.Helper()
	_, records, err := journal.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range records {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.Join([]string{r.ID, string(r.Verdict.Outcome), r.Verdict.Judge}, " "))
	}
	slices.Sort(out)
	return out
}
