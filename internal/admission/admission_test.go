package admission_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"warder.example/internal/admission"
)

// rig is a gate with requests before it, in a bubble of time.
type rig struct {
	*testing.T
	*admission.Gate
	mu    sync.Mutex
	order []string
	leave map[string]func()
	err   map[string]error
}

// play runs f with a gate in a bubble of time of its own.
func play(t *testing.T, l admission.Limits, f func(*rig)) {
	synctest.Test(t, func(t *testing.T) {
		f(&rig{T: t, Gate: admission.New(l), leave: map[string]func(){}, err: map[string]error{}})
	})
}

// ask sends a request called name and returns once it runs, waits or was shed.
func (r *rig) ask(ctx context.Context, c admission.Class, application, name string) {
	go func() {
		leave, err := r.Enter(ctx, c, application)
		r.mu.Lock()
		defer r.mu.Unlock()
		if err != nil {
			r.err[name] = err
			return
		}
		r.order, r.leave[name] = append(r.order, name), leave
	}()
	synctest.Wait()
}

// end ends requests that run, one after another.
func (r *rig) end(names ...string) {
	for _, n := range names {
		r.mu.Lock()
		leave := r.leave[n]
		r.mu.Unlock()
		if leave == nil {
			r.Fatalf("%s does not run", n)
		}
		leave()
		leave() // does nothing
		synctest.Wait()
	}
}

// drain ends what runs until nothing waits, and returns who ran in which order.
func (r *rig) drain() string {
	for i := 0; i < len(r.order); i++ {
		r.end(r.order[i])
	}
	if running, waiting := r.Load(); running != 0 || waiting != 0 {
		r.Errorf("at the end %d run and %d wait", running, waiting)
	}
	return strings.Join(r.order, " ")
}

// failed returns the error that a request got so far.
func (r *rig) failed(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err[name]
}

func (r *rig) shed(name string, want admission.Reason) {
	r.Helper()
	e, ok := errors.AsType[*admission.ShedError](r.failed(name))
	if !ok || e.Reason != want || e.Retry <= 0 {
		r.Errorf("%s: %v; expected to be shed for %s", name, r.failed(name), want)
	}
}

var usual = admission.Limits{Running: 1, Waiting: 100, Patience: time.Minute}

func TestFirstComeFirstServed(t *testing.T) {
	play(t, admission.Limits{Running: 2, Waiting: 10, Patience: time.Minute}, func(r *rig) {
		for i := range 6 {
			r.ask(r.Context(), admission.Standard, "a", fmt.Sprint(i))
		}
		if running, waiting := r.Load(); running != 2 || waiting != 4 {
			t.Errorf("%d run and %d wait; expected 2 and 4", running, waiting)
		}
		if got := r.drain(); got != "0 1 2 3 4 5" {
			t.Error(got)
		}
	})
}

func TestUrgentGoesFirst(t *testing.T) {
	play(t, usual, func(r *rig) {
		r.ask(r.Context(), admission.Batch, "a", "runs")
		for _, c := range []admission.Class{admission.Batch, admission.Standard, admission.Interactive} {
			r.ask(r.Context(), c, "a", c.String())
		}
		if got := r.drain(); got != "runs interactive standard batch" {
			t.Error(got)
		}
	})
}

// TestNobodyStarves: what is least urgent gets its share of a busy server.
func TestNobodyStarves(t *testing.T) {
	play(t, usual, func(r *rig) {
		r.ask(r.Context(), admission.Interactive, "a", "0")
		r.ask(r.Context(), admission.Batch, "a", "batch")
		for i := range 20 {
			r.ask(r.Context(), admission.Interactive, "a", fmt.Sprint(i+1))
		}
		order := strings.Fields(r.drain())
		if order[admission.Turn] != "batch" {
			t.Errorf("order is %v; expected batch to be number %d", order, admission.Turn)
		}
	})
}

// TestApplicationsTakeTurns: one that sends much does not delay one that sends
// little by more than a turn.
func TestApplicationsTakeTurns(t *testing.T) {
	play(t, usual, func(r *rig) {
		for i := range 5 {
			r.ask(r.Context(), admission.Standard, "loud", fmt.Sprint("L", i))
		}
		r.ask(r.Context(), admission.Standard, "calm", "C0")
		r.ask(r.Context(), admission.Standard, "calm", "C1")
		if got := r.drain(); got != "L0 L1 C0 L2 C1 L3 L4" {
			t.Error(got)
		}
	})
}

