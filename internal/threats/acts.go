package threats

import (
	"context"
	"errors"
	"fmt"
	"time"

	"warder.example/guard/threat"
	"warder.example/internal/corpus"
	"warder.example/internal/store"
)

// The acts that people do, whichever way they ask for them: see [Acts].

// DefaultBudget is the share of honest texts that may match where nobody says another.
const DefaultBudget = 0.001

// ErrBudget means that a budget is not a share.
var ErrBudget = errors.New("expected a share of more than 0 and less than 1")

// ActStore is what acts need of the store.
type ActStore interface {
	AddThreat(ctx context.Context, t store.Threat) (store.Threat, error)
	Threat(ctx context.Context, id string) (store.Threat, error)
	ActivateThreat(ctx context.Context, id string, run any) (store.Threat, error)
}

// Acts does what takes more than one call of the store. It is safe for concurrent
// use.
type Acts struct{ Store ActStore }

// Attack is a confirmed attack as somebody reports it.
type Attack struct {
	Text        string
	Application string // id or name; "" for all
	Category    string // "injection" or "jailbreak"
	Source      string
	Note        string
	Expires     time.Time // zero for never
}

// Add remembers an attack, under observation, and forgets the text. Errors are those
// of [threat.Of] and of [store.DB.AddThreat].
func (a Acts) Add(ctx context.Context, x Attack) (store.Threat, error) {
	sketch, err := threat.Of(x.Text)
	if err != nil {
		return store.Threat{}, err
	}
	return a.Store.AddThreat(ctx, store.Threat{Application: x.Application, Category: x.Category, Source: x.Source, Note: x.Note, Expires: x.Expires, Sketch: sketch})
}

// Run is a dry run of a stored threat against a budget.
type Run struct {
	Threat  store.Threat `json:"threat"`
	Outcome Outcome      `json:"outcome"`
	Budget  float64      `json:"budget"`
}

// Within is [Outcome.Within] the budget.
func (r *Run) Within() error { return r.Outcome.Within(r.Budget) }

// DryRun measures a stored threat on honest traffic. It changes nothing.
func (a Acts) DryRun(ctx context.Context, id string, rows *corpus.Reader, budget float64) (r Run, err error) {
	r.Budget = budget
	if !(budget > 0 && budget < 1) {
		return r, fmt.Errorf("budget is %g; %w", budget, ErrBudget)
	}
	if r.Threat, err = a.Store.Threat(ctx, id); err != nil {
		return r, err
	}
	if r.Outcome, err = DryRun(ctx, r.Threat.Sketch, rows); err != nil {
		return r, fmt.Errorf("dry run of %s: %w", r.Threat.ID, err)
	}
	return r, nil
}

// activation is what the act of activating says of its dry run.
type activation struct {
	Outcome
	Budget float64 `json:"budget"`
}

// Activate has a stored threat acted on if a dry run stays within the budget. If it
// does not, the error is that of [Outcome.Within] and the threat stays what it is.
func (a Acts) Activate(ctx context.Context, id string, rows *corpus.Reader, budget float64) (Run, error) {
	r, err := a.DryRun(ctx, id, rows, budget)
	if err != nil {
		return r, err
	}
	if err := r.Within(); err != nil {
		return r, fmt.Errorf("%s stays %s: %w", r.Threat.ID, r.Threat.State, err)
	}
	r.Threat, err = a.Store.ActivateThreat(ctx, id, activation{r.Outcome, budget})
	return r, err
}
