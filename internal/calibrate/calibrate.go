// Package calibrate chooses thresholds of the prompt-attack classifiers on an
// operator's own honest texts, so that the share of further honest texts that
// reach them stays within a stated budget.
//
// # The bound
//
// Of n texts in the order of their scores the threshold stands just above the
// (k+1)-th highest, k being fixed by n, budget and confidence before any score is
// looked at: the largest with which the probability of at most k in n at a share
// of the budget is one minus the confidence or less. Over the draw of the n texts,
// the share of further texts that reach such an order statistic is then within the
// budget with the stated confidence, whatever the distribution of scores is (Wilks,
// "Determination of sample sizes for setting tolerance limits", 1941). The choice
// of the threshold by the data is part of that statement: nothing needs to be
// split off or corrected. It is the bound of Clopper and Pearson at k of n.
//
// # What it assumes
//
// That the texts given and the texts to come are exchangeable: drawn alike from one
// source. That they are honest: an attack among them raises a threshold. Texts that
// are nearly the same are counted once, with the highest score among them, and so
// are all texts made from one template, and the parts of one row: n counts
// clusters, and the share is one of different texts, not of messages. Each bound
// holds by itself. What a drift of the traffic does is for a [Watch] to see.
package calibrate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"warder.example/guard"
	"warder.example/guard/detect"
	"warder.example/guard/threshold"
	"warder.example/internal/binomial"
	"warder.example/internal/corpus"
)

// Errors of [Run].
var (
	// ErrTooFew means that there are too few texts to support the budget.
	ErrTooFew = errors.New("too few honest texts to support the budget")
	// ErrNotHonest means that a row is labelled as something else.
	ErrNotHonest = errors.New("not an honest text")
)

// MaxTexts is the most texts that are read: each takes some 350 bytes.
const MaxTexts = 1_000_000

// Options say what to choose.
type Options struct {
	Budgets    []float64      // each above 0 and at most threshold.MaxBudget
	Confidence float64        // of each bound, between 0 and 1
	Default    guard.Origin   // of rows that name no channel
	Origins    []guard.Origin // choose for these; nil: for all that rows have
	Now        time.Time
	Valid      time.Duration // how long the thresholds may be used
}

// Check returns what is wrong with the options.
func (o *Options) Check() error {
	if len(o.Budgets) == 0 {
		return errors.New("no budget")
	}
	for i, b := range o.Budgets {
		if !(b > 0 && b <= threshold.MaxBudget) {
			return fmt.Errorf("budget is %g; expected a share above 0 and at most %g", b, threshold.MaxBudget)
		}
		if slices.Contains(o.Budgets[:i], b) {
			return fmt.Errorf("budget %g is given twice", b)
		}
	}
	if !(o.Confidence >= 0.5 && o.Confidence < 1) {
		return fmt.Errorf("confidence is %g; expected at least 0.5 and less than 1", o.Confidence)
	}
	if o.Valid < time.Hour || o.Valid > threshold.MaxValid {
		return fmt.Errorf("thresholds would be valid for %s; expected an hour to %d days", o.Valid, threshold.MaxValid/(24*time.Hour))
	}
	return nil
}

// Result is what was chosen, and on what.
type Result struct {
	File    threshold.File `json:"file"`
	Sources []Source       `json:"sources"`
	// Chosen adds to each of File.Thresholds, in their order.
	Chosen []Chosen `json:"chosen"`
}

// Source is the texts of one origin.
type Source struct {
	Origin   guard.Origin `json:"origin"`
	Texts    int          `json:"texts"`    // that the classifier read
	Clusters int          `json:"clusters"` // different ones
	// Left says that there were too few for the smallest budget and that no row
	// had this origin: it is that of parts pasted into other texts. Nothing was
	// chosen for it.
	Left bool `json:"left,omitempty"`
}

