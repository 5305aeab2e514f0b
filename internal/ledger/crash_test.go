//go:build unix

package ledger_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"warder.example/internal/ledger"
)

// childDir and childMode make the test binary append for ever instead of testing.
const (
	childDir  = "WARDER_TEST_LEDGER_DIR"
	childMode = "WARDER_TEST_LEDGER_SYNC"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := appendForEver(dir, os.Getenv(childMode)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// appendForEver acknowledges each record on standard output once Append returned.
func appendForEver(dir, mode string) error {
	s, err := ledger.ParseSync(mode)
	if err != nil {
		return err
	}
	l, err := ledger.Open(dir, ledger.Options{Sync: s, SegmentBytes: 20_000, CheckpointRecords: 30, Reserve: -1,
		CheckpointTo: []ledger.Publisher{ledger.CheckpointFile{Path: dir + "-witness"}}})
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make(chan error, 8)
	for w := range cap(errs) {
		wg.Go(func() {
			for i := 0; ; i++ {
				ev := opened(w*1_000_000 + i)
				if i%2 == 1 {
					ev = closed(w*1_000_000 + i - 1)
				}
				e, err := l.Append(context.Background(), ev)
				if err == nil {
					_, err = fmt.Fprintf(os.Stdout, "%d %s\n", e.Sequence, e.Leaf)
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	return <-errs
}

// TestKill: a process that dies at any moment under load loses no record whose
// Append had returned, and what it leaves verifies, against every checkpoint
// that got out as well.
func TestKill(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	rounds := 12 // in each mode
	if testing.Short() {
		rounds = 3
	}
	kills := 0
	for _, mode := range allModes {
		t.Run(mode.String(), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "ledger")
			acked := map[int64]string{}
			var torn int64
			witnessed := 0
			for round := range rounds {
				killWhileAppending(t, self, dir, mode, rnd.IntN(150), round == 0, acked)
				kills++
				found := map[int64]string{}
				closeLedger(t, open(t, dir, ledger.Options{Reserve: -1}))
				for _, e := range scan(t, dir, 0) {
					found[e.Sequence] = e.Leaf.String()
				}
				for seq, leaf := range acked {
					if found[seq] != leaf {
						t.Fatalf("record %d was acknowledged as %s, there is %q", seq, leaf, found[seq])
					}
				}
				witness, err := ledger.ReadCheckpointFile(dir + "-witness")
				opt := ledger.VerifyOptions{}
				if err == nil && bytes.Contains(witness.Text, []byte("\n— ")) { // not killed within the first
					opt.Checkpoints = append(opt.Checkpoints, witness)
					witnessed++
				} else if err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				r, err := ledger.Verify(dir, opt)
				if err != nil {
					t.Fatal(err)
				}
				if !r.Intact {
					t.Fatalf("%d records:\n%s", r.Records, problems(r))
				}
				torn = r.Recovered
			}
			t.Logf("%d records acknowledged, %d torn, %d rounds with checkpoints outside", len(acked), torn, witnessed)
			if len(acked) < 30*rounds || witnessed == 0 {
				t.Errorf("%d records, %d rounds with checkpoints: too few to prove anything", len(acked), witnessed)
			}
		})
	}
	if want := 3 * rounds; kills < want {
		t.Errorf("%d kills, want %d", kills, want)
	}
}

// killWhileAppending runs a child, kills it after it acknowledged so many records
// (and, when witness is set, a checkpoint got out), and adds all that it
// acknowledged.
func killWhileAppending(t *testing.T, self, dir string, mode ledger.Sync, after int, witness bool, acked map[int64]string) {
	t.Helper()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childDir+"="+dir, childMode+"="+mode.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(out)
	for n := 0; in.Scan(); n++ {
		var seq int64
		var leaf string
		if _, err := fmt.Sscanf(in.Text(), "%d %64s", &seq, &leaf); err != nil || len(leaf) != 64 {
			t.Fatalf("child said %q", in.Text())
		}
		acked[seq] = leaf
		if n >= after && witness {
			b, err := os.ReadFile(dir + "-witness")
			witness = err != nil || !bytes.HasSuffix(b, []byte("\n\n"))
		}
		if n >= after && !witness {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the child ended by itself: %v", err)
	}
}
