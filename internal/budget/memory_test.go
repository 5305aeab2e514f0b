package budget_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"warder.example/internal/budget"
	"warder.example/internal/budget/conformance"
)

func TestMemory(t *testing.T) {
	conformance.RunTests(t, conformance.Backend{Open: func(*testing.T) budget.Store { return &budget.Memory{} }})
}

func openMemory(t testing.TB, path string) *budget.Memory {
	t.Helper()
	m, err := budget.OpenMemory(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func TestJournal(t *testing.T) {
	paths := map[budget.Store]string{}
	conformance.RunTests(t, conformance.Backend{
		Open: func(t *testing.T) budget.Store {
			path := filepath.Join(t.TempDir(), "budgets.journal")
			m := openMemory(t, path)
			paths[m] = path
			return m
		},
		Again: func(t *testing.T, s budget.Store) budget.Store { return openMemory(t, paths[s]) },
	})
}

// TestCrowd: an application that makes up end users runs into its own bound, keeps
// the counters it has, and is in nobody's way.
func TestCrowd(t *testing.T) {
	m := &budget.Memory{}
	hold := func(group string, first, n int) *budget.Hold {
		h := &budget.Hold{ID: fmt.Sprint(group, first), Group: group}
		for i := range n {
			h.Lines = append(h.Lines, budget.Line{Counter: fmt.Sprint(group, "/", first+i), Start: windowStart, End: windowEnd, Amount: 1, Limit: 9})
		}
		return h
	}
	for i := 0; i < budget.MaxCounters; i += 128 {
		if err := m.Reserve(t.Context(), hold("loud", i, 128)); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Reserve(t.Context(), hold("loud", budget.MaxCounters, 1)); !errors.Is(err, budget.ErrCrowded) {
		t.Errorf("one counter more: %v; expected ErrCrowded", err)
	}
	if c, _ := m.Counter(t.Context(), fmt.Sprint("loud/", budget.MaxCounters)); c.Reserved != 0 {
		t.Errorf("the refused counter is %+v", c)
	}
	again := hold("loud", 0, 1)
	again.ID = "again"
	for _, h := range []*budget.Hold{again, hold("calm", 0, 1)} {
		if err := m.Reserve(t.Context(), h); err != nil {
			t.Errorf("%s: %v", h.ID, err)
		}
	}
}
