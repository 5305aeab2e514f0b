package replay_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"warder.example/internal/replay"
)

// TestHelperProcess is not a test: it is the replay that TestKilled kills.
func TestHelperProcess(t *testing.T) {
	path := os.Getenv("REPLAY_TEST_LOG")
	if path == "" {
		t.Skip("only as a process of its own")
	}
	o := options(path)
	o.Resume, o.SaveEvery = os.Getenv("REPLAY_TEST_STATE"), 16
	o.Progress = func(p replay.Progress) { fmt.Println(p.Values) }
	if _, err := replay.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// TestKilled: a replay that is killed without warning, again and again, ends with the
// report of one that was not, and leaves nothing but the files that were asked for.
func TestKilled(t *testing.T) {
	path := write(t, many(600)...)
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	for round := range 4 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestHelperProcess$")
		cmd.Env = append(os.Environ(), "REPLAY_TEST_LOG="+path, "REPLAY_TEST_STATE="+state)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; n < 3+round && lines.Scan(); n++ {
		}
		_ = cmd.Process.Kill()
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
			t.Fatalf("round %d: %v; expected it to be killed", round, err)
		}
	}
	if _, err := os.Stat(state); err != nil {
		t.Fatalf("nothing was kept: %v", err)
	}
	o := options(path)
	want := run(t, o)
	o.Resume = state
	if got := run(t, o); !reflect.DeepEqual(got, want) {
		t.Errorf("after the kills\n%+v\nwithout\n%+v", got, want)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || !reflect.DeepEqual(left, []string{state}) {
		t.Errorf("%q, %v; expected the state alone", left, err)
	}
}

// TestResumeFromTheStart: the resume file is there before anything was counted, so that
// a replay that is killed at once can be resumed, and one that cannot keep where it
// stands says so before the work.
func TestResumeFromTheStart(t *testing.T) {
	path := write(t, many(600)...)
	o := options(path)
	o.Resume = filepath.Join(t.TempDir(), "state")
	var first error
	told := false
	o.Progress = func(replay.Progress) {
		if !told {
			_, first = os.Stat(o.Resume)
		}
		told = true
	}
	if _, err := replay.Run(t.Context(), o); err != nil || !told || first != nil {
		t.Errorf("run: %v; told %v; the file at the first progress: %v", err, told, first)
	}
	o.Resume = filepath.Join(t.TempDir(), "none", "state")
	told = false
	if _, err := replay.Run(t.Context(), o); err == nil || told {
		t.Errorf("a file that cannot be written: %v, work was done: %v", err, told)
	}
}
