package conversation

import (
	"context"

	"warder.example/guard"
)

// reading is what several turns say as one text.
type reading struct {
	window
	evidence   [heads]float64
	signature  *guard.Finding // the surest that stands in no turn alone; nil: none
	thresholds *[len(rates)]float64
}

// read reads the window as it stands, and what its turns quote.
func (d *Detector) read(ctx context.Context, t *guard.Text, w window) ([]reading, error) {
	out := []reading{{window: w, thresholds: &joinedThresholds}}
	if a, ok := w.assembled(); ok {
		out = append(out, reading{window: a, thresholds: &assembledThresholds})
	}
	for i := range out {
		r := &out[i]
		text := r.text(t)
		var err error
		if r.evidence, err = d.evidence(ctx, &text); err != nil {
			return nil, err
		}
		if r.signature, err = d.crossing(ctx, &text, r.window); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// evidence returns the log odds of each head over its margin.
func (d *Detector) evidence(ctx context.Context, t *guard.Text) (e [heads]float64, err error) {
	if d.attack == nil {
		return [heads]float64{none, none, none}, ctx.Err()
	}
	s, ok := t.Scores()
	if !ok {
		if s, err = d.attack.AttackScores(ctx, t); err != nil {
			return e, err
		}
	}
	for h, p := range [heads]float32{s.Injection, s.Jailbreak, s.HarmfulRequest} {
		e[h] = logOdds(float64(p)) - d.margin[h]
	}
	return e, nil
}

// crossing returns the surest signature of the joined text that stands in no turn
// alone, nil if there is none.
func (d *Detector) crossing(ctx context.Context, t *guard.Text, w window) (*guard.Finding, error) {
	if d.signatures == nil {
		return nil, ctx.Err()
	}
	found, err := d.signatures.Detect(ctx, t)
	if err != nil {
		return nil, err
	}
	var best *guard.Finding
	for i := range found {
		f := &found[i]
		if n := len(f.Spans); n == 0 || !w.crosses(f.Spans[0].Start, f.Spans[n-1].End) || f.FPR > signatureFPR {
			continue
		}
		if best == nil || f.Score > best.Score {
			best = f
		}
	}
	return best, nil
}
