package budget_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"warder.example/internal/budget"
)

// crashJournal names the journal that a copy of this test program uses until it is
// killed.
const crashJournal = "WARDER_BUDGET_CRASH_JOURNAL"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashJournal); path != "" {
		useForEver(path)
	}
	os.Exit(m.Run())
}

// useForEver reserves 10 and settles with 3, with many callers, and says "r ID" of
// each reservation that was acknowledged.
func useForEver(path string) {
	m, err := budget.OpenMemory(path)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	lines := make(chan string)
	for n := range 8 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), n, i)
				h := &budget.Hold{ID: id, Owner: "node", Lines: []budget.Line{{Counter: "c", Start: windowStart, End: windowEnd, Amount: 10, Limit: budget.MaxAmount}}}
				if err := m.Reserve(context.Background(), h); err != nil {
					lines <- "error " + err.Error()
					return
				}
				lines <- "r " + id
				if err := m.Settle(context.Background(), id, []int64{3}); err != nil {
					lines <- "error " + err.Error()
					return
				}
			}
		}()
	}
	for l := range lines {
		_, _ = os.Stdout.WriteString(l + "\n")
	}
}

// TestKilledInALoop: a process is killed again and again while it reserves. What it
// was told is reserved is charged after each death: in full where it is open, by
// its use where it is settled; and reconciled it adds up.
func TestKilledInALoop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	acknowledged := map[string]bool{}
	for round := range 4 {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), crashJournal+"="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		said := bufio.NewScanner(out)
		for n := 0; said.Scan(); n++ {
			what, id, _ := strings.Cut(said.Text(), " ")
			switch what {
			case "r":
				acknowledged[id] = true
			case "error":
				t.Fatal(said.Text())
			}
			if n == 300+100*round {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := child.Wait(); err == nil {
			t.Fatal("the child was not killed")
		}
		m, err := budget.OpenMemory(path)
		if err != nil {
			t.Fatal(err)
		}
		open, err := m.Open(t.Context(), "node")
		if err != nil {
			t.Fatal(err)
		}
		c, err := m.Counter(t.Context(), "c")
		if err != nil || c.Settled+c.Reserved < 3*int64(len(acknowledged)) || c.Reserved != 10*int64(len(open)) {
			t.Fatalf("round %d: %d acknowledged, %d open, counter %+v, %v", round, len(acknowledged), len(open), c, err)
		}
		for i := range open {
			if err := m.Settle(t.Context(), open[i].ID, []int64{3}); err != nil {
				t.Fatal(err)
			}
		}
		// Reservations that were not yet acknowledged may be in, too.
		if c, _ = m.Counter(t.Context(), "c"); c.Reserved != 0 || c.Settled < 3*int64(len(acknowledged)) || c.Settled%3 != 0 {
			t.Errorf("round %d: %d acknowledged, counter %+v", round, len(acknowledged), c)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(acknowledged) < 500 {
		t.Errorf("%d reservations were acknowledged; expected at least 500", len(acknowledged))
	}
}
