package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"warder.example/internal/budget"
	"warder.example/internal/price"
)

// Budgets keeps counters of budgets in SQL, where several nodes share them. A
// reservation is a transaction of two statements a counter: take
// [budget.Memory] where there is one node. Make it with [DB.Budgets].
type Budgets struct{ db *DB }

var _ budget.Store = Budgets{}

// Budgets returns the store's counters of budgets.
func (db *DB) Budgets() Budgets { return Budgets{db} }

// Reserve implements [budget.Store].
func (b Budgets) Reserve(ctx context.Context, h *budget.Hold) error {
	if err := h.Check(); err != nil {
		return err
	}
	return b.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var open int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM budget_holds WHERE id = $1`, h.ID).Scan(&open); err != nil || open > 0 {
			return errors.Join(err, ifTrue(open > 0, budget.ErrOpen))
		}
		if err := lockGroup(ctx, tx, h.Group); err != nil {
			return fmt.Errorf("reading a group of budgets: %w", err)
		}
		before := map[string]budget.Counter{}
		for i := range h.Lines {
			c, err := b.lock(ctx, tx, h.Group, h.Lines[i].Counter)
			if err != nil {
				return fmt.Errorf("reading a counter of a budget: %w", err)
			}
			before[h.Lines[i].Counter] = c
		}
		after, err := h.Take(func(name string) budget.Counter { return before[name] })
		if err != nil {
			return err
		}
		for i, c := range after {
			if err := putCounter(ctx, tx, h.Lines[i].Counter, c); err != nil {
				return err
			}
		}
		text, err := json.Marshal(h)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO budget_holds (id, owner, hold) VALUES ($1, $2, $3)`, h.ID, h.Owner, string(text))
		if isUnique(err) {
			return budget.ErrOpen
		}
		return err
	})
}

func ifTrue(is bool, err error) error {
	if is {
		return err
	}
	return nil
}

// lockGroup makes reservations of one application go one after another in
// PostgreSQL. It comes before any counter, which all take in one order: so nobody
// waits in a circle.
func lockGroup(ctx context.Context, tx *sql.Tx, group string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO budget_groups (name, counters) VALUES ($1, 0)
		ON CONFLICT (name) DO UPDATE SET counters = budget_groups.counters`, group)
	return err
}

// lock reads a counter for update and makes it if it is missing. A transaction that
// fails leaves no counter behind.
func (b Budgets) lock(ctx context.Context, tx *sql.Tx, group, name string) (budget.Counter, error) {
	c, err := b.read(ctx, tx, name)
	if !errors.Is(err, ErrNotFound) {
		return c, err
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO budget_counters (name, "group", starts, ends, settled, reserved)
		VALUES ($1, $2, 0, 0, 0, 0) ON CONFLICT (name) DO NOTHING`, name, group)
	if err != nil {
		return c, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		if err != nil {
			return c, err
		}
		return b.read(ctx, tx, name) // another application was quicker
	}
	res, err = tx.ExecContext(ctx, `UPDATE budget_groups SET counters = counters + 1 WHERE name = $1 AND counters < $2`, group, budget.MaxCounters)
	if err != nil {
		return c, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return c, errors.Join(err, budget.ErrCrowded)
	}
	return c, nil
}

// read reads a counter and, in PostgreSQL, locks its row. SQLite has one writer.
func (b Budgets) read(ctx context.Context, tx *sql.Tx, name string) (budget.Counter, error) {
	query := `SELECT starts, ends, settled, reserved FROM budget_counters WHERE name = $1`
	if b.db.postgres {
		query += ` FOR UPDATE`
	}
	return one(ctx, tx, scanCounter, query, name)
}

func scanCounter(rows *sql.Rows) (c budget.Counter, err error) {
	err = rows.Scan(&c.Start, &c.End, &c.Settled, &c.Reserved)
	return c, err
}

func putCounter(ctx context.Context, tx *sql.Tx, name string, c budget.Counter) error {
	_, err := tx.ExecContext(ctx, `UPDATE budget_counters SET starts = $2, ends = $3, settled = $4, reserved = $5 WHERE name = $1`,
		name, c.Start, c.End, c.Settled, c.Reserved)
	return err
}

