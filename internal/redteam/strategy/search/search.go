// Package search chooses what to try next on a target, from what came of the attempts
// before. No model is asked.
//
//   - [BestOfN]: the same text with small random changes, again and again (Hughes et
//     al., "Best-of-N Jailbreaking", 2024).
//   - [Genetic]: frames, structures and codes are recombined, those that came
//     nearest breed (after Yu, Lin, Yu and Xing, "GPTFUZZER", 2023, with a grammar in
//     place of the model that mutates).
//   - [Bandit]: strategies as arms, by Thompson sampling (Thompson 1933). Its
//     propensities are exact, so that asr.Reweighted gives the rate of a fixed mixture.
//
// A search proposes and is told; it sends nothing. Proposals may be out at the
// same time and be told of in any order. The same seed and the same order of calls give
// the same proposals. A search is not safe for concurrent use.
package search

import (
	"math/rand/v2"

	"warder.example/internal/redteam/probe"
)

// A Proposal is what to try.
type Proposal struct {
	Number   int    // from 0, in the order in which proposals were made
	Strategy string // a spec of strategy.Find
	Text     string // what the strategy is laid over; empty: the attack's own text
	Seed     uint64 // of the random source for the strategy
	// Propensity is the probability with which the strategy was chosen, given all that
	// was told before; 0 if the search does not know it, so that its attempts
	// are evidence of what succeeds and not of how often.
	Propensity float64
}

// A Search proposes attempts.
type Search interface {
	// Next is false when the search has ended.
	Next() (Proposal, bool)
	// Observe tells what came of a proposal, each once. What is told again, or was
	// never proposed, does not count, nor does an outcome that is no verdict.
	Observe(Proposal, probe.Outcome)
}

var (
	_ Search = (*BestOfN)(nil)
	_ Search = (*Genetic)(nil)
	_ Search = (*Bandit)(nil)
)

// MaxAttempts is how many proposals a search makes at most.
const MaxAttempts = 1_000_000

// worth is how much an outcome counts, from 0 to 1; false for errors and what could not be
// judged, which say nothing about the attack.
func worth(o probe.Outcome) (float64, bool) {
	switch o {
	case probe.Success:
		return 1, true
	case probe.Partial:
		return 0.5, true
	case probe.Refused, probe.Deflected, probe.Blocked:
		return 0, true
	}
	return 0, false
}

// source is the random source of a seed.
func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x7365617263680001)) }

// A ledger numbers proposals and knows which are out.
type ledger[T any] struct {
	next int
	most int
	out  map[int]T
}

// open notes a proposal; false if there were as many as there may be.
func (l *ledger[T]) open(of T) (number int, ok bool) {
	if l.next >= min(l.most, MaxAttempts) {
		return 0, false
	}
	if l.out == nil {
		l.out = map[int]T{}
	}
	l.out[l.next] = of
	l.next++
	return l.next - 1, true
}

// settle takes a proposal off; false if it is not out.
func (l *ledger[T]) settle(number int) (T, bool) {
	of, ok := l.out[number]
	delete(l.out, number)
	return of, ok
}
