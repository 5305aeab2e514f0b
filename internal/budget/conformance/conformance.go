// Package conformance is the one suite that every [budget.Store] passes: memory,
// its journal, SQLite and PostgreSQL, and what comes later.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"warder.example/internal/budget"
)

// A Backend opens stores for the suite.
type Backend struct {
	// Open returns a new store with nothing in it, closed at the end of the test.
	Open func(t *testing.T) budget.Store
	// Again returns the store as another process finds it after this one died: it
	// may be the same, or a second view of it. Nil if the store does not outlive
	// its process.
	Again func(t *testing.T, s budget.Store) budget.Store
	// Charges is how many charges the test of lost updates makes; 0 means 64000.
	Charges int
}

// minimum is how many tests the suite has at least.
const minimum = 12

// RunTests runs the whole suite, each test on a new store.
func RunTests(t *testing.T, b Backend) {
	if b.Charges == 0 {
		b.Charges = 64_000
	}
	ran := 0
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) { c.run(&rig{T: t, Store: b.Open(t), backend: b}) })
		ran++
	}
	if ran < minimum {
		t.Errorf("ran %d tests; expected at least %d", ran, minimum)
	}
}

type rig struct {
	*testing.T
	budget.Store
	backend Backend
}

// at is the first window of the suite, a minute long; next the one after it.
const (
	at     = 1_800_000_000_000_000
	minute = 60_000_000
	next   = at + minute
)

func line(counter string, amount, limit int64) budget.Line {
	return budget.Line{Counter: counter, Start: at, End: at + minute, Amount: amount, Limit: limit}
}

func later(l budget.Line) budget.Line {
	l.Start, l.End = next, next+minute
	return l
}

func (r *rig) reserve(id string, lines ...budget.Line) error {
	return r.Reserve(r.Context(), &budget.Hold{ID: id, Owner: "node", Group: "app", Lines: lines})
}

func (r *rig) ok(err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("unexpected error: %v", err)
	}
}

// refused fails unless the error is a refusal by that line.
func (r *rig) refused(err error, at int) *budget.Refused {
	r.Helper()
	e, ok := errors.AsType[*budget.Refused](err)
	if !ok || e.Line != at {
		r.Fatalf("error is %v; expected a refusal by line %d", err, at)
	}
	return e
}

func (r *rig) is(err, want error) {
	r.Helper()
	if !errors.Is(err, want) {
		r.Fatalf("error is %v; expected %v", err, want)
	}
}

// counts fails unless a counter has settled and reserved.
func (r *rig) counts(s budget.Store, name string, settled, reserved int64) {
	r.Helper()
	c, err := s.Counter(r.Context(), name)
	r.ok(err)
	if c.Settled != settled || c.Reserved != reserved {
		r.Fatalf("counter %s has %d settled and %d reserved; expected %d and %d", name, c.Settled, c.Reserved, settled, reserved)
	}
}

