package threats

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"warder.example/guard"
	"warder.example/guard/detect"
	"warder.example/guard/threat"
	"warder.example/internal/binomial"
	"warder.example/internal/corpus"
)

// Errors of [Outcome.Within].
var (
	// ErrOverBudget means that the entry matches too much honest traffic.
	ErrOverBudget = errors.New("matches more honest texts than the budget allows")
	// ErrTooFew means that there was too little traffic to tell.
	ErrTooFew = errors.New("too few honest texts to tell")
)

// confidence of the bounds of an outcome, each by itself.
const confidence = 0.95

// Outcome is what a dry run saw.
type Outcome struct {
	Texts   int     `json:"texts"`   // different ones
	Matched int     `json:"matched"` // of them
	Low     float64 `json:"low"`     // the share of honest texts that match is at least this
	High    float64 `json:"high"`    // and at most this, each with a confidence of 95 % (Clopper-Pearson)
}

// String is the outcome for people.
func (o Outcome) String() string {
	return fmt.Sprintf("%d of %d honest texts match: between %.4f %% and %.4f %% of such traffic", o.Matched, o.Texts, 100*o.Low, 100*o.High)
}

// Within returns nil when the share of honest texts that match is at most budget
// with a confidence of 95 %, else an error that wraps [ErrOverBudget] or [ErrTooFew].
// That holds for traffic like that of the run.
func (o Outcome) Within(budget float64) error {
	switch {
	case o.High <= budget:
		return nil
	case float64(o.Matched) > budget*float64(o.Texts):
		return fmt.Errorf("%w: %s; the budget is %g %%", ErrOverBudget, o, 100*budget)
	}
	return fmt.Errorf("%w: %s; the budget is %g %%, which takes at least %d texts", ErrTooFew, o, 100*budget, binomial.Fewest(o.Matched, budget, confidence))
}

// DryRun measures an entry on honest traffic: rows in the corpus form. Rows that the
// detector does not read (answers, the operator's texts) and texts that come again
// do not count. A row that is labelled as anything but benign is an error, as is one
// that cannot be read.
func DryRun(ctx context.Context, sketch threat.Sketch, rows *corpus.Reader) (Outcome, error) {
	m := threat.NewMemory(1)
	if err := m.Add(threat.Entry{ID: "dry-run", Category: "injection", State: threat.Active, Sketch: sketch}); err != nil {
		return Outcome{}, err
	}
	d := detect.NewThreat(m)
	var o Outcome
	seen := map[[sha256.Size]byte]bool{}
	for {
		row, err := rows.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return Outcome{}, err
		}
		if row.Label != "" && !row.Label.Ordinary() {
			return Outcome{}, fmt.Errorf("a row is labelled %q; a dry run takes honest texts only", row.Label)
		}
		t := row.GuardText()
		id := sha256.Sum256([]byte(t.Content))
		if seen[id] || t.Content == "" || t.Direction != guard.Request || t.Origin == guard.OriginOperator {
			continue
		}
		seen[id] = true
		found, err := d.Detect(ctx, &t)
		if err != nil {
			return Outcome{}, err
		}
		o.Texts++
		if len(found) > 0 {
			o.Matched++
		}
	}
	o.Low, o.High = binomial.Interval(o.Matched, o.Texts, confidence)
	return o, nil
}
