package store_test

import (
	"fmt"
	"testing"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/store"
)

// onBoth runs a benchmark on SQLite and, where there is one, on PostgreSQL.
func onBoth(b *testing.B, run func(b *testing.B, db *store.DB)) {
	b.Run("sqlite", func(b *testing.B) { run(b, open(b, b.TempDir()+"/warder.db", nil)) })
	b.Run("postgres", func(b *testing.B) { run(b, open(b, emptySchema(b), nil)) })
}

// BenchmarkGeneration is one poll of a directory, twice a second.
func BenchmarkGeneration(b *testing.B) {
	onBoth(b, func(b *testing.B, db *store.DB) {
		for b.Loop() {
			if _, err := db.Generation(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkProjectExchanges is what one exchange costs the projection, in
// batches of 200 ledger entries.
func BenchmarkProjectExchanges(b *testing.B) {
	onBoth(b, func(b *testing.B, db *store.DB) {
		const batch = 100
		rows := make([]store.ExchangeRow, 2*batch)
		upto := int64(0)
		for b.Loop() {
			for i := range batch {
				id := fmt.Sprintf("req-%010d", upto+int64(i))
				rows[2*i] = store.ExchangeRow{Request: id, Application: "app_a", Key: "k", Model: "small", Opened: time.Now(), OpenedEntry: upto, Action: "allow"}
				rows[2*i+1] = store.ExchangeRow{Request: id, Closed: time.Now(), ClosedEntry: upto, AnswerAction: "allow", Status: 200, End: "complete"}
			}
			upto += 2 * batch
			if err := db.ProjectExchanges(b.Context(), upto, rows); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/batch, "µs/exchange")
	})
}

// BenchmarkAccessRecords is a whole snapshot of 1000 keys.
func BenchmarkAccessRecords(b *testing.B) {
	onBoth(b, func(b *testing.B, db *store.DB) {
		a, err := db.CreateApplication(b.Context(), access.Application{Name: "desk"})
		if err != nil {
			b.Fatal(err)
		}
		for range 1000 {
			_, k := access.NewKey()
			k.Application = a.ID
			if _, err := db.CreateKey(b.Context(), k); err != nil {
				b.Fatal(err)
			}
		}
		for b.Loop() {
			if r, err := db.AccessRecords(b.Context()); err != nil || len(r.Keys) != 1000 {
				b.Fatalf("%d keys, %v", len(r.Keys), err)
			}
		}
	})
}
