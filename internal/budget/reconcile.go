package budget

import (
	"context"
	"errors"
	"fmt"
)

// Reconciled counts what became of open reservations.
type Reconciled struct {
	Settled int // by the record of their end
	Kept    int // charged in full: nothing says how they ended
}

// Reconcile ends the reservations that this node left open when it died. Call it
// at start, before the first Reserve. ended returns what the audit log's closed
// record says of a request id, false if there is none; on its error all that is
// left stays reserved.
//
// An exchange without such a record is charged its upper bound: nobody knows what
// the upstream did. The end of its window ends that. Where several models might have
// answered the counters of all are charged.
func (b *Budgets) Reconcile(ctx context.Context, ended func(ctx context.Context, id string) (Charge, bool, error)) (Reconciled, error) {
	var out Reconciled
	open, err := b.store.Open(ctx, b.owner)
	if err != nil {
		return out, fmt.Errorf("reading open reservations: %w", err)
	}
	for i := range open {
		h := &open[i]
		charge, known, err := ended(ctx, h.ID)
		if err != nil {
			return out, fmt.Errorf("looking for exchange %.80q: %w", h.ID, err)
		}
		used := spend{requests: 1, input: charge.Input, output: charge.Output, money: int64(charge.Cost)}
		actual := make([]int64, len(h.Lines))
		for j := range h.Lines {
			if actual[j] = h.Lines[j].Amount; known {
				actual[j] = used.of(measureOf(h.Lines[j].Counter))
			}
		}
		if err := b.store.Settle(ctx, h.ID, actual); err != nil && !errors.Is(err, ErrNotOpen) {
			return out, fmt.Errorf("settling %.80q: %w", h.ID, err)
		}
		if known {
			out.Settled++
		} else {
			out.Kept++
		}
	}
	return out, nil
}
