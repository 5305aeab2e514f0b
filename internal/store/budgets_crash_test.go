package store_test

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"warder.example/internal/budget"
)

// budgetCrashEnv tells the test binary which database to charge until it is killed.
const budgetCrashEnv = "WARDER_TEST_STORE_BUDGET_CRASH"

// TestBudgetCrashChild reserves 10 and settles with 3, with many callers, and says of
// each reservation that it was told of it. It runs only as a child of
// TestKilledNodeStaysCharged.
func TestBudgetCrashChild(t *testing.T) {
	at := os.Getenv(budgetCrashEnv)
	if at == "" {
		t.Skip("is started by TestKilledNodeStaysCharged")
	}
	s := open(t, at, nil).Budgets()
	var out sync.Mutex
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), n, i)
				err := s.Reserve(t.Context(), &budget.Hold{ID: id, Owner: "node", Group: "app", Lines: []budget.Line{{Counter: "c", Start: 1, End: 2, Amount: 10, Limit: budget.MaxAmount}}})
				if err == nil {
					out.Lock()
					fmt.Println("reserved", id)
					out.Unlock()
					err = s.Settle(t.Context(), id, []int64{3})
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestKilledNodeStaysCharged: a node is killed again and again while it charges. What
// it was told is reserved is charged, in full while it is open, and reconciled it
// adds up.
func TestKilledNodeStaysCharged(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { killedWhileCharging(t, t.TempDir()+"/warder.db") })
	t.Run("PostgreSQL", func(t *testing.T) { killedWhileCharging(t, emptySchema(t)) })
}

func killedWhileCharging(t *testing.T, at string) {
	s := open(t, at, nil).Budgets()
	told := int64(0)
	for round := range 4 {
		told += int64(len(killAfter(t, "TestBudgetCrashChild", budgetCrashEnv+"="+at, 40+30*round, "reserved")))
		holds, err := s.Open(t.Context(), "node")
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Counter(t.Context(), "c")
		if err != nil || c.Reserved != 10*int64(len(holds)) || c.Settled%3 != 0 || c.Settled/3+int64(len(holds)) < told {
			t.Fatalf("round %d: %d were told, %d are open, counter %+v, %v", round, told, len(holds), c, err)
		}
		for i := range holds {
			if err := s.Settle(t.Context(), holds[i].ID, []int64{3}); err != nil {
				t.Fatal(err)
			}
		}
		if c, err := s.Counter(t.Context(), "c"); err != nil || c.Reserved != 0 || c.Settled < 3*told {
			t.Fatalf("round %d: reconciled, the counter is %+v, %v; %d were told", round, c, err, told)
		}
	}
}
