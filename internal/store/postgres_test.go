package store_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"warder.example/internal/store"
	"warder.example/internal/store/conformance"
)

// packagePath is what a skipped test says to run.
const packagePath = "./internal/store/"

// emptySchema returns the URL of an empty schema on the server for tests.
func emptySchema(t testing.TB) string {
	t.Helper()
	return conformance.EmptySchema(t, packagePath)
}

func TestPostgreSQL(t *testing.T) {
	conformance.Postgres(t, packagePath)
	dsns := map[conformance.Store]string{}
	conformance.RunTests(t, conformance.Backend{
		Open: func(t *testing.T, clock *conformance.Clock) conformance.Store {
			dsn := emptySchema(t)
			s := open(t, dsn, clock)
			dsns[s] = dsn
			return s
		},
		Again: func(t *testing.T, s conformance.Store, clock *conformance.Clock) conformance.Store {
			return open(t, dsns[s], clock)
		},
	})
}

// TestPostgreSQLRacingStarts opens one empty database from many replicas at once.
func TestPostgreSQLRacingStarts(t *testing.T) {
	raceStarts(t, emptySchema(t), 3)
}

func TestPostgreSQLNewerSchemaIsRefused(t *testing.T) {
	dsn := emptySchema(t)
	open(t, dsn, nil)
	raw, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	refuseNewer(t, dsn, raw)
}

// TestPostgreSQLClaimersDoNotWait claims while another node holds a row: a
// claimer that waited with rows of its own could be waited for in turn.
func TestPostgreSQLClaimersDoNotWait(t *testing.T) {
	dsn := emptySchema(t)
	db := open(t, dsn, nil)
	for i := range 3 {
		if err := db.Record(t.Context(), "test.act", "", i); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	tx, err := raw.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // ends the test's own lock
	if _, err := tx.ExecContext(t.Context(), `UPDATE admin_acts SET moved = 1 WHERE payload = '1'`); err != nil {
		t.Fatal(err)
	}
	acts, err := db.ClaimActs(t.Context(), "log", 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range acts {
		got = append(got, string(a.Payload))
	}
	if strings.Join(got, " ") != "0 2" {
		t.Errorf("claimed %q while act 1 was locked; expected 0 and 2", got)
	}
}

// TestErrorsHoldNoPassword asks for servers that cannot be had, in every way
// that quotes the URL.
func TestErrorsHoldNoPassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://warder:hunter2secret@127.0.0.1:1/db?sslmode=disable&connect_timeout=2",
		"postgres://warder:hunter2secret@[::bad/db",
		"postgres://warder:hunter2secret@127.0.0.1:99999999/db",
		"postgres://warder:hunter2secret@127.0.0.1/db?sslmode=hunter2secret",
		"postgresql://warder:hunter2 secret@/db?host=/nonexistent",
		"mysql://warder:hunter2secret@127.0.0.1/db",
	} {
		_, err := store.Open(t.Context(), dsn)
		if err == nil {
			t.Errorf("%s: no error", dsn)
			continue
		}
		for _, part := range []string{"hunter2"} {
			if strings.Contains(fmt.Sprintf("%+v", err), part) {
				t.Errorf("error holds the password: %v", err)
			}
		}
	}
}
