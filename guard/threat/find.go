package threat

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sync"
)

// Match says that a text is, or holds, a remembered attack.
type Match struct {
	ID         string
	App        string // "" for an entry that holds for all
	Category   string
	Source     string
	State      State
	Exact      bool    // letter for letter
	Similarity float64 // 1 when exact; an estimate else
	// Start and End are the byte range of the text that matched, from its
	// first sentence to its last.
	Start, End int
}

// Reports reports whether the match is to be acted on, and not only counted.
func (m *Match) Reports() bool {
	return m.State == Active || m.State == Suspended && m.Exact
}

// half of a text of several sentences, by pieces, has to be found for it to count.
const half = 0.5

// Find returns the entries that a text of an application matches: those to be
// reported first, then exact ones, then by similarity; at most [MaxMatches]. The
// text is compared as it is given. It takes time in proportion to the text, and
// next to none while nothing is remembered.
func (m *Memory) Find(app, text string) []Match {
	if m.live.Load() == 0 || len(text) < minLetters {
		return nil
	}
	r := readings.Get().(*reading)
	defer readings.Put(r)
	r.read(text)
	m.mu.RLock()
	defer m.mu.RUnlock()
	f := finding{m: m, app: app, now: m.now()}
	if len(r.letters) >= minLetters {
		f.copies(r.exact, 0, len(text))
	}
	if r.whole.pieces >= minPieces && !r.single() {
		whole := unit{signature: r.whole.signature(), from: 0, to: len(text)}
		f.unit(&whole)
	}
	for i := range r.units {
		u := &r.units[i]
		if u.exact != r.exact {
			f.copies(u.exact, u.from, u.to)
		}
		f.unit(u)
	}
	f.sentences()
	slices.SortFunc(f.out, func(a, b Match) int {
		return cmp.Or(-bools(a.Reports(), b.Reports()), -bools(a.Exact, b.Exact), -cmp.Compare(a.Similarity, b.Similarity), cmp.Compare(a.ID, b.ID))
	})
	return f.out[:min(len(f.out), MaxMatches)]
}

func bools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// finding is one look-up.
type finding struct {
	m     *Memory
	app   string
	now   int64
	out   []Match
	parts map[uint32]*partly // entries of which sentences were found
}

// partly is how much of an entry was found, sentence by sentence.
type partly struct {
	like     [1 + MaxParts]float64 // best similarity by part
	from, to int
}

// sees reports whether an entry holds here and now.
func (f *finding) sees(s *slot) bool {
	return !s.over(f.now) && (s.about.app == "" || s.about.app == f.app)
}

// copies notes the entries that text[from:to] is a copy of.
func (f *finding) copies(d digest, from, to int) {
	for at := f.m.exact[d]; at != 0; at = f.m.slots[at-1].next {
		if s := &f.m.slots[at-1]; f.sees(s) {
			f.note(s, true, 1, from, to)
		}
	}
}

// unit notes the entries that a stretch of the text is like.
func (f *finding) unit(u *unit) {
	f.m.index.find(&u.signature, func(r *row, sim float64) {
		s := &f.m.slots[r.slot]
		if !f.sees(s) {
			return
		}
		if r.part == 0 {
			f.note(s, false, sim, u.from, u.to)
			return
		}
		p := f.parts[r.slot]
		if p == nil {
			if f.parts == nil {
				f.parts = map[uint32]*partly{}
			}
			p = &partly{from: u.from}
			f.parts[r.slot] = p
		}
		p.like[r.part] = max(p.like[r.part], sim)
		p.from, p.to = min(p.from, u.from), max(p.to, u.to)
	})
}

// sentences notes the entries of which enough sentences were found.
func (f *finding) sentences() {
	for at, p := range f.parts {
		s := &f.m.slots[at]
		total, like := 0.0, 0.0
		for part, row := range s.rows {
			if part == 0 {
				continue
			}
			n := float64(f.m.index.rows[row].pieces)
			total += n
			like += n * p.like[part]
		}
		if like >= half*total {
			f.note(s, false, like/total, p.from, p.to)
		}
	}
}

// note adds a match, or betters the one of that entry.
func (f *finding) note(s *slot, exact bool, sim float64, from, to int) {
	i := slices.IndexFunc(f.out, func(m Match) bool { return m.ID == s.id })
	if i < 0 {
		if i = f.place(s.state); i < 0 {
			return
		}
		f.out[i] = Match{ID: s.id, App: s.about.app, Category: s.about.category, Source: s.about.source, State: s.state}
	}
	if was := &f.out[i]; exact && !was.Exact || exact == was.Exact && sim > was.Similarity {
		was.Exact, was.Similarity, was.Start, was.End = exact, sim, from, to
	}
}

// place returns where a match of an entry in that state goes, -1 for nowhere. An
// active entry finds a place among any number of others.
func (f *finding) place(state State) int {
	if len(f.out) < 4*MaxMatches {
		f.out = append(f.out, Match{})
		return len(f.out) - 1
	}
	if state != Active {
		return -1
	}
	return slices.IndexFunc(f.out, func(m Match) bool { return m.State != Active })
}

// Count counts a match as a hit of its entry. caller says whose text it was, so that
// similar texts of many callers can be told from those of one; "" where that is not
// known.
func (m *Memory) Count(found *Match, caller string) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	at, ok := m.byID[found.ID]
	switch {
	case !ok:
	case found.Exact:
		m.slots[at].hits.exact.Add(1)
	default:
		h := m.slots[at].hits
		h.similar.Add(1)
		h.callers.add(maphash.String(m.seed, caller))
	}
}

// Hits is how often an entry matched. Callers has the similar matches by caller, of
// the first [MaxCallers] callers; its keys mean nothing outside of this memory.
type Hits struct {
	Exact, Similar int64
	Callers        map[uint64]int64
}

// callers counts similar matches by caller.
type callers struct {
	mu sync.Mutex
	n  map[uint64]int64
}

func (c *callers) add(caller uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.n[caller]; !ok && len(c.n) == MaxCallers {
		return
	}
	if c.n == nil {
		c.n = map[uint64]int64{}
	}
	c.n[caller]++
}

func (c *callers) take() map[uint64]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.n
	c.n = nil
	return n
}

// TakeHits returns the hits since it was last called, by id.
func (m *Memory) TakeHits() map[string]Hits {
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := map[string]Hits{}
	for id, at := range m.byID {
		h := m.slots[at].hits
		if h.exact.Load()|h.similar.Load() != 0 {
			out[id] = Hits{h.exact.Swap(0), h.similar.Swap(0), h.callers.take()}
		}
	}
	return out
}
