package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"warder.example/internal/store"
	"warder.example/internal/store/conformance"
)

// postgres returns the URL of a server for tests.
func postgres(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("WARDER_TEST_POSTGRES")
	switch {
	case dsn != "":
	case os.Getenv("WARDER_TEST_REQUIRE_POSTGRES") == "1":
		t.Fatal("WARDER_TEST_POSTGRES is not set and WARDER_TEST_REQUIRE_POSTGRES=1: run under test/postgres.sh")
	default:
		t.Skip("WARDER_TEST_POSTGRES is not set: test/postgres.sh run go test ./internal/store/")
	}
	return dsn
}

// emptySchema makes a schema of its own and returns a URL that uses it.
func emptySchema(t testing.TB) string {
	t.Helper()
	dsn := postgres(t)
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := "t_" + strings.ToLower(rand.Text())
	if _, err := db.ExecContext(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer db.Close()
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), "DROP SCHEMA "+name+" CASCADE"); err != nil {
			t.Errorf("dropping the schema: %v", err)
		}
	})
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

func TestPostgreSQL(t *testing.T) {
	postgres(t)
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
