// Package budget says how much may be used: requests, tokens and money, counted by
// key, application, subject and model and their combinations, in windows of the
// calendar.
//
// # Reserved before, settled after
//
// [Budgets.Reserve] takes an upper bound of what an exchange may use from every
// counter that a limit keeps for it, or from none ([LimitError]). At no moment is
// the sum of what is settled and what is reserved over the limit, however many
// exchanges begin at once. [Reservation.Settle] gives back what was not used;
// [Reservation.Release] gives back all, when the upstream was never asked. An
// actual use over the reservation is charged in full and reported: the bound was
// wrong ([warder.example/internal/tokens] says when it can be).
//
// A crash leaves reservations charged in full until [Budgets.Reconcile] settles
// them by what the audit log says of their exchanges.
//
// Where one of several models may answer, the dearest is reserved for, and counters of
// each; the one that answered is charged.
//
// # Windows
//
// Windows are those of the calendar in one time zone: minute, hour, day, month. In
// the minute around the turn of a window up to twice the amount can be used; for an
// even pace there are the requests a minute of package access, which slide. An
// exchange is charged where it began.
//
// A clock that goes back changes nothing: a counter never returns to an earlier
// window, so nothing is freed and nothing counted twice. A clock that ran ahead
// took the counters that were used meanwhile along; they stay there, charged, until
// time catches up. Giving the limit another name starts its counters anew, as does
// another measure or window.
//
// # Stores
//
// Counters live in a [Store]: [Memory], with a journal on disk, for one node; the
// SQL store where nodes share limits. Package conformance holds them all to one
// suite.
package budget

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"warder.example/internal/access"
	"warder.example/internal/price"
)

// Measure is what a limit counts.
type Measure string

// The measures. Money is in micro-units of the currency of the prices.
const (
	Requests     Measure = "requests"
	InputTokens  Measure = "input_tokens"
	OutputTokens Measure = "output_tokens"
	TotalTokens  Measure = "total_tokens"
	Money        Measure = "money"
)

// Measures are all measures.
var Measures = []Measure{Requests, InputTokens, OutputTokens, TotalTokens, Money}

// Dimension is what a limit keeps separate counters for.
type Dimension string

// The dimensions. The subject is the end user as the caller claims: a limit by
// subject shares out among the honest, one by key or application holds.
const (
	PerKey         Dimension = "key"
	PerApplication Dimension = "application"
	PerSubject     Dimension = "subject"
	PerModel       Dimension = "model"
)

// Dimensions are all dimensions, in the order of a counter's name.
var Dimensions = []Dimension{PerApplication, PerKey, PerSubject, PerModel}

// Bounds of limits.
const (
	MaxLimits = 256 // in a configuration
	MaxScope  = 64  // names or patterns of a limit
	// MaxAmount is the highest limit: sums of a few never overflow.
	MaxAmount = int64(price.MaxAmount)
)

// Limit is one budget.
type Limit struct {
	Name    string  // lower-case letters, digits and dashes, at most 63; unique
	Measure Measure // what is counted
	Amount  int64   // requests, tokens or micro-units of money, 0 to MaxAmount; 0 admits only what uses none
	Window  Window  // over which it is counted
	// Per lists what has counters of its own; empty keeps one for all.
	Per []Dimension
	// Applications are the names of those it concerns; empty means all.
	Applications []string
	// Models are patterns of the models it concerns, by the name that the caller or
	// the one that the model server knows; empty means all.
	Models []string

	prefix string // of the names of its counters, once it is in use
}

var limitName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Validate returns nil if the limit makes sense, else the key that does not, as in
// the configuration, and why.
func (l *Limit) Validate() (key string, err error) {
	bad := func(k, format string, args ...any) {
		if err == nil {
			key, err = k, fmt.Errorf(format, args...)
		}
	}
	if !limitName.MatchString(l.Name) {
		bad("name", "budget name %.80q; expected lower-case letters, digits and dashes, at most 63", l.Name)
	}
	if !slices.Contains(Measures, l.Measure) {
		bad("what", "what is %.40q; expected one of %s", l.Measure, Measures)
	}
	if l.Amount < 0 || l.Amount > MaxAmount {
		bad("amount", "amount is %d; expected 0 to %d", l.Amount, MaxAmount)
	}
	if !slices.Contains(Windows, l.Window) {
		bad("every", "every is %.40q; expected one of %s", l.Window, Windows)
	}
	for i, d := range l.Per {
		if !slices.Contains(Dimensions, d) || slices.Contains(l.Per[:i], d) {
			bad("per", "per names %.40q; expected each of %s at most once", d, Dimensions)
		}
	}
	if len(l.Applications) > MaxScope || slices.ContainsFunc(l.Applications, func(s string) bool { return access.ValidName(s) != nil }) {
		bad("applications", "applications; expected at most %d names of applications", MaxScope)
	}
	if len(l.Models) > MaxScope || slices.ContainsFunc(l.Models, func(s string) bool { return s == "" || len(s) > access.MaxModel }) {
		bad("models", "models; expected at most %d patterns of 1 to %d bytes", MaxScope, access.MaxModel)
	}
	return key, err
}

// counter returns the name of the limit's counter for an exchange: the limit, its
// measure and window, and the values of its dimensions. It tells every combination
// of values from every other, and nothing in it acts on a terminal, whatever the
// caller sends.
func (l *Limit) counter(e *Exchange) string {
	b := append(make([]byte, 0, 160), l.prefix...)
	for _, d := range Dimensions {
		if slices.Contains(l.Per, d) {
			b = append(append(append(b, '/'), d...), '=')
			b = escape(b, e.value(d))
		}
	}
	return string(b)
}

// measureOf returns what the counter of that name counts.
func measureOf(counter string) Measure {
	_, rest, _ := strings.Cut(counter, "/")
	m, _, _ := strings.Cut(rest, "/")
	return Measure(m)
}

// escape appends s with everything but letters, digits and a few marks as %XX.
func escape(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	plain := 0 // where what is not yet appended begins
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == ':':
		default:
			b = append(append(b, s[plain:i]...), '%', hex[c>>4], hex[c&15])
			plain = i + 1
		}
	}
	return append(b, s[plain:]...)
}
