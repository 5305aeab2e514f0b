package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"warder.example/internal/access"
)

// The kinds of administrative act that the store records itself, in the
// transaction of the change. Their payloads hold no secret and no hash.
const (
	ActApplicationCreated = "application.created" // payload: access.Application
	ActApplicationChanged = "application.changed" // payload: ApplicationChange
	ActApplicationDeleted = "application.deleted" // payload: ApplicationDeletion
	ActKeyCreated         = "key.created"         // payload: access.Key
	ActKeyRevoked         = "key.revoked"         // payload: access.Key
	ActPolicyActivated    = "policy.activated"    // payload: Activation
)

// MaxAct is the size in bytes of the largest payload of an act.
const MaxAct = 32 << 10

// MaxBatch bounds what one call lists or marks.
const MaxBatch = 1000

// ApplicationChange is the payload of [ActApplicationChanged].
type ApplicationChange struct {
	Before access.Application `json:"before"`
	After  access.Application `json:"after"`
}

// ApplicationDeletion is the payload of [ActApplicationDeleted].
type ApplicationDeletion struct {
	Application access.Application `json:"application"`
	LiveKeys    int                `json:"live_keys"` // that could still be used
}

// Act is one administrative act.
type Act struct {
	ID          int64     // grows with time, with gaps; never used again
	At          time.Time // by the clock of the process that did it
	Kind        string
	Application string          // application id; may be empty
	Actor       string          // as the process that did it claims: see [access.WithActor]
	Payload     json.RawMessage // no secrets
}

// Record implements [access.Recorder]: it notes an act that the store does not
// see itself.
func (db *DB) Record(ctx context.Context, kind, application string, payload any) error {
	return db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return db.act(ctx, tx, kind, application, payload)
	})
}

// act notes an act in a transaction. An act that cannot be noted is not done.
func (db *DB) act(ctx context.Context, tx *sql.Tx, kind, application string, payload any) error {
	b, err := encodeJSON(payload)
	if err != nil {
		return fmt.Errorf("noting act %q: %w", kind, err)
	}
	if len(b) > MaxAct {
		return fmt.Errorf("noting act %q: payload has %d bytes; expected at most %d", kind, len(b), MaxAct)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO admin_acts (at, kind, application, actor, payload) VALUES ($1, $2, $3, $4, $5)`,
		micros(db.now()), clean(kind, 64), clean(application, 64), clean(access.Actor(ctx), 200), string(b))
	if err != nil {
		return fmt.Errorf("noting act %q: %w", kind, err)
	}
	return nil
}

// PendingActs returns up to limit acts (1 to [MaxBatch]) that are not yet in
// the ledger, oldest first.
//
// Whoever moves them appends each to the ledger with its id and then calls
// [DB.MarkActs]. After a crash in between, an act comes again: readers of the
// ledger know it by its id.
func (db *DB) PendingActs(ctx context.Context, limit int) ([]Act, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	acts, err := collect(ctx, db.read, scanAct,
		`SELECT id, at, kind, application, actor, payload FROM admin_acts WHERE moved = 0 ORDER BY id LIMIT $1`, batch(limit))
	if err != nil {
		return nil, fmt.Errorf("listing acts to move: %w", err)
	}
	return acts, nil
}

// MarkActs notes that the acts with these ids, at most [MaxBatch], are in the
// ledger. Ids that are marked already or do not exist are passed over.
func (db *DB) MarkActs(ctx context.Context, ids ...int64) error {
	if len(ids) > MaxBatch {
		return fmt.Errorf("marking acts: %d ids; expected at most %d", len(ids), MaxBatch)
	}
	return db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, `UPDATE admin_acts SET moved = $2 WHERE id = $1 AND moved = 0`)
		if err != nil {
			return fmt.Errorf("marking acts: %w", err)
		}
		defer stmt.Close()
		for _, id := range ids {
			if _, err := stmt.ExecContext(ctx, id, micros(db.now())); err != nil {
				return fmt.Errorf("marking act %d: %w", id, err)
			}
		}
		return nil
	})
}

func scanAct(rows *sql.Rows) (a Act, err error) {
	var at int64
	var payload string
	err = rows.Scan(&a.ID, &at, &a.Kind, &a.Application, &a.Actor, &payload)
	a.At, a.Payload = fromMicros(at), json.RawMessage(payload)
	return a, err
}

// batch is a limit within its bounds.
func batch(limit int) int { return min(max(limit, 1), MaxBatch) }

// encodeJSON is json.Marshal without the escapes for HTML, which would make the
// length of a text depend on what is in it.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
