package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"warder.example/internal/access"
)

const applicationColumns = `id, name, owner, environment, data_class, policy, refusal, mode, models, requests_per_minute, max_concurrent, created`

// CreateApplication registers a. Empty choices get the cautious default (see
// [access.Application.Defaulted]); ID and Created are set here. It returns what
// was stored, or [ErrConflict] when the name is taken.
func (db *DB) CreateApplication(ctx context.Context, a access.Application) (access.Application, error) {
	a = a.Defaulted()
	a.Models = slices.Clone(a.Models)
	a.ID, a.Created = access.NewApplicationID(), fromMicros(micros(db.now()))
	if err := a.Validate(); err != nil {
		return access.Application{}, fmt.Errorf("creating application %.80q: %w", a.Name, err)
	}
	err := db.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM applications`).Scan(&n); err != nil {
			return err
		}
		if n >= MaxApplications {
			return fmt.Errorf("%w: there are %d applications, the most there may be", ErrConflict, n)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO applications (`+applicationColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			a.ID, a.Name, a.Owner, a.Environment, a.DataClass, a.Policy, a.Refusal, a.Mode,
			encodeModels(a.Models), a.RequestsPerMinute, a.MaxConcurrent, micros(a.Created))
		if err != nil {
			return nameTaken(err)
		}
		return db.act(ctx, tx, ActApplicationCreated, a.ID, a)
	})
	if err != nil {
		return access.Application{}, fmt.Errorf("creating application %q: %w", a.Name, err)
	}
	return a, nil
}

// UpdateApplication lets edit change the application that ref, an id or a name,
// names, and stores the result. Nothing else changes it meanwhile. ID and
// Created stay. It returns what was stored, or [ErrNotFound], [ErrConflict]
// when the new name is taken, or the error of edit.
func (db *DB) UpdateApplication(ctx context.Context, ref string, edit func(*access.Application) error) (access.Application, error) {
	var a access.Application
	err := db.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		old, err := application(ctx, tx, ref)
		if err != nil {
			return err
		}
		a = old
		a.Models = slices.Clone(old.Models)
		if err := edit(&a); err != nil {
			return err
		}
		a.ID, a.Created = old.ID, old.Created
		if err := a.Validate(); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE applications SET name = $2, owner = $3, environment = $4, data_class = $5,
			policy = $6, refusal = $7, mode = $8, models = $9, requests_per_minute = $10, max_concurrent = $11 WHERE id = $1`,
			a.ID, a.Name, a.Owner, a.Environment, a.DataClass, a.Policy, a.Refusal, a.Mode,
			encodeModels(a.Models), a.RequestsPerMinute, a.MaxConcurrent)
		if err != nil {
			return nameTaken(err)
		}
		return db.act(ctx, tx, ActApplicationChanged, a.ID, ApplicationChange{Before: old, After: a})
	})
	if err != nil {
		return access.Application{}, fmt.Errorf("changing application %.80q: %w", ref, err)
	}
	return a, nil
}

// Application returns the application that ref, an id or a name, names, or
// [ErrNotFound].
func (db *DB) Application(ctx context.Context, ref string) (access.Application, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	a, err := application(ctx, db.read, ref)
	if err != nil {
		return access.Application{}, fmt.Errorf("looking for application %.80q: %w", ref, err)
	}
	return a, nil
}

// Applications returns all applications by name.
func (db *DB) Applications(ctx context.Context) ([]access.Application, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	all, err := applications(ctx, db.read)
	if err != nil {
		return nil, fmt.Errorf("listing applications: %w", err)
	}
	return all, nil
}

// A LiveKeysError says that an application was not deleted because keys of it
// can still be used. It is an [ErrConflict].
type LiveKeysError struct {
	Keys int // how many
}

// Error says how many keys are in the way.
func (e *LiveKeysError) Error() string {
	return fmt.Sprintf("%d of its keys can still be used", e.Keys)
}

// Unwrap returns [ErrConflict].
func (e *LiveKeysError) Unwrap() error { return ErrConflict }

// DeleteApplication deletes the application that ref, an id or a name, names,
// and its keys. Unless force is set it refuses with a *[LiveKeysError] while
// there are keys neither revoked nor expired. What happened under the
// application stays in the ledger. Its id is never used again.
func (db *DB) DeleteApplication(ctx context.Context, ref string, force bool) (access.Application, error) {
	var a access.Application
	err := db.change(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		if a, err = application(ctx, tx, ref); err != nil {
			return err
		}
		var live int
		err = tx.QueryRowContext(ctx, `SELECT count(*) FROM keys
			WHERE application = $1 AND revoked = 0 AND (expires = 0 OR expires > $2)`, a.ID, micros(db.now())).Scan(&live)
		if err != nil {
			return err
		}
		if live > 0 && !force {
			return &LiveKeysError{Keys: live}
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM applications WHERE id = $1`, a.ID); err != nil {
			return err
		}
		return db.act(ctx, tx, ActApplicationDeleted, a.ID, ApplicationDeletion{Application: a, LiveKeys: live})
	})
	if err != nil {
		return access.Application{}, fmt.Errorf("deleting application %.80q: %w", ref, err)
	}
	return a, nil
}

// application finds by id or name; an id has an underscore and a name has not.
func application(ctx context.Context, q querier, ref string) (access.Application, error) {
	if !known(ref) {
		return access.Application{}, ErrNotFound
	}
	return one(ctx, q, scanApplication, `SELECT `+applicationColumns+` FROM applications WHERE id = $1 OR name = $1`, ref)
}

func applications(ctx context.Context, q querier) ([]access.Application, error) {
	return collect(ctx, q, scanApplication, `SELECT `+applicationColumns+` FROM applications ORDER BY name`)
}

func scanApplication(rows *sql.Rows) (a access.Application, err error) {
	var models []byte
	var created int64
	err = rows.Scan(&a.ID, &a.Name, &a.Owner, &a.Environment, &a.DataClass, &a.Policy, &a.Refusal, &a.Mode,
		&models, &a.RequestsPerMinute, &a.MaxConcurrent, &created)
	if err != nil {
		return a, err
	}
	a.Created = fromMicros(created)
	// A list that cannot be read must not become the empty one, which allows
	// every model.
	if err := json.Unmarshal(models, &a.Models); err != nil || a.Models == nil {
		return a, fmt.Errorf("models of application %q are not a JSON array of strings", a.ID)
	}
	if len(a.Models) == 0 {
		a.Models = nil
	}
	return a, nil
}

// encodeModels writes a JSON array. The patterns are visible ASCII without
// quotes, so its length is bounded by theirs.
func encodeModels(models []string) string {
	if models == nil {
		models = []string{}
	}
	b, err := encodeJSON(models)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(b)
}

func nameTaken(err error) error {
	if isUnique(err) {
		return fmt.Errorf("%w: an application of that name exists", ErrConflict)
	}
	return err
}
