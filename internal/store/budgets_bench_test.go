package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"warder.example/internal/budget"
	"warder.example/internal/store"
)

// BenchmarkBudgets is a reservation of three counters and its settlement, by callers of
// one application at once.
func BenchmarkBudgets(b *testing.B) {
	for _, callers := range []int{1, 8, 32} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			onBoth(b, func(b *testing.B, db *store.DB) { reserveAndSettle(b, db.Budgets(), callers) })
		})
	}
}

func reserveAndSettle(b *testing.B, s budget.Store, callers int) {
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for range callers {
		all.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				h := &budget.Hold{ID: fmt.Sprint(i), Owner: "node", Group: "app"}
				for _, name := range []string{"all/requests/month", "each/money/day/application=app", "user/total_tokens/day/subject=s"} {
					h.Lines = append(h.Lines, budget.Line{Counter: name, Start: 1, End: 2, Amount: 10, Limit: budget.MaxAmount})
				}
				err := s.Reserve(b.Context(), h)
				if err == nil {
					err = s.Settle(b.Context(), fmt.Sprint(i), []int64{1, 1, 1})
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "exchanges/s")
}
