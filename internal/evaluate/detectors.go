package evaluate

import (
	"context"

	"warder.example/guard"
	"warder.example/internal/corpus"
)

// Detectors is a judge made of detectors. The score of a category is the
// highest of its findings; where a detector offers scores below its thresholds
// (a method DetectScores), those count for ranking.
type Detectors []guard.Detector

var _ Judge = Detectors(nil)

// scorer is a detector that has scores also for what it does not report.
type scorer interface {
	DetectScores(ctx context.Context, t *guard.Text) ([]guard.Finding, map[string]float64, error)
}

// Judge implements [Judge].
func (ds Detectors) Judge(ctx context.Context, row *corpus.Row) (Judgement, error) {
	t := row.GuardText()
	out := Judgement{Mark{0, 1}, Mark{0, 1}}
	for _, d := range ds {
		found, scores, err := detect(ctx, d, &t)
		if err != nil {
			return out, err
		}
		for i := range found {
			if m := out.of(found[i].Category); m != nil {
				m.Score = max(m.Score, found[i].Score)
				m.FPR = min(m.FPR, found[i].FPR)
			}
		}
		for category, score := range scores {
			if m := out.of(category); m != nil {
				m.Score = max(m.Score, score)
			}
		}
	}
	return out, nil
}

func detect(ctx context.Context, d guard.Detector, t *guard.Text) ([]guard.Finding, map[string]float64, error) {
	if s, ok := d.(scorer); ok {
		return s.DetectScores(ctx, t)
	}
	found, err := d.Detect(ctx, t)
	return found, nil, err
}

// of returns the mark that a category counts towards, nil if none.
func (j *Judgement) of(category string) *Mark {
	switch category {
	case "injection", "jailbreak":
		return &j.Attack
	case "harmful_request":
		return &j.Harm
	}
	return nil
}
