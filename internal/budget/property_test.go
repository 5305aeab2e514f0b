package budget_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"warder.example/internal/budget"
	"warder.example/internal/price"
)

// TestAnyClock: however a clock jumps, over the turns of minutes, days, months and of
// summer time, a counter admits its amount once for each window that it enters, and
// never returns to one.
func TestAnyClock(t *testing.T) {
	zones := []*time.Location{time.UTC}
	for _, name := range []string{"Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Australia/Lord_Howe", "Asia/Amman", "Asia/Kathmandu"} {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, z)
	}
	jumps := []time.Duration{0, time.Second, time.Minute, time.Hour, 24 * time.Hour, 31 * 24 * time.Hour}
	rapid.Check(t, func(t *rapid.T) {
		const amount = 3
		zone, window := rapid.SampledFrom(zones).Draw(t, "zone"), rapid.SampledFrom(budget.Windows).Draw(t, "window")
		// Around where clocks change in the north and in the south, and around new year.
		at := rapid.SampledFrom([]time.Time{time.Date(2026, 3, 29, 0, 59, 58, 0, time.UTC), time.Date(2018, 11, 4, 2, 59, 59, 0, time.UTC), time.Date(2018, 10, 25, 20, 59, 59, 0, time.UTC), time.Date(2026, 12, 31, 23, 59, 59, 0, zone)}).Draw(t, "begin")
		c := &clock{now: at}
		b, err := budget.New(&budget.Memory{}, "node", budget.Rules{Zone: zone, Limits: []budget.Limit{{Name: "x", Measure: budget.Requests, Amount: amount, Window: window}}}, c.Now)
		if err != nil {
			t.Fatal(err)
		}
		var latest time.Time
		left := 0
		var open []*budget.Reservation
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "times")) * rapid.SampledFrom(jumps).Draw(t, "jump"))
			c.set(at)
			start, end := window.Around(at.In(zone))
			if at.Before(start) || !at.Before(end) {
				t.Fatalf("%v is not in its %s from %v to %v", at, window, start, end)
			}
			for range rapid.IntRange(0, amount+1).Draw(t, "requests") {
				if start.After(latest) { // a request takes the counter along
					latest, left = start, amount
				}
				r, err := b.Reserve(t.Context(), ask())
				if (err == nil) != (left > 0) {
					t.Fatalf("at %v with %d left since %v: %v", at, left, latest, err)
				}
				if err == nil {
					left--
					open = append(open, r)
				}
			}
			for len(open) > 0 && rapid.Bool().Draw(t, "settle") { // also long after its window
				if _, err := open[0].Settle(t.Context(), used(1, 1)); err != nil {
					t.Fatal(err)
				}
				open = open[1:]
			}
		}
	})
}

// TestRulesChangeUnderLoad: while limits are lowered, raised, taken away and put back,
// no counter is over the highest of them, what is reserved under one is settled under
// the next, and a limit that comes back finds what was used.
func TestRulesChangeUnderLoad(t *testing.T) {
	const high, low = 5 * (readBound + writeBound), 2 * (readBound + writeBound)
	store := &budget.Memory{}
	limit := func(amount int64) budget.Limit {
		return budget.Limit{Name: "x", Measure: budget.TotalTokens, Amount: amount, Window: budget.Month}
	}
	c := &clock{now: noon}
	b, err := budget.New(store, "node", budget.Rules{Limits: []budget.Limit{limit(high)}}, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	var n, settled atomic.Int64
	stop := make(chan struct{})
	var all, change sync.WaitGroup
	change.Go(func() {
		for i := 0; ; i++ {
			rules := []budget.Rules{{Limits: []budget.Limit{limit(low)}}, {}, {Limits: []budget.Limit{limit(high)}}}[i%3]
			if err := b.SetRules(rules); err != nil {
				t.Error(err)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	for range 8 {
		all.Go(func() {
			for range 200 {
				e := budget.Exchange{ID: fmt.Sprint("reload", n.Add(1)), Model: "m1", Output: writeBound}
				e.Input.Bytes = 1000
				r, err := b.Reserve(t.Context(), e)
				if _, full := errors.AsType[*budget.LimitError](err); full {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if c, _ := store.Counter(t.Context(), "x/total_tokens/month"); c.Settled+c.Reserved > high {
					t.Errorf("the counter is %+v; no limit was above %d", c, high)
				}
				if r.Metered() {
					settled.Add(2)
				}
				if _, err := r.Settle(t.Context(), used(1, 1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	close(stop)
	change.Wait()
	if c, _ := store.Counter(t.Context(), "x/total_tokens/month"); settled.Load() == 0 || c.Settled != settled.Load() || c.Reserved != 0 {
		t.Errorf("the counter is %+v; %d were used", c, settled.Load())
	}
}

// TestAnyOfSeveral: of models that may answer the dearest is reserved for, each counter
// that one of them may need has room, and what is charged is of the one that answered.
func TestAnyOfSeveral(t *testing.T) {
	table, err := price.Parse("p", []byte("currency: USD\nprices: [{model: a, input: 1, output: 2, source: test, read: \"2026-01-01\"}, {model: b, input: 5, output: 1, source: test, read: \"2026-01-01\"}]"))
	if err != nil {
		t.Fatal(err)
	}
	store := &budget.Memory{}
	limits := []budget.Limit{{Name: "all", Measure: budget.Money, Amount: 1_000_000, Window: budget.Day}, {Name: "each", Measure: budget.Money, Amount: 1_000_000, Window: budget.Day, Per: []budget.Dimension{budget.PerModel}}}
	b, err := budget.New(store, "node", budget.Rules{Limits: limits, Prices: table}, (&clock{now: noon}).Now)
	if err != nil {
		t.Fatal(err)
	}
	const bound = 5*readBound + writeBound // of b, the dearer one here
	for _, c := range []struct {
		answered string
		cost     int64
		by       map[string]int64
	}{
		{"", 10 + 2*20, map[string]int64{"all/money/day": 50, "each/money/day/model=a": 50, "each/money/day/model=b": 0}},
		{"b", 5*10 + 20, map[string]int64{"all/money/day": 120, "each/money/day/model=a": 50, "each/money/day/model=b": 70}},
		// Nobody knows who that was: all are charged.
		{"else", 10 + 2*20, map[string]int64{"all/money/day": 170, "each/money/day/model=a": 100, "each/money/day/model=b": 120}},
	} {
		e := ask()
		e.Model, e.Others = "a", []string{"b"}
		r, err := b.Reserve(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		for name := range c.by {
			if n, _ := store.Counter(t.Context(), name); n.Reserved != bound {
				t.Errorf("%q: %s has %d reserved; expected %d", c.answered, name, n.Reserved, bound)
			}
		}
		u := used(10, 20)
		u.Model = c.answered
		if charge, err := r.Settle(t.Context(), u); err != nil || int64(charge.Cost) != c.cost || charge.Over != nil {
			t.Errorf("%q: charged %+v, %v; expected %d", c.answered, charge, err, c.cost)
		}
		for name, want := range c.by {
			if n, _ := store.Counter(t.Context(), name); n.Settled != want || n.Reserved != 0 {
				t.Errorf("%q: %s is %+v; expected %d", c.answered, name, n, want)
			}
		}
	}
	for _, others := range [][]string{{"a"}, {"b", "b"}, make([]string, 64)} {
		e := ask()
		e.Model, e.Others = "a", others
		if _, err := b.Reserve(t.Context(), e); !errors.Is(err, budget.ErrInvalid) {
			t.Errorf("others %q: %v; expected an error", others, err)
		}
	}
}
