package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"warder.example/internal/budget"
	"warder.example/internal/store"
)

// onBothBudgets runs a test with a way to open one database again and again, as nodes do.
func onBothBudgets(t *testing.T, run func(t *testing.T, node func() *store.DB)) {
	t.Run("SQLite", func(t *testing.T) {
		at := t.TempDir() + "/warder.db"
		run(t, func() *store.DB { return open(t, at, nil) })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		at := emptySchema(t)
		run(t, func() *store.DB { return open(t, at, nil) })
	})
}

// TestBudgetsOfTwoNodes: two nodes charge counters that they share, old ones and new
// ones, named in any order, while counters are forgotten. Nobody waits in a circle, no
// counter is over its limit at any moment, and all adds up.
func TestBudgetsOfTwoNodes(t *testing.T) {
	onBothBudgets(t, func(t *testing.T, node func() *store.DB) {
		const callers, rounds, limit = 8, 25, 60
		var used [4]atomic.Int64
		var refused, passed atomic.Int64
		var all sync.WaitGroup
		nodes := []budget.Store{node().Budgets(), node().Budgets()}
		for n, s := range nodes {
			for c := range callers {
				all.Go(func() {
					random := rand.New(rand.NewPCG(uint64(n), uint64(c)))
					for i := range rounds {
						h, uses := someHold(random, fmt.Sprintf("%d-%d-%d", n, c, i), limit)
						if err := s.Reserve(t.Context(), h); err != nil {
							if _, ok := errors.AsType[*budget.Refused](err); !ok {
								t.Error(err)
							}
							refused.Add(1)
							continue
						}
						passed.Add(1)
						if err := s.Settle(t.Context(), h.ID, uses); err != nil {
							t.Error(err)
						}
						for i, l := range h.Lines {
							var shared int
							if _, err := fmt.Sscanf(l.Counter, "shared/%d", &shared); err == nil {
								used[shared].Add(uses[i])
							}
						}
					}
				})
			}
			all.Go(func() {
				for range rounds {
					for i := range used {
						if c, err := s.Counter(t.Context(), fmt.Sprint("shared/", i)); err != nil || c.Settled+c.Reserved > limit || c.Reserved < 0 {
							t.Errorf("counter %d is %+v, %v; the limit is %d", i, c, err, limit)
						}
					}
					if _, err := s.(store.Budgets).Prune(t.Context(), time.UnixMicro(100).Add(budget.Grace)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if refused.Load() == 0 || passed.Load() == 0 {
			t.Errorf("%d passed and %d were refused; expected some of each", passed.Load(), refused.Load())
		}
		for i := range used {
			c, err := nodes[0].Counter(t.Context(), fmt.Sprint("shared/", i))
			if err != nil || c.Settled != used[i].Load() || c.Reserved != 0 {
				t.Errorf("counter %d is %+v, %v; %d were used", i, c, err, used[i].Load())
			}
		}
	})
}

// someHold takes of two counters that all share, of one that comes and goes with the
// pruning, and of one of its own.
func someHold(random *rand.Rand, id string, limit int64) (*budget.Hold, []int64) {
	a := random.IntN(4)
	line := func(name string, end int64) budget.Line {
		return budget.Line{Counter: name, Start: 10, End: end, Amount: 1 + random.Int64N(20), Limit: limit}
	}
	h := &budget.Hold{ID: id, Owner: "node", Group: fmt.Sprint("app", a), Lines: []budget.Line{
		line(fmt.Sprint("shared/", a), 1000), line(fmt.Sprint("shared/", (a+1)%4), 1000), line(fmt.Sprint("short/", random.IntN(3)), 50), line("own/"+id, 50)}}
	random.Shuffle(len(h.Lines), func(i, j int) { h.Lines[i], h.Lines[j] = h.Lines[j], h.Lines[i] })
	uses := make([]int64, len(h.Lines))
	for i := range uses {
		uses[i] = random.Int64N(2)
	}
	return h, uses
}

// TestBudgetsGivenUp: a caller who went away while it waited for its turn holds nothing;
// whoever was told that something is held holds it.
func TestBudgetsGivenUp(t *testing.T) {
	onBothBudgets(t, func(t *testing.T, node func() *store.DB) {
		s := node().Budgets()
		var mu sync.Mutex
		var held []string
		gone := 0
		var all sync.WaitGroup
		for n := range 16 {
			all.Go(func() {
				for i := range 20 {
					ctx, cancel := context.WithCancel(t.Context())
					if i%2 == 1 {
						cancel()
					}
					id := fmt.Sprintf("%02d-%02d", n, i)
					err := s.Reserve(ctx, &budget.Hold{ID: id, Owner: "node", Group: "app", Lines: []budget.Line{{Counter: "c", Start: 1, End: 2, Amount: 1, Limit: 1000}}})
					cancel()
					mu.Lock()
					switch {
					case err == nil:
						held = append(held, id)
					case errors.Is(err, context.Canceled):
						gone++
					default:
						t.Error(err)
					}
					mu.Unlock()
				}
			})
		}
		all.Wait()
		holds, err := s.Open(t.Context(), "node")
		if err != nil {
			t.Fatal(err)
		}
		var open []string
		for i := range holds {
			open = append(open, holds[i].ID)
		}
		slices.Sort(held)
		if gone == 0 || !slices.Equal(open, held) {
			t.Errorf("%d went away, %d were told that they hold, %d do", gone, len(held), len(open))
		}
		if c, err := s.Counter(t.Context(), "c"); err != nil || c.Reserved != int64(len(held)) {
			t.Errorf("counter is %+v, %v; %d hold one each", c, err, len(held))
		}
	})
}

// TestBudgetsOneBadCharge: a charge that cannot be does not take those along that share
// its transaction, also where its id is open at another node.
func TestBudgetsOneBadCharge(t *testing.T) {
	onBothBudgets(t, func(t *testing.T, node func() *store.DB) {
		nodes := []budget.Store{node().Budgets(), node().Budgets()}
		hold := func(id string, amount int64) *budget.Hold {
			return &budget.Hold{ID: id, Owner: "node", Group: "app", Lines: []budget.Line{{Counter: "c", Start: 1, End: 2, Amount: amount, Limit: 1_000_000}}}
		}
		var ok, twice, never, full atomic.Int64
		var all sync.WaitGroup
		for n, s := range nodes {
			for i := range 60 { // more than share a transaction
				all.Go(func() { // the same ids at both nodes
					switch err := s.Reserve(t.Context(), hold(fmt.Sprint("both-", i), 1)); {
					case err == nil:
						ok.Add(1)
					case errors.Is(err, budget.ErrOpen):
						twice.Add(1)
					default:
						t.Error(err)
					}
				})
				all.Go(func() {
					if errors.Is(s.Settle(t.Context(), fmt.Sprint("never-", i), []int64{1}), budget.ErrNotOpen) {
						never.Add(1)
					}
				})
				all.Go(func() {
					if _, refused := errors.AsType[*budget.Refused](s.Reserve(t.Context(), hold(fmt.Sprintf("full-%d-%d", n, i), 2_000_000))); refused {
						full.Add(1)
					}
				})
			}
		}
		all.Wait()
		if ok.Load() != 60 || twice.Load() != 60 || never.Load() != 120 || full.Load() != 120 {
			t.Errorf("%d reserved, %d open already, %d not open, %d refused; expected 60, 60, 120, 120", ok.Load(), twice.Load(), never.Load(), full.Load())
		}
		if c, err := nodes[0].Counter(t.Context(), "c"); err != nil || c.Reserved != 60 {
			t.Errorf("counter is %+v, %v; expected 60 reserved", c, err)
		}
	})
}
