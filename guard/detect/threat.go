package detect

import (
	"context"
	"fmt"

	"warder.example/guard"
	"warder.example/guard/normal"
	"warder.example/guard/threat"
)

// Threat recognises remembered attacks. It is a windowed detector of the texts
// that [PromptAttack] reads, in the same views, for the application that the
// text's exchange names (entries that hold for all where it names none).
//
// A finding has the entry's category and the rule "threat:ID". An exact copy scores
// 1 at a false-positive rate of 0, a similar text its similarity at a rate of
// 0.001: policies treat both like a sure classifier. Every match is counted as a
// hit of its entry, also of those that are only observed.
type Threat struct {
	memory *threat.Memory
	silent bool // matches are not counted as hits
}

var _ guard.Detector = (*Threat)(nil)

// NewThreat returns a detector of what m remembers at the time of each text.
func NewThreat(m *threat.Memory) *Threat { return &Threat{memory: m} }

// similarFPR is the rate at which similar texts are reported. What is measured on
// honest texts is lower; no entry becomes active before it was measured there.
const similarFPR = 0.001

// Detect implements [guard.Detector]. It reports each entry once, in the view that
// shows it first, and at most [threat.MaxMatches] entries a view.
func (d *Threat) Detect(ctx context.Context, t *guard.Text) ([]guard.Finding, error) {
	if err := ctx.Err(); err != nil || d.memory.Len() == 0 || !reads(t) {
		return nil, err
	}
	app, caller := "", ""
	if t.Exchange != nil {
		app, caller = t.Exchange.Application, t.Exchange.Application+" "+t.Exchange.Caller
	}
	w := threatWatch{memory: d.memory, app: app, caller: caller, text: t, silent: d.silent}
	views := t.Views().Views
	main := 0
	if len(views) > 0 && views[0].Kind == normal.Canonical {
		w.read(views[0].Text, &views[0])
		main = 1
	} else {
		w.read(t.Content, nil)
	}
	n := 0
	for i := range views[main:] {
		v := &views[main+i]
		if len(v.Text) < minAttackView {
			continue
		}
		if n++; n > maxAttackViews {
			break
		}
		w.read(v.Text, v)
	}
	return w.found, nil
}

// threatWatch gathers what the views of one text match.
type threatWatch struct {
	memory *threat.Memory
	app    string
	caller string
	text   *guard.Text
	silent bool
	seen   map[string]bool
	found  []guard.Finding
}

// read looks one reading of the text up. v is nil for the text itself.
func (w *threatWatch) read(text string, v *normal.View) {
	for _, m := range w.memory.Find(w.app, text) {
		if w.seen[m.ID] {
			continue
		}
		if w.seen == nil {
			w.seen = map[string]bool{}
		}
		w.seen[m.ID] = true
		if !w.silent {
			w.memory.Count(&m, w.caller)
		}
		if m.Reports() {
			w.found = append(w.found, threatFinding(w.text, v, &m))
		}
	}
}

func threatFinding(t *guard.Text, v *normal.View, m *threat.Match) guard.Finding {
	f := guard.Finding{
		Category: m.Category, Score: 1, Detector: "threat", Rule: "threat:" + m.ID, Class: guard.Windowed, Origin: t.Origin,
		Spans: []guard.Span{{Start: m.Start, End: m.End}},
	}
	if v != nil {
		f.Spans[0].Start, f.Spans[0].End = v.Source(m.Start, m.End)
		f.View = v.Path
	}
	how := "an exact copy of"
	if !m.Exact {
		f.Score, f.FPR = m.Similarity, similarFPR
		how = fmt.Sprintf("%.2f alike to", m.Similarity)
	}
	scope := "this application"
	if m.App == "" {
		scope = "all applications"
	}
	f.Explanation = fmt.Sprintf("%s the confirmed attack %s, remembered for %s from %q", how, m.ID, scope, m.Source)
	return f
}
