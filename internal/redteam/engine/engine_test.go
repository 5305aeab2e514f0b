package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"warder.example/internal/redteam/attack"
	"warder.example/internal/redteam/engine"
	"warder.example/internal/redteam/journal"
	"warder.example/internal/redteam/plan"
	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/strategy"
	"warder.example/internal/redteam/target"
)

// answering is a target in this process.
type answering func(n int64, messages []probe.Message) (probe.Reply, error)

// fake counts what it is asked.
type fake struct {
	answer  answering
	asked   atomic.Int64
	running atomic.Int64
	most    atomic.Int64
}

func (f *fake) Open(context.Context) (target.Session, error) { return fakeSession{f}, nil }

type fakeSession struct{ f *fake }

func (s fakeSession) Send(ctx context.Context, messages []probe.Message) (probe.Reply, error) {
	at := s.f.running.Add(1)
	defer s.f.running.Add(-1)
	for most := s.f.most.Load(); at > most && !s.f.most.CompareAndSwap(most, at); most = s.f.most.Load() {
	}
	if ctx.Err() != nil {
		f := &target.Failure{Kind: target.Interrupted, Reason: "interrupted"}
		return probe.Reply{Failure: f.Error()}, f
	}
	return s.f.answer(s.f.asked.Add(1), messages)
}

func (fakeSession) Close() error { return nil }

func fine(int64, []probe.Message) (probe.Reply, error) {
	return probe.Reply{Text: "Gladly. The desk is open from nine to four.", Model: "m"}, nil
}

func failing(kind target.Kind) answering {
	return func(int64, []probe.Message) (probe.Reply, error) {
		f := &target.Failure{Kind: kind, Reason: "as the test wants"}
		return probe.Reply{Failure: f.Error()}, f
	}
}

