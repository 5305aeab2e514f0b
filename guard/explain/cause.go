package explain

import (
	"errors"
	"strings"

	"warder.example/guard"
	"warder.example/guard/normal"
)

// A Cause is a stretch of text that gets the verdict by itself.
type Cause struct {
	// Span is where it stands: by itself, as a text of Origin, it gets the
	// verdict for Category by Detector, and its first and its last word are
	// needed for that. Where an earlier cause stands inside, it was found with that one
	// as blanks.
	Span guard.Span `json:"span"`
	// Needed are the parts of Span that suffice: none of their words can be
	// left out.
	Needed []guard.Span `json:"needed"`
	// Text quotes Needed, at most 240 bytes of it; … stands for what is left
	// out.
	Text   string       `json:"text"`
	Origin guard.Origin `json:"origin"`
	// Action is what the policy decides because of the finding, by
	// PolicyRule; PolicyReason is why its author wrote that.
	Action       guard.Action `json:"action"`
	PolicyRule   string       `json:"policy_rule"`
	PolicyReason string       `json:"policy_reason,omitempty"`
	// What is found in the span by itself; see [guard.Finding].
	Category    string  `json:"category"`
	Title       string  `json:"title,omitempty"`
	Score       float64 `json:"score"`
	FPR         float64 `json:"fpr"`
	Class       string  `json:"class"`
	Detector    string  `json:"detector"`
	Rule        string  `json:"rule,omitempty"`
	Explanation string  `json:"explanation"`
	// View is the decode path, empty for the text as given; Decoded quotes
	// what the span reads like then.
	View    string `json:"view,omitempty"`
	Decoded string `json:"decoded,omitempty"`
	// Reasons are what weighed most, for and against, when the classifier
	// read the span, heaviest first; also where another detector decides and
	// the classifier is less sure. None for categories that it does not judge.
	Reasons []Reason `json:"reasons,omitempty"`
	// Known is the remembered attack that the span was recognised as.
	Known *Known `json:"known,omitempty"`
}

// cause narrows the finding that decides down to a cause; nil if no stretch gets
// the verdict. With an error that is a reached bound the cause is as narrow as
// was found out.
func (s *search) cause(text string, f *guard.Finding) (*Cause, error) {
	st, ok, err := s.begin(text, f)
	if !ok {
		return nil, err
	}
	if err = st.trim(); err != nil && !errors.Is(err, errSpent) {
		return nil, err
	}
	var keep []int
	if err == nil {
		keep, err = st.thin()
		if err != nil && !errors.Is(err, errSpent) {
			return nil, err
		}
	}
	c := &Cause{Span: guard.Span{Start: st.words[0].Start, End: st.words[len(st.words)-1].End}, Origin: st.aim.origin}
	c.Needed = []guard.Span{c.Span}
	if keep != nil {
		c.Needed = stretches(st.words, keep)
	}
	c.Text = quoted(text, c.Needed)
	if told := s.tell(c, text[c.Span.Start:c.Span.End], st.aim); told != nil {
		return nil, told
	}
	return c, err
}

// tell fills in what is found in the span by itself. It is the last look at a
// span already judged and does not count.
func (s *search) tell(c *Cause, text string, a aim) error {
	t := guard.Text{Content: text, Origin: a.origin, Direction: s.text.Direction, Kind: s.text.Kind, Exchange: s.text.Exchange}
	v, err := s.inspect(text, a.origin)
	if err != nil {
		return err
	}
	i := deciding(&v, a.would, a.category, a.detector)
	if i < 0 {
		return nil // cannot be: detectors are pure
	}
	f := &v.Findings[i]
	c.Category, c.Score, c.FPR, c.Class = f.Category, f.Score, f.FPR, f.Class.String()
	c.Detector, c.Rule, c.Explanation = f.Detector, printable(f.Rule), printable(f.Explanation)
	c.View, c.Action = f.View, v.ActionFor(i)
	if k, ok := guard.LookupCategory(f.Category); ok {
		c.Title = k.Title
	}
	for _, d := range v.Decisions {
		if d.Finding == i && d.Decides {
			c.PolicyRule = printable(d.Rule)
		}
	}
	if p, ok := s.guard.Decider.(interface{ Reason(rule string) string }); ok {
		c.PolicyReason = printable(p.Reason(c.PolicyRule))
	}
	if f.View != "" {
		c.Decoded = decoded(&t, f)
	}
	c.Reasons = reasons(s.guard.Detectors, &t, f.Category, c.Span.Start)
	c.Known = recognised(s.guard.Detectors, t, f)
	return nil
}

// decoded quotes the view that a finding was made in.
func decoded(t *guard.Text, f *guard.Finding) string {
	views := t.Views()
	for _, vs := range [][]normal.View{views.Views, views.Printable} {
		for i := range vs {
			if vs[i].Path != f.View {
				continue
			}
			from, to := vs[i].Source(0, len(vs[i].Text))
			if len(f.Spans) == 0 || from <= f.Spans[0].Start && f.Spans[len(f.Spans)-1].End <= to {
				return quoted(vs[i].Text, []guard.Span{{Start: 0, End: len(vs[i].Text)}})
			}
		}
	}
	return ""
}

// shift moves the places by an offset.
func (c *Cause) shift(by int) {
	move := func(s *guard.Span) { s.Start, s.End = s.Start+by, s.End+by }
	move(&c.Span)
	for i := range c.Needed {
		move(&c.Needed[i])
	}
	for i := range c.Reasons {
		for j := range c.Reasons[i].Spans {
			move(&c.Reasons[i].Spans[j])
		}
	}
}

// mostQuoted bounds a quotation, in bytes.
const mostQuoted = 240

// quoted quotes spans of a text in printable characters, bounded.
func quoted(text string, spans []guard.Span) string {
	var b strings.Builder
	for i, s := range spans {
		if i > 0 {
			b.WriteString(" … ")
		}
		part := printable(text[s.Start:min(s.End, s.Start+mostQuoted)])
		if room := mostQuoted - b.Len(); len(part) > room || s.End-s.Start > mostQuoted {
			b.WriteString(cutAt(part, max(room, 0)))
			b.WriteString("…")
			break
		}
		b.WriteString(part)
	}
	return b.String()
}
