package budget

import (
	"fmt"
	"strings"
	"time"

	"warder.example/internal/price"
)

// LimitError says that an exchange could go over a limit. Its text names neither
// key nor subject; the limit's name stands there bare, since logs leave out what is
// quoted and it is of letters, digits and dashes.
type LimitError struct {
	Limit    Limit
	Used     int64 // of the counter, settled
	Reserved int64 // by exchanges that run
	Asked    int64 // the upper bound of this one
	// Retry is how long the window lasts; more may be free before, when others
	// settle.
	Retry time.Duration
	// Never says that the exchange asks for more than the whole limit: waiting
	// does not help, a lower cap of output tokens may.
	Never bool
}

// Error implements error.
func (e *LimitError) Error() string {
	per := ""
	for _, d := range e.Limit.Per {
		per += " and " + string(d)
	}
	if per != "" {
		per = " for this" + strings.TrimPrefix(per, " and")
	}
	text := fmt.Sprintf("budget %s allows %s a %s%s; %s used, %s reserved, and this request may need %s", e.Limit.Name,
		e.Limit.Measure.text(e.Limit.Amount), e.Limit.Window, per, e.Limit.Measure.number(e.Used), e.Limit.Measure.number(e.Reserved), e.Limit.Measure.number(e.Asked))
	if e.Never {
		return text + ": lower its cap of output tokens"
	}
	return text + fmt.Sprintf("; retry in %v", e.Retry.Round(time.Second))
}

// number writes an amount of the measure.
func (m Measure) number(n int64) string {
	if m == Money {
		return price.Amount(n).String()
	}
	return fmt.Sprint(n)
}

func (m Measure) text(n int64) string {
	if m == Money {
		return m.number(n) + " of money"
	}
	return m.number(n) + " " + strings.ReplaceAll(string(m), "_", " ")
}

func limitError(l *Limit, line *Line, c Counter, now time.Time) *LimitError {
	return &LimitError{Limit: *l, Used: c.Settled, Reserved: c.Reserved, Asked: line.Amount, Never: line.Amount > l.Amount,
		Retry: max(time.UnixMicro(c.End).Sub(now), time.Second)}
}