// file is a target file of the practice target; its limits are the test's.
func file(t testing.TB) *target.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "target.yaml")
	if err := os.WriteFile(path, []byte("version: 1\nkind: practice\nname: test\nlevel: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := target.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// planned is a plan of so many attempts a cell.
func planned(t testing.TB, attempts int, families, specs []string) *plan.Plan {
	t.Helper()
	spec := plan.Spec{Attempts: attempts, Seed: 7, Twins: true}
	for _, f := range attack.Standard().List() {
		if families == nil || slices.Contains(families, f.ID) {
			spec.Families = append(spec.Families, f)
		}
	}
	for _, id := range specs {
		s, err := strategy.Find(id)
		if err != nil {
			t.Fatal(err)
		}
		spec.Strategies = append(spec.Strategies, s)
	}
	p, err := plan.Make(file(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func small(t testing.TB) *plan.Plan {
	return planned(t, 4, []string{"inj.direct", "leak.secret"}, []string{"plain", "turns:crescendo"})
}

// play runs a plan against a target and returns what was counted.
func play(ctx context.Context, t testing.TB, dir string, p *plan.Plan, to *fake, l target.Limits) (*engine.Tally, error) {
	t.Helper()
	tally := engine.NewTally()
	j, err := journal.Open(dir, journal.Header{Plan: p.Digest, Planned: len(p.Keys)}, tally.Add)
	if err != nil {
		t.Fatal(err)
	}
	err = engine.Run(ctx, engine.Options{Plan: p, Limits: l, Target: to, Journal: j, Tally: tally, Now: time.Now})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return tally, err
}

// recorded are the ids in a journal, sorted.
func recorded(t testing.TB, dir string) (ids []string) {
	t.Helper()
	_, records, err := journal.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range records {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids
}

// wanted are the ids of a plan, sorted.
func wanted(p *plan.Plan) (ids []string) {
	for _, k := range p.Keys {
		ids = append(ids, k.ID())
	}
	slices.Sort(ids)
	return ids
}

// TestWholePlan: every attempt is made once, over at most so many requests at a time.
func TestWholePlan(t *testing.T) {
	p, dir := small(t), t.TempDir()
	to := &fake{answer: fine}
	tally, err := play(t.Context(), t, dir, p, to, target.Limits{Parallel: 3})
	if err != nil {
		t.Fatal(err)
	}
	if got := recorded(t, dir); !slices.Equal(got, wanted(p)) || tally.Attempts != len(p.Keys) {
		t.Errorf("%d attempts recorded, %d counted; expected the %d of the plan", len(got), tally.Attempts, len(p.Keys))
	}
	if to.asked.Load() != p.Cost.Requests || to.most.Load() > 3 {
		t.Errorf("%d requests, %d at once; expected %d as the preview says, at most 3 at once", to.asked.Load(), to.most.Load(), p.Cost.Requests)
	}
	before := to.asked.Load()
	if _, err := play(t.Context(), t, dir, p, to, target.Limits{Parallel: 3}); err != nil || to.asked.Load() != before {
		t.Errorf("a run that is done sent %d requests more: %v", to.asked.Load()-before, err)
	}
}

// TestStops: what ends a run leaves a journal that goes on to the whole plan.
func TestStops(t *testing.T) {
	after := func(n int64, kind target.Kind) answering {
		return func(at int64, m []probe.Message) (probe.Reply, error) {
			if at > n {
				return failing(kind)(at, m)
			}
			return fine(at, m)
		}
	}
	for _, c := range []struct {
		name   string
		answer answering
		limits target.Limits
	}{
		{"credentials", after(5, target.Credentials), target.Limits{Parallel: 2}},
		{"requests", fine, target.Limits{Parallel: 2, Requests: 9}},
		{"tokens", fine, target.Limits{Parallel: 2, Tokens: 600}},
		{"money", fine, target.Limits{Parallel: 2, Money: 0.01, InputPrice: 10, OutputPrice: 10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, dir := small(t), t.TempDir()
			_, err := play(t.Context(), t, dir, p, &fake{answer: c.answer}, c.limits)
			if _, ok := errors.AsType[*engine.Stop](err); !ok {
				t.Fatalf("%v; expected a stop", err)
			}
			had := len(recorded(t, dir))
			if had == 0 || had >= len(p.Keys) {
				t.Errorf("%d of %d attempts were kept", had, len(p.Keys))
			}
			tally, err := play(t.Context(), t, dir, p, &fake{answer: fine}, target.Limits{Parallel: 2})
			if err != nil || !slices.Equal(recorded(t, dir), wanted(p)) || tally.Errors > 0 {
				t.Errorf("it did not go on to the whole plan: %v, %d errors", err, tally.Errors)
			}
		})
	}
}

// TestBudgetIsKept: over all starts no more requests are sent than allowed.
func TestBudgetIsKept(t *testing.T) {
	p, dir := small(t), t.TempDir()
	to := &fake{answer: fine}
	for range 3 {
		_, err := play(t.Context(), t, dir, p, to, target.Limits{Parallel: 1, Requests: 10})
		if _, ok := errors.AsType[*engine.Stop](err); !ok {
			t.Fatalf("%v; expected a stop", err)
		}
	}
	if n := len(recorded(t, dir)); n == 0 || n > 10 {
		t.Errorf("%d attempts were kept of 10 requests", n)
	}
}

// TestErrorsAreOutcomes: what has no answer is an error of its attempt, and never safe.
func TestErrorsAreOutcomes(t *testing.T) {
	for _, kind := range []target.Kind{target.Malformed, target.TooLong, target.Rejected, target.Unsupported} {
		p, dir := planned(t, 2, []string{"inj.direct"}, []string{"plain"}), t.TempDir()
		tally, err := play(t.Context(), t, dir, p, &fake{answer: failing(kind)}, target.Limits{Parallel: 2})
		if err != nil || tally.Errors != len(p.Keys) {
			t.Errorf("%s: %d of %d are errors: %v", kind, tally.Errors, len(p.Keys), err)
		}
		if tally.Unjudged() != "inj.direct" {
			t.Errorf("%s: a family without any verdict is not named", kind)
		}
		release, err := tally.Release(0.5)
		if err != nil || release.Pass {
			t.Errorf("%s: the gate lets errors pass: %v", kind, err)
		}
	}
}

// TestRateLimit: a target that limits the rate is asked more slowly, and every attempt is
// made in the end.
func TestRateLimit(t *testing.T) {
	p, dir := small(t), t.TempDir()
	to := &fake{}
	var mu sync.Mutex
	limited := map[string]bool{}
	to.answer = func(n int64, m []probe.Message) (probe.Reply, error) {
		mu.Lock()
		defer mu.Unlock()
		text := m[len(m)-1].Text
		if n%9 == 0 && !limited[text] {
			limited[text] = true
			f := &target.Failure{Kind: target.RateLimited, Reason: "slow down", After: time.Millisecond}
			return probe.Reply{Failure: f.Error()}, f
		}
		return fine(n, m)
	}
	tally, err := play(t.Context(), t, dir, p, to, target.Limits{Parallel: 4})
	if err != nil || tally.Errors > 0 || len(limited) == 0 || !slices.Equal(recorded(t, dir), wanted(p)) {
		t.Errorf("%v: %d errors after %d limits", err, tally.Errors, len(limited))
	}
}

// TestInterrupted: a run that its owner ends keeps what is done and goes on.
func TestInterrupted(t *testing.T) {
	p, dir := small(t), t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	to := &fake{answer: func(n int64, m []probe.Message) (probe.Reply, error) {
		if n == 8 {
			cancel()
		}
		return fine(n, m)
	}}
	if _, err := play(ctx, t, dir, p, to, target.Limits{Parallel: 2}); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v; expected that it was interrupted", err)
	}
	if _, err := play(t.Context(), t, dir, p, &fake{answer: fine}, target.Limits{Parallel: 2}); err != nil || !slices.Equal(recorded(t, dir), wanted(p)) {
		t.Errorf("it did not go on to the whole plan: %v", err)
	}
}

// TestUnreachable: a run ends where the target does not answer at all, and goes on where
// it is one text that it does not answer.
func TestUnreachable(t *testing.T) {
	gone := failing(target.Unreachable)
	synctest.Test(t, func(t *testing.T) {
		p, dir := planned(t, 2, []string{"inj.direct"}, []string{"plain"}), t.TempDir()
		_, err := play(t.Context(), t, dir, p, &fake{answer: gone}, target.Limits{Parallel: 2})
		if stop, ok := errors.AsType[*engine.Stop](err); !ok || !strings.Contains(stop.Why, "unreachable") || len(recorded(t, dir)) > 0 {
			t.Errorf("%v; expected a stop, with nothing recorded", err)
		}
		greeted := func(n int64, m []probe.Message) (probe.Reply, error) {
			if m[0].Text == "Hello!" {
				return fine(n, m)
			}
			return gone(n, m)
		}
		tally, err := play(t.Context(), t, dir, p, &fake{answer: greeted}, target.Limits{Parallel: 2})
		if err != nil || tally.Errors != len(p.Keys) {
			t.Errorf("%v; %d errors of %d", err, tally.Errors, len(p.Keys))
		}
	})
}

// TestTriedAgain: what may be answered another time is asked three times in all.
func TestTriedAgain(t *testing.T) {
	for _, kind := range []target.Kind{target.TimedOut, target.Unavailable, target.Ended} {
		synctest.Test(t, func(t *testing.T) {
			p, dir := planned(t, 2, []string{"inj.direct"}, []string{"plain"}), t.TempDir()
			third := &fake{answer: func(n int64, m []probe.Message) (probe.Reply, error) {
				if n%3 == 0 {
					return fine(n, m)
				}
				return failing(kind)(n, m)
			}}
			tally, err := play(t.Context(), t, dir, p, third, target.Limits{Parallel: 1})
			if err != nil || tally.Errors > 0 || int(third.asked.Load()) != 3*len(p.Keys) {
				t.Errorf("%s: %v, %d errors, %d requests for %d attempts", kind, err, tally.Errors, third.asked.Load(), len(p.Keys))
			}
		})
	}
}

// TestLimitedForGood: a target that limits all requests ends the run after a while.
func TestLimitedForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, began := small(t), time.Now()
		_, err := play(t.Context(), t, t.TempDir(), p, &fake{answer: failing(target.RateLimited)}, target.Limits{Parallel: 4})
		if stop, ok := errors.AsType[*engine.Stop](err); !ok || !strings.Contains(stop.Why, "rate limited") {
			t.Errorf("%v; expected a stop", err)
		}
		if took := time.Since(began); took > 10*time.Minute {
			t.Errorf("it took %v to give up", took)
		}
	})
}

// TestPace: requests are spaced out, and a run does not last longer than it may.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, dir, began := small(t), t.TempDir(), time.Now()
		if _, err := play(t.Context(), t, dir, p, &fake{answer: fine}, target.Limits{Parallel: 4, PerMinute: 60}); err != nil {
			t.Fatal(err)
		}
		if took, want := time.Since(began), time.Duration(p.Cost.Requests-1)*time.Second; took != want {
			t.Errorf("%d requests at one a second took %v; expected %v", p.Cost.Requests, took, want)
		}
		dir = t.TempDir()
		_, err := play(t.Context(), t, dir, p, &fake{answer: fine}, target.Limits{Parallel: 4, PerMinute: 60, Time: 10500 * time.Millisecond})
		if _, ok := errors.AsType[*engine.Stop](err); !ok {
			t.Errorf("%v; expected that its time is over", err)
		}
		if n := len(recorded(t, dir)); n == 0 || n > 11 {
			t.Errorf("%d attempts in ten seconds at one request a second", n)
		}
	})
}

