// Package evaluate measures a guard on labelled texts: how much of which attacks
// it sees, and how much honest text it would stop.
//
// # What is counted
//
// Rows labelled injection or jailbreak are attacks, rows labelled benign or
// benign_hard are honest, harmful_request stands by itself; other rows are
// counted and left out. An attack is caught at a rate when a finding of category
// injection or jailbreak has that published false-positive rate or a smaller
// one ([guard.Finding]); so is an honest text wrongly stopped.
//
// # How it is summed up
//
// By source, never pooled alone: a large easy source would hide the others.
// Sources with fewer than [SmallSource] rows of a kind form one group. Macro
// recall is the mean over attack sources, specificity the mean over honest
// sources, balanced accuracy their mean. Fractions carry Wilson's 95 % interval,
// which takes rows for independent: where many rows share a payload it is too
// narrow. The area under the curve and the true-positive rates at a
// false-positive rate of this very corpus are pooled, and say how well scores
// rank, whatever the thresholds.
package evaluate

import (
	"context"
	"fmt"
	"iter"
	"time"

	"warder.example/guard"
	"warder.example/internal/corpus"
)

// SmallSource is the number of rows below which sources of a kind are put
// together.
const SmallSource = 100

// SmallGroup is the name under which they are listed.
const SmallGroup = "(small sources)"

// Rates are the published false-positive rates, from the strictest.
var Rates = [...]float64{0.001, 0.01, 0.05}

// A Judge scores texts. It must be safe for use by one goroutine.
type Judge interface {
	Judge(ctx context.Context, row *corpus.Row) (Judgement, error)
}

// Judgement is what a judge makes of one text, for prompt attacks and for
// requests for harm.
type Judgement struct {
	Attack, Harm Mark
}

// Mark is a score and the smallest published false-positive rate that it
// reaches, 1 if none, 0 for an exact recogniser.
type Mark struct {
	Score, FPR float64
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

// outcome is one judged row.
type outcome struct {
	kind    Kind
	source  string
	channel string
	lang    string
	hard    bool
	mark    Judgement
}

// Options says what to report.
type Options struct {
	// Now is the clock that latency is measured with; nil measures none.
	Now func() time.Time
	// Progress, if not nil, is told after every row how many were judged.
	Progress func(rows int)
}

// Run judges rows and reports. Rows without a label or source are errors.
func Run(ctx context.Context, j Judge, rows iter.Seq2[corpus.Row, error], opt Options) (*Report, error) {
	var all []outcome
	rep := &Report{}
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !row.Label.Known() || row.Source == "" {
			return nil, fmt.Errorf("%s:%d: label %.40q, source %.40q; expected a known label and a source", row.File, row.Line, row.Label, row.Source)
		}
		kind := kindOf(row.Label)
		if kind == "" || row.Direction() == guard.Answer {
			rep.LeftOut++
			continue
		}
		m, err := rep.Latency.measure(opt.Now, len(row.Text), func() (Judgement, error) { return j.Judge(ctx, &row) })
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", row.File, row.Line, err)
		}
		all = append(all, outcome{kind, row.Source, row.Origin().String(), row.Lang, row.Label == corpus.BenignHard, m})
		if opt.Progress != nil {
			opt.Progress(len(all))
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no rows to judge: expected labels injection, jailbreak, benign, benign_hard or harmful_request")
	}
	rep.fill(all)
	return rep, nil
}

// Latency is the time that judging took.
type Latency struct {
	Bytes   int64         `json:"bytes"`
	Total   time.Duration `json:"total_ns"`
	PerKB   float64       `json:"us_per_kb"`  // microseconds for 1,024 bytes, on average
	Slowest float64       `json:"slowest_us"` // of one row
	Rows    int           `json:"rows"`       // measured
	PerRow  float64       `json:"us_per_row"` // on average
}

func (l *Latency) measure(now func() time.Time, bytes int, f func() (Judgement, error)) (Judgement, error) {
	if now == nil {
		return f()
	}
	start := now()
	m, err := f()
	d := now().Sub(start)
	l.Rows++
	l.Bytes += int64(bytes)
	l.Total += d
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
	l.Slowest = max(l.Slowest, us(d))
	l.PerRow = us(l.Total) / float64(l.Rows)
	if l.Bytes > 0 {
		l.PerKB = us(l.Total) * 1024 / float64(l.Bytes)
	}
	return m, err
}
