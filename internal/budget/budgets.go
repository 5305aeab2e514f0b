package budget

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/price"
	"warder.example/internal/tokens"
)

// DefaultOutput is how many tokens an answer may have when neither the request
// nor the configuration says.
const DefaultOutput = 4096

// Rules is what budgets go by; it is replaced as a whole when the configuration
// changes. Treat it as read-only once it is in use.
type Rules struct {
	Limits []Limit        // each valid, with a name of its own
	Zone   *time.Location // of the windows; nil means UTC
	Prices *price.Table   // nil knows no model
	// Unknown is the price of models that Prices does not know; nil refuses them
	// where a limit counts money ([ErrNoPrice]).
	Unknown *price.Price
	// Output is the most tokens of an answer of a request that sets no cap;
	// 0 means DefaultOutput.
	Output int64
}

// Validate returns nil if the limits are valid and differ in name.
func (r *Rules) Validate() error {
	if len(r.Limits) > MaxLimits {
		return fmt.Errorf("%d budgets; expected at most %d", len(r.Limits), MaxLimits)
	}
	seen := map[string]bool{}
	for i := range r.Limits {
		l := &r.Limits[i]
		if _, err := l.Validate(); err != nil {
			return fmt.Errorf("budget %.80q: %w", l.Name, err)
		}
		if seen[l.Name] {
			return fmt.Errorf("budget %q is there twice", l.Name)
		}
		seen[l.Name] = true
	}
	return nil
}

// ErrNoPrice means that a limit counts money and the model has no price.
var ErrNoPrice = errors.New("the model has no price and a budget counts money; give it one in the prices file, or set a price for unknown models")

// Exchange is what is about to be asked of a model server.
type Exchange struct {
	ID              string // of the request, unique
	Key             string // id of the key
	Application     string // id of the application
	ApplicationName string
	Subject         string // commitment to the end user, never plain; empty if unknown
	Model           string // as the model server will be asked for
	Asked           string // the model as the caller calls it, if it is by another name
	Counted         string // stands for the model in the names of counters; empty for the model itself
	// Others are further models that may answer instead, each by another name; one
	// will. At most MaxOthers.
	Others []string

	Input tokens.Input // what it will read
	// Output is the request's own cap of one answer's tokens, 0 for none.
	Output int64
	// Choices is how many answers are asked for; 0 means 1.
	Choices int64
	// Alone says that no model server is asked: only limits of requests count it.
	Alone bool
}

// MaxOthers is how many models may answer instead of the first.
const MaxOthers = 63

func (e *Exchange) value(d Dimension) string {
	switch d {
	case PerKey:
		return e.Key
	case PerApplication:
		return e.Application
	case PerSubject:
		return e.Subject
	}
	return cmp.Or(e.Counted, e.Model)
}

// check returns nil if what names the exchange is within bounds.
func (e *Exchange) check() error {
	for _, d := range Dimensions {
		if v := e.value(d); len(v) > access.MaxModel {
			return fmt.Errorf("%w: the %s has %d bytes; expected at most %d", ErrInvalid, d, len(v), access.MaxModel)
		}
	}
	if len(e.Asked) > access.MaxModel {
		return fmt.Errorf("%w: the model as asked for has %d bytes; expected at most %d", ErrInvalid, len(e.Asked), access.MaxModel)
	}
	if len(e.Others) > MaxOthers {
		return fmt.Errorf("%w: %d models may answer; expected at most %d", ErrInvalid, len(e.Others)+1, MaxOthers+1)
	}
	for i, m := range e.Others {
		if m == e.Model || len(m) > access.MaxModel || slices.Contains(e.Others[:i], m) {
			return fmt.Errorf("%w: model %.80q may answer; expected each once, of at most %d bytes", ErrInvalid, m, access.MaxModel)
		}
	}
	return nil
}

// Budgets reserves and settles. It is safe for concurrent use.
type Budgets struct {
	store Store
	owner string
	clock func() time.Time

	mu    sync.RWMutex
	rules *Rules
}

// New returns budgets that keep their counters in store. Owner names this node
// among those that share the store, and is the same after a restart. A nil clock
// means time.Now.
func New(store Store, owner string, r Rules, clock func() time.Time) (*Budgets, error) {
	if clock == nil {
		clock = time.Now
	}
	b := &Budgets{store: store, owner: owner, clock: clock}
	if err := b.SetRules(r); err != nil {
		return nil, err
	}
	return b, nil
}

