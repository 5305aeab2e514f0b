package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"warder.example/guard/threat"
	"warder.example/internal/access"
)

// The states of a threat. The first three are live: see [threat.State].
const (
	ThreatObserved  = "observed"
	ThreatActive    = "active"
	ThreatSuspended = "suspended"
	ThreatExpired   = "expired"
	ThreatRemoved   = "removed"
)

// The acts of threat memory. The payload is a [ThreatAct].
const (
	ActThreatAdded     = "threat.added"
	ActThreatActivated = "threat.activated"
	ActThreatPromoted  = "threat.promoted"
	ActThreatSuspended = "threat.suspended"
	ActThreatExpired   = "threat.expired"
	ActThreatRemoved   = "threat.removed"
)

// Limits of threats.
const (
	// MaxThreats is how many live threats there may be.
	MaxThreats = threat.MaxEntries
	// ThreatKept is how long threats that ended can be asked for.
	ThreatKept = 30 * 24 * time.Hour

	maxThreatNote = 500
)

// Threat is a confirmed attack as it is stored: a sketch and where it comes from,
// never the text.
type Threat struct {
	ID          string        `json:"id"`
	Application string        `json:"application,omitempty"` // application id; empty: all
	Category    string        `json:"category"`              // "injection" or "jailbreak"
	State       string        `json:"state"`
	Source      string        `json:"source,omitempty"` // at most 128 bytes
	Note        string        `json:"note,omitempty"`   // at most 500 bytes, for people
	AddedBy     string        `json:"added_by"`
	Added       time.Time     `json:"added"`
	Expires     time.Time     `json:"expires,omitzero"`
	Hits        int64         `json:"hits"` // about: a request whose texts are read twice counts twice
	LastHit     time.Time     `json:"last_hit,omitzero"`
	Sketch      threat.Sketch `json:"-"`
}

// Live reports whether the threat is looked for.
func (t *Threat) Live() bool {
	return t.State == ThreatObserved || t.State == ThreatActive || t.State == ThreatSuspended
}

// ErrThreat means that what was to be stored of a threat is not allowed.
var ErrThreat = errors.New("not a threat that can be stored")

// ThreatAct is the payload of acts of threat memory.
type ThreatAct struct {
	Threat Threat `json:"threat"`           // after the act
	Was    string `json:"was,omitempty"`    // state before it
	Scope  string `json:"scope,omitempty"`  // application before a promotion
	Reason any    `json:"reason,omitempty"` // of an activation: the dry run; of a suspension: the hits
}

const threatColumns = `id, application, category, state, source, note, sketch, added_by, added, expires, hits, last_hit`

