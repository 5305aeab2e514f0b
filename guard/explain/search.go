package explain

import (
	"context"
	"errors"
	"slices"
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/guard/segment"
)

// search is one explanation in the making.
type search struct {
	ctx   context.Context
	guard guard.Guard
	opt   Options
	text  guard.Text // of which parts are judged; its content is the window
	base  int        // where the window begins
	asked int
	work  int // bytes that may still be judged
	e     Explanation
}

// errSpent says that a bound was reached.
var errSpent = errors.New("bound of the search reached")

// silent is a detector that notes what it sees and offers one that does not.
type silent interface{ Silent() guard.Detector }

func newSearch(ctx context.Context, g *guard.Guard, t guard.Text, o Options) *search {
	if o.Evaluations <= 0 {
		o.Evaluations = DefaultEvaluations
	}
	if o.Work <= 0 {
		o.Work = DefaultWork
	}
	o.Facts.Direction = t.Direction
	s := &search{ctx: ctx, opt: o, text: t, work: o.Work}
	s.guard = guard.Guard{Detectors: slices.Clone(g.Detectors), Decider: g.Decider}
	for i, d := range s.guard.Detectors {
		if q, ok := d.(silent); ok {
			s.guard.Detectors[i] = q.Silent()
		}
	}
	return s
}

// inspect judges a text that stands in the place of the one explained.
func (s *search) inspect(content string, o guard.Origin) (guard.Verdict, error) {
	t := guard.Text{Content: content, Origin: o, Direction: s.text.Direction, Kind: s.text.Kind, Path: s.text.Path, Exchange: s.text.Exchange}
	found, _, err := segment.Find(s.ctx, &s.guard, s.opt.Facts, []guard.Text{t}, s.opt.Rules)
	if err != nil {
		return guard.Verdict{}, err
	}
	return s.guard.Decide(s.opt.Facts, found), nil
}

// verdict is inspect within the bounds.
func (s *search) verdict(content string, o guard.Origin) (guard.Verdict, error) {
	if s.asked >= s.opt.Evaluations || len(content) > s.work {
		s.e.Complete = false
		return guard.Verdict{}, errSpent
	}
	s.asked++
	s.work -= len(content)
	return s.inspect(content, o)
}

// aim is what a stretch of text has to show to be a cause: the verdict, because of
// the same kind of finding.
type aim struct {
	would              guard.Action
	category, detector string
	origin             guard.Origin
}

// holds reports whether a stretch gets the verdict by itself.
func (s *search) holds(content string, a aim) (bool, error) {
	v, err := s.verdict(content, a.origin)
	return err == nil && deciding(&v, a.would, a.category, a.detector) >= 0, err
}

// deciding returns the index of the finding that decides, and is of the
// category and by the detector unless they are empty; -1 if the verdict is milder
// or because of others. It prefers the finding that is surest.
func deciding(v *guard.Verdict, would guard.Action, category, detector string) int {
	best := -1
	for i := range v.Findings {
		f := &v.Findings[i]
		if v.ActionFor(i) > would || category != "" && f.Category != category || detector != "" && f.Detector != detector {
			continue
		}
		if best < 0 || f.Score > v.Findings[best].Score {
			best = i
		}
	}
	return best
}

// causes finds what decides. A bound that is reached ends the search and is no
// error.
func (s *search) causes(whole *guard.Verdict) error {
	v := *whole
	if err := s.window(&v); err != nil {
		return unlessSpent(err)
	}
	defer s.shift()
	rest := s.text.Content
	for len(s.e.Causes) < MaxCauses {
		i := deciding(&v, s.e.Would, "", "")
		if i < 0 {
			// The policy needs no finding, or the window does not show it.
			s.e.Complete = s.e.Complete && (len(s.e.Causes) > 0 || s.e.Window == nil)
			return nil
		}
		c, err := s.cause(rest, &v.Findings[i])
		if c == nil || err != nil && !errors.Is(err, errSpent) {
			return unlessSpent(err)
		}
		s.e.Causes = append(s.e.Causes, *c)
		done, err := s.removed()
		if done || err != nil {
			return unlessSpent(err)
		}
		rest = blank(rest, c.Span)
		if v, err = s.verdict(rest, s.text.Origin); err != nil {
			return unlessSpent(err)
		}
	}
	s.e.Complete = false
	return nil
}

func unlessSpent(err error) error {
	if errors.Is(err, errSpent) {
		return nil
	}
	return err
}

// removed asks whether the verdict is milder without all causes.
func (s *search) removed() (bool, error) {
	v, err := s.verdict(without(s.text.Content, s.e.Causes), s.text.Origin)
	if err != nil {
		return false, err
	}
	s.e.Without = v.Would
	s.e.Decides = v.Would > s.e.Would
	return s.e.Decides, nil
}

// window limits the search to the surroundings of the finding that decides. v
// becomes the verdict on the window.
func (s *search) window(v *guard.Verdict) error {
	text := s.text.Content
	if len(text) <= MaxText {
		return nil
	}
	from := 0
	if i := deciding(v, s.e.Would, "", ""); i >= 0 && len(v.Findings[i].Spans) > 0 {
		sp := v.Findings[i].Spans[0]
		from = max(0, min(sp.Start-MaxText/4, len(text)-MaxText))
	}
	to := from + MaxText
	for from > 0 && !utf8.RuneStart(text[from]) {
		from++
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to--
	}
	s.base, s.text.Content = from, text[from:to]
	s.e.Window = &guard.Span{Start: from, End: to}
	var err error
	*v, err = s.verdict(s.text.Content, s.text.Origin)
	return err
}

// shift turns places in the window into places in the text.
func (s *search) shift() {
	for i := range s.e.Causes {
		s.e.Causes[i].shift(s.base)
	}
}
