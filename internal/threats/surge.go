package threats

import (
	"context"
	"errors"
	"time"

	"warder.example/guard/threat"
	"warder.example/internal/store"
)

// When an active entry is suspended: it matched similar texts more often in one
// minute than both bounds, where of each caller only the first few count. So it takes
// several callers: who sends an attack in many variations does not free it. Exact
// copies do not count, and a suspended entry still stops them.
const (
	surgeMinute = 50 // similar texts in a minute
	surgeTimes  = 20 // times the mean of a minute before
	surgeCaller = 10 // similar texts of one caller that count in a minute
	// meanMinutes is over how many minutes the mean forgets.
	meanMinutes = 60
	// maxCallers bounds whom a minute tells apart; what others send does not count.
	maxCallers = 4096
)

// meter measures how often one entry matches similar texts.
type meter struct {
	since   time.Time        // the minute being counted
	callers map[uint64]int64 // similar texts in it by caller, at most surgeCaller each
	n       int64            // their sum
	all     int64            // similar texts in it, of whomever
	mean    float64          // of n in the minutes before
	told    bool             // that few callers send much was logged in this minute
}

// pass begins a new minute when the last one is over.
func (m *meter) pass(now time.Time) {
	if now.Sub(m.since) < time.Minute {
		return
	}
	for i := 0; now.Sub(m.since) >= time.Minute; i++ {
		if i == 10*meanMinutes { // long quiet: nothing is left of the mean
			m.since, m.mean = now, 0
			break
		}
		m.mean += (float64(m.n) - m.mean) / meanMinutes
		m.n, m.since = 0, m.since.Add(time.Minute)
	}
	m.callers, m.n, m.all, m.told = nil, 0, 0, false
}

// add counts.
func (m *meter) add(h threat.Hits, now time.Time) {
	m.pass(now)
	m.all += h.Similar
	for caller, n := range h.Callers {
		was, ok := m.callers[caller]
		if !ok && len(m.callers) == maxCallers {
			continue
		}
		if m.callers == nil {
			m.callers = map[uint64]int64{}
		}
		m.callers[caller] = min(was+n, surgeCaller)
		m.n += m.callers[caller] - was
	}
}

// beyond reports whether n texts are out of all proportion in this minute.
func (m *meter) beyond(n int64) bool {
	return n > surgeMinute && float64(n) > surgeTimes*m.mean
}

// surge is why an entry was suspended; it stands in the act.
type surge struct {
	Similar int64   `json:"similar_in_a_minute"`
	Counted int64   `json:"counted"` // of them, since of each caller only some count
	Callers int     `json:"callers"`
	Mean    float64 `json:"mean_a_minute"`
}

// count takes the hits from the memory and finds entries to be suspended.
func (k *Keeper) count() {
	now := k.now()
	for id, h := range k.memory.TakeHits() {
		k.hits[id] += h.Exact + h.Similar
		if k.states[id] != threat.Active || h.Similar == 0 {
			continue
		}
		m := k.meters[id]
		if m == nil {
			m = &meter{since: now}
			k.meters[id] = m
		}
		m.add(h, now)
		why := surge{m.all, m.n, len(m.callers), m.mean}
		switch {
		case m.beyond(m.n):
			// At once here; the store and the other nodes follow.
			k.memory.SetState(id, threat.Suspended)
			k.states[id] = threat.Suspended
			k.surges[id] = why
			k.log.Warn("a threat matches suddenly often and is suspended", why.attrs(id)...)
		case m.beyond(m.all) && !m.told:
			m.told = true
			k.log.Warn("a threat matches suddenly often, for few callers: it stays active", why.attrs(id)...)
		}
	}
}

func (s surge) attrs(id string) []any {
	return []any{"threat", id, "similar_in_a_minute", s.Similar, "callers", s.Callers, "mean_a_minute", s.Mean}
}

// suspend writes suspensions to the store.
func (k *Keeper) suspend(ctx context.Context) error {
	for id, why := range k.surges {
		_, err := k.store.SuspendThreat(ctx, id, why)
		if err != nil && !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		delete(k.surges, id)
	}
	return nil
}
