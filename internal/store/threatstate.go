package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// ActivateThreat makes a threat that is observed or suspended act. run is the
// outcome of its dry run, kept with the act. It returns what is stored then,
// [ErrNotFound], or [ErrConflict] when the threat has ended; an active one stays as
// it is.
func (db *DB) ActivateThreat(ctx context.Context, id string, run any) (Threat, error) {
	return db.changeThreat(ctx, id, ActThreatActivated, run, func(t *Threat) error {
		t.State = ThreatActive
		return nil
	})
}

// SuspendThreat leaves of an active threat what is letter for letter. It returns
// what is stored then, [ErrNotFound], or [ErrConflict] when the threat is not active
// or suspended.
func (db *DB) SuspendThreat(ctx context.Context, id string, why any) (Threat, error) {
	return db.changeThreat(ctx, id, ActThreatSuspended, why, func(t *Threat) error {
		if t.State != ThreatActive && t.State != ThreatSuspended {
			return fmt.Errorf("%w: it is %s; only active threats are suspended", ErrConflict, t.State)
		}
		t.State = ThreatSuspended
		return nil
	})
}

// PromoteThreat makes the threat of one application hold for all, under observation
// again, since nobody has measured it on their traffic. It returns what is stored
// then, [ErrNotFound], or [ErrConflict] when it has ended.
func (db *DB) PromoteThreat(ctx context.Context, id string) (Threat, error) {
	return db.changeThreat(ctx, id, ActThreatPromoted, nil, func(t *Threat) error {
		if t.Application != "" {
			t.Application, t.State = "", ThreatObserved
		}
		return nil
	})
}

// RemoveThreat has a threat looked for no more. It can be asked for a while. It
// returns what is stored then, or [ErrNotFound]; one that has ended stays as it is.
func (db *DB) RemoveThreat(ctx context.Context, id string) (Threat, error) {
	return db.changeThreat(ctx, id, ActThreatRemoved, nil, func(t *Threat) error {
		t.State = ThreatRemoved
		return nil
	})
}

// changeThreat edits a threat and notes the act. What changes nothing is no act.
func (db *DB) changeThreat(ctx context.Context, id, act string, reason any, edit func(*Threat) error) (Threat, error) {
	var t Threat
	err := db.threats(ctx, func(ctx context.Context, tx *sql.Tx, generation int64) (err error) {
		if t, err = oneThreat(ctx, tx, id); err != nil {
			return err
		}
		was := t
		if !t.Live() {
			if act == ActThreatRemoved {
				return nil
			}
			return fmt.Errorf("%w: it is %s", ErrConflict, t.State)
		}
		if err := edit(&t); err != nil || t.State == was.State && t.Application == was.Application {
			return err
		}
		return db.putThreat(ctx, tx, act, ThreatAct{Threat: t, Was: was.State, Scope: was.Application, Reason: reason}, generation)
	})
	if err != nil {
		return Threat{}, fmt.Errorf("changing threat %.80q: %w", id, err)
	}
	return t, nil
}

func (db *DB) putThreat(ctx context.Context, tx *sql.Tx, act string, a ThreatAct, generation int64) error {
	t := &a.Threat
	_, err := tx.ExecContext(ctx, `UPDATE threats SET state = $2, application = $3, changed = $4, changed_at = $5 WHERE id = $1`,
		t.ID, t.State, t.Application, generation, micros(db.now()))
	if err != nil {
		return err
	}
	if a.Scope == t.Application {
		a.Scope = ""
	}
	return db.act(ctx, tx, act, t.Application, a)
}

