package threat

import (
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// Memory is a set of entries. It is safe for concurrent use: look-ups run beside
// each other, changes one by one. It takes about 650 bytes for an entry of one
// sentence and 350 more for each further sentence: see BenchmarkAdd.
type Memory struct {
	// Clock tells the time against which entries expire; nil means time.Now.
	// Set it before first use.
	Clock func() time.Time

	most    int
	seed    maphash.Seed // of callers
	version atomic.Uint64
	live    atomic.Int64

	mu    sync.RWMutex
	slots []slot
	free  []uint32
	byID  map[string]uint32
	exact map[digest]uint32 // the first entry with that digest
	about map[about]*about  // one copy of each
	index index
}

// about is what many entries have in common.
type about struct{ app, category, source string }

// slot is one entry as it is kept.
type slot struct {
	id      string
	about   *about
	expires int64 // microseconds since 1970, 0 for never
	exact   digest
	next    uint32   // another entry with the same digest, plus one
	rows    []uint32 // in the index, by part
	hits    *hits
	state   State
}

// hits are counted while look-ups share the lock.
type hits struct {
	exact, similar atomic.Int64
	callers        callers
}

// NewMemory returns an empty memory of at most so many entries, and at most
// [MaxEntries].
func NewMemory(most int) *Memory {
	return &Memory{most: min(most, MaxEntries), seed: maphash.MakeSeed(), byID: map[string]uint32{}, exact: map[digest]uint32{}, about: map[about]*about{}}
}

// Len returns the number of entries.
func (m *Memory) Len() int { return int(m.live.Load()) }

// Version changes with every change of what is remembered: what was found under
// another one may not be found again, or differently.
func (m *Memory) Version() uint64 { return m.version.Load() }

// Add remembers an entry, in place of the one with the same id if there is one,
// whose uncollected hits stay. It returns an error that wraps [ErrFull] when there
// is no room.
func (m *Memory) Add(e Entry) error {
	if err := e.check(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	counted := new(hits)
	if at, ok := m.byID[e.ID]; ok {
		counted = m.slots[at].hits
		m.drop(at)
	} else if len(m.byID) >= m.most {
		return fmt.Errorf("adding entry %.40q: %w: it holds %d entries", e.ID, ErrFull, m.most)
	}
	at := m.slot()
	s := &m.slots[at]
	*s = slot{id: e.ID, about: m.shared(about{e.App, e.Category, e.Source}), exact: e.Sketch.exact, state: e.State, hits: counted}
	if !e.Expires.IsZero() {
		s.expires = e.Expires.UnixMicro()
	}
	s.next = m.exact[s.exact]
	m.exact[s.exact] = at + 1
	s.rows = make([]uint32, len(e.Sketch.parts))
	for i := range e.Sketch.parts {
		s.rows[i] = m.index.add(&e.Sketch.parts[i], i, at)
	}
	m.byID[e.ID] = at
	m.changed()
	return nil
}

// changed is called after each change.
func (m *Memory) changed() {
	m.live.Store(int64(len(m.byID)))
	m.version.Add(1)
}

// slot returns a place for an entry.
func (m *Memory) slot() uint32 {
	if n := len(m.free); n > 0 {
		at := m.free[n-1]
		m.free = m.free[:n-1]
		return at
	}
	m.slots = append(m.slots, slot{})
	return uint32(len(m.slots) - 1)
}

// maxShared bounds the table of what entries have in common: an operator whose
// every source differs pays for the copies, not for the table.
const maxShared = 4096

func (m *Memory) shared(a about) *about {
	if p, ok := m.about[a]; ok {
		return p
	}
	if len(m.about) < maxShared {
		m.about[a] = &a
	}
	return &a
}

// Remove forgets an entry and reports whether there was one.
func (m *Memory) Remove(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, ok := m.byID[id]
	if ok {
		m.drop(at)
		m.changed()
	}
	return ok
}

// SetState changes what happens when an entry matches and reports whether there is
// such an entry.
func (m *Memory) SetState(id string, to State) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, ok := m.byID[id]
	if ok && m.slots[at].state != to {
		m.slots[at].state = to
		m.changed()
	}
	return ok
}

// Expire forgets the entries whose time is over and returns their ids. Until it is
// called they take room but match nothing.
func (m *Memory) Expire(now time.Time) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var gone []string
	for id, at := range m.byID {
		if m.slots[at].over(now.UnixMicro()) {
			gone = append(gone, id)
			m.drop(at)
		}
	}
	if len(gone) > 0 {
		m.changed()
	}
	return gone
}

func (s *slot) over(now int64) bool { return s.expires != 0 && s.expires <= now }

// drop takes an entry out. Its caller calls changed.
func (m *Memory) drop(at uint32) {
	s := &m.slots[at]
	for _, r := range s.rows {
		m.index.remove(r)
	}
	if first := m.exact[s.exact]; first == at+1 {
		if s.next == 0 {
			delete(m.exact, s.exact)
		} else {
			m.exact[s.exact] = s.next
		}
	} else {
		before := &m.slots[first-1]
		for before.next != at+1 {
			before = &m.slots[before.next-1]
		}
		before.next = s.next
	}
	delete(m.byID, s.id)
	*s = slot{}
	m.free = append(m.free, at)
}

func (m *Memory) now() int64 {
	if m.Clock != nil {
		return m.Clock().UnixMicro()
	}
	return time.Now().UnixMicro()
}
