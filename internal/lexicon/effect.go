package lexicon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"warder.example/guard"
	"warder.example/guard/textmodel"
	"warder.example/internal/learn"
)

// Measure takes away one entry after the other in every text in which it matches
// and compares what the model says with and without it.
func Measure(ctx context.Context, o Options) (*Report, error) {
	m, err := newMeasure(&o)
	if err != nil {
		return nil, err
	}
	for i := range o.Texts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if r := &o.Texts[i]; r.Label.Attack() || r.Label.Ordinary() {
			m.text(r)
		}
		if o.Progress != nil {
			o.Progress(i+1, len(o.Texts))
		}
	}
	return m.finish(), nil
}

// measure is the state of one measurement.
type measure struct {
	report  Report
	trial   *textmodel.Trial
	model   *textmodel.Model // with the trial's lexicon
	heads   attackHeads
	effects []Effect // of each entry of the trial
	wanted  []bool   // entries that are measured
	added   []int    // entries that were added
}

func newMeasure(o *Options) (*measure, error) {
	base := o.Model.Knows().Lexicon
	if base == nil {
		return nil, errors.New("the model has no lexicon; expected one that was trained with a lexicon")
	}
	lines := base.Bytes()
	if len(o.Add) > 0 {
		if _, err := textmodel.ParseLexicon(o.Add); err != nil {
			return nil, fmt.Errorf("reading what is added: %w", err)
		}
		lines = slices.Concat(lines, []byte("\n"), o.Add)
	}
	trial, err := textmodel.NewTrial(lines)
	if err != nil {
		return nil, fmt.Errorf("reading the entries: %w", err)
	}
	heads, err := headsOf(o.Model)
	if err != nil {
		return nil, err
	}
	m := &measure{trial: trial, model: o.Model.With(trial.Lexicon()), heads: heads}
	m.report.Model = o.Model.Digest()
	own := bytes.Count(base.Bytes(), []byte("\n")) + 1 // the last line before those that were added
	for i, e := range trial.Entries() {
		m.enter(i, &e, own, base.Concepts(), o)
	}
	if len(m.added) > 0 {
		m.report.Together = &Effect{Expression: "(all)", Added: true, ByLanguage: map[string]Counts{}, sources: map[string]bool{}}
	}
	return m, nil
}

// enter makes the effect of an entry, which is still to be measured.
func (m *measure) enter(i int, e *textmodel.TrialEntry, own int, concepts []string, o *Options) {
	f := Effect{Concept: e.Concept, Languages: e.Languages, Expression: e.Expression, Lines: e.Lines}
	if e.Prefix {
		f.Expression += "*"
	}
	last := e.Lines[len(e.Lines)-1]
	switch {
	case e.Lines[0] > own:
		f.Added, f.Unknown = true, !slices.Contains(concepts, e.Concept)
		f.Lines = make([]int, len(e.Lines))
		for k, n := range e.Lines {
			f.Lines[k] = n - own
		}
		m.trial.Hide(i)
		m.added = append(m.added, i)
	case last > own:
		m.report.Known++
	}
	m.effects = append(m.effects, f)
	m.wanted = append(m.wanted, (len(o.Add) == 0 || f.Added) && (o.Concept == "" || e.Concept == o.Concept) &&
		(o.Language == "" || slices.Contains(e.Languages, o.Language)))
}

// text measures what every entry does in one text.
func (m *measure) text(r *learn.Row) {
	t := r.Text
	if len(t) > MaxText {
		t = strings.ToValidUTF8(t[:MaxText], "")
		m.report.Cut++
	}
	m.report.add(r.Label)
	entries := m.matched(t, r.Origin)
	if len(entries) == 0 {
		return
	}
	shipped := m.heads.judge(m.model, t, r.Origin)
	anyAdded := false
	for _, i := range entries {
		if !m.wanted[i] {
			continue
		}
		e := &m.effects[i]
		if e.Added {
			anyAdded = true
			m.trial.Show(i)
			with := m.heads.judge(m.model, t, r.Origin)
			m.trial.Hide(i)
			e.take(r, with, shipped)
			continue
		}
		m.trial.Hide(i)
		e.take(r, shipped, m.heads.judge(m.model, t, r.Origin))
		m.trial.Show(i)
	}
	if anyAdded {
		m.together(r, t, shipped)
	}
}

// together measures what the added entries do at once.
func (m *measure) together(r *learn.Row, text string, shipped verdict) {
	for _, i := range m.added {
		m.trial.Show(i)
	}
	m.report.Together.take(r, m.heads.judge(m.model, text, r.Origin), shipped)
	for _, i := range m.added {
		m.trial.Hide(i)
	}
}

// matched returns the entries that match in a text, ascending.
func (m *measure) matched(text string, o guard.Origin) []int {
	var out []int
	for _, f := range m.trial.Find(text, o) {
		out = append(out, f.Entry)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// take adds what an entry does in one text.
func (e *Effect) take(r *learn.Row, with, without verdict) {
	if e.sources == nil {
		e.sources, e.ByLanguage = map[string]bool{}, map[string]Counts{}
	}
	e.sources[r.Source] = true
	here := e.ByLanguage[r.Lang]
	here.add(r.Label)
	e.ByLanguage[r.Lang] = here
	e.Foreign += one(e.foreign(r.Lang))
	e.add(r.Label)
	// The head that decides where the text scores higher is the one that is compared.
	h := without.best
	if with.logit[with.best] > without.logit[h] {
		h = with.best
	}
	shift := with.logit[h] - without.logit[h]
	if with.logit != without.logit {
		e.Changed++
	}
	gained, lost := with.flagged && !without.flagged, without.flagged && !with.flagged
	if r.Label.Attack() {
		e.AttackShift += shift
		e.AttacksFlagged += one(gained)
		e.AttacksFreed += one(lost)
		return
	}
	e.HonestShift += shift
	e.HonestFlagged += one(gained)
	e.HonestFreed += one(lost)
}

// foreign reports whether a text is of a language that the entry is not written for.
// A text of "pt-BR" is Portuguese; of a text that names none, nobody knows.
func (e *Effect) foreign(lang string) bool {
	return lang != "" && !slices.ContainsFunc(e.Languages, func(own string) bool {
		return lang == own || strings.HasPrefix(lang, own+"-")
	})
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// finish turns sums into means.
func (m *measure) finish() *Report {
	r := &m.report
	if r.Together != nil {
		r.Together.finish(r)
	}
	for i := range m.effects {
		if m.wanted[i] {
			m.effects[i].finish(r)
			r.Effects = append(r.Effects, m.effects[i])
		}
	}
	slices.SortStableFunc(r.Effects, byHarm)
	return r
}

func (e *Effect) finish(r *Report) {
	e.AttackShift /= float64(max(1, e.Attacks))
	e.HonestShift /= float64(max(1, e.Honest()))
	e.Sources = len(e.sources)
	e.LogOdds, e.Interval = logOdds(e.Attacks, r.Attacks, e.Honest(), r.Honest())
}

// logOdds returns the logarithm of the odds ratio of a of as and b of bs, with a half
// added to each count (Haldane, Anscombe), and its 95 % interval (Woolf).
func logOdds(a, as, b, bs int) (float64, [2]float64) {
	n := [4]float64{float64(a) + 0.5, float64(as-a) + 0.5, float64(b) + 0.5, float64(bs-b) + 0.5}
	x := math.Log(n[0]/n[1]) - math.Log(n[2]/n[3])
	d := 1.96 * math.Sqrt(1/n[0]+1/n[1]+1/n[2]+1/n[3])
	return x, [2]float64{x - d, x + d}
}
