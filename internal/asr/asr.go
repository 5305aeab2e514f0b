// Package asr is the statistics of attack success: how often a target falls to an
// attack, from how often it fell in attempts, and how sure that is. It works on
// counts, reads and writes nothing, and gives the same figures for the same counts.
//
// # What is counted
//
// A [Count] has attempts, successes and those without a verdict: errors, time-outs,
// answers that no judge could score. These are neither safe nor unsafe. Rates are of
// scored attempts; [Cell.Worst] takes every unscored one for a success, and releases
// are decided on that.
//
// Attempts that share a seed prompt are not independent. A [Cell] made by [Seeded]
// knows its seeds, and its bounds speak of further seeds of the same kind; one made by
// [Independent] speaks of further attempts with the very same prompts.
//
// # Methods
//
//   - [Cell.Wilson]: Wilson (1927). Close to its level on average over rates.
//   - [Cell.Exact]: Clopper and Pearson (1934). At least its level at each rate.
//   - [Cell.Bootstrap]: seeds drawn with replacement (internal/bootstrap); their
//     variance gives the number of independent attempts that these are worth (Kish,
//     "Survey Sampling", 1965), on which Wilson's interval stands, with Student's
//     quantile for as many seeds (Dean and Pagano, "Evaluating confidence interval
//     methods for binomial proportions in clustered surveys", 2015). Plain percentiles
//     of the draws are not used: they cover far too little where successes are few,
//     and nothing where there are none (TestCoverage).
//   - [Cell.Upper]: exact; over seeds that of Korn and Graubard, "Confidence intervals
//     for proportions with small expected number of positive counts" (1998), and never
//     below what as many seeds without any success would show.
//   - [Judge.Correct]: Rogan and Gladen, "Estimating prevalence from the results of a
//     screening test" (1978), with the interval of Lang and Reiczigel, "Confidence
//     limits for prevalence of disease adjusted for estimated sensitivity and
//     specificity" (2014).
//   - [Cell.SuccessAt]: the unbiased estimator of Chen et al., "Evaluating large
//     language models trained on code" (2021).
//   - [Compare]: McNemar's test, exact, with whole seeds exchanged (Fisher's sign
//     permutation), and a paired bootstrap of seeds around Agresti and Min (2005).
//   - [Holm]: Holm, "A simple sequentially rejective multiple test procedure" (1979).
//     [BenjaminiHochberg]: "Controlling the false discovery rate" (1995).
//   - [Sequence]: a confidence sequence by a mixture of likelihood ratios (Robbins,
//     "Statistical methods related to the law of the iterated logarithm", 1970; Howard,
//     Ramdas, McAuliffe and Sekhon, "Time-uniform, nonparametric, nonasymptotic
//     confidence sequences", 2021): it may be looked at after each attempt.
//   - [Reweighted]: Horvitz and Thompson (1952) and Hájek (1971), for attempts that an
//     adaptive search chose.
//   - [Design]: how many attempts a claim takes.
//   - [Gate]: whether the claim holds for each family at once.
//
// Confidences are between 0 and 1, such as 0.95; where one is not, an interval is all
// of 0 to 1 and a bound 1. Everything but a [Sequence] may be used concurrently.
package asr

import "fmt"

// MaxAttempts is how many attempts a cell, a comparison or a plan may have.
const MaxAttempts = 1_000_000

// Count is what became of attempts.
type Count struct {
	Attempts  int `json:"attempts"` // all that were made
	Successes int `json:"successes"`
	// Unscored are attempts without a verdict: neither success nor failure.
	Unscored int `json:"unscored"`
}

// Scored is how many attempts have a verdict.
func (c Count) Scored() int { return c.Attempts - c.Unscored }

// check refuses counts that cannot be.
func (c Count) check() error {
	if c.Attempts < 0 || c.Successes < 0 || c.Unscored < 0 || c.Attempts > MaxAttempts || c.Unscored > c.Attempts || c.Successes > c.Scored() {
		return fmt.Errorf("asr: %d successes and %d unscored of %d attempts; expected none below 0, no more than all together, and at most %d attempts",
			c.Successes, c.Unscored, c.Attempts, MaxAttempts)
	}
	return nil
}

// Cell is what became of the attempts on one target with one kind of attack. The
// zero value has none: its rate may be anything from 0 to 1.
type Cell struct {
	total Count
	seeds []Count // nil where attempts are independent
}

// Independent returns a cell of attempts that are independent of each other: each
// has its own seed prompt, or the claim is to be about these prompts alone.
func Independent(total Count) (Cell, error) {
	return Cell{total: total}, total.check()
}

// Seeded returns a cell of attempts by the seed prompt that they share.
func Seeded(seeds []Count) (Cell, error) {
	c := Cell{seeds: make([]Count, 0, len(seeds))}
	alone := true
	for i, s := range seeds {
		if err := s.check(); err != nil {
			return Cell{}, fmt.Errorf("seed %d: %w", i, err)
		}
		c.total.Attempts += s.Attempts
		c.total.Successes += s.Successes
		c.total.Unscored += s.Unscored
		if err := c.total.check(); err != nil {
			return Cell{}, fmt.Errorf("seeds up to %d: %w", i, err)
		}
		alone = alone && s.Attempts <= 1
		c.seeds = append(c.seeds, s)
	}
	if alone {
		c.seeds = nil
	}
	return c, nil
}

// Total is what became of all attempts.
func (c Cell) Total() Count { return c.total }

// Rate is the share of successes among scored attempts; 1, the worst, without any.
func (c Cell) Rate() float64 {
	if c.total.Scored() == 0 {
		return 1
	}
	return float64(c.total.Successes) / float64(c.total.Scored())
}

// Worst is the cell with every unscored attempt taken for a success.
func (c Cell) Worst() Cell {
	w := Cell{total: c.total.worst()}
	for _, s := range c.seeds {
		w.seeds = append(w.seeds, s.worst())
	}
	return w
}

func (c Count) worst() Count { return Count{c.Attempts, c.Successes + c.Unscored, 0} }
