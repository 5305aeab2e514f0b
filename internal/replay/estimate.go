package replay

import (
	"context"
	"errors"
	"time"

	"warder.example/guard"
	"warder.example/guard/detect"
	"warder.example/guard/threshold"
	"warder.example/internal/binomial"
	"warder.example/internal/calibrate"
	"warder.example/internal/corpus"
)

// confidence is that of every bound of a report, each side by itself; of an
// interval with two sides it is 95 %.
const (
	confidence = 0.95
	bothSides  = 0.975
)

// chances is in how many ways an honest text may reach a threshold: of each of the
// two categories of attacks that the classifier knows, and of conversations.
const chances = 3

// Estimate says how many honest requests a day would be stopped.
type Estimate struct {
	Days float64 `json:"days"` // that have requests, those without a day counted as one
	// Stopped is all would-be blocks, ByModel those that rest on the classifier
	// alone, of Texts that it read.
	Stopped int `json:"stopped"`
	ByModel int `json:"by_model"`
	Texts   int `json:"texts"`
	// Rate is the highest false-positive rate at which the classifier stopped one.
	Rate float64 `json:"rate"`
	// ModelHigh bounds the honest requests among ByModel, a day: no more than
	// there are, and no more than honest texts, Texts of them at Rate for each of
	// two categories and for conversations, give with a probability of 5 % or more.
	// It holds for traffic like the honest texts that thresholds were measured on.
	ModelHigh float64 `json:"model_high_a_day"`
	// OtherHigh is the would-be blocks of recognisers, a day: nothing is known of
	// how many are honest but that it is no more.
	OtherHigh float64 `json:"other_high_a_day"`
	// Labelled is what people's labels show.
	Labelled *Labelled `json:"labelled,omitempty"`
}

// Labelled is an estimate from labels: the interval of Clopper and Pearson at 95 %.
type Labelled struct {
	Labels int     `json:"labels"`
	Honest int     `json:"honest"`
	Low    float64 `json:"low"` // share of would-be blocks that are honest
	High   float64 `json:"high"`
	// LowADay and HighADay are honest requests stopped a day.
	LowADay  float64 `json:"low_a_day"`
	HighADay float64 `json:"high_a_day"`
}

// estimate bounds the false blocks of a day.
func (t *tally) estimate() Estimate {
	e := Estimate{Days: float64(max(1, len(t.Days))), Stopped: t.Stopped, ByModel: t.ByModel, Texts: t.Read, Rate: t.MaxFPR}
	high := t.ByModel
	if p := min(1, chances*t.MaxFPR); high > 0 && t.Read > 0 {
		// Critical is the least number that is too unlikely.
		high = min(high, binomial.Critical(t.Read, p, 1-confidence)-1)
	}
	e.ModelHigh = float64(max(0, high)) / e.Days
	e.OtherHigh = float64(t.Stopped-t.ByModel) / e.Days
	if n := len(t.Labelled); n > 0 {
		l := &Labelled{Labels: n}
		for _, honest := range t.Labelled {
			if honest {
				l.Honest++
			}
		}
		l.Low, l.High = binomial.Interval(l.Honest, n, bothSides)
		a := float64(t.Stopped) / e.Days
		l.LowADay, l.HighADay = l.Low*a, l.High*a
		e.Labelled = l
	}
	return e
}

// thresholdsValid is how long proposed thresholds may be used.
const thresholdsValid = 90 * 24 * time.Hour

// budgets are those that the built-in policy decides on.
var budgets = []float64{0.01, 0.05}

// propose chooses thresholds on texts that are taken for honest, origin by origin; an
// origin with too few texts is left out. It returns nil if all are.
func propose(ctx context.Context, d *detect.PromptAttack, rows []corpus.Row, now time.Time) (*threshold.File, error) {
	var out *threshold.File
	for _, origin := range []guard.Origin{guard.OriginUser, guard.OriginDocument, guard.OriginTool, guard.OriginEmail} {
		of := func(yield func(corpus.Row, error) bool) {
			for _, row := range rows {
				if row.Channel == origin.String() && !yield(row, nil) {
					return
				}
			}
		}
		res, err := calibrate.Run(ctx, d, of, calibrate.Options{Budgets: budgets, Confidence: confidence, Default: guard.OriginUser,
			Origins: []guard.Origin{origin}, Now: now, Valid: thresholdsValid})
		if errors.Is(err, calibrate.ErrTooFew) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = &res.File
		} else {
			out.Thresholds = append(out.Thresholds, res.File.Thresholds...)
		}
	}
	return out, nil
}
