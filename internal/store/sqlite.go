package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteApplication is in the header of our files: "WARD".
const sqliteApplication = 0x57415244

// sqliteReaders is how many connections read beside the one that writes.
const sqliteReaders = 4

// How long a start waits for other starting processes, and between looks.
const (
	startPatience = 10 * time.Second
	startPause    = 20 * time.Millisecond
)

// openSQLite opens a file with one writing connection, so that writers of this
// process queue in Go instead of spinning on the file lock. Writers of other
// processes are waited for by the busy timeout.
func openSQLite(ctx context.Context, path string) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	if err := prepareFile(path); err != nil {
		return nil, fmt.Errorf("opening the store %q: %w", path, err)
	}
	write, err := sqlitePool(path, sqliteJournal+"&_txlock=immediate", 1)
	if err != nil {
		return nil, fmt.Errorf("opening the store %q: %w", path, err)
	}
	db := &DB{write: write, read: write, location: path}
	if err := db.startSQLite(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the store %q: %w", path, err), write.Close())
	}
	if db.read, err = sqlitePool(path, sqliteJournal+"&_query_only=1", sqliteReaders); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the store %q: %w", path, err), write.Close())
	}
	return db, nil
}

// sqliteJournal is how changes are made durable.
const sqliteJournal = "_journal_mode=WAL&_synchronous=FULL"

// sqlitePool describes the connections to a file; none is made yet. The path is
// escaped, so that no character of it is taken for an option.
func sqlitePool(path, options string, connections int) (*sql.DB, error) {
	c, err := sqlite.NewConnector("file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() +
		"?_busy_timeout=5000&_foreign_keys=1&_dqs=0&_defensive=1&" + options)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(c)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return pool, nil
}

// prepareFile makes sure that the file exists and that only its owner may open
// it. SQLite gives its side files the mode of the main one.
func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return private(info)
}

// private returns an error unless a file is a regular one of its owner alone.
func private(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("is %s; expected a regular file", info.Mode().Type())
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("%w: mode is %#o; expected 0600", ErrFileMode, mode)
	}
	return nil
}

// startSQLite migrates, again and again while other processes do the same: SQLite
// has no lock for that. Turning on WAL mode fails at once when somebody else is
// reading, and of two that create a table one fails; both find the work done
// when they look again.
func (db *DB) startSQLite(ctx context.Context) error {
	deadline := time.NewTimer(startPatience)
	defer deadline.Stop()
	for {
		err := db.migrateSQLite(ctx)
		if err == nil || !mayPass(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-deadline.C:
			return err
		case <-time.After(startPause):
		}
	}
}

// recognise returns the number of tables of a file, and [ErrForeign] when they are
// not Warder's.
func (db *DB) recognise(ctx context.Context) (tables int64, err error) {
	var application int64
	if err := db.write.QueryRowContext(ctx, "PRAGMA application_id").Scan(&application); err != nil {
		return 0, sqliteFileError(err)
	}
	if err := db.write.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return 0, err
	}
	// Another process may be creating the schema: its version table comes
	// before our mark.
	if application != sqliteApplication && tables > 0 {
		var versions int64
		err := db.write.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = $1", goose.DefaultTablename).Scan(&versions)
		if err != nil || versions == 0 || application != 0 {
			return 0, errors.Join(ErrForeign, err)
		}
	}
	return tables, nil
}

func (db *DB) migrateSQLite(ctx context.Context) error {
	if _, err := db.recognise(ctx); err != nil {
		return err
	}
	p, err := db.migrationsOfSQLite()
	if err != nil {
		return err
	}
	return migrate(ctx, p)
}

func (db *DB) migrationsOfSQLite() (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db.write, dir, migrationOptions()...)
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	return p, nil
}

// mayPass reports whether err can come of another process starting: the file is
// locked, or something exists that was missing a moment ago.
func mayPass(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_SCHEMA:
		return true
	}
	return false
}

// sqliteFileError recognises files that are no database at all.
func sqliteFileError(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_NOTADB {
		return errors.Join(ErrForeign, err)
	}
	return err
}
