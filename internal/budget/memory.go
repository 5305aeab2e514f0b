package budget

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// Memory is a [Store] in memory, with a journal on disk if it was made by
// [OpenMemory]. The zero Memory is ready and forgets all when the process ends.
//
// One process may have a journal open: in a data folder the lock of the audit log
// sees to that.
type Memory struct {
	mu       sync.Mutex
	counters map[string]Counter
	groups   map[string]int // counters of each group
	of       map[string]string
	holds    map[string]*Hold
	journal  *journal // nil: none
}

var _ Store = (*Memory)(nil)

// Reserve implements [Store]. With a journal it returns once the operating system
// has the record; those that come together share a write.
func (m *Memory) Reserve(_ context.Context, h *Hold) error {
	if err := h.Check(); err != nil {
		return err
	}
	m.mu.Lock()
	mark, err := m.reserve(h)
	m.mu.Unlock()
	if err != nil || m.journal == nil {
		return err
	}
	if err := m.journal.write(m, mark); err != nil {
		// What may be on disk already is taken back behind it.
		_ = m.Settle(context.Background(), h.ID, make([]int64, len(h.Lines)))
		return err
	}
	return nil
}

// reserve takes the lines and returns the journal's mark of the record. The
// caller holds mu.
func (m *Memory) reserve(h *Hold) (mark int64, err error) {
	if m.counters == nil {
		m.reset()
	}
	if m.holds[h.ID] != nil {
		return 0, ErrOpen
	}
	if m.journal != nil {
		if err := m.journal.room(); err != nil {
			return 0, err
		}
	}
	var room [8]Counter
	after, err := h.take(room[:0], func(name string) Counter { return m.counters[name] })
	if err != nil {
		return 0, err
	}
	if err := m.admit(h); err != nil {
		return 0, err
	}
	for i := range after {
		m.put(h.Lines[i].Counter, h.Group, after[i])
	}
	m.holds[h.ID] = h
	if m.journal != nil {
		mark = m.journal.add(appendReserve(m.journal.pending, h))
	}
	return mark, nil
}

func (m *Memory) reset() {
	m.counters, m.groups, m.of, m.holds = map[string]Counter{}, map[string]int{}, map[string]string{}, map[string]*Hold{}
}

// admit makes sure that the group has room for counters that are new.
func (m *Memory) admit(h *Hold) error {
	if m.groups[h.Group] <= MaxCounters-len(h.Lines) {
		return nil
	}
	fresh := 0
	for i := range h.Lines {
		if _, ok := m.counters[h.Lines[i].Counter]; !ok {
			fresh++
		}
	}
	if fresh > 0 && m.groups[h.Group] > MaxCounters-fresh {
		return ErrCrowded
	}
	return nil
}

// put stores a counter, and whose it is.
func (m *Memory) put(name, group string, c Counter) {
	if _, ok := m.counters[name]; !ok {
		m.groups[group]++
		m.of[name] = group
	}
	m.counters[name] = c
}

// Settle implements [Store]. It does not wait for the disk: what a crash loses
// stays reserved.
func (m *Memory) Settle(_ context.Context, id string, actual []int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.settle(id, actual)
}

func (m *Memory) settle(id string, actual []int64) error {
	h := m.holds[id]
	if h == nil {
		return ErrNotOpen
	}
	if len(actual) != len(h.Lines) {
		return ErrInvalid
	}
	for i := range h.Lines {
		if c, ok := m.counters[h.Lines[i].Counter]; ok {
			m.counters[h.Lines[i].Counter] = h.After(i, c, actual[i])
		}
	}
	delete(m.holds, id)
	if m.journal != nil {
		m.journal.add(appendSettle(m.journal.pending, id, actual))
	}
	return nil
}

// Open implements [Store].
func (m *Memory) Open(_ context.Context, owner string) ([]Hold, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Hold
	for _, h := range m.holds {
		if h.Owner == owner {
			c := *h
			c.Lines = slices.Clone(h.Lines)
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b Hold) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// Counter implements [Store].
func (m *Memory) Counter(_ context.Context, name string) (Counter, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counters[name], nil
}

// Grace is how long counters are kept after their window: a clock that ran ahead
// for less and went back finds them as they were.
const Grace = 35 * 24 * time.Hour

// Prune forgets counters whose window ended more than [Grace] before now and which
// nothing open refers to, and returns how many.
func (m *Memory) Prune(now time.Time) int {
	before := now.Add(-Grace).UnixMicro()
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.counters)
	maps.DeleteFunc(m.counters, func(name string, c Counter) bool {
		old := c.End < before && c.Reserved == 0
		if old {
			if m.groups[m.of[name]]--; m.groups[m.of[name]] == 0 {
				delete(m.groups, m.of[name])
			}
			delete(m.of, name)
		}
		return old
	})
	return n - len(m.counters)
}

// apply replays a record of the journal.
func (m *Memory) apply(r record) error {
	switch r.kind {
	case frameCounter:
		m.put(r.name, r.hold.Group, r.counter)
	case frameReserve:
		if m.holds[r.hold.ID] != nil {
			return errors.Join(ErrJournal, ErrOpen)
		}
		for i := range r.hold.Lines {
			l := &r.hold.Lines[i]
			c := m.counters[l.Counter].current(l)
			if c.Start == l.Start {
				c.Reserved += l.Amount // no limit is looked at: it was when this was written
			}
			m.put(l.Counter, r.hold.Group, c)
		}
		h := r.hold
		m.holds[h.ID] = &h
	case frameSettle:
		if err := m.settle(r.hold.ID, r.actual); err != nil {
			return errors.Join(ErrJournal, err)
		}
	}
	return nil
}

// appendAll appends the whole state as frames.
func (m *Memory) appendAll(b []byte) []byte {
	for name, c := range m.counters {
		b = appendCounter(b, name, m.of[name], c)
	}
	for _, h := range m.holds {
		b = appendReserve(b, h)
	}
	return b
}
