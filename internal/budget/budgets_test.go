package budget_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // zones also where the machine has none

	"warder.example/internal/budget"
	"warder.example/internal/price"
	"warder.example/internal/tokens"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) set(t time.Time) { c.mu.Lock(); defer c.mu.Unlock(); c.now = t }

var noon = time.Date(2026, 3, 4, 12, 0, 30, 0, time.UTC)

// prices are a dollar a million tokens read and two a million written.
func prices(t testing.TB) *price.Table {
	t.Helper()
	p, err := price.Parse("p", []byte("currency: USD\nprices: [{model: \"m*\", input: 1, cached: 0.1, output: 2, source: test, read: \"2026-01-01\"}]"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func budgets(t testing.TB, c *clock, limits ...budget.Limit) *budget.Budgets {
	t.Helper()
	b, err := budget.New(&budget.Memory{}, "node", budget.Rules{Limits: limits, Prices: prices(t)}, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var sequence int

// ask is an exchange whose bounds are 2024 tokens read and 500 written.
func ask() budget.Exchange {
	sequence++
	return budget.Exchange{ID: fmt.Sprint("r", sequence), Key: "k1", Application: "app_1", ApplicationName: "desk", Subject: "s1", Model: "m1",
		Input: tokens.Input{Bytes: 1000}, Output: 500}
}

const readBound, writeBound = 1000 + tokens.PerRequest, 500

func used(in, out int64) budget.Usage {
	return budget.Usage{Tokens: price.Tokens{Input: in, Output: out}}
}

// TestMeasures: each measure admits exactly what its limit allows.
func TestMeasures(t *testing.T) {
	for measure, bound := range map[budget.Measure]int64{
		budget.Requests: 1, budget.InputTokens: readBound, budget.OutputTokens: writeBound, budget.TotalTokens: readBound + writeBound,
		budget.Money: readBound + 2*writeBound, // micro-dollars
	} {
		t.Run(string(measure), func(t *testing.T) {
			c := &clock{now: noon}
			b := budgets(t, c, budget.Limit{Name: "x", Measure: measure, Amount: 2*bound + bound/2, Window: budget.Day})
			var held []*budget.Reservation
			for range 2 {
				r, err := b.Reserve(t.Context(), ask())
				if err != nil {
					t.Fatal(err)
				}
				held = append(held, r)
			}
			_, err := b.Reserve(t.Context(), ask())
			e, ok := errors.AsType[*budget.LimitError](err)
			if !ok || e.Limit.Name != "x" || e.Reserved != 2*bound || e.Asked != bound || e.Never || e.Retry != 12*time.Hour-30*time.Second {
				t.Fatalf("%+v, %v; expected a refusal until midnight", e, err)
			}
			// Nothing was used of one: there is room for one.
			if err := held[0].Release(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Reserve(t.Context(), ask()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestSettleGivesBack: what was not used can be used by the next.
func TestSettleGivesBack(t *testing.T) {
	c := &clock{now: noon}
	b := budgets(t, c, budget.Limit{Name: "x", Measure: budget.TotalTokens, Amount: 3000, Window: budget.Day})
	for i := range 4 { // 2524 are reserved and 100 used each time
		r, err := b.Reserve(t.Context(), ask())
		if err != nil {
			t.Fatalf("exchange %d: %v", i, err)
		}
		charge, err := r.Settle(t.Context(), used(80, 20))
		if err != nil || charge.Over != nil || charge.Cost != 80+2*20 {
			t.Fatalf("%+v, %v", charge, err)
		}
		if _, err := r.Settle(t.Context(), used(1000, 1000)); err != nil { // again: nothing
			t.Fatal(err)
		}
		if err := r.Release(t.Context()); err != nil { // too late
			t.Fatal(err)
		}
	}
	r, err := b.Reserve(t.Context(), ask())
	if err != nil {
		t.Fatal(err)
	}
	charge, err := r.Settle(t.Context(), used(readBound+5, writeBound+7))
	if err != nil || charge.Over[budget.TotalTokens] != 12 {
		t.Errorf("%+v, %v; expected an overrun of 12 tokens", charge, err)
	}
	_, err = b.Reserve(t.Context(), ask())
	if e, ok := errors.AsType[*budget.LimitError](err); !ok || e.Used != 400+readBound+writeBound+12 {
		t.Errorf("%v; expected all of it to be charged", err)
	}
}

// TestEstimatesStayWithinTheReservation: an own count is no reason to charge more
// than the request's cap admits.
func TestEstimatesStayWithinTheReservation(t *testing.T) {
	c := &clock{now: noon}
	b := budgets(t, c, budget.Limit{Name: "x", Measure: budget.OutputTokens, Amount: 600, Window: budget.Day})
	r, err := b.Reserve(t.Context(), ask())
	if err != nil {
		t.Fatal(err)
	}
	u := used(10, 9999)
	u.Estimated = true
	charge, err := r.Settle(t.Context(), u)
	if err != nil || charge.Output != writeBound || charge.Over != nil || !charge.Estimated {
		t.Errorf("%+v, %v", charge, err)
	}
}

// TestPer: counters of their own for what a limit names, and for nothing else.
func TestPer(t *testing.T) {
	change := map[budget.Dimension]func(*budget.Exchange){
		budget.PerKey:         func(e *budget.Exchange) { e.Key = "k2" },
		budget.PerApplication: func(e *budget.Exchange) { e.Application = "app_2" },
		budget.PerSubject:     func(e *budget.Exchange) { e.Subject = "s2" },
		budget.PerModel:       func(e *budget.Exchange) { e.Model = "m2" },
	}
	for _, per := range [][]budget.Dimension{nil, {budget.PerKey}, {budget.PerApplication}, {budget.PerSubject}, {budget.PerModel}, {budget.PerModel, budget.PerApplication}, budget.Dimensions} {
		for dimension, other := range change {
			c := &clock{now: noon}
			b := budgets(t, c, budget.Limit{Name: "x", Measure: budget.Requests, Amount: 1, Window: budget.Minute, Per: per})
			if _, err := b.Reserve(t.Context(), ask()); err != nil {
				t.Fatal(err)
			}
			e := ask()
			other(&e)
			_, err := b.Reserve(t.Context(), e)
			own := strings.Contains(fmt.Sprint(per), string(dimension))
			if (err == nil) != own {
				t.Errorf("per %v, another %s: %v", per, dimension, err)
			}
		}
	}
}

// TestHostileNames: values that look like parts of a counter's name share none.
func TestHostileNames(t *testing.T) {
	c := &clock{now: noon}
	b := budgets(t, c, budget.Limit{Name: "x", Measure: budget.Requests, Amount: 1, Window: budget.Minute, Per: []budget.Dimension{budget.PerSubject, budget.PerModel}})
	for _, v := range [][2]string{{"a", "m"}, {"a/model=m", ""}, {"", "a/model=m"}, {"a%2Fmodel=m", ""}, {"\x00", "\x1b[2J"}, {"\xff", "é"}, {strings.Repeat("/", 200), strings.Repeat("\xff", 200)}} {
		e := ask()
		e.Subject, e.Model = v[0], v[1]
		if _, err := b.Reserve(t.Context(), e); err != nil {
			t.Errorf("%q: %v", v, err)
		}
	}
	e := ask()
	e.Model = strings.Repeat("m", 201)
	if _, err := b.Reserve(t.Context(), e); !errors.Is(err, budget.ErrInvalid) {
		t.Errorf("a name of 201 bytes: %v", err)
	}
}

// TestWhomItConcerns: applications and models that a limit does not name are free.
func TestWhomItConcerns(t *testing.T) {
	c := &clock{now: noon}
	b := budgets(t, c, budget.Limit{Name: "x", Measure: budget.Requests, Amount: 0, Window: budget.Minute, Applications: []string{"desk"}, Models: []string{"big-*"}})
	for _, x := range []struct {
		application, model string
		free               bool
	}{{"desk", "big-1", false}, {"desk", "small", true}, {"other", "big-1", true}} {
		e := ask()
		e.ApplicationName, e.Model = x.application, x.model
		r, err := b.Reserve(t.Context(), e)
		if (err == nil) != x.free {
			t.Errorf("%+v: %v", x, err)
		}
		if err == nil && r.WriteCap() != 0 {
			t.Errorf("%+v: a cap is written where no budget is", x)
		}
	}
}

// TestCaps: what is reserved for a request that sets no cap, and what must be
// written into it.
func TestCaps(t *testing.T) {
	c := &clock{now: noon}
	reserve := func(l budget.Limit, e budget.Exchange) (*budget.Reservation, *budget.LimitError) {
		b, err := budget.New(&budget.Memory{}, "n", budget.Rules{Limits: []budget.Limit{l}, Prices: prices(t), Output: 700}, c.Now)
		if err != nil {
			t.Fatal(err)
		}
		r, err := b.Reserve(t.Context(), e)
		if err == nil {
			return r, nil
		}
		refused, ok := errors.AsType[*budget.LimitError](err)
		if !ok {
			t.Fatal(err)
		}
		return nil, refused
	}
	output := budget.Limit{Name: "x", Measure: budget.OutputTokens, Amount: 1400, Window: budget.Day}
	bare := ask()
	bare.Output, bare.Choices = 0, 2
	if r, e := reserve(output, bare); e != nil || r.WriteCap() != 700 {
		t.Errorf("no cap: %+v, %v; expected 700 to be written", r, e)
	}
	bare.Choices = 3
	if _, e := reserve(output, bare); e == nil || e.Asked != 2100 || !e.Never {
		t.Errorf("three answers: %+v; expected a refusal that never ends", e)
	}
	bare.Output, bare.Choices = 1<<62, 1<<62
	if _, e := reserve(output, bare); e == nil || e.Asked != budget.MaxAmount {
		t.Errorf("absurd numbers: %+v", e)
	}
	if r, e := reserve(output, ask()); e != nil || r.WriteCap() != 0 {
		t.Errorf("own cap: %+v, %v", r, e)
	}
	requests := budget.Limit{Name: "x", Measure: budget.Requests, Amount: 1, Window: budget.Day}
	if r, e := reserve(requests, bare); e != nil || r.WriteCap() != 0 {
		t.Errorf("a budget of requests needs no cap: %+v, %v", r, e)
	}
}

// TestUnknownPrice: refused, or priced as the rules say.
func TestUnknownPrice(t *testing.T) {
	c := &clock{now: noon}
	money := budget.Limit{Name: "x", Measure: budget.Money, Amount: 1_000_000, Window: budget.Day}
	e := ask()
	e.Model = "house"
	b := budgets(t, c, money)
	if _, err := b.Reserve(t.Context(), e); !errors.Is(err, budget.ErrNoPrice) {
		t.Errorf("unknown model: %v", err)
	}
	if err := b.SetRules(budget.Rules{Limits: []budget.Limit{money}, Unknown: &price.Price{Input: price.Unit, Output: price.Unit}}); err != nil {
		t.Fatal(err)
	}
	r, err := b.Reserve(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	if charge, err := r.Settle(t.Context(), used(3, 4)); err != nil || charge.Cost != 7 || !charge.Priced {
		t.Errorf("%+v, %v", charge, err)
	}
	// Without a budget of money nobody needs a price.
	b = budgets(t, c, budget.Limit{Name: "x", Measure: budget.Requests, Amount: 9, Window: budget.Day})
	if r, err = b.Reserve(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if charge, err := r.Settle(t.Context(), used(3, 4)); err != nil || charge.Priced || charge.Cost != 0 {
		t.Errorf("%+v, %v", charge, err)
	}
}

// TestClockJumps: back and forth over the turn of a window frees nothing.
func TestClockJumps(t *testing.T) {
	c := &clock{now: noon}
	b := budgets(t, c, budget.Limit{Name: "x", Measure: budget.Requests, Amount: 2, Window: budget.Minute})
	admitted := func(at time.Time) (n int) {
		c.set(at)
		for range 5 {
			r, err := b.Reserve(t.Context(), ask())
			if err != nil {
				e, ok := errors.AsType[*budget.LimitError](err)
				if !ok || e.Retry <= 0 {
					t.Fatalf("%v; expected a refusal with a time to wait", err)
				}
				continue
			}
			n++
			if _, err := r.Settle(t.Context(), used(1, 1)); err != nil {
				t.Fatal(err)
			}
		}
		return n
	}
	for i, x := range []struct {
		at   time.Duration
		want int
	}{{0, 2}, {-10 * time.Minute, 0}, {0, 0}, {time.Minute, 2}, {0, 0}, {time.Minute, 0}, {-time.Hour, 0}, {2 * time.Minute, 2}} {
		if got := admitted(noon.Add(x.at)); got != x.want {
			t.Errorf("step %d, clock at %v: %d admitted; expected %d", i, x.at, got, x.want)
		}
	}
}

// TestReconcile: after a crash what is open is settled by the log, or charged in
// full.
func TestReconcile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	limits := []budget.Limit{{Name: "tokens", Measure: budget.TotalTokens, Amount: 100_000, Window: budget.Day},
		{Name: "money", Measure: budget.Money, Amount: 1_000_000, Window: budget.Month, Per: []budget.Dimension{budget.PerKey}}}
	c := &clock{now: noon}
	start := func() (*budget.Memory, *budget.Budgets) {
		m := openMemory(t, path)
		b, err := budget.New(m, "node", budget.Rules{Limits: limits, Prices: prices(t)}, c.Now)
		if err != nil {
			t.Fatal(err)
		}
		return m, b
	}
	_, b := start()
	var ids []string
	for range 3 {
		e := ask()
		ids = append(ids, e.ID)
		if _, err := b.Reserve(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	m, b := start()
	broken := errors.New("the log cannot be read")
	calls := 0
	_, err := b.Reconcile(t.Context(), func(context.Context, string) (budget.Charge, bool, error) {
		calls++
		return budget.Charge{}, false, broken
	})
	if !errors.Is(err, broken) || calls != 1 {
		t.Fatalf("%v after %d calls", err, calls)
	}
	total, money := "tokens/total_tokens/day", "money/money/month/key=k1"
	if got, _ := m.Counter(t.Context(), total); got.Reserved != 3*(readBound+writeBound) {
		t.Errorf("before: %+v", got)
	}
	done, err := b.Reconcile(t.Context(), func(_ context.Context, id string) (budget.Charge, bool, error) {
		return budget.Charge{Usage: used(30, 10), Cost: 50}, id == ids[1], nil
	})
	if err != nil || done != (budget.Reconciled{Settled: 1, Kept: 2}) {
		t.Fatalf("%+v, %v", done, err)
	}
	for name, want := range map[string]int64{total: 40 + 2*(readBound+writeBound), money: 50 + 2*(readBound+2*writeBound)} {
		if got, _ := m.Counter(t.Context(), name); got.Settled != want || got.Reserved != 0 {
			t.Errorf("%s: %+v; expected %d settled", name, got, want)
		}
	}
}

func TestWindows(t *testing.T) {
	zone := func(name string) *time.Location {
		l, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for _, c := range []struct{ zone, at, window, start, end string }{
		{"UTC", "2026-03-04T12:34:56Z", "minute", "2026-03-04T12:34:00Z", "2026-03-04T12:35:00Z"},
		{"UTC", "2026-12-31T23:59:59Z", "month", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"Asia/Kolkata", "2026-03-04T12:34:56Z", "hour", "2026-03-04T12:30:00Z", "2026-03-04T13:30:00Z"},
		{"Asia/Kolkata", "2026-03-04T19:00:00Z", "day", "2026-03-04T18:30:00Z", "2026-03-05T18:30:00Z"},
		{"Europe/Berlin", "2026-03-29T12:00:00Z", "day", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},     // 23 hours
		{"Europe/Berlin", "2026-10-25T12:00:00Z", "day", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},     // 25 hours
		{"Europe/Berlin", "2026-10-25T00:30:00Z", "hour", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"},    // the first 2 o'clock
		{"Europe/Berlin", "2026-10-25T01:30:00Z", "hour", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"},    // the second
		{"America/Sao_Paulo", "2018-11-04T02:59:59Z", "day", "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z"}, // the clocks skip the next midnight
		{"America/Sao_Paulo", "2018-11-04T03:00:00Z", "day", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},
		{"America/Havana", "2018-11-04T05:30:00Z", "day", "2018-11-04T04:00:00Z", "2018-11-05T05:00:00Z"}, // midnight is there twice
		{"Asia/Amman", "2018-10-25T21:30:00Z", "day", "2018-10-25T21:00:00Z", "2018-10-26T22:00:00Z"},
		{"Pacific/Apia", "2011-12-30T09:00:00Z", "day", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"}, // the next day was left out
		{"UTC", "1969-12-31T23:59:30Z", "hour", "1969-12-31T23:00:00Z", "1970-01-01T00:00:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		start, end := budget.Window(c.window).Around(at.In(zone(c.zone)))
		if s, e := start.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339); s != c.start || e != c.end {
			t.Errorf("%s around %s in %s: %s to %s; expected %s to %s", c.window, c.at, c.zone, s, e, c.start, c.end)
		}
	}
}

func TestValidate(t *testing.T) {
	good := budget.Limit{Name: "x", Measure: budget.Requests, Amount: 1, Window: budget.Day}
	for key, spoil := range map[string]func(*budget.Limit){
		"name": func(l *budget.Limit) { l.Name = "X/y" }, "what": func(l *budget.Limit) { l.Measure = "" }, "amount": func(l *budget.Limit) { l.Amount = -1 },
		"every": func(l *budget.Limit) { l.Window = "year" }, "per": func(l *budget.Limit) { l.Per = []budget.Dimension{"key", "key"} },
		"applications": func(l *budget.Limit) { l.Applications = []string{"No"} }, "models": func(l *budget.Limit) { l.Models = []string{""} },
	} {
		l := good
		spoil(&l)
		if got, err := l.Validate(); got != key || err == nil {
			t.Errorf("%s: %q, %v", key, got, err)
		}
	}
	if _, err := budget.New(&budget.Memory{}, "", budget.Rules{Limits: []budget.Limit{good, good}}, nil); err == nil {
		t.Error("two limits of one name are accepted")
	}
}

// TestLimitErrorText: what is said holds neither key nor subject.
func TestLimitErrorText(t *testing.T) {
	c := &clock{now: noon}
	b := budgets(t, c, budget.Limit{Name: "desk-money", Measure: budget.Money, Amount: 1500, Window: budget.Day, Per: []budget.Dimension{budget.PerKey, budget.PerSubject}})
	_, err := b.Reserve(t.Context(), ask())
	want := `budget desk-money allows 0.0015 of money a day for this key and subject; 0 used, 0 reserved, and this request may need 0.003024: lower its cap of output tokens`
	if err == nil || err.Error() != want {
		t.Errorf("%v; expected %s", err, want)
	}
}

func benchmarkReserve(b *testing.B, s budget.Store, parallel bool) {
	c := &clock{now: noon}
	var limits []budget.Limit
	for i, m := range []budget.Measure{budget.Requests, budget.TotalTokens, budget.Money} {
		limits = append(limits, budget.Limit{Name: fmt.Sprint("limit-", i), Measure: m, Amount: budget.MaxAmount, Window: budget.Windows[i+1], Per: []budget.Dimension{budget.PerApplication, budget.PerKey}})
	}
	all, err := budget.New(s, "node", budget.Rules{Limits: limits, Prices: prices(b)}, c.Now)
	if err != nil {
		b.Fatal(err)
	}
	one := func(i int) {
		e := ask0
		e.ID = fmt.Sprint(i)
		r, err := all.Reserve(context.Background(), e)
		if err == nil {
			_, err = r.Settle(context.Background(), used(100, 50))
		}
		if err != nil {
			b.Error(err)
		}
	}
	b.ReportAllocs()
	// The machine may be shared: processor time is what counts.
	cpu := processCPU()
	defer func() { b.ReportMetric(float64(processCPU()-cpu)/float64(b.N), "cpu-ns/op") }()
	if !parallel {
		for i := 0; b.Loop(); i++ {
			one(i)
		}
		return
	}
	var next sync.Mutex
	n := 0
	b.SetParallelism(16)
	b.RunParallel(func(p *testing.PB) {
		next.Lock()
		n++
		mine := n * 1_000_000_000
		next.Unlock()
		for ; p.Next(); mine++ {
			one(mine)
		}
	})
}

var ask0 = budget.Exchange{Key: "key_0123456789abcdef", Application: "app_0123456789abcdef", ApplicationName: "desk", Model: "m1", Input: tokens.Input{Bytes: 1000}, Output: 500}

func BenchmarkReserveSettle(b *testing.B) {
	b.Run("memory", func(b *testing.B) { benchmarkReserve(b, &budget.Memory{}, false) })
	b.Run("journal", func(b *testing.B) { benchmarkReserve(b, openMemory(b, filepath.Join(b.TempDir(), "j")), false) })
	b.Run("journal-16-callers", func(b *testing.B) { benchmarkReserve(b, openMemory(b, filepath.Join(b.TempDir(), "j")), true) })
}
