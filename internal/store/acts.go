package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
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

// MaxBatch bounds what one call claims or marks.
const MaxBatch = 1000

// ActLease is how long acts are left to the log that claimed them.
const ActLease = time.Minute

// maxLog is the length of the longest name of a log in bytes.
const maxLog = 200

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

// ClaimActs returns up to limit acts (1 to [MaxBatch]) that are not yet in a
// ledger, oldest first, and leaves them for [ActLease] to the log of that name (1
// to 200 bytes): no other one gets them, and it gets them again itself.
//
// Whoever moves them appends each to the ledger with its id within the lease and
// then calls [DB.MarkActs]. After a crash in between, an act comes again: readers
// of the ledger know it by its id. The clocks of nodes that share a database must
// not differ by as much as the lease.
func (db *DB) ClaimActs(ctx context.Context, log string, limit int) ([]Act, error) {
	if log == "" || len(log) > maxLog {
		return nil, fmt.Errorf("claiming acts: the log's name has %d bytes; expected 1 to %d", len(log), maxLog)
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	// Mostly there is nothing to claim, and asking writes nothing.
	waiting, err := collect(ctx, db.read, scanID, `SELECT id FROM admin_acts WHERE moved = 0 LIMIT 1`)
	if err != nil {
		return nil, fmt.Errorf("looking for acts to move: %w", err)
	}
	if len(waiting) == 0 {
		return nil, nil
	}
	var acts []Act
	err = db.update(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		acts, err = collect(ctx, tx, scanAct, claimActs(db.postgres), clean(log, maxLog), micros(db.now().Add(ActLease)), micros(db.now()), batch(limit))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claiming acts to move: %w", err)
	}
	slices.SortFunc(acts, func(a, b Act) int { return cmp.Compare(a.ID, b.ID) })
	return acts, nil
}

// claimActs is the statement of [DB.ClaimActs]; due is what may be claimed. Two
// claimers that each held rows the other one wants would wait for each other for
// good, so in PostgreSQL a claimer passes over the rows that somebody else is
// claiming or marking. SQLite has one writer at a time and nothing to pass over.
func claimActs(skipLocked bool) string {
	lock := ""
	if skipLocked {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	return `WITH due AS MATERIALIZED (
		SELECT id FROM admin_acts WHERE moved = 0 AND (claimed_by = $1 OR claimed_until <= $3) ORDER BY id LIMIT $4` + lock + `)
	UPDATE admin_acts SET claimed_by = $1, claimed_until = $2 WHERE id IN (SELECT id FROM due)
	RETURNING id, at, kind, application, actor, payload`
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
		// In one order, or two that mark the same acts could wait for each other.
		for _, id := range slices.Sorted(slices.Values(ids)) {
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

func scanID(rows *sql.Rows) (id int64, err error) {
	err = rows.Scan(&id)
	return id, err
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
