package threats

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"warder.example/guard"
	"warder.example/guard/detect"
	"warder.example/guard/threat"
	"warder.example/internal/binomial"
	"warder.example/internal/corpus"
	"warder.example/internal/neardup"
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

// MaxTexts is the most texts of a dry run; each takes some 400 bytes.
const MaxTexts = 1_000_000

// Outcome is what a dry run saw. Texts that are nearly the same say little more than
// one of them, so they count as one text, which matches when any of them does.
type Outcome struct {
	Texts   int     `json:"texts"`   // different ones
	Counted int     `json:"counted"` // clusters of near-duplicates among them
	Matched int     `json:"matched"` // of the clusters
	Low     float64 `json:"low"`     // the share of honest texts that match is at least this
	High    float64 `json:"high"`    // and at most this, each with a confidence of 95 % (Clopper-Pearson)
}

// String is the outcome for people.
func (o Outcome) String() string {
	of := fmt.Sprintf("%d", o.Counted)
	if o.Counted != o.Texts {
		of = fmt.Sprintf("%d different (of %d)", o.Counted, o.Texts)
	}
	return fmt.Sprintf("%d of %s honest texts match: between %.4f %% and %.4f %% of such traffic", o.Matched, of, 100*o.Low, 100*o.High)
}

// Within returns nil when the share of honest texts that match is at most budget
// with a confidence of 95 %, else an error that wraps [ErrOverBudget] or [ErrTooFew].
// That holds for traffic like that of the run.
func (o Outcome) Within(budget float64) error {
	switch {
	case o.High <= budget:
		return nil
	case float64(o.Matched) > budget*float64(o.Counted):
		return fmt.Errorf("%w: %s; the budget is %g %%", ErrOverBudget, o, 100*budget)
	}
	return fmt.Errorf("%w: %s; the budget is %g %%, which takes at least %d different texts", ErrTooFew, o, 100*budget, binomial.Fewest(o.Matched, budget, confidence))
}

// DryRun measures an entry on honest traffic: rows in the corpus form. Rows that the
// detector does not read (answers, the operator's texts) and texts that come again
// do not count, and near-duplicates count as one ([neardup]). A row that is labelled as
// anything but benign is an error, as is one that cannot be read, and more than
// [MaxTexts] texts.
func DryRun(ctx context.Context, sketch threat.Sketch, rows *corpus.Reader) (Outcome, error) {
	m := threat.NewMemory(1)
	if err := m.Add(threat.Entry{ID: "dry-run", Category: "injection", State: threat.Active, Sketch: sketch}); err != nil {
		return Outcome{}, err
	}
	r := dryRun{detector: detect.NewThreat(m), texts: neardup.New(), seen: map[[sha256.Size]byte]bool{}}
	for row, err := range rows.Rows() {
		if err != nil {
			return Outcome{}, err
		}
		if err := r.read(ctx, &row); err != nil {
			return Outcome{}, err
		}
	}
	return r.outcome(), nil
}

// dryRun is what was read.
type dryRun struct {
	detector *detect.Threat
	texts    *neardup.Set
	seen     map[[sha256.Size]byte]bool
	matched  []int // numbers of texts
}

func (r *dryRun) read(ctx context.Context, row *corpus.Row) error {
	if row.Label != "" && !row.Label.Ordinary() {
		return fmt.Errorf("line %d: %w: it is labelled %.40q; a dry run takes honest texts only", row.Line, corpus.ErrRow, row.Label)
	}
	t := row.GuardText()
	id := sha256.Sum256([]byte(t.Content))
	if r.seen[id] || t.Content == "" || t.Direction != guard.Request || t.Origin == guard.OriginOperator {
		return nil
	}
	if len(r.seen) == MaxTexts {
		return fmt.Errorf("line %d: %w: more than %d texts; draw some of them at random", row.Line, corpus.ErrRow, MaxTexts)
	}
	r.seen[id] = true
	n := r.texts.Add("", t.Content)
	found, err := r.detector.Detect(ctx, &t)
	if err == nil && len(found) > 0 {
		r.matched = append(r.matched, n)
	}
	return err
}

func (r *dryRun) outcome() Outcome {
	counted, matched := map[int]bool{}, map[int]bool{}
	for i := range len(r.seen) {
		counted[r.texts.Find(i)] = true
	}
	for _, i := range r.matched {
		matched[r.texts.Find(i)] = true
	}
	o := Outcome{Texts: len(r.seen), Counted: len(counted), Matched: len(matched)}
	o.Low, o.High = binomial.Interval(o.Matched, o.Counted, confidence)
	return o
}
