package detect

import (
	"math"
	"slices"
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/guard/normal"
	"warder.example/guard/textmodel"
	"warder.example/guard/threat"
)

// Reasons returns the features that weighed most, heaviest first and n at most,
// in the score that [PromptAttack] gives a category in t, also below all
// thresholds. What trees said is one of them, of all that they looked at. Grams are as they stand in the view that was scored; spans are
// ranges of the text. It is nil for texts that the detector does not read and
// categories that its model has no head for. It takes a little more than Detect.
func (p *PromptAttack) Reasons(t *guard.Text, category string, n int) []textmodel.Reason {
	if !reads(t) {
		return nil
	}
	views := t.Views().Views
	for i, b := range p.best(t, views) {
		if judged[i] != category || b.rule == "" {
			continue
		}
		content := t.Content
		var v *normal.View
		if b.view >= 0 {
			v = &views[b.view]
			content = v.Text
		}
		span := b.score.Span
		rs := p.model.Explain(content[span.Start:span.End], judgedAs(t.Origin), p.model.Head(b.rule), n)
		for j := range rs {
			if rs[j].Kind == "concepts" {
				whole(&rs[j], content[span.Start:span.End])
			}
		}
		if r, ok := p.model.ExplainTrees(content, judgedAs(t.Origin), p.model.Head(b.rule), maxTreeParts); ok && r.Weight != 0 && len(r.Parts) > 0 && span.Start < span.End {
			r.Gram, r.Spans = content[span.Start:span.End], []guard.Span{{Start: 0, End: span.End - span.Start}}
			rs = ranked(rs, r, n)
		}
		for j := range rs {
			place(rs[j].Spans, span.Start, v)
		}
		return rs
	}
	return nil
}

// Silent returns the same detector, which does not count what it reads in an
// operator's thresholds: for reading parts of a text that was read already.
func (p *PromptAttack) Silent() guard.Detector {
	silent := *p
	silent.silent = true
	return &silent
}

// maxTreeParts is how many features the trees' reason names.
const maxTreeParts = 3

// ranked puts a reason among others, heaviest first, of which n are kept.
func ranked(rs []textmodel.Reason, r textmodel.Reason, n int) []textmodel.Reason {
	at := slices.IndexFunc(rs, func(o textmodel.Reason) bool { return math.Abs(o.Weight) < math.Abs(r.Weight) })
	if at < 0 {
		at = len(rs)
	}
	rs = slices.Insert(rs, at, r)
	return rs[:min(n, len(rs))]
}

// whole lets a reason that ends with the beginning of a word have the word.
func whole(r *textmodel.Reason, text string) {
	for i := range r.Spans {
		s := &r.Spans[i]
		for n := 0; s.End < len(text) && n < maxWordRest; n++ {
			c, size := utf8.DecodeRuneInString(text[s.End:])
			if !wordRune(c) || unspaced(c) {
				break
			}
			s.End += size
		}
	}
	if len(r.Spans) > 0 {
		r.Gram = text[r.Spans[0].Start:r.Spans[0].End]
	}
}

// maxWordRest is the most characters by which a reason is completed.
const maxWordRest = 24

// place turns ranges of a stretch that begins at a place of a view into ranges of
// the text. v is nil for the text itself.
func place(spans []guard.Span, at int, v *normal.View) {
	for i := range spans {
		s := &spans[i]
		s.Start, s.End = s.Start+at, s.End+at
		if v != nil {
			s.Start, s.End = v.Source(s.Start, s.End)
		}
	}
}

// Silent returns a detector of the same memory whose matches are not counted:
// for reading a text once more in order to explain or test what was found.
func (d *Threat) Silent() guard.Detector { return &Threat{memory: d.memory, silent: true} }

// Nearest returns the remembered attack that t is most like, also one that is
// only observed, without counting it; ok is false if none is like it. The range
// of the match is one of the text.
func (d *Threat) Nearest(t *guard.Text) (m threat.Match, ok bool) {
	if d.memory.Len() == 0 || !reads(t) {
		return m, false
	}
	app := ""
	if t.Exchange != nil {
		app = t.Exchange.Application
	}
	nearest := func(text string, v *normal.View) {
		for _, c := range d.memory.Find(app, text) {
			if ok && c.Similarity <= m.Similarity {
				continue
			}
			if v != nil {
				c.Start, c.End = v.Source(c.Start, c.End)
			}
			m, ok = c, true
		}
	}
	nearest(t.Content, nil)
	for i, views := 0, t.Views().Views; i < min(len(views), maxAttackViews); i++ {
		if len(views[i].Text) >= minAttackView {
			nearest(views[i].Text, &views[i])
		}
	}
	return m, ok
}
