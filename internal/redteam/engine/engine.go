// Package engine carries a plan of the red team out: it writes each attempt, sends it,
// judges what came back at once and appends it to the journal.
//
// # Going on
//
// What the journal has is not made again, and what it lacks is: a run that was killed is
// started again with the same plan and ends with the same attempts as one that was not.
// An attempt that was under way when a run ended is made from its beginning.
//
// # Pace
//
// At most limits.parallel requests of the target file run at once. A 429 halves that and
// holds all back for as long as the target asks; each answer gives a little of it back
// (additive increase, multiplicative decrease: Chiu and Jain, 1989). limits.per_minute
// spaces requests out.
//
// # Failures
//
// A request that may be answered another time is sent again, twice at most, in a new
// conversation. What fails all the same is an attempt with the outcome error. A run ends
// with a [*Stop] where all else would fail alike: refused credentials, a target that does
// not even answer a greeting, one that goes on limiting, a spent budget. It can go on
// later.
package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"warder.example/internal/redteam/journal"
	"warder.example/internal/redteam/plan"
	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/target"
)

// How often what failed is tried.
const (
	tries       = 3  // of an attempt
	patience    = 8  // answers in a row that limit the rate
	maxRecorded = 64 // bytes of a transcript's text that is too large to keep, per reply
)

// Options are what a run works with.
type Options struct {
	Plan    *plan.Plan
	Limits  target.Limits
	Target  target.Target
	Journal *journal.Journal
	// Tally has what the journal had when it was opened, and gets what comes. Nobody
	// else uses it until the run has ended.
	Tally *Tally
	// Progress, if not nil, is told after each attempt, one at a time, and may read the
	// tally.
	Progress func(*Tally)
	Now      func() time.Time
}

// A Stop says why a run ended before its plan. It can go on later.
type Stop struct {
	Why string
	err error
}

// Error says why.
func (s *Stop) Error() string { return "the run stopped: " + s.Why }

// Unwrap returns the cause, nil if there is none.
func (s *Stop) Unwrap() error { return s.err }

// run is one run.
type run struct {
	Options
	gate  *gate
	spent *budget

	mu   sync.Mutex // of next and the tally
	next int
}

