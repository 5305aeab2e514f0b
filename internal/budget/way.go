package budget

import (
	"slices"

	"warder.example/internal/access"
	"warder.example/internal/price"
)

// way is a model that may answer an exchange. The first of an exchange has bit 0 in
// sets of them, its others the next ones.
type way struct {
	model  string
	price  price.Price
	priced bool
}

func (r *Rules) way(model string) way {
	if p, ok := r.Prices.Of(model); ok {
		return way{model, p, true}
	}
	if r.Unknown != nil {
		return way{model, *r.Unknown, true}
	}
	return way{model: model}
}

// ways returns which ways of an exchange the limit counts; 0 means that it does not
// concern it.
func (l *Limit) ways(e *Exchange) uint64 {
	if len(l.Applications) > 0 && !slices.Contains(l.Applications, e.ApplicationName) {
		return 0
	}
	all := uint64(1)<<(len(e.Others)+1) - 1
	if len(l.Models) == 0 {
		return all
	}
	set := uint64(0)
	for _, p := range l.Models {
		if e.Asked != "" && access.MatchModel(p, e.Asked) {
			return all
		}
		if access.MatchModel(p, e.Model) {
			set |= 1
		}
		for i, m := range e.Others {
			if access.MatchModel(p, m) {
				set |= 2 << i
			}
		}
	}
	return set
}

// share is what is taken from one counter.
type share struct {
	limit   *Limit
	counter string
	ways    uint64 // of those that answer, which use it
}

// share appends what an exchange takes for the limit: one counter, or where each model
// has its own one for each way.
func (l *Limit) share(to []share, e *Exchange, ways uint64) []share {
	if len(e.Others) == 0 || e.Counted != "" || !slices.Contains(l.Per, PerModel) {
		return append(to, share{l, l.counter(e), ways})
	}
	one := *e
	for i := range len(e.Others) + 1 {
		if i > 0 {
			one.Model = e.Others[i-1]
		}
		if ways>>i&1 != 0 {
			to = append(to, share{l, l.counter(&one), 1 << i})
		}
	}
	return to
}

// unpriced returns the first way of a set that has no price, nil if all have one.
func (r *Reservation) unpriced(ways uint64) *way {
	if ways&1 != 0 && !r.first.priced {
		return &r.first
	}
	for i := range r.others {
		if ways>>(i+1)&1 != 0 && !r.others[i].priced {
			return &r.others[i]
		}
	}
	return nil
}

// answered returns the way that a model is, and the set of it alone. A model that was
// not expected is charged as the first one, and on every counter.
func (r *Reservation) answered(model string) (*way, uint64) {
	if model == "" || model == r.first.model {
		return &r.first, 1
	}
	for i := range r.others {
		if r.others[i].model == model {
			return &r.others[i], 2 << i
		}
	}
	return &r.first, ^uint64(0)
}
