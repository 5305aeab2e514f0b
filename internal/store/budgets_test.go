package store_test

import (
	"testing"
	"time"

	"warder.example/internal/budget"
	budgets "warder.example/internal/budget/conformance"
	"warder.example/internal/store"
)

// budgetBackend holds the counters of the database at dsn to the suite. It makes
// fewer charges than the others: each is two transactions.
func budgetBackend(dsn func(t *testing.T) string) budgets.Backend {
	dsns := map[budget.Store]string{}
	return budgets.Backend{
		Charges: 640,
		Open: func(t *testing.T) budget.Store {
			at := dsn(t)
			s := open(t, at, nil).Budgets()
			dsns[s] = at
			return s
		},
		Again: func(t *testing.T, s budget.Store) budget.Store { return open(t, dsns[s], nil).Budgets() },
	}
}

func TestBudgetsSQLite(t *testing.T) {
	budgets.RunTests(t, budgetBackend(func(t *testing.T) string { return t.TempDir() + "/warder.db" }))
}

func TestBudgetsPostgreSQL(t *testing.T) {
	budgets.RunTests(t, budgetBackend(func(t *testing.T) string { return emptySchema(t) }))
}

// TestBudgetsPrune: counters are forgotten with a grace, and their application has
// room for others.
func TestBudgetsPrune(t *testing.T) {
	prune := func(t *testing.T, db *store.DB) {
		s := db.Budgets()
		end := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
		h := &budget.Hold{ID: "one", Group: "app", Lines: []budget.Line{{Counter: "c", Start: end.UnixMicro() - 60e6, End: end.UnixMicro(), Amount: 1, Limit: 1}}}
		if err := s.Reserve(t.Context(), h); err != nil {
			t.Fatal(err)
		}
		late := end.Add(budget.Grace + time.Second)
		for i, want := range []int64{0, 1} {
			if n, err := s.Prune(t.Context(), late); err != nil || n != want {
				t.Fatalf("%d pruned, %v; expected %d", n, err, want)
			}
			if i == 0 { // open: not yet
				if err := s.Settle(t.Context(), "one", []int64{1}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	t.Run("SQLite", func(t *testing.T) { prune(t, open(t, t.TempDir()+"/warder.db", nil)) })
	t.Run("PostgreSQL", func(t *testing.T) { prune(t, open(t, emptySchema(t), nil)) })
}

// TestCharged: reservations that were open when a node died are reconciled with
// what the table of exchanges says.
func TestCharged(t *testing.T) {
	db := open(t, t.TempDir()+"/warder.db", nil)
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	if err := db.ProjectExchanges(t.Context(), 3, []store.ExchangeRow{
		{Request: "running", Opened: now, OpenedEntry: 1},
		{Request: "ended", Opened: now, OpenedEntry: 2, Closed: now, ClosedEntry: 3, InputTokens: 30, CachedTokens: 4, OutputTokens: 10, Cost: 50, UsageSource: store.UsageEstimated},
	}); err != nil {
		t.Fatal(err)
	}
	limits := []budget.Limit{{Name: "tokens", Measure: budget.TotalTokens, Amount: 1_000_000, Window: budget.Day}}
	all, err := budget.New(db.Budgets(), "node", budget.Rules{Limits: limits}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	var bound int64
	for _, id := range []string{"running", "ended", "unheard-of"} {
		e := budget.Exchange{ID: id, Output: 100}
		bound = e.Input.AtMost() + e.Output
		if _, err := all.Reserve(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	got, err := all.Reconcile(t.Context(), db.Charged)
	if err != nil || got != (budget.Reconciled{Settled: 1, Kept: 2}) {
		t.Errorf("reconciled %+v, %v", got, err)
	}
	c, err := db.Budgets().Counter(t.Context(), "tokens/total_tokens/day")
	if err != nil || c.Settled != 40+2*bound || c.Reserved != 0 {
		t.Errorf("counter is %+v, %v; expected %d settled", c, err, 40+2*bound)
	}
	if charge, ok, err := db.Charged(t.Context(), "ended"); err != nil || !ok || charge.Cached != 4 || !charge.Estimated || charge.Cost != 50 {
		t.Errorf("%+v, %v, %v", charge, ok, err)
	}
}
