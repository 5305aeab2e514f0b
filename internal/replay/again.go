package replay

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"warder.example/guard"
	"warder.example/internal/corpus"
	"warder.example/internal/replay/logs"
)

// Reviewed is one would-be block for a person to label: honest or attack.
type Reviewed struct {
	ID       string `json:"id"`
	Label    string `json:"label"` // empty until a person says honest or attack
	File     string `json:"file"`
	Line     int    `json:"line"`
	Action   string `json:"action"`
	Side     string `json:"side"` // request or answer
	Rule     string `json:"rule"`
	Category string `json:"category"`
	Text     string `json:"text"` // personal data and credentials masked, cut to 4,000 bytes
}

// Bounds of what is shown of a text, in bytes.
const (
	reviewBytes  = 4000
	excerptAhead = 60
	excerptBytes = 240
)

// maxHonest bounds the texts that thresholds are chosen on, in bytes altogether and
// each.
const (
	maxHonest     = 64 << 20
	maxHonestText = 64 << 10
)

// secondPass is what was read again.
type secondPass struct {
	review   []Reviewed
	excerpts map[string][]string // by key of the reason
	honest   []corpus.Row
	size     int
}

// again reads the picked records again. It looks at nothing else.
func (r *run) again(ctx context.Context) (*secondPass, error) {
	out := &secondPass{excerpts: map[string][]string{}}
	wanted := r.t.Picks.places()
	byFile := map[int]map[int]bool{}
	for p := range wanted {
		if byFile[p.File] == nil {
			byFile[p.File] = map[int]bool{}
		}
		byFile[p.File][p.Value] = true
	}
	for i, path := range r.o.Files {
		if len(byFile[i]) == 0 {
			continue
		}
		if err := r.againFile(ctx, path, i, byFile[i], wanted, out); err != nil {
			return nil, fmt.Errorf("reading %.200q again: %w", path, err)
		}
	}
	return out, nil
}

// againFile reads the picked values of one file.
func (r *run) againFile(ctx context.Context, path string, file int, values map[int]bool, wanted map[Place][]string, out *secondPass) error {
	s, err := logs.Open(path)
	if err != nil {
		return err
	}
	defer s.Close()
	left := len(values)
	for n := 0; left > 0; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := s.Next()
		if err != nil && !errors.As(err, new(*logs.Unreadable)) {
			return fmt.Errorf("the log has changed meanwhile: %w", err)
		}
		if !values[n] {
			continue
		}
		left--
		parsed, err := logs.Parse(b, r.o.Format)
		if err != nil {
			return fmt.Errorf("the log has changed meanwhile: %w", err)
		}
		for k := range parsed.Records {
			p := Place{File: file, Value: n, Line: s.Line(), Index: k}
			if why := wanted[p]; why != nil {
				if err := r.againRecord(ctx, &parsed.Records[k], p, path, why, out); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// againRecord takes from one record what it was picked for.
func (r *run) againRecord(ctx context.Context, rec *logs.Record, p Place, path string, why []string, out *secondPass) error {
	j := r.judges[0]
	v, err := j.record(ctx, rec)
	if err != nil {
		return err
	}
	o := outcomeOf(rec, v, p, filepath.Base(path), r.digest)
	for _, purpose := range why {
		switch reason, isExcerpt := strings.CutPrefix(purpose, forExcerpt); {
		case purpose == forThresholds:
			out.takeHonest(rec, j.every)
		case purpose == forReview:
			if f, text := decider(o, v); f != nil {
				side := guard.Request
				if v.answer.Would == o.action && v.request.Would != o.action {
					side = guard.Answer
				}
				out.review = append(out.review, Reviewed{ID: o.id, File: filepath.Base(path), Line: p.Line, Action: o.action.String(),
					Side: side.String(), Rule: o.rule, Category: f.Category, Text: shown(v, text, 0, reviewBytes)})
			}
		case isExcerpt && reason != "":
			if f, text := decider(o, v); f != nil {
				start := 0
				if len(f.Spans) > 0 {
					start = f.Spans[0].Start
				}
				out.excerpts[reason] = append(out.excerpts[reason], shown(v, text, start-excerptAhead, excerptBytes))
			}
		}
	}
	return nil
}

// decider returns the finding that decided and the text that it is of.
func decider(o *outcome, v *verdicts) (*guard.Finding, *guard.Text) {
	for _, side := range []struct {
		verdict *guard.Verdict
		texts   []guard.Text
	}{{&v.request, v.texts}, {&v.answer, v.answers}} {
		if side.verdict.Would != o.action {
			continue
		}
		for _, d := range side.verdict.Decisions {
			if d.Decides && d.Action == o.action && d.Rule == side.verdict.Rule {
				f := &side.verdict.Findings[d.Finding]
				return f, &side.texts[f.Text]
			}
		}
	}
	return nil, nil
}

// shown returns most bytes of a text from a place on, with personal data and
// credentials masked.
func shown(v *verdicts, t *guard.Text, from, most int) string {
	verdict := &v.request
	if t.Direction == guard.Answer {
		verdict = &v.answer
	}
	index := indexOf(v, t)
	s := t.Content
	from = min(max(0, from), len(s))
	to := min(len(s), from+most)
	for from > 0 && from < len(s) && s[from]&0xC0 == 0x80 {
		from--
	}
	for to < len(s) && s[to]&0xC0 == 0x80 {
		to++
	}
	mask := make([]string, to-from) // what stands in place of a byte
	for i := range verdict.Findings {
		f := &verdict.Findings[i]
		if f.Text != index || !strings.HasPrefix(f.Category, "pii.") && !strings.HasPrefix(f.Category, "secret.") {
			continue
		}
		for _, span := range f.Spans {
			for b := max(span.Start, from); b < min(span.End, to); b++ {
				mask[b-from] = guard.MaskText(f.Category)
			}
		}
	}
	var b strings.Builder
	if from > 0 {
		b.WriteString("… ")
	}
	for i, m := range mask {
		switch {
		case m == "":
			b.WriteByte(s[from+i])
		case i == 0 || mask[i-1] != m:
			b.WriteString(m)
		}
	}
	if to < len(s) {
		b.WriteString(" …")
	}
	return b.String()
}

// indexOf returns the index of a text among those of its side.
func indexOf(v *verdicts, t *guard.Text) int {
	texts := v.texts
	if t.Direction == guard.Answer {
		texts = v.answers
	}
	for i := range texts {
		if &texts[i] == t {
			return i
		}
	}
	return -1
}

// takeHonest keeps the new texts of a record that are taken for honest.
func (s *secondPass) takeHonest(rec *logs.Record, every bool) {
	from := 0
	if !rec.Whole && !every {
		from = newest(rec.Request)
	}
	for _, t := range rec.Request {
		switch t.Origin {
		case guard.OriginUser, guard.OriginDocument, guard.OriginTool, guard.OriginEmail:
		default:
			continue
		}
		if t.Kind != guard.Prose || t.Message < from || len(t.Content) > maxHonestText || s.size+len(t.Content) > maxHonest {
			continue
		}
		s.size += len(t.Content)
		s.honest = append(s.honest, corpus.Row{Text: t.Content, Channel: t.Origin.String(), Line: len(s.honest) + 1})
	}
}
