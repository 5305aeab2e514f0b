package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"warder.example/internal/access"
)

// Activation says that a policy was made the active one somewhere. The file is
// the policy; this is only which one, where, since when and by whom.
type Activation struct {
	Application string    `json:"application,omitempty"` // application id; empty: those without their own
	Environment string    `json:"environment,omitempty"` // dev, test or prod; empty: all
	Digest      string    `json:"digest"`                // of the policy, such as "sha256:…", at most 128 bytes
	By          string    `json:"by"`                    // who: at most 200 bytes
	At          time.Time `json:"at"`
}

// ActivatePolicy notes an activation. At is set here; By, when empty, is
// [access.Actor]. Nothing is noted when that digest is active there already.
func (db *DB) ActivatePolicy(ctx context.Context, a Activation) error {
	if !slices.Contains([]string{"", access.Dev, access.Test, access.Prod}, a.Environment) {
		return fmt.Errorf("activating a policy: environment is %.40q; expected dev, test, prod or none", a.Environment)
	}
	if !known(a.Digest) || a.Application != "" && !known(a.Application) {
		return fmt.Errorf("activating a policy: digest %.40q for application %.40q; expected 1 to 128 printable bytes each", a.Digest, a.Application)
	}
	if a.By == "" {
		a.By = access.Actor(ctx)
	}
	a.By, a.At = clean(a.By, 200), fromMicros(micros(db.now()))
	return db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		last, err := one(ctx, tx, scanActivation, `SELECT application, environment, digest, activated_by, activated
			FROM policy_activations WHERE application = $1 AND environment = $2 ORDER BY id DESC LIMIT 1`, a.Application, a.Environment)
		if err == nil && last.Digest == a.Digest {
			return nil
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("activating a policy: %w", err)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO policy_activations (application, environment, digest, activated_by, activated)
			VALUES ($1, $2, $3, $4, $5)`, a.Application, a.Environment, a.Digest, a.By, micros(a.At))
		if err != nil {
			return fmt.Errorf("activating a policy: %w", err)
		}
		return db.act(ctx, tx, ActPolicyActivated, a.Application, a)
	})
}

// ActivePolicies returns what is active now, one activation for each place, by
// application and environment.
func (db *DB) ActivePolicies(ctx context.Context) ([]Activation, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	all, err := collect(ctx, db.read, scanActivation, `SELECT application, environment, digest, activated_by, activated
		FROM policy_activations WHERE id IN (SELECT max(id) FROM policy_activations GROUP BY application, environment)
		ORDER BY application, environment`)
	if err != nil {
		return nil, fmt.Errorf("listing active policies: %w", err)
	}
	return all, nil
}

// PolicyHistory returns up to limit activations (1 to [MaxBatch]) of an
// application id, or of the default policy when it is empty, newest first.
func (db *DB) PolicyHistory(ctx context.Context, application string, limit int) ([]Activation, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if application != "" && !known(application) {
		return nil, nil
	}
	all, err := collect(ctx, db.read, scanActivation, `SELECT application, environment, digest, activated_by, activated
		FROM policy_activations WHERE application = $1 ORDER BY id DESC LIMIT $2`, application, batch(limit))
	if err != nil {
		return nil, fmt.Errorf("listing activations of policies: %w", err)
	}
	return all, nil
}

func scanActivation(rows *sql.Rows) (a Activation, err error) {
	var at int64
	err = rows.Scan(&a.Application, &a.Environment, &a.Digest, &a.By, &at)
	a.At = fromMicros(at)
	return a, err
}
