package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"warder.example/internal/budget"
	"warder.example/internal/config"
	"warder.example/internal/ledger"
	"warder.example/internal/store"
)

// pruneInterval is how often counters that are long over are forgotten.
const pruneInterval = time.Hour

// counters are where budgets are counted.
type counters struct {
	store  budget.Store
	memory *budget.Memory // nil: the nodes share them in the database
	shared store.Budgets
}

func openCounters(cfg *config.Config, db *store.DB) (counters, error) {
	if cfg.Spending.Counters == config.CountersStore {
		return counters{store: db.Budgets(), shared: db.Budgets()}, nil
	}
	path := filepath.Join(cfg.Data, "budgets.journal")
	m, err := budget.OpenMemory(path)
	if err != nil {
		return counters{}, fmt.Errorf("opening the counters of budgets in %q: %w", path, err)
	}
	return counters{store: m, memory: m}, nil
}

// run writes and prunes until ctx ends.
func (c *counters) run(ctx context.Context, log *slog.Logger) {
	if c.memory != nil {
		c.memory.Run(ctx, time.Now, func(err error) {
			log.Error("budgets were not written; what is not written counts and is tried again", "cause", err)
		})
		return
	}
	t := time.NewTicker(pruneInterval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if _, err := c.shared.Prune(ctx, time.Now()); err != nil && ctx.Err() == nil {
				log.Error("counters of budgets that are over were not forgotten", "cause", err)
			}
		}
	}
}

func (c *counters) close() error {
	if c.memory == nil {
		return nil
	}
	return c.memory.Close()
}

// reconcile ends what this node had reserved when it died, by what the audit log
// says of it. It comes before the first request.
func (n *Node) reconcile(ctx context.Context) error {
	open, err := n.counters.store.Open(ctx, n.ledger.Name())
	if err != nil {
		return fmt.Errorf("reading what was reserved of budgets: %w", err)
	}
	if len(open) == 0 {
		return nil
	}
	if err := n.catchUp(ctx); err != nil {
		return fmt.Errorf("reading the audit log for what was reserved of budgets: %w", err)
	}
	done, err := n.gateway.Budgets().Reconcile(ctx, n.store.Charged)
	if err != nil {
		return fmt.Errorf("settling what was reserved of budgets: %w", err)
	}
	n.log.Info("reservations that were open are settled", "by_record", done.Settled, "charged_in_full", done.Kept)
	return nil
}

// catchUp brings the projection to the end of the audit log.
func (n *Node) catchUp(ctx context.Context) error {
	_, err := ledger.Rebuild(ctx, LedgerDir(n.cfg), Projection{n.store})
	if errors.Is(err, ledger.ErrAhead) {
		if err = n.store.ResetProjection(ctx); err == nil {
			_, err = ledger.Rebuild(ctx, LedgerDir(n.cfg), Projection{n.store})
		}
	}
	return err
}
