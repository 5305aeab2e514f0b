package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"warder.example/internal/access"
	"warder.example/internal/store"
)

// trace is every file of a folder with its size, mode and time of change.
func trace(t *testing.T, dir string) string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, e := range all {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&out, e.Name(), info.Size(), info.Mode(), info.ModTime().UnixNano())
	}
	return out.String()
}

// names reads the names of applications, and that nothing can be changed meanwhile.
func names(t *testing.T, dsn string) (names []string, err error) {
	t.Helper()
	err = store.Read(t.Context(), dsn, func(db *store.DB) error {
		all, err := db.Applications(t.Context())
		names = nil
		for _, a := range all {
			names = append(names, a.Name)
		}
		if _, err := db.CreateApplication(t.Context(), access.Application{Name: "intruder"}); err == nil {
			t.Error("an application was created by who only reads")
		}
		return err
	})
	return names, err
}

// TestReadLeavesNoTrace reads a file that is open, that was closed, and that a crash
// left behind, in a folder that nobody may write to: each time it sees what was
// committed last, and no file is made or changed.
func TestReadLeavesNoTrace(t *testing.T) {
	dir, crashed := t.TempDir(), t.TempDir()
	db, err := store.Open(t.Context(), dir+"/warder.db")
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	look := func(what, dir string) {
		t.Helper()
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		before := trace(t, dir)
		got, err := names(t, dir+"/warder.db")
		if after := trace(t, dir); after != before {
			t.Errorf("%s: the folder was\n%sand is\n%s", what, before, after)
		}
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, %v; expected %q", what, got, err, want)
		}
	}
	look("open and empty", dir)
	for _, name := range []string{"desk", "shop"} {
		if _, err := db.CreateApplication(t.Context(), access.Application{Name: name}); err != nil {
			t.Fatal(err)
		}
		want = strings.TrimSpace(want + " " + name)
		look("open with "+want, dir)
	}
	if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Chmod(crashed+"/warder.db"+suffix, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	look("crashed", crashed)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	look("closed", dir)
	if err := os.WriteFile(dir+"/warder.db-wal", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	look("closed, with an empty log", dir)
	if err := os.Remove(crashed + "/warder.db-shm"); err != nil {
		t.Fatal(err)
	}
	if _, err := names(t, crashed+"/warder.db"); err == nil || !strings.Contains(err.Error(), "have lost their index") {
		t.Errorf("changes without an index: %v", err)
	}
}

// TestReadRefuses: what cannot be read as it is says why, and is not mended.
func TestReadRefuses(t *testing.T) {
	dir := t.TempDir()
	change := func(name, statement string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if name != "foreign" {
			db, err := store.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			db.Close()
		}
		raw, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		if _, err := raw.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const version = "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"
	newer, older, foreign := change("newer", version), change("older", "DELETE FROM goose_db_version WHERE version_id > 5"), change("foreign", "CREATE TABLE recipes (id INTEGER)")
	shared := change("shared", "SELECT 1")
	if err := os.Chmod(shared, 0o644); err != nil {
		t.Fatal(err)
	}
	text, empty := dir+"/text", dir+"/empty"
	if err := errors.Join(os.WriteFile(text, []byte(strings.Repeat("no database ", 500)), 0o600), os.WriteFile(empty, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	before := trace(t, dir)
	for path, want := range map[string]error{
		newer: store.ErrNewer, older: store.ErrOlder, foreign: store.ErrForeign, text: store.ErrForeign, shared: store.ErrFileMode,
		empty: fs.ErrNotExist, dir + "/none": fs.ErrNotExist, dir + "/no/folder/w.db": fs.ErrNotExist,
		dir: nil, "mysql://host/db": nil,
	} {
		err := store.Read(t.Context(), path, func(*store.DB) error {
			t.Errorf("%s was read", path)
			return nil
		})
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: error is %v; expected %v", path, err, want)
		}
	}
	if after := trace(t, dir); after != before {
		t.Errorf("the folder was\n%sand is\n%s", before, after)
	}
}

// readingEnv tells the test binary to be the process that others read beside.
const readingEnv = "WARDER_TEST_STORE_READING"

// TestReadingChild opens, changes and closes a file again and again. It runs only as
// a child of TestReadWhileOthersStart.
func TestReadingChild(t *testing.T) {
	path := os.Getenv(readingEnv)
	if path == "" {
		t.Skip("is started by TestReadWhileOthersStart")
	}
	for n := range 40 {
		db, err := store.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.CreateApplication(t.Context(), access.Application{Name: fmt.Sprintf("app-%d", n)})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReadWhileOthersStart reads while another process opens, changes and closes the
// file again and again: nobody fails, and no reading sees less than the one before it.
func TestReadWhileOthersStart(t *testing.T) {
	path := t.TempDir() + "/warder.db"
	db, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestReadingChild$")
	cmd.Env = append(os.Environ(), readingEnv+"="+path)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	seen, readings := 0, 0
	for running := true; running; readings++ {
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the other process: %v\n%s", err, &said)
			}
			running = false
		default:
		}
		got, err := names(t, path)
		if err != nil {
			t.Errorf("reading %d: %v", readings, err)
		} else if len(got) < seen {
			t.Errorf("%d applications after %d", len(got), seen)
		}
		seen = max(seen, len(got))
	}
	if seen != 40 {
		t.Errorf("%d applications seen in %d readings; expected 40", seen, readings)
	}
}

func TestPostgreSQLRead(t *testing.T) {
	dsn := emptySchema(t)
	if _, err := names(t, dsn); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty schema: %v", err)
	}
	db := open(t, dsn, nil)
	if _, err := db.CreateApplication(t.Context(), access.Application{Name: "desk"}); err != nil {
		t.Fatal(err)
	}
	if got, err := names(t, dsn); err != nil || len(got) != 1 || got[0] != "desk" {
		t.Errorf("got %q, %v", got, err)
	}
	raw, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)"); err != nil {
		t.Fatal(err)
	}
	if _, err := names(t, dsn); !errors.Is(err, store.ErrNewer) {
		t.Errorf("a newer schema: %v", err)
	}
}
