package store

import (
	"context"
	"database/sql"
	"fmt"

	"warder.example/internal/access"
)

const keyColumns = `id, application, prefix, hash, label, requests_per_minute, max_concurrent, created, expires, revoked`

// CreateKey stores the record of a key that [access.NewKey] made, with Label,
// limits and Expires as its caller chose. k.Application is the id or the name
// of its application; Created is set here. It returns what was stored, or
// [ErrNotFound] when there is no such application.
func (db *DB) CreateKey(ctx context.Context, k access.Key) (access.Key, error) {
	ref := k.Application
	k.Created, k.Expires = fromMicros(micros(db.now())), fromMicros(micros(k.Expires))
	if err := k.Validate(); err != nil {
		return access.Key{}, fmt.Errorf("creating a key: %w", err)
	}
	if id, err := access.KeyID(k.Prefix); err != nil || id != k.ID || k.Hash == [32]byte{} || !k.Revoked.IsZero() {
		return access.Key{}, fmt.Errorf("creating a key: record %.40q was not made by access.NewKey", k.ID)
	}
	err := db.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		a, err := application(ctx, tx, ref)
		if err != nil {
			return err
		}
		k.Application = a.ID
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM keys WHERE application = $1`, a.ID).Scan(&n); err != nil {
			return err
		}
		if n >= MaxKeys {
			return fmt.Errorf("%w: it has %d keys, the most there may be", ErrConflict, n)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO keys (`+keyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)`,
			k.ID, k.Application, k.Prefix, k.Hash[:], k.Label, k.RequestsPerMinute, k.MaxConcurrent,
			micros(k.Created), micros(k.Expires))
		if isUnique(err) {
			return fmt.Errorf("%w: that key exists", ErrConflict)
		}
		if err != nil {
			return err
		}
		return db.act(ctx, tx, ActKeyCreated, k.Application, k)
	})
	if err != nil {
		return access.Key{}, fmt.Errorf("creating a key for application %.80q: %w", ref, err)
	}
	return k, nil
}

// RevokeKey makes a key useless, for ever. Revoking again changes nothing and
// keeps the first time. It returns the record, or [ErrNotFound].
func (db *DB) RevokeKey(ctx context.Context, id string) (access.Key, error) {
	var k access.Key
	err := db.change(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		if k, err = key(ctx, tx, id); err != nil || !k.Revoked.IsZero() {
			return err
		}
		k.Revoked = fromMicros(micros(db.now()))
		if _, err := tx.ExecContext(ctx, `UPDATE keys SET revoked = $2 WHERE id = $1`, k.ID, micros(k.Revoked)); err != nil {
			return err
		}
		return db.act(ctx, tx, ActKeyRevoked, k.Application, k)
	})
	if err != nil {
		return access.Key{}, fmt.Errorf("revoking key %.80q: %w", id, err)
	}
	return k, nil
}

// Key returns the key with that id, or [ErrNotFound].
func (db *DB) Key(ctx context.Context, id string) (access.Key, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	k, err := key(ctx, db.read, id)
	if err != nil {
		return access.Key{}, fmt.Errorf("looking for key %.80q: %w", id, err)
	}
	return k, nil
}

// Keys returns the keys of the application with that id, or of all when it is
// empty, by application and age, oldest first.
func (db *DB) Keys(ctx context.Context, application string) ([]access.Key, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if application != "" && !known(application) {
		return nil, nil
	}
	all, err := collect(ctx, db.read, scanKey,
		`SELECT `+keyColumns+` FROM keys WHERE $1 = '' OR application = $1 ORDER BY application, created, id`, application)
	if err != nil {
		return nil, fmt.Errorf("listing keys: %w", err)
	}
	return all, nil
}

// Generation implements [access.Source]: one read by primary key.
func (db *DB) Generation(ctx context.Context) (int64, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var n int64
	err := db.read.QueryRowContext(ctx, `SELECT value FROM generations WHERE name = 'access'`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("reading the generation: %w", err)
	}
	return n, nil
}

// AccessRecords implements [access.Source]. The three reads see one moment.
func (db *DB) AccessRecords(ctx context.Context) (*access.Records, error) {
	var r access.Records
	err := db.view(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		if err = tx.QueryRowContext(ctx, `SELECT value FROM generations WHERE name = 'access'`).Scan(&r.Generation); err != nil {
			return err
		}
		if r.Applications, err = applications(ctx, tx); err != nil {
			return err
		}
		r.Keys, err = collect(ctx, tx, scanKey, `SELECT `+keyColumns+` FROM keys`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading applications and keys: %w", err)
	}
	return &r, nil
}

func key(ctx context.Context, q querier, id string) (access.Key, error) {
	if !known(id) {
		return access.Key{}, ErrNotFound
	}
	return one(ctx, q, scanKey, `SELECT `+keyColumns+` FROM keys WHERE id = $1`, id)
}

func scanKey(rows *sql.Rows) (k access.Key, err error) {
	var hash []byte
	var created, expires, revoked int64
	err = rows.Scan(&k.ID, &k.Application, &k.Prefix, &hash, &k.Label, &k.RequestsPerMinute, &k.MaxConcurrent,
		&created, &expires, &revoked)
	if err != nil {
		return k, err
	}
	if copy(k.Hash[:], hash) != len(k.Hash) || len(hash) != len(k.Hash) {
		return k, fmt.Errorf("hash of key %q has %d bytes; expected %d", k.ID, len(hash), len(k.Hash))
	}
	k.Created, k.Expires, k.Revoked = fromMicros(created), fromMicros(expires), fromMicros(revoked)
	return k, nil
}