// Chosen says what a threshold changes, and which texts decided it.
type Chosen struct {
	// Published is how many of the clusters reach the published threshold of
	// the same rate, or of the next stricter one.
	Published int `json:"published"`
	// Lines are those of the rows with the highest scores, at most MaxLines: an
	// attack among them raises the threshold.
	Lines []int `json:"lines"`
	// Never says that the threshold lies above all scores, so that nothing will
	// be found at this budget.
	Never bool `json:"never,omitempty"`
}

// MaxLines is how many lines a [Chosen] names at most.
const MaxLines = 5

// Run reads honest rows and chooses thresholds for the detector. It reads texts as
// a gateway without rules of its own does: what looks pasted into a user's text is
// read as what it looks like as well. Rows that the classifier does not read are
// left out. It returns an error that wraps [ErrTooFew] when one of the origins has
// too few texts for one of the budgets, and one that wraps [ErrNotHonest] or
// [corpus.ErrRow] at such a row.
func Run(ctx context.Context, d *detect.PromptAttack, rows iter.Seq2[corpus.Row, error], o Options) (*Result, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	s, err := read(ctx, d, rows, o.Default)
	if err != nil {
		return nil, err
	}
	o.Budgets = slices.Sorted(slices.Values(o.Budgets))
	r := &Result{File: threshold.File{Version: 1, Model: d.Version(), Made: o.Now, Expires: o.Now.Add(o.Valid), Confidence: o.Confidence}}
	var short []string
	for origin := range s.origins() {
		asked := slices.Contains(o.Origins, origin)
		if len(o.Origins) > 0 && !asked {
			continue
		}
		cs := s.clusters(origin)
		src := Source{Origin: origin, Texts: s.texts[origin], Clusters: len(cs)}
		if need := binomial.Fewest(0, o.Budgets[0], o.Confidence); len(cs) < need {
			if src.Left = !asked && !s.named[origin]; !src.Left {
				short = append(short, fmt.Sprintf("%s has %d different texts (of %d); a budget of %g %% takes at least %d with none above",
					origin, len(cs), s.texts[origin], 100*o.Budgets[0], need))
			}
		} else {
			r.choose(origin, cs, &o)
		}
		r.Sources = append(r.Sources, src)
	}
	for _, origin := range o.Origins {
		if s.texts[origin] == 0 {
			short = append(short, fmt.Sprintf("%s has none", origin))
		}
	}
	if len(short) > 0 || len(r.File.Thresholds) == 0 {
		return r, fmt.Errorf("%w at a confidence of %g %%: %s", ErrTooFew, 100*o.Confidence, orNone(short))
	}
	return r, nil
}

func orNone(short []string) string {
	if len(short) == 0 {
		return "there are none that the classifier reads"
	}
	return strings.Join(short, "; ")
}

// choose adds the thresholds of an origin.
func (r *Result) choose(origin guard.Origin, cs []cluster, o *Options) {
	for c, name := range threshold.Categories {
		slices.SortStableFunc(cs, func(a, b cluster) int { return descending(a.score[c], b.score[c]) })
		if cs[0].score[c] < 0 {
			continue // the model has no head for it
		}
		for _, budget := range o.Budgets {
			k := binomial.Allowed(len(cs), budget, o.Confidence)
			e := threshold.Entry{Origin: origin, Category: name, Budget: budget, Texts: len(cs), Score: math.Nextafter(cs[k].score[c], 2)}
			why := Chosen{Never: e.Score > 1}
			for i := range cs {
				if cs[i].score[c] >= e.Score {
					e.Reached++
				}
				if cs[i].rate[c] <= budget {
					why.Published++
				}
				if i < MaxLines {
					why.Lines = append(why.Lines, cs[i].line[c])
				}
			}
			e.Low, _ = binomial.Interval(e.Reached, len(cs), o.Confidence)
			// Ties apart, k texts reach it; the bound is that of the order statistic.
			_, e.High = binomial.Interval(k, len(cs), o.Confidence)
			e.High = min(e.High, budget) // but for rounding it is
			r.File.Thresholds, r.Chosen = append(r.File.Thresholds, e), append(r.Chosen, why)
		}
	}
}

func descending(a, b float64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}