// Run makes the attempts that the journal lacks. The error is a [*Stop], or that of the
// context or the journal; what was appended by then is kept.
func Run(ctx context.Context, o Options) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if o.Limits.Time > 0 {
		why := &Stop{Why: fmt.Sprintf("its time of %v is over", o.Limits.Time)}
		within, end := context.WithTimeoutCause(ctx, o.Limits.Time, why)
		defer end()
		ctx = within
	}
	r := &run{Options: o, gate: newGate(o.Limits, o.Now), spent: newBudget(o.Limits, o.Tally)}
	var all sync.WaitGroup
	for range max(1, o.Limits.Parallel) {
		all.Go(func() {
			if err := r.work(ctx); err != nil {
				stop(err)
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// work makes attempts until there are no more.
func (r *run) work(ctx context.Context) error {
	for {
		k, ok := r.pick()
		if !ok || ctx.Err() != nil {
			return nil
		}
		rec, err := r.attempt(ctx, k)
		if err != nil {
			return err
		}
		if err := r.keep(rec); err != nil {
			return err
		}
	}
}

// pick returns the next attempt that the journal lacks.
func (r *run) pick() (journal.Key, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ; r.next < len(r.Plan.Keys); r.next++ {
		if k := r.Plan.Keys[r.next]; !r.Journal.Seen(k) {
			r.next++
			return k, true
		}
	}
	return journal.Key{}, false
}

// attempt makes one attempt.
func (r *run) attempt(ctx context.Context, k journal.Key) (*journal.Record, error) {
	a, err := r.Plan.Attempt(k)
	if err != nil {
		return nil, err
	}
	var t probe.Transcript
	for try := 1; ; try++ {
		var failed *target.Failure
		if t, failed, err = r.converse(ctx, a); err != nil {
			return nil, err
		}
		if failed == nil || !failed.Kind.Again() {
			break
		}
		if try == tries {
			if failed.Kind == target.Unreachable && !r.reachable(ctx) {
				return nil, &Stop{Why: failed.Error(), err: failed}
			}
			break
		}
		if err := sleep(ctx, max(failed.After, backoff(try))); err != nil {
			return nil, err
		}
	}
	v, err := Judge(k, a.Objective, t)
	if err != nil {
		return nil, err
	}
	return &journal.Record{Key: k, At: r.Now().UTC(), Objective: a.Objective, Transcript: t, Verdict: v}, nil
}

// converse sends an attempt in a conversation of its own. A failure ends it, and stands
// in the transcript as well.
func (r *run) converse(ctx context.Context, a *plan.Attempt) (t probe.Transcript, failed *target.Failure, err error) {
	s, err := r.Target.Open(ctx)
	if err != nil {
		failed, err := r.serious(ctx, err)
		t.Exchanges = []probe.Exchange{{Sent: a.Exchanges[0], Got: probe.Reply{Failure: reason(failed)}}}
		return t, failed, err
	}
	defer s.Close()
	var told usage
	for _, messages := range a.Exchanges {
		reply, err := r.send(ctx, s, messages, &told)
		failed, err := r.serious(ctx, err)
		if err != nil {
			return t, nil, err
		}
		t.Exchanges = append(t.Exchanges, probe.Exchange{Sent: messages, Got: reply})
		if failed != nil {
			return t, failed, nil
		}
	}
	return t, nil, nil
}

func reason(f *target.Failure) string {
	if f == nil {
		return ""
	}
	return f.Error()
}

// serious parts failures of an attempt from what ends the run.
func (r *run) serious(ctx context.Context, err error) (*target.Failure, error) {
	if err == nil {
		return nil, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if _, over := errors.AsType[*Stop](err); over { // it may wrap a failure
		return nil, err
	}
	f, ok := errors.AsType[*target.Failure](err)
	switch {
	case !ok:
		return nil, err
	case f.Kind.Stop():
		return nil, &Stop{Why: f.Error(), err: f}
	}
	return f, nil
}

// send says messages once the budget, the rate and the gate allow it, and again while the
// target limits the rate.
func (r *run) send(ctx context.Context, s target.Session, messages []probe.Message, told *usage) (probe.Reply, error) {
	told.say(messages)
	for limited := 1; ; limited++ {
		if err := r.spent.reserve(told.input); err != nil {
			return probe.Reply{}, err
		}
		turn, err := r.gate.enter(ctx)
		if err != nil {
			return probe.Reply{}, err
		}
		reply, err := s.Send(ctx, messages)
		f, _ := errors.AsType[*target.Failure](err)
		slow := f != nil && f.Kind == target.RateLimited
		wait := time.Duration(0)
		if slow {
			wait = max(f.After, backoff(limited))
		}
		r.gate.leave(turn, slow, wait)
		r.spent.settle(told.input, told.of(reply))
		if !slow {
			return reply, err
		}
		if limited == patience {
			return reply, &Stop{Why: fmt.Sprintf("%s, %d times in a row", f.Error(), patience), err: f}
		}
	}
}

// reachable reports whether the target answers a greeting: then it is the attempt that it
// does not answer.
func (r *run) reachable(ctx context.Context) bool {
	s, err := r.Target.Open(ctx)
	if err != nil {
		return false
	}
	defer s.Close()
	_, err = s.Send(ctx, []probe.Message{{Role: probe.RoleUser, Text: "Hello!"}})
	f, _ := errors.AsType[*target.Failure](err)
	return f == nil || f.Kind != target.Unreachable
}

// keep appends an attempt and counts it.
func (r *run) keep(rec *journal.Record) error {
	err := r.Journal.Append(rec)
	if errors.Is(err, journal.ErrTooLarge) {
		err = r.Journal.Append(cut(rec))
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Tally.Add(rec)
	if r.Progress != nil {
		r.Progress(r.Tally)
	}
	return nil
}

// cut takes out of a transcript what makes it too large to keep. Its verdict, made on the
// whole, stays; who judges it again is told that there was more.
func cut(rec *journal.Record) *journal.Record {
	for i := range rec.Transcript.Exchanges {
		x := &rec.Transcript.Exchanges[i]
		x.Sent = nil
		x.Got = probe.Reply{Text: x.Got.Text[:min(len(x.Got.Text), maxRecorded)], Overflow: true, Failure: x.Got.Failure, Blocked: x.Got.Blocked, Usage: x.Got.Usage}
	}
	return rec
}
