package threats

import (
	"context"
	"errors"
	"time"

	"warder.example/guard/threat"
	"warder.example/internal/store"
)

// When an active entry is suspended: it matched similar texts more often in one
// minute than both bounds. Exact copies do not count, and a suspended entry still
// stops them: an attacker who sends the attack over and over suspends nothing.
const (
	surgeMinute = 50 // similar texts in a minute
	surgeTimes  = 20 // times the mean of a minute before
	// meanMinutes is over how many minutes the mean forgets.
	meanMinutes = 60
)

// meter measures how often one entry matches similar texts.
type meter struct {
	since time.Time // the minute being counted
	n     int64     // in it
	mean  float64   // of the minutes before
}

// add counts and reports whether the minute is out of all proportion.
func (m *meter) add(n int64, now time.Time) bool {
	for i := 0; now.Sub(m.since) >= time.Minute; i++ {
		if i == 10*meanMinutes { // long quiet: nothing is left of the mean
			*m = meter{since: now}
			break
		}
		m.mean += (float64(m.n) - m.mean) / meanMinutes
		m.n, m.since = 0, m.since.Add(time.Minute)
	}
	m.n += n
	return m.n > surgeMinute && float64(m.n) > surgeTimes*m.mean
}

// surge is why an entry was suspended; it stands in the act.
type surge struct {
	Similar int64   `json:"similar_in_a_minute"`
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
		if m.add(h.Similar, now) {
			// At once here; the store and the other nodes follow.
			k.memory.SetState(id, threat.Suspended)
			k.states[id] = threat.Suspended
			k.surges[id] = surge{m.n, m.mean}
			k.log.Warn("a threat matches suddenly often and is suspended", "threat", id, "similar_in_a_minute", m.n, "mean_a_minute", m.mean)
		}
	}
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
