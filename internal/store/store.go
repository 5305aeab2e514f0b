// Package store keeps Warder's state in SQL: SQLite by default, PostgreSQL
// where more than one machine shares it.
//
// # Opening
//
// [Open] takes a file path (SQLite; created with mode 0600) or a postgres://
// URL, brings the schema up to date and returns a [DB], safe for concurrent
// use. Two processes may open the same database: that is how `warder key`
// works beside a running gateway. [Read] is for who only looks, as `warder check`
// does, and leaves no trace.
//
// # What is kept
//
//   - Applications and keys, with a generation counter that every change bumps,
//     so that an [access.Directory] notices changes by reading one number.
//   - Which policy digest is active where, and who activated it.
//   - Administrative acts, written in the transaction of the change they
//     describe, until the gateway has moved them into the ledger.
//   - Confirmed attacks, as sketches, with a generation counter of their own.
//   - Exchanges: a projection of the ledger, which can be rebuilt.
//
// # Rules
//
// The two databases share one SQL text, all of it constant; only the schema
// and the batches of budgets differ. Times are microseconds since 1970 UTC, 0 for none. Every operation
// without a deadline gets one ([OperationTimeout]). Every string is bounded
// here and again by the schema. Errors never hold the DSN, which may contain a
// password.
//
// # Durability
//
// A change that was reported as done survives a crash of the process and, as
// far as the disk keeps its promises, a loss of power: SQLite runs in WAL mode
// with synchronous=FULL. A revoked key must not come back.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"warder.example/internal/access"
)

// Sentinel errors.
var (
	// ErrNotFound means that what was named does not exist.
	ErrNotFound = errors.New("not found")
	// ErrConflict means that what was asked contradicts what is stored.
	ErrConflict = errors.New("conflict with what is stored")
	// ErrForeign means that the file is a database of another program.
	ErrForeign = errors.New("not a Warder database")
	// ErrNewer means that the database was made by a newer Warder.
	ErrNewer = errors.New("database is from a newer version of Warder")
	// ErrFileMode means that others may read or write the database file.
	ErrFileMode = errors.New("database file is open to others")
)

// Limits.
const (
	// OperationTimeout bounds operations whose context has no deadline.
	OperationTimeout = 10 * time.Second
	// MaxApplications is how many applications can be registered.
	MaxApplications = 10_000
	// MaxKeys is how many keys an application can have, revoked ones included.
	MaxKeys = 10_000

	openTimeout = time.Minute // a migration of a large database takes a while
)

// DefaultPath is the SQLite file used when no DSN is given.
const DefaultPath = "warder-data/warder.db"

// DB is an open store. Its methods are safe for concurrent use.
type DB struct {
	// Clock tells the time that is recorded; nil means time.Now. Set it
	// before first use.
	Clock func() time.Time

	write    *sql.DB // SQLite: exactly one connection; PostgreSQL: same as read
	read     *sql.DB
	location string
	postgres bool // and not SQLite
	reading  bool // nothing may be changed: see [Read]
	charges  chargeQueue
}

var (
	_ access.Source   = (*DB)(nil)
	_ access.Recorder = (*DB)(nil)
)

// Open opens the database that dsn names and migrates it: "" is [DefaultPath],
// postgres:// or postgresql:// URLs are PostgreSQL, anything else is the path
// of an SQLite file, which is created when missing, as is its folder.
func Open(ctx context.Context, dsn string) (*DB, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	server, err := onServer(dsn)
	switch {
	case err != nil:
		return nil, err
	case server:
		return openPostgres(ctx, dsn)
	case dsn == "":
		return openSQLite(ctx, DefaultPath)
	}
	return openSQLite(ctx, dsn)
}

// onServer reports whether dsn is the URL of a PostgreSQL server, and no path.
func onServer(dsn string) (bool, error) {
	scheme, _, isURL := strings.Cut(dsn, "://")
	if isURL && scheme != "postgres" && scheme != "postgresql" {
		return false, fmt.Errorf("opening the store: scheme %.20q is not known; expected a file path or a postgres:// URL", scheme)
	}
	return isURL, nil
}

// Close waits for what is running and closes all connections.
func (db *DB) Close() error {
	err := db.write.Close()
	if db.read != db.write {
		err = errors.Join(err, db.read.Close())
	}
	return err
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if err := db.read.PingContext(ctx); err != nil {
		return fmt.Errorf("asking %s: %w", db.location, err)
	}
	return nil
}

// Location says where the state is, for people: the file, or the server and
// database. It holds no credentials.
func (db *DB) Location() string { return db.location }

func (db *DB) now() time.Time {
	if db.Clock != nil {
		return db.Clock()
	}
	return time.Now()
}
