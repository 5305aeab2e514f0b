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

// Budgets keeps counters of budgets in SQL, where several nodes share them. What comes
// while a transaction runs shares the next one, of a handful of statements; still take
// [budget.Memory] where there is one node. Make it with [DB.Budgets].
type Budgets struct{ db *DB }

var _ budget.Store = Budgets{}

// Budgets returns the store's counters of budgets.
func (db *DB) Budgets() Budgets { return Budgets{db} }

func (b Budgets) sql() *chargeSQL {
	if b.db.postgres {
		return chargesInPostgres
	}
	return chargesInSQLite
}

// Reserve implements [budget.Store].
func (b Budgets) Reserve(ctx context.Context, h *budget.Hold) error {
	if err := h.Check(); err != nil {
		return err
	}
	return b.charge(ctx, &charge{id: h.ID, hold: h})
}

// Settle implements [budget.Store].
func (b Budgets) Settle(ctx context.Context, id string, actual []int64) error {
	if !known(id) {
		return budget.ErrNotOpen
	}
	return b.charge(ctx, &charge{id: id, actual: actual})
}

func (b Budgets) charge(ctx context.Context, c *charge) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return b.db.charges.do(ctx, c, b.run)
}

func scanCounter(rows *sql.Rows) (c budget.Counter, err error) {
	err = rows.Scan(&c.Start, &c.End, &c.Settled, &c.Reserved)
	return c, err
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

// Prune forgets counters as [budget.Memory.Prune] does, but for those that somebody
// charges at this moment.
func (b Budgets) Prune(ctx context.Context, now time.Time) (int64, error) {
	var n int64
	err := b.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, b.sql().prune, micros(now.Add(-budget.Grace)))
		if err != nil {
			return err
		}
		if n, err = res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		// With the groups locked the next statement sees all counters that count.
		if b.db.postgres {
			if _, err := tx.ExecContext(ctx, `SELECT name FROM budget_groups ORDER BY name FOR UPDATE`); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE budget_groups SET counters = (SELECT count(*) FROM budget_counters c WHERE c."group" = budget_groups.name)`)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("pruning budgets: %w", err)
	}
	return n, nil
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