func TestShedding(t *testing.T) {
	play(t, admission.Limits{Running: 1, Waiting: 2, Patience: time.Second}, func(r *rig) {
		r.ask(r.Context(), admission.Standard, "a", "runs")
		r.ask(r.Context(), admission.Standard, "a", "first")
		r.ask(r.Context(), admission.Standard, "a", "second")
		r.ask(r.Context(), admission.Standard, "a", "third")
		r.shed("third", admission.Full)
		// Another application gets the last place of the one that has most.
		r.ask(r.Context(), admission.Standard, "b", "other")
		r.shed("second", admission.Displaced)
		// A more urgent one the place of the less urgent.
		r.ask(r.Context(), admission.Interactive, "b", "urgent")
		if r.failed("first") == nil && r.failed("other") == nil {
			t.Error("nobody made room for what is urgent")
		}
		<-time.After(time.Second) // of the bubble: nobody waits for it
		synctest.Wait()
		r.shed("urgent", admission.Late)
		if got := r.drain(); got != "runs" {
			t.Error(got)
		}
	})
}

func TestNothingIsAdmittedByNothing(t *testing.T) {
	for _, l := range []admission.Limits{{}, {Running: -1}, {Waiting: 5}, {Patience: time.Second}} {
		if _, err := admission.New(l).Enter(t.Context(), 0, "a"); err == nil {
			t.Errorf("%+v admits", l)
		}
	}
}

func TestCallersThatGoAway(t *testing.T) {
	play(t, usual, func(r *rig) {
		r.ask(r.Context(), admission.Standard, "a", "runs")
		gone, cancel := context.WithCancel(r.Context())
		r.ask(gone, admission.Standard, "a", "gone")
		r.ask(r.Context(), admission.Standard, "a", "stays")
		cancel()
		synctest.Wait()
		if !errors.Is(r.failed("gone"), context.Canceled) {
			t.Errorf("error is %v", r.failed("gone"))
		}
		if got := r.drain(); got != "runs stays" {
			t.Error(got)
		}
	})
}

func TestLimitsChange(t *testing.T) {
	play(t, usual, func(r *rig) {
		for i := range 3 {
			r.ask(r.Context(), admission.Standard, "a", fmt.Sprint(i))
		}
		r.SetLimits(admission.Limits{Running: 2, Waiting: 1, Patience: time.Minute})
		synctest.Wait()
		if running, waiting := r.Load(); running != 2 || waiting != 1 {
			t.Errorf("%d run and %d wait; expected 2 and 1", running, waiting)
		}
		r.SetLimits(admission.Limits{Running: 1})
		r.end("0")
		if running, _ := r.Load(); running != 1 {
			t.Errorf("%d run after the limit was lowered to 1", running)
		}
		r.end("1")
		if len(r.order) != 3 {
			t.Errorf("order is %v", r.order)
		}
		r.end("2")
	})
}

// TestNeverMoreThanTheLimit: many callers that come, go and lose patience.
func TestNeverMoreThanTheLimit(t *testing.T) {
	const limit = 3
	g := admission.New(admission.Limits{Running: limit, Waiting: 20, Patience: 2 * time.Millisecond})
	var running, admitted atomic.Int64
	var all sync.WaitGroup
	for n := range 40 {
		all.Go(func() {
			for i := range 100 {
				ctx, cancel := context.WithCancel(t.Context())
				if i%3 == 0 {
					cancel()
				}
				leave, err := g.Enter(ctx, admission.Class(i%3), fmt.Sprint(n%5))
				if err == nil {
					if now := running.Add(1); now > limit {
						t.Errorf("%d run", now)
					}
					admitted.Add(1)
					running.Add(-1)
					leave()
				}
				cancel()
			}
		})
	}
	all.Wait()
	if running, waiting := g.Load(); running != 0 || waiting != 0 || admitted.Load() == 0 {
		t.Errorf("at the end %d run and %d wait; %d were admitted", running, waiting, admitted.Load())
	}
}

func TestClassNames(t *testing.T) {
	for _, c := range []admission.Class{admission.Interactive, admission.Standard, admission.Batch} {
		if got, err := admission.ParseClass(c.String()); err != nil || got != c {
			t.Errorf("%s: %v, %v", c, got, err)
		}
	}
	if _, err := admission.ParseClass("urgent"); err == nil {
		t.Error("urgent is a class")
	}
}

// BenchmarkShed is what a request costs that is not admitted while the queue is
// full of a hundred applications.
func BenchmarkShed(b *testing.B) {
	g := admission.New(admission.Limits{Running: 1, Waiting: 10_000, Patience: time.Hour})
	leave, err := g.Enter(b.Context(), 0, "a")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	var all sync.WaitGroup
	for i := range 10_000 {
		all.Go(func() { _, _ = g.Enter(ctx, 0, fmt.Sprint(i%100)) })
	}
	for _, waiting := g.Load(); waiting < 10_000; _, waiting = g.Load() {
	}
	for b.Loop() {
		if _, err := g.Enter(ctx, 0, "0"); err == nil {
			b.Fatal("admitted")
		}
	}
	b.StopTimer()
	cancel()
	all.Wait()
	leave()
}
