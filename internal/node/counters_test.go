package node

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"warder.example/internal/budget"
	"warder.example/internal/store"
)

const countedAnswer = `{"id":"a","object":"chat.completion","model":"m1","choices":[{"index":0,"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}],"usage":{"prompt_tokens":30,"completion_tokens":12,"total_tokens":42}}`

// counts is an upstream that says how many tokens it used.
func counts(t *testing.T) string {
	return upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, countedAnswer)
	})
}

// TestBudgetsOutliveTheNode: what was used counts after a restart, wherever it is
// counted, and is in the table of exchanges.
func TestBudgetsOutliveTheNode(t *testing.T) {
	for _, counters := range []string{"node", "store"} {
		t.Run(counters, func(t *testing.T) {
			eachStore(t, func(t *testing.T, at string) {
				s := newSite(t, t.TempDir(), counts(t), at+"spending: {counters: "+counters+"}\nbudgets:\n  - {name: two, what: requests, amount: 2, every: month, per: [application]}\n")
				for range 2 {
					s.start()
					p := s.post(s.key, "hi", false)
					if p.status != 200 {
						t.Fatalf("%d %s", p.status, p.body)
					}
					eventually(t, "the exchange is charged", func() bool {
						r, err := s.db.Exchange(t.Context(), p.request)
						return err == nil && r.InputTokens == 30 && r.OutputTokens == 12 && r.UsageSource == store.UsageProvider && r.GuardMicros > 0
					})
					s.stop()
				}
				s.start()
				if p := s.post(s.key, "hi", false); p.status != 429 || !strings.Contains(p.body, "budget_exceeded") {
					t.Errorf("a third of two: %d %s", p.status, p.body)
				}
			})
		})
	}
}

// TestReconciled: what was reserved when the node died is settled before the next
// one serves: by the record of its end, in full where there is none.
func TestReconciled(t *testing.T) {
	const budgets = "budgets:\n  - {name: all, what: total_tokens, amount: 1000000, every: month}\n"
	s := newSite(t, t.TempDir(), counts(t), budgets)
	s.start()
	p := s.post(s.key, "hi", false)
	s.stop()
	if p.status != 200 {
		t.Fatalf("%d %s", p.status, p.body)
	}
	rules, err := s.cfg.BudgetRules()
	if err != nil {
		t.Fatal(err)
	}
	name := s.node.ledger.Name()
	journal := func(f func(*budget.Memory)) {
		t.Helper()
		m, err := budget.OpenMemory(s.cfg.Data + "/budgets.journal")
		if err != nil {
			t.Fatal(err)
		}
		f(m)
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	const counter = "all/total_tokens/month"
	var bound int64
	journal(func(m *budget.Memory) { // as a node leaves it that dies before it settles
		b, err := budget.New(m, name, rules, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{p.request, "req_without_a_record"} {
			if _, err := b.Reserve(t.Context(), budget.Exchange{ID: id, Key: s.keyID, Application: s.app.ID, Model: "m1", Output: 100}); err != nil {
				t.Fatal(err)
			}
		}
		c, _ := m.Counter(t.Context(), counter)
		bound = c.Reserved / 2
		if c.Settled != 42 || bound == 0 {
			t.Fatalf("the counter is %+v; want 42 used and two reserved", c)
		}
	})
	if err := s.db.ResetProjection(t.Context()); err != nil { // it must catch up first
		t.Fatal(err)
	}
	s.start()
	s.stop()
	journal(func(m *budget.Memory) {
		if c, _ := m.Counter(t.Context(), counter); c.Reserved != 0 || c.Settled != 42+42+bound {
			t.Errorf("the counter is %+v; want 42 used twice and a whole reservation of %d", c, bound)
		}
	})
	if !strings.Contains(s.log.String(), "by_record=1 charged_in_full=1") {
		t.Errorf("the log does not tell what was settled:\n%s", s.log.String())
	}
}

// TestDamagedJournal: without its counters a node does not serve.
func TestDamagedJournal(t *testing.T) {
	s := newSite(t, t.TempDir(), counts(t), "")
	if err := os.WriteFile(s.cfg.Data+"/budgets.journal", []byte("this is no journal of budgets, and longer than any head of one is"), 0o600); err != nil {
		t.Fatal(err)
	}
	n, err := Open(t.Context(), s.path, s.logger())
	if err == nil {
		_ = n.Close()
		t.Fatal("a node opened over a damaged journal")
	}
	if !strings.Contains(err.Error(), "budgets.journal") {
		t.Errorf("the error does not name the file: %v", err)
	}
}