var tests = []struct {
	name string
	run  func(*rig)
}{
	{"reserve-settle-and-give-back", func(r *rig) {
		r.ok(r.reserve("one", line("a", 70, 100), line("b", 1, 10)))
		r.counts(r, "a", 0, 70)
		r.ok(r.Settle(r.Context(), "one", []int64{20, 1}))
		r.counts(r, "a", 20, 0)
		r.counts(r, "b", 1, 0)
		r.ok(r.reserve("two", line("a", 80, 100), line("b", 1, 10)))
		r.ok(r.Settle(r.Context(), "two", []int64{0, 0}))
		r.counts(r, "a", 20, 0)
		r.counts(r, "nobody", 0, 0)
	}},
	{"all-or-nothing", func(r *rig) {
		r.ok(r.reserve("one", line("b", 9, 10)))
		e := r.refused(r.reserve("two", line("a", 1, 10), line("b", 2, 10), line("c", 1, 10)), 1)
		if e.Counter.Reserved != 9 || e.Counter.End != at+minute {
			r.Errorf("refusal says %+v", e.Counter)
		}
		r.counts(r, "a", 0, 0)
		r.counts(r, "b", 0, 9)
		r.counts(r, "c", 0, 0)
		r.ok(r.reserve("two", line("a", 10, 10), line("b", 1, 10))) // the id is free
	}},
	{"limits-to-the-last-unit", func(r *rig) {
		r.refused(r.reserve("none", line("z", 1, 0)), 0)
		r.ok(r.reserve("free", line("z", 0, 0)))
		r.refused(r.reserve("more", line("a", 11, 10)), 0)
		r.ok(r.reserve("all", line("a", budget.MaxAmount, budget.MaxAmount)))
		r.refused(r.reserve("one", line("a", 1, budget.MaxAmount)), 0)
		r.ok(r.reserve("nothing", line("a", 0, budget.MaxAmount)))
		// A limit that was lowered holds for who comes now.
		r.ok(r.reserve("b", line("b", 8, 10)))
		r.refused(r.reserve("c", line("b", 1, 5)), 0)
	}},
	{"an-actual-over-the-reservation-is-charged", func(r *rig) {
		r.ok(r.reserve("one", line("a", 5, 10)))
		r.ok(r.Settle(r.Context(), "one", []int64{25}))
		r.counts(r, "a", 25, 0)
		r.refused(r.reserve("two", line("a", 1, 10)), 0)
		r.ok(r.reserve("three", later(line("a", 5, 10))))
		r.ok(r.Settle(r.Context(), "three", []int64{-7}))
		r.counts(r, "a", 0, 0)
		r.ok(r.reserve("four", later(line("a", 5, budget.MaxAmount))))
		r.ok(r.Settle(r.Context(), "four", []int64{1<<63 - 1}))
		r.counts(r, "a", budget.MaxAmount, 0)
	}},
	{"windows-turn", func(r *rig) {
		r.ok(r.reserve("old", line("a", 10, 10)))
		r.ok(r.reserve("new", later(line("a", 10, 10))))
		r.counts(r, "a", 0, 10)
		r.ok(r.Settle(r.Context(), "old", []int64{10})) // its window is over
		r.counts(r, "a", 0, 10)
		r.ok(r.Settle(r.Context(), "new", []int64{4}))
		r.counts(r, "a", 4, 0)
	}},
	{"a-clock-that-goes-back-frees-nothing", func(r *rig) {
		r.ok(r.reserve("ahead", later(line("a", 10, 10))))
		e := r.refused(r.reserve("back", line("a", 1, 10)), 0)
		if e.Counter.Start != next {
			r.Errorf("the counter went back to %d", e.Counter.Start)
		}
		r.ok(r.Settle(r.Context(), "ahead", []int64{6}))
		r.ok(r.reserve("back", line("a", 4, 10)))
		r.counts(r, "a", 6, 4)
		r.ok(r.Settle(r.Context(), "back", []int64{3}))
		r.counts(r, "a", 9, 0)
		r.refused(r.reserve("ahead-again", later(line("a", 2, 10))), 0)
	}},
	{"ids-are-open-once", func(r *rig) {
		r.ok(r.reserve("one", line("a", 1, 10)))
		r.is(r.reserve("one", line("a", 1, 10)), budget.ErrOpen)
		r.counts(r, "a", 0, 1)
		r.ok(r.Settle(r.Context(), "one", []int64{1}))
		r.is(r.Settle(r.Context(), "one", []int64{1}), budget.ErrNotOpen)
		r.is(r.Settle(r.Context(), "never", nil), budget.ErrNotOpen)
		r.counts(r, "a", 1, 0)
	}},
	{"a-settlement-has-a-use-for-each-line", func(r *rig) {
		r.ok(r.reserve("one", line("a", 1, 10), line("b", 1, 10)))
		r.is(r.Settle(r.Context(), "one", []int64{1}), budget.ErrInvalid)
		r.counts(r, "a", 0, 1)
		r.ok(r.Settle(r.Context(), "one", []int64{1, 1}))
	}},
	{"nonsense-is-refused", func(r *rig) {
		long := string(make([]byte, 5000))
		for _, h := range []*budget.Hold{
			{}, {ID: "x"}, {ID: "", Lines: []budget.Line{line("a", 1, 1)}}, {ID: long, Lines: []budget.Line{line("a", 1, 1)}},
			{ID: "x\x1b", Lines: []budget.Line{line("a", 1, 1)}}, {ID: "x", Group: long, Lines: []budget.Line{line("a", 1, 1)}},
			{ID: "x", Owner: long, Lines: []budget.Line{line("a", 1, 1)}}, {ID: "x", Lines: []budget.Line{line("", 1, 1)}},
			{ID: "x", Lines: []budget.Line{line(long, 1, 1)}}, {ID: "x", Lines: []budget.Line{line("a\x00", 1, 1)}},
			{ID: "x", Lines: []budget.Line{line("a", -1, 1)}}, {ID: "x", Lines: []budget.Line{line("a", 1, -1)}},
			{ID: "x", Lines: []budget.Line{line("a", 1, 1<<62)}}, {ID: "x", Lines: []budget.Line{line("a", 1, 9), line("a", 1, 9)}},
			{ID: "x", Lines: []budget.Line{{Counter: "a", Amount: 1, Limit: 1}}}, {ID: "x", Lines: []budget.Line{{Counter: "a", Start: 5, End: 5, Limit: 1}}},
			{ID: "x", Lines: make([]budget.Line, budget.MaxLines+1)},
		} {
			r.is(r.Reserve(r.Context(), h), budget.ErrInvalid)
		}
		for _, name := range []string{"", "x' OR '1'='1", "a\x00b", "\xff", long} {
			r.counts(r, name, 0, 0)
			r.is(r.Settle(r.Context(), name, nil), budget.ErrNotOpen)
		}
		r.counts(r, "a", 0, 0)
	}},
	{"open-lists-an-owner's", func(r *rig) {
		mine := budget.Hold{ID: "b", Owner: "me", Group: "app", Lines: []budget.Line{line("a", 3, 10), line("c", 1, 10)}}
		r.ok(r.Reserve(r.Context(), &mine))
		r.ok(r.Reserve(r.Context(), &budget.Hold{ID: "a", Owner: "me", Group: "app", Lines: []budget.Line{line("a", 1, 10)}}))
		r.ok(r.Reserve(r.Context(), &budget.Hold{ID: "c", Owner: "other", Group: "app", Lines: []budget.Line{line("a", 1, 10)}}))
		got, err := r.Open(r.Context(), "me")
		r.ok(err)
		if len(got) != 2 || got[0].ID != "a" || fmt.Sprint(got[1]) != fmt.Sprint(mine) {
			r.Errorf("open are %+v; expected a and %+v", got, mine)
		}
		r.ok(r.Settle(r.Context(), "b", []int64{3, 1}))
		got, err = r.Open(r.Context(), "me")
		r.ok(err)
		if len(got) != 1 {
			r.Errorf("open are %+v; expected a", got)
		}
	}},
	{"a-crash-keeps-what-was-charged", func(r *rig) {
		if r.backend.Again == nil {
			r.Skip("does not outlive its process")
		}
		r.ok(r.reserve("one", line("a", 5, 20)))
		r.ok(r.Settle(r.Context(), "one", []int64{2}))
		r.ok(r.reserve("two", line("a", 7, 20), line("b", 1, 1)))
		s := r.backend.Again(r.T, r.Store)
		r.counts(s, "a", 2, 7)
		got, err := s.Open(r.Context(), "node")
		r.ok(err)
		if len(got) != 1 || got[0].ID != "two" || len(got[0].Lines) != 2 || got[0].Lines[0].Amount != 7 {
			r.Errorf("open are %+v", got)
		}
		r.ok(s.Settle(r.Context(), "two", []int64{7, 1}))
		r.counts(s, "a", 9, 0)
		r.refused(s.Reserve(r.Context(), &budget.Hold{ID: "x", Lines: []budget.Line{line("b", 1, 1)}}), 0)
	}},
	{"many-at-once-never-overrun-a-budget-for-one", func(r *rig) {
		const callers, rounds = 16, 20
		var running, admitted atomic.Int64
		var all sync.WaitGroup
		for n := range callers {
			all.Go(func() {
				for i := range rounds {
					id := fmt.Sprintf("%d-%d", n, i)
					err := r.reserve(id, line("wide", 1, callers*rounds), line("one", 1, 1))
					if _, ok := errors.AsType[*budget.Refused](err); ok {
						continue
					}
					if err != nil {
						r.Error(err)
						return
					}
					if now := running.Add(1); now > 1 {
						r.Errorf("%d hold a budget for one", now)
					}
					admitted.Add(1)
					running.Add(-1)
					if err := r.Settle(context.WithoutCancel(r.Context()), id, []int64{1, 0}); err != nil {
						r.Error(err)
					}
				}
			})
		}
		all.Wait()
		if admitted.Load() == 0 {
			r.Error("nobody was admitted")
		}
		r.counts(r, "one", 0, 0)
		r.counts(r, "wide", admitted.Load(), 0)
	}},
	{"at-every-moment-within-the-limit", func(r *rig) {
		const callers, limit = 8, 100
		done := make(chan struct{})
		var watch, all sync.WaitGroup
		watch.Go(func() {
			for {
				c, err := r.Counter(r.Context(), "a")
				if err != nil || c.Settled+c.Reserved > limit || c.Reserved < 0 {
					r.Errorf("counter is %+v, %v", c, err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
		var used atomic.Int64
		for n := range callers {
			all.Go(func() {
				random := rand.New(rand.NewPCG(uint64(n), 1))
				for i := range 25 {
					id, amount := fmt.Sprintf("%d-%d", n, i), 1+random.Int64N(40)
					if r.reserve(id, line("a", amount, limit)) != nil {
						continue
					}
					actual := random.Int64N(amount+1) / 4
					if err := r.Settle(r.Context(), id, []int64{actual}); err != nil {
						r.Error(err)
					}
					used.Add(actual)
				}
			})
		}
		all.Wait()
		close(done)
		watch.Wait()
		r.counts(r, "a", used.Load(), 0)
	}},
	{"new-counters-at-once", func(r *rig) {
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				for i := range 10 {
					// Some are new to all, some to this one only, in one order.
					h := &budget.Hold{ID: fmt.Sprintf("%d-%d", n, i), Owner: "node", Group: fmt.Sprint("app", n%3), Lines: []budget.Line{
						line(fmt.Sprint("a/", i), 1, 100), line(fmt.Sprint("b/", n, "/", i), 1, 100), line(fmt.Sprint("c/", i/2), 1, 100)}}
					if err := r.Reserve(r.Context(), h); err != nil {
						r.Error(err)
					}
				}
			})
		}
		all.Wait()
		r.counts(r, "a/3", 0, 8)
		r.counts(r, "c/0", 0, 16)
	}},
	{"no-charge-is-lost", func(r *rig) {
		const callers = 32
		each := r.backend.Charges / callers
		var all sync.WaitGroup
		for n := range callers {
			all.Go(func() {
				for i := range each {
					id := fmt.Sprintf("%d-%d", n, i)
					if err := r.reserve(id, line("a", 2, budget.MaxAmount)); err != nil {
						r.Error(err)
						return
					}
					if err := r.Settle(r.Context(), id, []int64{1}); err != nil {
						r.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		r.counts(r, "a", int64(each*callers), 0)
	}},
}
