package bundle

import (
	"context"
	"slices"
	"sync/atomic"

	"warder.example/guard"
)

// sureFPR is the false-positive rate up to which a finding counts as one: policies
// that block on classifiers do so from there.
const sureFPR = 0.01

// Counts are what a staged bundle saw in texts of requests. A text that is read
// again, because it is no more remembered or in another part of a request, counts
// again.
type Counts struct {
	Texts      int64 `json:"texts"`      // read
	Threats    int64 `json:"threats"`    // with one of its threats
	Signatures int64 `json:"signatures"` // with one of its signatures
	Compared   int64 `json:"compared"`   // read by its model and the one in use
	Both       int64 `json:"both"`       // of them, both find an attack (at a false-positive rate of 1 %)
	OnlyStaged int64 `json:"only_staged"`
	OnlyActive int64 `json:"only_active"`
}

// Add adds other counts.
func (c *Counts) Add(o Counts) {
	c.Texts += o.Texts
	c.Threats += o.Threats
	c.Signatures += o.Signatures
	c.Compared += o.Compared
	c.Both += o.Both
	c.OnlyStaged += o.OnlyStaged
	c.OnlyActive += o.OnlyActive
}

// Less returns what c has more than o.
func (c Counts) Less(o Counts) Counts {
	return Counts{c.Texts - o.Texts, c.Threats - o.Threats, c.Signatures - o.Signatures, c.Compared - o.Compared,
		c.Both - o.Both, c.OnlyStaged - o.OnlyStaged, c.OnlyActive - o.OnlyActive}
}

// counter counts while requests run.
type counter struct {
	texts, threats, signatures, compared, both, onlyStaged, onlyActive atomic.Int64
}

func (c *counter) counts() Counts {
	return Counts{c.texts.Load(), c.threats.Load(), c.signatures.Load(), c.compared.Load(), c.both.Load(), c.onlyStaged.Load(), c.onlyActive.Load()}
}

// compare counts what two models found in one text.
func (c *counter) compare(active, staged []guard.Finding) {
	c.compared.Add(1)
	switch a, s := finds(active), finds(staged); {
	case a && s:
		c.both.Add(1)
	case s:
		c.onlyStaged.Add(1)
	case a:
		c.onlyActive.Add(1)
	}
}

func finds(found []guard.Finding) bool {
	return slices.ContainsFunc(found, func(f guard.Finding) bool { return f.FPR <= sureFPR })
}

// Seen returns what the bundle saw since it was loaded.
func (l *Loaded) Seen() Counts { return l.seen.counts() }

// observer reads for a staged bundle and finds nothing. Its model is asked by the
// one in use: see [Set.Guard].
type observer struct{ *Loaded }

var _ guard.Detector = (*observer)(nil)

// Detect implements [guard.Detector]. What goes wrong in a staged detector is
// nobody's matter: it decides nothing.
func (o *observer) Detect(ctx context.Context, t *guard.Text) ([]guard.Finding, error) {
	if t.Direction != guard.Request || t.Content == "" {
		return nil, nil
	}
	o.seen.texts.Add(1)
	if o.threats != nil {
		if found, err := o.threats.Detect(ctx, t); err == nil && finds(found) {
			o.seen.threats.Add(1)
		}
	}
	if o.Signatures != nil {
		if found, err := o.Signatures.Detect(ctx, t); err == nil && finds(found) {
			o.seen.signatures.Add(1)
		}
	}
	return nil, nil
}

// Silent returns a detector that counts nothing, for reading parts of a text that
// was read already.
func (o *observer) Silent() guard.Detector { return unseeing{} }

type unseeing struct{}

// Detect implements [guard.Detector].
func (unseeing) Detect(context.Context, *guard.Text) ([]guard.Finding, error) { return nil, nil }
