// Package evaluate measures guards on labelled texts: how much of which attacks
// they see, and how much honest text they would stop.
//
// # What is counted
//
// Rows labelled injection or jailbreak are attacks, rows labelled benign or
// benign_hard are honest, harmful_request stands by itself; other rows and
// answers are counted and left out. An attack is caught at a rate when a finding
// of category injection or jailbreak has that published false-positive rate or a
// smaller one ([guard.Finding]); so is an honest text wrongly stopped. A text
// that a guard did not answer for ([Unanswered]) is neither: it is counted apart.
//
// # How it is summed up
//
// By source, never pooled alone: a large easy source would hide the others.
// Sources with fewer than [SmallSource] rows of a kind form one group. Macro
// recall is the mean over attack sources, specificity the mean over honest
// sources, balanced accuracy their mean. The area under the curve and the
// true-positive rates at a false-positive rate of this very corpus say how well
// scores rank, whatever the thresholds.
//
// # Intervals
//
// All are at 95 %. Rows that share a payload, a template or a fine division of
// their source are not independent (see payload.go): they are drawn together in
// a bootstrap. Fractions have the hull of that and of Wilson's interval, so that
// neither the rows of one payload nor a resampling that never varies make an
// interval too narrow. Draws come from a fixed seed: a report can be repeated.
package evaluate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"warder.example/internal/corpus"
	"warder.example/internal/evaluate/disturb"
)

// SmallSource is the number of rows below which sources of a kind are put
// together.
const SmallSource = 100

// SmallGroup is the name under which they are listed.
const SmallGroup = "(small sources)"

// Rates are the published false-positive rates, from the strictest. The default
// policy blocks at the second and flags at the third.
var Rates = [...]float64{0.001, 0.01, 0.05}

// The indices in [Rates] of the thresholds that the default policy acts on.
const (
	atBlock = 1
	atFlag  = 2
)

// A Judge scores texts. It must be safe for use by as many goroutines as its
// [Guard] has jobs.
type Judge interface {
	// Judge returns an error that wraps [*Unanswered] when this text got no
	// answer and others may; any other error ends the measurement.
	Judge(ctx context.Context, row *corpus.Row) (Judgement, error)
}

// Judgement is what a judge makes of one text, for prompt attacks and for
// requests for harm.
type Judgement struct {
	Attack, Harm Mark
}

// Mark is a score and the smallest published false-positive rate that it
// reaches, 1 if none, 0 for an exact recogniser and for a guard that only says
// yes.
type Mark struct {
	Score, FPR float64
}

// Unanswered is the error of a text that a guard gave no judgement on. Class is
// one of few short phrases, such as "timeout" or "status 500"; it never quotes
// what a peer sent.
type Unanswered struct{ Class string }

func (u *Unanswered) Error() string { return "no judgement: " + u.Class }

// Guard is a judge with the name under which it is reported.
type Guard struct {
	Name  string
	Judge Judge
	// Jobs is how many texts it is asked about at a time, 1 if less.
	Jobs int
}

// Kind is what a row counts as.
type Kind string

// The kinds.
const (
	Attack  Kind = "attack"
	Honest  Kind = "honest"
	Harmful Kind = "harmful_request"
)

// kindOf returns "" for rows that are left out.
func kindOf(l corpus.Label) Kind {
	switch {
	case l.Attack():
		return Attack
	case l.Ordinary():
		return Honest
	case l == corpus.HarmfulRequest:
		return Harmful
	}
	return ""
}

// Rows yields the corpus from its beginning, the same rows at every call: each
// guard reads it for itself.
type Rows func() iter.Seq2[corpus.Row, error]

// Options says what to report.
type Options struct {
	// Now is the clock that latency is measured with; nil measures none. It
	// must be safe for concurrent use if a guard has several jobs.
	Now func() time.Time
	// Progress, if not nil, is told now and then how many rows a guard was
	// asked about, and disturbed how.
	Progress func(guard, disturbance string, rows int)
	// Disturb lists the disturbances after which every guard judges the
	// corpus again, attacks and honest texts alike.
	Disturb []disturb.Way
}

// Run measures guards side by side on rows. The first guard is the base that the
// others are compared with. Rows without a label or source are errors.
func Run(ctx context.Context, guards []Guard, rows Rows, opt Options) (*Report, error) {
	if len(guards) == 0 {
		return nil, errors.New("no guard to measure")
	}
	rep := &Report{Schema: Schema, Rates: Rates[:]}
	var base *pass
	for _, g := range guards {
		clean, err := measure(ctx, g, rows, nil, opt)
		if err != nil {
			return nil, err
		}
		if base == nil {
			base = clean
			rep.Corpus = describe(clean)
		} else if !clean.matches(base) {
			return nil, errChanged
		}
		res := summarise(g.Name, clean)
		for _, way := range opt.Disturb {
			p, err := measure(ctx, g, rows, &way, opt)
			if err != nil {
				return nil, err
			}
			if !p.matches(clean) {
				return nil, errChanged
			}
			res.Disturbed = append(res.Disturbed, disturbed(way.Name, clean, p))
		}
		rep.Guards = append(rep.Guards, res)
		if clean != base {
			rep.Comparisons = append(rep.Comparisons, compare(guards[0].Name, g.Name, base, clean))
		}
	}
	return rep, nil
}

var errChanged = fmt.Errorf("the corpus changed while it was read: guards must be measured on the same rows")
