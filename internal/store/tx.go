package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// bounded gives ctx a deadline if it has none.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, OperationTimeout)
}

// update runs f in a transaction that may write.
func (db *DB) update(ctx context.Context, f func(ctx context.Context, tx *sql.Tx) error) error {
	if db.reading {
		return errReading
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	return inTx(ctx, db.write, nil, f)
}

// view runs f in a transaction that sees one moment of the database.
func (db *DB) view(ctx context.Context, f func(ctx context.Context, tx *sql.Tx) error) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return inTx(ctx, db.read, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, f)
}

// change is update for applications and keys. It bumps the generation first:
// in PostgreSQL that locks the row, so changes happen one after another there
// too, and what f reads stays true until it commits. Following the clock keeps
// generations from repeating after a database was restored from a backup.
func (db *DB) change(ctx context.Context, f func(ctx context.Context, tx *sql.Tx) error) error {
	return db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE generations
			SET value = CASE WHEN value < $1 THEN $1 ELSE value + 1 END WHERE name = 'access'`, micros(db.now()))
		if err != nil {
			return fmt.Errorf("bumping the generation: %w", err)
		}
		return f(ctx, tx)
	})
}

func inTx(ctx context.Context, pool *sql.DB, opt *sql.TxOptions, f func(context.Context, *sql.Tx) error) error {
	tx, err := pool.BeginTx(ctx, opt)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after a commit
	if err := f(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// collect reads all rows of a query.
func collect[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// one reads the row of a query, or returns [ErrNotFound].
func one[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) (T, error) {
	all, err := collect(ctx, q, scan, query, args...)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		var none T
		return none, err
	}
	return all[0], nil
}

// isUnique reports whether err says that a unique constraint was violated.
func isUnique(err error) bool {
	var s *sqlite.Error
	var p *pgconn.PgError
	switch {
	case errors.As(err, &s):
		return s.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || s.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	case errors.As(err, &p):
		return p.Code == "23505"
	}
	return false
}

// micros is a time as it is stored.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros is the inverse of micros.
func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