// AddThreat stores a confirmed attack under observation. ID, State, AddedBy, Added
// and the hits are set here; t.Application is the id or name of an application, or
// empty. It returns what was stored; [ErrThreat] when a field is out of its bounds,
// [ErrNotFound] when there is no such
// application, and [ErrConflict] when there are [MaxThreats] or a live one of that
// application is the same text.
func (db *DB) AddThreat(ctx context.Context, t Threat) (Threat, error) {
	ref := t.Application
	now := fromMicros(micros(db.now()))
	t.ID, t.State, t.AddedBy, t.Added = "thr_"+strings.ToLower(rand.Text()[:12]), ThreatObserved, clean(access.Actor(ctx), 200), now
	t.Expires, t.Hits, t.LastHit = fromMicros(micros(t.Expires)), 0, time.Time{}
	if err := t.check(); err != nil {
		return Threat{}, fmt.Errorf("adding a threat: %w: %w", ErrThreat, err)
	}
	sketch, err := t.Sketch.MarshalBinary()
	if err != nil {
		return Threat{}, fmt.Errorf("adding a threat: %w", err)
	}
	digest := t.Sketch.Digest()
	err = db.threats(ctx, func(ctx context.Context, tx *sql.Tx, generation int64) error {
		if ref != "" {
			a, err := application(ctx, tx, ref)
			if err != nil {
				return fmt.Errorf("application %.80q: %w", ref, err)
			}
			t.Application = a.ID
		}
		if err := roomForThreat(ctx, tx, t.Application, digest[:], micros(now.Add(-ThreatKept))); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO threats (`+threatColumns+`, digest, changed, changed_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, $11, $12, $13)`,
			t.ID, t.Application, t.Category, t.State, t.Source, t.Note, sketch, t.AddedBy, micros(t.Added), micros(t.Expires),
			digest[:], generation, micros(now))
		if err != nil {
			return err
		}
		return db.act(ctx, tx, ActThreatAdded, t.Application, ThreatAct{Threat: t})
	})
	if err != nil {
		return Threat{}, fmt.Errorf("adding a threat: %w", err)
	}
	return t, nil
}

func (t *Threat) check() error {
	switch {
	case t.Category != "injection" && t.Category != "jailbreak":
		return fmt.Errorf("category is %.40q; expected injection or jailbreak", t.Category)
	case len(t.Source) > threat.MaxField || clean(t.Source, threat.MaxField) != t.Source:
		return fmt.Errorf("source is %.40q; expected at most %d bytes of printable text on one line", t.Source, threat.MaxField)
	case len(t.Note) > maxThreatNote || clean(t.Note, maxThreatNote) != t.Note:
		return fmt.Errorf("note is %.40q; expected at most %d bytes of printable text on one line", t.Note, maxThreatNote)
	case t.Sketch.IsZero():
		return errors.New("there is no sketch")
	case !t.Expires.IsZero() && !t.Expires.After(t.Added):
		return fmt.Errorf("expires is %s; expected a time after it is added", t.Expires.Format(time.RFC3339))
	}
	return nil
}

// roomForThreat forgets threats that ended long ago and reports what stands
// against another one.
func roomForThreat(ctx context.Context, tx *sql.Tx, application string, digest []byte, before int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM threats WHERE state IN ('expired', 'removed') AND changed_at < $1`, before)
	if err != nil {
		return err
	}
	same, err := collect(ctx, tx, scanThreat, `SELECT `+threatColumns+` FROM threats
		WHERE digest = $1 AND application = $2 AND state IN ('observed', 'active', 'suspended')`, digest, application)
	if err != nil {
		return err
	}
	if len(same) > 0 {
		return fmt.Errorf("%w: it is %s, which is %s", ErrConflict, same[0].ID, same[0].State)
	}
	var n int
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM threats WHERE state IN ('observed', 'active', 'suspended')`).Scan(&n)
	if err == nil && n >= MaxThreats {
		err = fmt.Errorf("%w: there are %d, the most there may be", ErrConflict, n)
	}
	return err
}

// threats runs f in a transaction that changes threats, with the generation that
// these changes have. As for applications, taking it first makes changes happen one
// after another.
func (db *DB) threats(ctx context.Context, f func(ctx context.Context, tx *sql.Tx, generation int64) error) error {
	return db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var generation int64
		err := tx.QueryRowContext(ctx, `UPDATE generations
			SET value = CASE WHEN value < $1 THEN $1 ELSE value + 1 END WHERE name = 'threats' RETURNING value`, micros(db.now())).Scan(&generation)
		if err != nil {
			return fmt.Errorf("bumping the generation: %w", err)
		}
		return f(ctx, tx, generation)
	})
}

func scanThreat(rows *sql.Rows) (t Threat, err error) {
	var sketch []byte
	var added, expires, last int64
	err = rows.Scan(&t.ID, &t.Application, &t.Category, &t.State, &t.Source, &t.Note, &sketch, &t.AddedBy, &added, &expires, &t.Hits, &last)
	if err != nil {
		return t, err
	}
	if err := t.Sketch.UnmarshalBinary(sketch); err != nil {
		return t, fmt.Errorf("sketch of threat %q: %w", t.ID, err)
	}
	t.Added, t.Expires, t.LastHit = fromMicros(added), fromMicros(expires), fromMicros(last)
	return t, nil
}
