package detect

import (
	"context"
	"fmt"

	"warder.example/guard"
	"warder.example/guard/normal"
)

// Invisible reports text that people do not see: characters without a picture
// where no script has a use for them (see [normal.NextInvisible]). A finding is
// a run, which is also what is masked:
//
//	tags            Unicode tags outside flags
//	selector-bytes  variation selectors that stand for bytes
//	bidi-override   direction overrides, which show letters in another order
//	zero-width      three or more zero-width characters in a word
//	soft-hyphens    soft hyphens after nearly every letter
//	bidi-controls   three or more direction marks without right-to-left text
//	stray           one or two characters, as copying from the web leaves them
//
// All but the last two score 1. A stray one scores next to nothing: it is
// evidence beside other findings, not a reason to act. A single soft hyphen or
// two are typography and no finding. User and operator text are treated alike.
//
// In addition it reports, as windowed findings of category encoded_blob, long
// encoded runs that nothing could decode. The zero value is ready to use and
// safe for concurrent use.
type Invisible struct{}

var _ guard.StreamDetector = Invisible{}

// blobScore is what an unreadable encoded run is worth: models read such text
// better than guards do, but most of it is data.
const blobScore = 0.3

// Detect implements [guard.Detector].
func (d Invisible) Detect(ctx context.Context, t *guard.Text) ([]guard.Finding, error) {
	found, err := detectExact(ctx, d, t)
	if err != nil || t.Kind == guard.Name {
		return found, err
	}
	for _, b := range t.Views().BlobSpans {
		found = append(found, guard.Finding{
			Category: "encoded_blob", Score: blobScore, FPR: 0.05, Detector: "invisible", Rule: "unreadable", Class: guard.Windowed,
			Spans:       []guard.Span{{Start: b[0], End: b[1]}},
			Explanation: fmt.Sprintf("an encoded run of %d bytes that no decoder could read", b[1]-b[0]),
		})
	}
	return found, nil
}

// Longest implements [guard.StreamDetector]: a whole run, one more character of
// it, and what is looked at behind it.
func (Invisible) Longest() int { return normal.MaxInvisibleRun + 64 + normal.InvisibleAhead }

// Scanner implements [guard.StreamDetector].
func (Invisible) Scanner(*guard.Exchange, guard.Origin, guard.Kind) guard.Scanner {
	return newScanner("invisible", findInvisible)
}

// findInvisible is the finder of invisible runs.
func findInvisible(text string, from int, end bool) (match, int, bool) {
	for {
		run, live, ok := normal.NextInvisible(text, from, end)
		if !ok {
			return match{}, live, false
		}
		if m, ok := judgeInvisible(&run); ok {
			return m, 0, true
		}
		from = run.End
	}
}

// judgeInvisible says what a run is worth; ok is false for typography.
func judgeInvisible(r *normal.InvisibleRun) (m match, ok bool) {
	m = match{Span: guard.Span{Start: r.Start, End: r.End}, category: "invisible_text", score: 1}
	switch {
	case r.Tags > 0:
		m.rule, m.why = "tags", fmt.Sprintf("%d Unicode tag characters, which carry text that people do not see", r.Tags)
	case r.Selectors >= 4:
		m.rule, m.why = "selector-bytes", fmt.Sprintf("%d variation selectors in a row, which carry hidden bytes", r.Selectors)
	case r.Overrides > 0:
		m.rule, m.why = "bidi-override", "a direction override, which shows letters in another order than they are read"
	case r.ZeroWidth >= 3:
		m.rule, m.why = "zero-width", fmt.Sprintf("%d zero-width characters within a word", r.ZeroWidth)
	case r.SoftHyphens >= 3 && r.Dense >= 3:
		m.rule, m.why = "soft-hyphens", fmt.Sprintf("%d soft hyphens between single letters", r.SoftHyphens)
	case r.SoftHyphens == r.Count:
		return match{}, false
	case r.Bidi >= 3:
		m.rule, m.score, m.fpr = "bidi-controls", 0.5, 0.05
		m.why = fmt.Sprintf("%d direction marks where no right-to-left text is near", r.Bidi)
	default:
		m.rule, m.score, m.fpr = "stray", 0.1, 1
		m.why = "a stray invisible character, as copying from web pages leaves it"
	}
	return m, true
}
