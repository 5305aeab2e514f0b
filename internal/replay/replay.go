// Package replay judges logged calls of language models as Warder would have judged
// them, and says what it would have stopped and why. No gateway is needed and
// nothing is changed: it is how to get to know Warder without risk.
//
// # One pass
//
// One goroutine reads values from the logs, several judge them, and what they find
// is counted in the order of the logs. Counts hold no texts. Findings are remembered
// by a hash of the text, so that system prompts and the turns of a conversation are
// read once.
//
// A request carries its past. As in the gateway a turn is judged when it is new:
// what stands before the last answer of the model was judged in its own request. A row
// that holds a conversation to its end is judged turn by turn.
//
// A second pass reads again the records that were drawn by lot on the way: for a
// person's review, for excerpts, and to choose thresholds. It is left out where a
// log cannot be read twice.
//
// # What differs from the gateway
//
// A gateway knows delimiters of an application, canaries and remembered threats; logs
// are judged without. Seams between parts and messages are not joined, bodies that a
// gateway would refuse as malformed are judged if they can be read, and what would
// have been redacted was not, so that the answers to it stand here.
//
// # Hostile logs
//
// See package logs for what is bounded there. Names of applications and models are
// counted under at most [MaxGroups]; the rest is put together. One that holds a
// credential or personal data is [Hidden].
package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"warder.example/guard"
	"warder.example/guard/policy"
	"warder.example/guard/standard"
	"warder.example/internal/replay/logs"
)

// MaxReview is how many records a review has at most.
const MaxReview = 10000

// Options say what to replay and how.
type Options struct {
	Files  []string  // as logs.Files returns them
	Stream io.Reader // in place of files; it is read once
	Format logs.Format
	Policy *policy.Policy
	// Compare is a second policy; nil: none.
	Compare *policy.Policy
	// Facts are what the policies may ask of the application.
	Facts guard.Facts
	// Every says that all turns of a conversation are judged as new ones, because
	// the log has only the last request of each.
	Every bool
	// Unreadable is the share of values that may be unreadable.
	Unreadable float64
	// Resume is a file that keeps where a replay stands; empty: none.
	Resume string
	// Review is how many would-be blocks are drawn for a person to label.
	Review int
	// Excerpts says that the report shows masked parts of texts.
	Excerpts bool
	// Thresholds is how many records are drawn to choose thresholds on; 0: none.
	Thresholds int
	// Labels are what people said of would-be blocks, by id: true for honest.
	Labels map[string]bool
	// Now is the time at which thresholds are made and progress is told.
	Now func() time.Time
	// Progress is told from time to time where the replay stands; it may be nil.
	Progress func(Progress)
	// SaveEvery is after how many values Resume is written, beside at the start, at
	// the end and every few seconds; 0: 20,000.
	SaveEvery int
}

// Progress says where a replay stands.
type Progress struct {
	Values, Requests int
	Bytes, Of        int64 // of the files as they are stored; Of is 0 if not known
}

// Errors of Run.
var (
	// ErrUnreadable means that too many values cannot be read.
	ErrUnreadable = errors.New("too much of the logs cannot be read")
	// ErrNothing means that the logs hold no call of a model.
	ErrNothing = errors.New("the logs hold no call of a model")
	// ErrLabels means that labels are not of this replay.
	ErrLabels = errors.New("labels are not of these logs and this policy")
)

// run is a replay at work.
type run struct {
	o      *Options
	judges []*judge // of the policy, and of the one that it is compared with
	names  *names
	digest string
	t      *tally
	at     position
	of     int64
}

// position is where a replay stands: everything before it was counted.
type position struct {
	File  int `json:"file"`
	Value int `json:"value"` // values of the file that were counted
}

// newRun prepares the judges.
func newRun(o *Options) (*run, error) {
	if o.Stream != nil && (o.Resume != "" || o.Review > 0 || o.Excerpts) {
		return nil, errors.New("a stream is read once: a resume file, a review and excerpts take logs that are files")
	}
	if o.Review < 0 || o.Review > MaxReview {
		return nil, fmt.Errorf("a review of %d records; expected 0 to %d", o.Review, MaxReview)
	}
	if !(o.Unreadable >= 0 && o.Unreadable <= 1) {
		return nil, fmt.Errorf("%g as the share of unreadable values; expected 0 to 1", o.Unreadable)
	}
	r := &run{o: o, names: newNames(), digest: o.Policy.Digest(), t: newTally()}
	for _, p := range []*policy.Policy{o.Policy, o.Compare} {
		if p == nil {
			continue
		}
		g, err := standard.New(p)
		if err != nil {
			return nil, fmt.Errorf("policy %.200q: %w", p.Name(), err)
		}
		if len(r.judges) == 1 && samePatterns(o.Policy, p) {
			// One set of detectors serves both.
			g.Detectors, g.Turns, g.Results = r.judges[0].guard.Detectors, r.judges[0].guard.Turns, r.judges[0].guard.Results
		}
		r.judges = append(r.judges, newJudge(g, o.Facts, o.Every))
	}
	if o.Stream == nil {
		r.t.Picks.want(forReview, o.Review)
		r.t.Picks.want(forThresholds, o.Thresholds)
		if o.Excerpts {
			r.t.Picks.want(forExcerpt, 1)
		}
	}
	return r, nil
}

// Run replays logs. An error wraps [ErrUnreadable], [ErrNothing] or [ErrLabels], or
// says what of the system failed; a replay with a resume file that was interrupted
// goes on where it stood.
func Run(ctx context.Context, o Options) (*Report, error) {
	r, err := newRun(&o)
	if err != nil {
		return nil, err
	}
	if o.Resume != "" {
		if err := r.resume(); err != nil {
			return nil, err
		}
	}
	if err := r.measure(); err != nil {
		return nil, err
	}
	if o.Resume != "" { // fails now if it cannot be written
		if err := r.save(); err != nil {
			return nil, err
		}
	}
	if err := r.readAll(ctx); err != nil {
		if o.Resume != "" {
			err = errors.Join(err, r.save())
		}
		return nil, err
	}
	if o.Resume != "" {
		if err := r.save(); err != nil {
			return nil, err
		}
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	again, err := r.again(ctx)
	if err != nil {
		return nil, err
	}
	return r.report(ctx, again)
}

// check fails closed: a report of half a log would look like one of all of it.
func (r *run) check() error {
	if lost := r.t.lost(); lost > 0 && float64(lost) > r.o.Unreadable*float64(r.t.Values) {
		return fmt.Errorf("%w: %d of %d values; %s", ErrUnreadable, lost, r.t.Values, r.whyUnreadable())
	}
	if r.t.Requests == 0 {
		return fmt.Errorf("%w: %d values, of which %d hold something else", ErrNothing, r.t.Values, leftOut(r.t.Left))
	}
	if n := len(r.o.Labels) - len(r.t.Labelled); n > 0 {
		return fmt.Errorf("%w: %d of %d name no would-be block", ErrLabels, n, len(r.o.Labels))
	}
	return nil
}