// TestModelsChange: a target that answers under another name is noticed.
func TestModelsChange(t *testing.T) {
	to := &fake{answer: func(n int64, m []probe.Message) (probe.Reply, error) {
		r, err := fine(n, m)
		r.Model = fmt.Sprint("m", n/10)
		return r, err
	}}
	tally, err := play(t.Context(), t, t.TempDir(), small(t), to, target.Limits{Parallel: 1})
	if err != nil || len(tally.Models) < 2 || len(tally.Models) > 16 {
		t.Errorf("%v, models %q", err, tally.Models)
	}
}

// TestHugeAnswers: what is too large for the journal is kept without its text, and its
// verdict stays.
func TestHugeAnswers(t *testing.T) {
	calls := make([]probe.Call, 128)
	for i := range calls {
		calls[i] = probe.Call{Tool: "t", Arguments: strings.Repeat("\x01", 60<<10)} // six times as long in JSON
	}
	p, dir := planned(t, 1, []string{"inj.direct"}, []string{"plain"}), t.TempDir()
	to := &fake{answer: func(int64, []probe.Message) (probe.Reply, error) { return probe.Reply{Calls: calls}, nil }}
	if _, err := play(t.Context(), t, dir, p, to, target.Limits{Parallel: 1}); err != nil {
		t.Fatal(err)
	}
	_, records, err := journal.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for r, err := range records {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if got := r.Transcript.Exchanges[0].Got; !got.Overflow || len(got.Calls) > 0 || r.Verdict.Outcome == "" {
			t.Errorf("kept: %d calls, overflow %v, outcome %q", len(got.Calls), got.Overflow, r.Verdict.Outcome)
		}
		if v, err := engine.Judge(r.Key, r.Objective, r.Transcript); err != nil || v.Outcome != probe.Unscorable {
			t.Errorf("judged again it is %q, %v; expected that it cannot be scored", v.Outcome, err)
		}
	}
	if n != len(p.Keys) {
		t.Errorf("%d attempts were kept of %d", n, len(p.Keys))
	}
}

// BenchmarkAttempt is what an attempt costs beside its target, which answers at once.
func BenchmarkAttempt(b *testing.B) {
	p := planned(b, 12, nil, plan.Standard)
	b.ResetTimer()
	made := 0
	for b.Loop() {
		dir, err := os.MkdirTemp(b.TempDir(), "run")
		if err != nil {
			b.Fatal(err)
		}
		tally, err := play(context.Background(), b, dir, p, &fake{answer: fine}, target.Limits{Parallel: 4})
		if err != nil {
			b.Fatal(err)
		}
		made += tally.Attempts
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(made)/1e3, "µs/attempt")
	b.ReportMetric(0, "ns/op")
}
