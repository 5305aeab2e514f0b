package conformance

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that EmptySchema speaks to the server with
)

// Postgres returns the URL of a server for tests. Where there is none it skips the
// test, or fails it where one is required. path is that of the tested package.
func Postgres(t testing.TB, path string) string {
	t.Helper()
	dsn := os.Getenv("WARDER_TEST_POSTGRES")
	switch {
	case dsn != "":
	case os.Getenv("WARDER_TEST_REQUIRE_POSTGRES") == "1":
		t.Fatal("WARDER_TEST_POSTGRES is not set and WARDER_TEST_REQUIRE_POSTGRES=1: run under test/postgres.sh")
	default:
		t.Skip("WARDER_TEST_POSTGRES is not set: test/postgres.sh run go test " + path)
	}
	return dsn
}

// EmptySchema makes a schema of its own on the server of [Postgres] and returns a
// URL that uses it. It is dropped at the end of the test.
func EmptySchema(t testing.TB, path string) string {
	t.Helper()
	dsn := Postgres(t, path)
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
