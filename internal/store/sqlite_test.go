package store_test

import (
	"testing"

	"warder.example/internal/store"
	"warder.example/internal/store/conformance"
)

// open opens a store and closes it at the end of the test.
func open(t testing.TB, dsn string, clock *conformance.Clock) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	if clock != nil {
		db.Clock = clock.Now
	}
	return db
}

func TestSQLite(t *testing.T) {
	conformance.RunTests(t, conformance.Backend{
		Open: func(t *testing.T, clock *conformance.Clock) conformance.Store {
			return open(t, t.TempDir()+"/warder.db", clock)
		},
		Again: func(t *testing.T, s conformance.Store, clock *conformance.Clock) conformance.Store {
			return open(t, s.(*store.DB).Location(), clock)
		},
	})
}
