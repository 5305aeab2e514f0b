package budget

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"warder.example/internal/price"
)

// Usage is what an exchange used. Where the provider sent no count the tokens are
// those that package tokens expects, and Estimated says so.
type Usage struct {
	price.Tokens
	Estimated bool
	// Model is the one that answered, of [Exchange] Model and Others; empty is the
	// former.
	Model string
}

// Charge is what was charged for an exchange, for its record.
type Charge struct {
	Usage
	Cost   price.Amount // micro-units; 0 if the model has no price
	Priced bool         // the model that answered has a price
	// Over is by how much a use went over what was reserved for it, by measure,
	// where a limit counts it. It was charged nevertheless; nil if nothing did.
	Over map[Measure]int64
}

// Reservation is what an exchange holds of its budgets. It is safe for concurrent
// use; it ends once.
type Reservation struct {
	budgets  *Budgets
	id       string
	first    way
	others   []way
	measures []Measure // of the lines
	ways     []uint64  // of the lines: those that use them; nil if there is but one
	bounds   spend
	write    int64
	done     atomic.Bool
}

// WriteCap returns the cap of output tokens of each answer that must be written
// into the request, since it has none and a budget depends on it; 0 to leave the
// request as it is.
func (r *Reservation) WriteCap() int64 { return r.write }

// Metered reports whether a limit of tokens or money concerns the exchange, so that
// it matters how many tokens it used.
func (r *Reservation) Metered() bool {
	return slices.ContainsFunc(r.measures, func(m Measure) bool { return m != Requests })
}

// Settle charges what was used and gives back the rest. A reservation that has
// ended is left as it is; the charge is computed all the same.
//
// What other models could have used alone is given back, and the price is that of the
// model that answered. Estimated output is charged up to the reservation, which the request's cap
// bounds; what a provider counted is charged in full.
func (r *Reservation) Settle(ctx context.Context, u Usage) (Charge, error) {
	if u.Estimated && len(r.measures) > 0 {
		u.Input, u.Output = min(u.Input, r.bounds.input), min(u.Output, r.bounds.output)
	}
	u.Input, u.Output = clamp(u.Input), clamp(u.Output)
	w, set := r.answered(u.Model)
	c := Charge{Usage: u, Priced: w.priced, Cost: w.price.Cost(u.Tokens)}
	used := spend{requests: 1, input: u.Input, output: u.Output, money: int64(c.Cost)}
	for i, m := range r.measures {
		if r.ways != nil && r.ways[i]&set == 0 {
			continue
		}
		if over := used.of(m) - r.bounds.of(m); over > 0 {
			if c.Over == nil {
				c.Over = map[Measure]int64{}
			}
			c.Over[m] = over
		}
	}
	return c, r.end(ctx, used, set)
}

// Release gives everything back: the upstream was never asked. A reservation that
// has ended is left as it is.
func (r *Reservation) Release(ctx context.Context) error { return r.end(ctx, spend{}, 0) }

// end settles the lines once, with what was used of those that the ways of a set use,
// also when the exchange's context has ended. What could not be settled stays reserved
// until [Budgets.Reconcile], and may be ended again.
func (r *Reservation) end(ctx context.Context, used spend, ways uint64) error {
	if r.done.Swap(true) {
		return nil
	}
	var room [8]int64
	actual := room[:0]
	for i, m := range r.measures {
		if r.ways != nil && r.ways[i]&ways == 0 {
			actual = append(actual, 0)
		} else {
			actual = append(actual, used.of(m))
		}
	}
	err := r.budgets.store.Settle(context.WithoutCancel(ctx), r.id, actual)
	if err != nil && !errors.Is(err, ErrNotOpen) {
		r.done.Store(false)
	}
	if err != nil {
		return fmt.Errorf("settling %.80q: %w", r.id, err)
	}
	return nil
}
