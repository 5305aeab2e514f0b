package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrOlder means that the database has to be migrated before it can be read.
var ErrOlder = errors.New("database is from an older version of Warder")

var (
	// errReading is the error of changing what [Read] gave.
	errReading = errors.New("the store was opened to be read only")
	// errHalfway means that a log of changes lies beside a file, and no index of it.
	errHalfway = errors.New("changes beside it (-wal) have lost their index (-shm); start the server once, or restore all its files together")
	// errBusy means that servers start and stop all the time.
	errBusy = errors.New("it changes each time while it is read; try again")
)

// How often a file is read that others change or close meanwhile, and how long is
// waited between.
const (
	readAttempts = 25
	readPause    = 20 * time.Millisecond
)

// Read calls f with the database that dsn names, as for [Open], to be read and no
// more: no file is made or written, nothing is migrated, no writer waits, and
// methods that change something return an error. f may be called again when a server
// starts or stops meanwhile; what it read before counts for nothing then. Open must
// not open the same file in the same process while Read runs.
//
// The error wraps [fs.ErrNotExist] where there is no database, or an empty one;
// [ErrOlder] or [ErrNewer] when its schema is not this program's; and [ErrForeign]
// and [ErrFileMode] as for Open.
func Read(ctx context.Context, dsn string, f func(*DB) error) error {
	return readAny(ctx, dsn, ofThisVersion(ctx, f))
}

// readAny is Read whatever the version of the schema.
func readAny(ctx context.Context, dsn string, f func(*DB) error) error {
	server, err := onServer(dsn)
	if err != nil {
		return err
	}
	if server {
		return readPostgres(ctx, dsn, f)
	}
	if dsn == "" {
		dsn = DefaultPath
	}
	path, err := filepath.Abs(dsn)
	if err == nil {
		err = readSQLite(ctx, path, queryOnly, f)
	}
	if err != nil {
		return fmt.Errorf("reading the store %q: %w", dsn, err)
	}
	return nil
}

// ofThisVersion is f for a database whose schema is that of this program.
func ofThisVersion(ctx context.Context, f func(*DB) error) func(*DB) error {
	return func(db *DB) error {
		if err := db.readable(ctx); err != nil {
			return err
		}
		return f(db)
	}
}

// readPostgres calls f with a database on a server.
func readPostgres(ctx context.Context, dsn string, f func(*DB) error) error {
	db, err := postgresPool(dsn)
	if err != nil {
		return err
	}
	db.reading = true
	var there bool
	err = db.read.QueryRowContext(ctx, "SELECT to_regclass('"+goose.DefaultTablename+"') IS NOT NULL").Scan(&there)
	if err == nil && !there {
		err = fs.ErrNotExist
	}
	if err == nil {
		err = f(db)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("reading the store %s: %w", db.location, err)
	}
	return nil
}

// queryOnly is the option of connections that change nothing, whatever they are asked.
const queryOnly = "&_query_only=1"

// readSQLite calls f with a file, until the file was the same before and after or
// took part in the locking of SQLite. options are those of its connections.
func readSQLite(ctx context.Context, path, options string, f func(*DB) error) error {
	pause := time.NewTicker(readPause)
	defer pause.Stop()
	for left := readAttempts - 1; ; left-- {
		before, err := lookAt(path)
		if err != nil {
			return err
		}
		if err = errHalfway; before.use != halfway {
			err = readFile(ctx, path, before.use, options, f)
		}
		after, lerr := lookAt(path)
		steady := lerr == nil && after == before
		switch {
		case err == nil && (before.use == inUse || steady):
			return nil
		case err != nil && (left == 0 || steady && before.use != halfway && !unsettled(err)):
			return err
		case left == 0:
			return errBusy
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
		}
	}
}

// unsettled reports whether err can come of another process that is just opening or
// closing the file.
func unsettled(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PROTOCOL:
		return true
	}
	return false
}

// use says who has a file open, by the files beside it.
type use int

const (
	unused  use = iota // nobody: its last user closed it
	inUse              // somebody, or somebody who crashed
	halfway            // somebody closes it, or a file is lost
)

// look is what a file looks like; of one in use it says no more than that.
type look struct {
	use     use
	size    int64
	changed time.Time
}

func lookAt(path string) (l look, err error) {
	info, err := os.Stat(path)
	if err == nil {
		err = private(info)
	}
	if err != nil {
		return l, err
	}
	if _, err := os.Stat(path + "-shm"); err == nil {
		return look{use: inUse}, nil
	}
	if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > 0 {
		return look{use: halfway}, nil
	}
	return look{size: info.Size(), changed: info.ModTime()}, nil
}

// readFile calls f with a file. SQLite would make the files beside one that nobody
// uses even to read it, so that one is read as if it could not change.
func readFile(ctx context.Context, path string, u use, options string, f func(*DB) error) error {
	mode := "mode=ro&readonly_shm=1"
	if u == unused {
		mode = "mode=ro&immutable=1"
	}
	pool, err := sqlitePool(path, mode+options, sqliteReaders)
	if err != nil {
		return err
	}
	db := &DB{write: pool, read: pool, location: path, reading: true}
	tables, err := db.recognise(ctx)
	if err == nil && tables == 0 {
		err = fs.ErrNotExist
	}
	if err == nil {
		err = f(db)
	}
	return errors.Join(err, db.Close())
}

// readable returns an error unless the schema is that of this program.
func (db *DB) readable(ctx context.Context) error {
	want := SchemaVersion()
	have, err := db.version(ctx)
	switch {
	case err != nil:
		return err
	case have > want:
		return newer(have, want)
	case have < want:
		return fmt.Errorf("%w: its schema is version %d; this program reads version %d; starting a server of this version on it brings it there", ErrOlder, have, want)
	}
	return nil
}
