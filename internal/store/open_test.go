package store_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"warder.example/internal/access"
	"warder.example/internal/store"
)

// raceStarts opens dsn n times at once; all must succeed and see one schema.
func raceStarts(t *testing.T, dsn string, n int) {
	t.Helper()
	var wg sync.WaitGroup
	dbs, errs := make([]*store.DB, n), make([]error, n)
	for i := range n {
		wg.Go(func() { dbs[i], errs[i] = store.Open(t.Context(), dsn) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if _, err := dbs[0].CreateApplication(t.Context(), access.Application{Name: "desk"}); err != nil {
		t.Fatal(err)
	}
	for _, db := range dbs {
		if _, err := db.Application(t.Context(), "desk"); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// refuseNewer marks the schema in raw as coming from the future.
func refuseNewer(t *testing.T, dsn string, raw *sql.DB) {
	t.Helper()
	if _, err := raw.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), dsn); !errors.Is(err, store.ErrNewer) {
		t.Errorf("error is %v; expected ErrNewer", err)
	}
}

func TestSQLiteRacingStarts(t *testing.T) { raceStarts(t, t.TempDir()+"/warder.db", 6) }

func TestSQLiteNewerSchemaIsRefused(t *testing.T) {
	path := t.TempDir() + "/warder.db"
	open(t, path, nil)
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	refuseNewer(t, path, raw)
}

// TestSQLitePaths opens files whose names hold what URLs treat specially, and
// finds in each what was put there.
func TestSQLitePaths(t *testing.T) {
	dir := t.TempDir()
	names := []string{"plain.db", "with space.db", "q?mode=memory.db", "h#ash.db", "p%20ct.db", "a&_pragma=x.db", "ünï.db", ":memory:", "new/folders/w.db"}
	for _, name := range names {
		path := filepath.Join(dir, name)
		db := open(t, path, nil)
		if _, err := db.CreateApplication(t.Context(), access.Application{Name: "desk"}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := os.Stat(path + "-wal"); err != nil {
			t.Errorf("%q: is not the file that was written: %v", name, err)
		}
		if db.Location() != path {
			t.Errorf("location is %q; expected %q", db.Location(), path)
		}
	}
}

func TestSQLiteFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	open(t, dir+"/warder.db", nil)
	want := map[string]fs.FileMode{"": 0o700, "warder.db": 0o600, "warder.db-wal": 0o600, "warder.db-shm": 0o600}
	for name, mode := range want {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := info.Mode().Perm(); got != mode {
			t.Errorf("%q: mode is %#o; expected %#o", name, got, mode)
		}
	}
}

func TestSQLiteRefusesFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode fs.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
	}
	write("text", string(make([]byte, 5000))+"not a database at all", 0o600)
	write("open", "", 0o644)
	write("group", "", 0o660)
	write("foreign", "", 0o600)
	raw, err := sql.Open("sqlite", filepath.Join(dir, "foreign"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.ExecContext(t.Context(), "CREATE TABLE recipes (id INTEGER)"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"text": store.ErrForeign, "foreign": store.ErrForeign, "open": store.ErrFileMode, "group": store.ErrFileMode, "": nil, "text/below": nil} {
		db, err := store.Open(t.Context(), filepath.Join(dir, name))
		if err == nil {
			db.Close()
			t.Errorf("%q was opened", name)
		}
		if want != nil && !errors.Is(err, want) {
			t.Errorf("%q: error is %v; expected %v", name, err, want)
		}
	}
	var tables int
	if err := raw.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil || tables != 1 {
		t.Errorf("foreign database has %d tables now (%v); expected 1", tables, err)
	}
}

// TestReopen finds what an earlier process wrote.
func TestReopen(t *testing.T) {
	path := t.TempDir() + "/warder.db"
	db, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := db.CreateApplication(t.Context(), access.Application{Name: "desk", Models: []string{"m*"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, path, nil).Application(t.Context(), "desk")
	if err != nil || got.ID != want.ID || len(got.Models) != 1 {
		t.Errorf("got %+v, %v; expected %+v", got, err, want)
	}
}

// TestSchemasAgree reads both folders of migrations: the same files with the
// same tables and columns, differing in types only.
func TestSchemasAgree(t *testing.T) {
	types := regexp.MustCompile(`TEXT COLLATE "C"|BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY|INTEGER PRIMARY KEY AUTOINCREMENT|TEXT|BIGINT|BYTEA|INTEGER|BLOB`)
	rest := regexp.MustCompile(`(?m)\) STRICT(, WITHOUT ROWID)?;|\);|^PRAGMA.*\n\n?|^--.*\n`)
	read := func(path string) string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return rest.ReplaceAllString(types.ReplaceAllString(string(b), "TYPE"), "")
	}
	files, err := filepath.Glob("migrations/sqlite/*.sql")
	if err != nil || len(files) < 4 {
		t.Fatalf("found %d migrations (%v); expected at least 4", len(files), err)
	}
	others, _ := filepath.Glob("migrations/postgres/*.sql")
	if len(others) != len(files) {
		t.Errorf("%d migrations for PostgreSQL and %d for SQLite", len(others), len(files))
	}
	for _, f := range files {
		if a, b := read(f), read(filepath.Join("migrations/postgres", filepath.Base(f))); a != b {
			t.Errorf("%s differs in more than types:\n%s\n---\n%s", filepath.Base(f), a, b)
		}
	}
}
