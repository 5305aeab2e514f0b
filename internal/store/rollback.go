package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/pressly/goose/v3"
)

// ErrRollback means that a schema cannot be brought back to a version without losing
// what is stored.
var ErrRollback = errors.New("the schema cannot be rolled back")

// oldestRollback is the oldest version that [Rollback] goes to: the migrations up to it
// have no way back.
const oldestRollback = 5

// lost is what an older schema has no place for and no log can bring back.
var lost = []struct {
	since int64 // version that brought it
	what  string
	count string // query
}{
	{8, "counters of budgets", "SELECT count(*) FROM budget_counters"},
	{8, "open reservations of budgets", "SELECT count(*) FROM budget_holds"},
	{7, "imported bundles", "SELECT count(*) FROM bundles"},
	{6, "confirmed attacks", "SELECT count(*) FROM threats"},
}

// Rollback brings the schema of the database that dsn names back to an older version,
// for an older program, and returns which it was. It loses nothing but the projection
// of the audit log, which the next server makes anew: where tables that the older
// version does not have hold anything, or it is older than this program knows the way to,
// the error is [ErrRollback] and nothing is changed. Servers that use the database must
// be stopped: they would fail, and what they write meanwhile could be lost.
func Rollback(ctx context.Context, dsn string, to int64) (from int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	from, err = Version(ctx, dsn)
	if err != nil {
		return 0, err
	}
	want := SchemaVersion()
	switch {
	case from > want:
		return from, newer(from, want)
	case to < oldestRollback:
		return from, fmt.Errorf("%w: to version %d, which is older than %d; restore a backup of that time", ErrRollback, to, oldestRollback)
	case to >= from:
		return from, fmt.Errorf("%w: it is version %d, which is not newer than %d", ErrRollback, from, to)
	}
	db, p, err := openUnmigrated(dsn)
	if err == nil {
		err = errors.Join(db.rollBack(ctx, p, from, to), db.Close())
	}
	if err != nil {
		return from, fmt.Errorf("rolling the schema back from version %d to %d: %w", from, to, err)
	}
	return from, nil
}

func (db *DB) rollBack(ctx context.Context, p *goose.Provider, from, to int64) error {
	for _, l := range lost {
		if l.since <= to || l.since > from {
			continue
		}
		var n int64
		if err := db.read.QueryRowContext(ctx, l.count).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%w: version %d has no place for %d %s; restore a backup of before the upgrade, or stay", ErrRollback, l.since-1, n, l.what)
		}
	}
	_, err := p.DownTo(ctx, to)
	return err
}

// openUnmigrated opens a database that is there, as it is, and the way between the
// versions of its schema.
func openUnmigrated(dsn string) (*DB, *goose.Provider, error) {
	server, err := onServer(dsn)
	if err != nil {
		return nil, nil, err
	}
	var db *DB
	var p *goose.Provider
	if server {
		if db, err = postgresPool(dsn); err == nil {
			p, err = db.migrationsOfPostgres()
		}
	} else if db, err = unmigratedFile(dsn); err == nil {
		p, err = db.migrationsOfSQLite()
	}
	if err != nil && db != nil {
		err = errors.Join(err, db.Close())
	}
	return db, p, err
}

func unmigratedFile(path string) (*DB, error) {
	if path == "" {
		path = DefaultPath
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if _, err := lookAt(path); err != nil {
		return nil, err
	}
	pool, err := sqlitePool(path, sqliteJournal+"&_txlock=immediate", 1)
	if err != nil {
		return nil, err
	}
	return &DB{write: pool, read: pool, location: path}, nil
}