// SetRules changes the rules for exchanges from now on. Counters of limits that
// keep their name go on. On an error the old rules stay.
func (b *Budgets) SetRules(r Rules) error {
	if err := r.Validate(); err != nil {
		return err
	}
	if r.Zone == nil {
		r.Zone = time.UTC
	}
	if r.Output <= 0 {
		r.Output = DefaultOutput
	}
	r.Limits = slices.Clone(r.Limits)
	for i := range r.Limits {
		l := &r.Limits[i]
		l.prefix = l.Name + "/" + string(l.Measure) + "/" + string(l.Window)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules = &r
	return nil
}

// Reserve takes what the exchange may use at most from all counters that concern
// it. Errors are a [*LimitError], [ErrNoPrice], or the store's: then nothing is
// held and the exchange must not go on. The reservation must end, by Settle or
// Release.
func (b *Budgets) Reserve(ctx context.Context, e Exchange) (*Reservation, error) {
	b.mu.RLock()
	r := b.rules
	b.mu.RUnlock()
	if err := e.check(); err != nil {
		return nil, err
	}
	res := &Reservation{budgets: b, first: r.way(e.Model)}
	for _, m := range e.Others {
		res.others = append(res.others, r.way(m))
	}
	now := b.clock().In(r.Zone)
	bound, capped := r.bound(&e, res)
	var room [8]share
	shares := room[:0]
	for i := range r.Limits {
		l := &r.Limits[i]
		ways := l.ways(&e)
		if ways == 0 || e.Alone && l.Measure != Requests {
			continue
		}
		if l.Measure == Money {
			if w := res.unpriced(ways); w != nil {
				return nil, fmt.Errorf("budget %s and model %.80q: %w", l.Name, w.model, ErrNoPrice)
			}
		}
		if capped > 0 && l.Measure != Requests && l.Measure != InputTokens {
			res.write = capped
		}
		shares = l.share(shares, &e, ways)
	}
	if len(shares) == 0 {
		res.done.Store(true)
		return res, nil
	}
	h := &Hold{ID: e.ID, Owner: b.owner, Group: e.Application, Lines: make([]Line, len(shares))}
	res.id, res.measures, res.bounds = e.ID, make([]Measure, len(shares)), bound
	if len(res.others) > 0 {
		res.ways = make([]uint64, len(shares))
	}
	for i, s := range shares {
		l := s.limit
		start, end := l.Window.Around(now)
		h.Lines[i] = Line{Counter: s.counter, Start: start.UnixMicro(), End: end.UnixMicro(), Amount: bound.of(l.Measure), Limit: l.Amount}
		res.measures[i] = l.Measure
		if res.ways != nil {
			res.ways[i] = s.ways
		}
	}
	err := b.store.Reserve(ctx, h)
	if refused, ok := errors.AsType[*Refused](err); ok {
		return nil, limitError(shares[refused.Line].limit, &h.Lines[refused.Line], refused.Counter, now)
	}
	if err != nil {
		return nil, fmt.Errorf("reserving: %w", err)
	}
	return res, nil
}

// spend is what an exchange uses, by measure.
type spend struct{ requests, input, output, money int64 }

func (s spend) of(m Measure) int64 {
	switch m {
	case Requests:
		return clamp(s.requests)
	case InputTokens:
		return clamp(s.input)
	case OutputTokens:
		return clamp(s.output)
	case TotalTokens:
		return clamp(clamp(s.input) + clamp(s.output))
	case Money:
		return clamp(s.money)
	}
	return MaxAmount // not a measure: too much of it
}

// bound returns the most the exchange can use, whoever answers, and the cap of output
// tokens to write into a request that has none, else 0.
func (r *Rules) bound(e *Exchange, res *Reservation) (s spend, capped int64) {
	each := e.Output
	if each <= 0 {
		each, capped = r.Output, r.Output
	}
	choices := max(e.Choices, 1)
	s = spend{requests: 1, input: e.Input.AtMost(), output: MaxAmount}
	if each <= math.MaxInt64/4/choices {
		s.output = min(each*choices, MaxAmount)
	}
	s.money = int64(res.first.price.AtMost(s.input, s.output))
	for i := range res.others {
		s.money = max(s.money, int64(res.others[i].price.AtMost(s.input, s.output)))
	}
	return s, capped
}