// ExpireThreats ends the threats whose time is over and returns them.
func (db *DB) ExpireThreats(ctx context.Context) ([]Threat, error) {
	const due = `FROM threats WHERE expires > 0 AND expires <= $1 AND state IN ('observed', 'active', 'suspended')`
	bound, cancel := bounded(ctx)
	defer cancel()
	waiting, err := collect(bound, db.read, scanText, `SELECT id `+due+` LIMIT 1`, micros(db.now()))
	if err != nil || len(waiting) == 0 { // mostly there is none, and asking writes nothing
		return nil, err
	}
	var over []Threat
	err = db.threats(bound, func(ctx context.Context, tx *sql.Tx, generation int64) (err error) {
		over, err = collect(ctx, tx, scanThreat, `SELECT `+threatColumns+` `+due+` ORDER BY id`, micros(db.now()))
		if err != nil {
			return err
		}
		for i := range over {
			was := over[i].State
			over[i].State = ThreatExpired
			if err := db.putThreat(ctx, tx, ActThreatExpired, ThreatAct{Threat: over[i], Was: was, Scope: over[i].Application}, generation); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ending threats: %w", err)
	}
	return over, nil
}

// Threat returns the threat with that id, or [ErrNotFound].
func (db *DB) Threat(ctx context.Context, id string) (Threat, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	t, err := oneThreat(ctx, db.read, id)
	if err != nil {
		return Threat{}, fmt.Errorf("looking for threat %.80q: %w", id, err)
	}
	return t, nil
}

func oneThreat(ctx context.Context, q querier, id string) (Threat, error) {
	if !known(id) {
		return Threat{}, ErrNotFound
	}
	return one(ctx, q, scanThreat, `SELECT `+threatColumns+` FROM threats WHERE id = $1`, id)
}

// Threats returns all threats that are kept, those that ended lately too, oldest
// first.
func (db *DB) Threats(ctx context.Context) ([]Threat, error) {
	all, _, err := db.ThreatsSince(ctx, 0)
	return all, err
}

// MaxThreatPage is how many threats a page has at most.
const MaxThreatPage = 1000

// ThreatPage returns up to limit threats (1 to [MaxThreatPage]), oldest first: those
// after the one with that id, or the first ones for "". Those that ended are among
// them when ended is true. It returns [ErrNotFound] when there is no such threat (any
// more).
func (db *DB) ThreatPage(ctx context.Context, after string, limit int, ended bool) ([]Threat, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	from := Threat{}
	if after != "" {
		var err error
		if from, err = oneThreat(ctx, db.read, after); err != nil {
			return nil, fmt.Errorf("looking for threat %.80q: %w", after, err)
		}
	}
	page, err := collect(ctx, db.read, scanThreat, `SELECT `+threatColumns+` FROM threats
		WHERE (added > $1 OR added = $1 AND id > $2) AND ($3 = 1 OR state IN ('observed', 'active', 'suspended'))
		ORDER BY added, id LIMIT $4`, micros(from.Added), from.ID, truth(ended), min(max(limit, 1), MaxThreatPage))
	if err != nil {
		return nil, fmt.Errorf("reading threats: %w", err)
	}
	return page, nil
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ThreatsSince returns the threats that changed after a generation, oldest first,
// and the generation now. Hits are no change.
func (db *DB) ThreatsSince(ctx context.Context, generation int64) (changed []Threat, now int64, err error) {
	err = db.view(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		err = tx.QueryRowContext(ctx, `SELECT value FROM generations WHERE name = 'threats'`).Scan(&now)
		if err != nil || now == generation {
			return err
		}
		changed, err = collect(ctx, tx, scanThreat, `SELECT `+threatColumns+` FROM threats WHERE changed > $1 ORDER BY added, id`, generation)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("reading threats: %w", err)
	}
	return changed, now, nil
}

// CountThreatHits adds hits to threats by id. Ids that do not exist are passed
// over.
func (db *DB) CountThreatHits(ctx context.Context, hits map[string]int64) error {
	if len(hits) == 0 {
		return nil
	}
	ids := make([]string, 0, len(hits))
	for id := range hits {
		ids = append(ids, id)
	}
	slices.Sort(ids) // nodes that count at the same time lock rows in one order
	return db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, id := range ids {
			_, err := tx.ExecContext(ctx, `UPDATE threats SET hits = hits + $2, last_hit = $3 WHERE id = $1`, id, hits[id], micros(db.now()))
			if err != nil {
				return fmt.Errorf("counting hits of threat %.80q: %w", id, err)
			}
		}
		return nil
	})
}

func scanText(rows *sql.Rows) (s string, err error) {
	err = rows.Scan(&s)
	return s, err
}