// Settle implements [budget.Store].
func (b Budgets) Settle(ctx context.Context, id string, actual []int64) error {
	if !known(id) {
		return budget.ErrNotOpen
	}
	return b.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := one(ctx, tx, scanHold, `DELETE FROM budget_holds WHERE id = $1 RETURNING hold`, id)
		if errors.Is(err, ErrNotFound) {
			return budget.ErrNotOpen
		}
		if err != nil {
			return fmt.Errorf("reading a reservation: %w", err)
		}
		if len(actual) != len(h.Lines) {
			return fmt.Errorf("%w: %d uses of %d counters", budget.ErrInvalid, len(actual), len(h.Lines))
		}
		for i := range h.Lines {
			c, err := b.read(ctx, tx, h.Lines[i].Counter)
			if errors.Is(err, ErrNotFound) {
				continue // its window is long over
			}
			if err == nil {
				err = putCounter(ctx, tx, h.Lines[i].Counter, h.After(i, c, actual[i]))
			}
			if err != nil {
				return fmt.Errorf("settling a counter of a budget: %w", err)
			}
		}
		return nil
	})
}

func scanHold(rows *sql.Rows) (h budget.Hold, err error) {
	var text string
	if err = rows.Scan(&text); err == nil {
		err = json.Unmarshal([]byte(text), &h)
	}
	return h, err
}

// Open implements [budget.Store].
func (b Budgets) Open(ctx context.Context, owner string) ([]budget.Hold, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	out, err := collect(ctx, b.db.read, scanHold, `SELECT hold FROM budget_holds WHERE owner = $1 ORDER BY id`, clean(owner, budget.MaxID))
	if err != nil {
		return nil, fmt.Errorf("listing open reservations: %w", err)
	}
	return out, nil
}

// Counter implements [budget.Store].
func (b Budgets) Counter(ctx context.Context, name string) (budget.Counter, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if name == "" || len(name) > budget.MaxName || clean(name, budget.MaxName) != name {
		return budget.Counter{}, nil
	}
	c, err := one(ctx, b.db.read, scanCounter, `SELECT starts, ends, settled, reserved FROM budget_counters WHERE name = $1`, name)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	if err != nil {
		return c, fmt.Errorf("reading a counter of a budget: %w", err)
	}
	return c, nil
}

// Prune forgets counters as [budget.Memory.Prune] does.
func (b Budgets) Prune(ctx context.Context, now time.Time) (int64, error) {
	var n int64
	err := b.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// First, as a reservation does.
		if _, err := tx.ExecContext(ctx, `UPDATE budget_groups SET counters = counters`); err != nil {
			return fmt.Errorf("pruning budgets: %w", err)
		}
		res, err := tx.ExecContext(ctx, `DELETE FROM budget_counters WHERE ends < $1 AND reserved = 0`, micros(now.Add(-budget.Grace)))
		if err != nil {
			return fmt.Errorf("pruning budgets: %w", err)
		}
		if n, err = res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE budget_groups SET counters = (SELECT count(*) FROM budget_counters c WHERE c."group" = budget_groups.name)`)
		return err
	})
	return n, err
}

// Charged returns what the closed record of an exchange says that it was charged,
// and false if the table of exchanges has none: [budget.Budgets.Reconcile] takes it
// once the table has caught up with the audit log.
func (db *DB) Charged(ctx context.Context, request string) (budget.Charge, bool, error) {
	r, err := db.Exchange(ctx, request)
	if errors.Is(err, ErrNotFound) || err == nil && r.ClosedEntry == 0 {
		return budget.Charge{}, false, nil
	}
	return budget.Charge{
		Usage: budget.Usage{Tokens: price.Tokens{Input: r.InputTokens, Cached: r.CachedTokens, Output: r.OutputTokens}, Estimated: r.UsageSource == UsageEstimated},
		Cost:  price.Amount(r.Cost),
	}, err == nil, err
}
