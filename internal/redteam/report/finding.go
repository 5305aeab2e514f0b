package report

import (
	"fmt"
	"slices"
	"strings"

	"warder.example/internal/htmlpage"
	"warder.example/internal/redteam/journal"
	"warder.example/internal/redteam/probe"
)

// finding keeps the worst of a family: a success before a part of one, then the
// shortest, then the first by id, whatever order attempts come in.
func (g *gathering) finding(at place, r *journal.Record) {
	v := r.Verdict
	if !won(v.Outcome) {
		return
	}
	family := place{guard: at.guard, family: at.family}
	size := sent(r.Transcript)
	if w := g.worst[family]; w != nil && !worse(v.Outcome, size, short(r.ID), w) {
		return
	}
	f := &Finding{
		Attempt: short(r.ID), Strategy: at.strategy, Seed: g.name(r.Key.Seed), Outcome: v.Outcome,
		Judge: short(v.Judge), Bytes: size,
	}
	for _, d := range v.Decoding[:min(len(v.Decoding), maxShown)] {
		f.Decoding = append(f.Decoding, short(d))
	}
	if g.opt.Texts {
		f.Why = short(v.Why)
		f.Steps, f.LeftOut = steps(r.Transcript)
	}
	g.worst[family] = f
}

// worse reports whether an attempt is worse than a finding.
func worse(o probe.Outcome, size int, id string, than *Finding) bool {
	switch {
	case o != than.Outcome:
		return o == probe.Success
	case size != than.Bytes:
		return size < than.Bytes
	}
	return id < than.Attempt
}

// sent is how many bytes of text and files were sent.
func sent(t probe.Transcript) (n int) {
	for _, e := range t.Exchanges {
		for _, m := range e.Sent {
			n += len(m.Text)
			for _, f := range m.Files {
				n += len(f.Data)
			}
		}
	}
	return n
}

// steps writes a transcript down line by line, shortened.
func steps(t probe.Transcript) (out []Step, leftOut int) {
	size := 0
	add := func(by, text string) {
		text = strings.Clone(htmlpage.TameLines(htmlpage.Clip(text, maxText)))
		if len(out) >= 2*maxShown || size+len(text) > maxTexts {
			leftOut++
			return
		}
		size += len(text)
		out = append(out, Step{by, text})
	}
	for _, e := range t.Exchanges {
		for _, m := range e.Sent {
			by := string(m.Role)
			if m.Tool != "" {
				by += " " + m.Tool
			}
			text := m.Text
			for _, f := range m.Files[:min(len(m.Files), maxShown)] {
				text += fmt.Sprintf("\n[file %s, %s, %d bytes]", f.Name, f.Media, len(f.Data))
			}
			add(short(by), text)
		}
		answered(e.Got, add)
	}
	return out, leftOut
}

// answered writes down a reply.
func answered(r probe.Reply, add func(by, text string)) {
	switch {
	case r.Failure != "":
		add("no answer", r.Failure)
	case r.Blocked != "":
		add("guard", r.Blocked)
	}
	for _, c := range r.Calls {
		add("call of "+short(c.Tool), c.Arguments)
	}
	if r.Text != "" {
		add("target", r.Text)
	}
}

// short makes a sentence or a name of others fit to be kept.
func short(s string) string {
	return strings.Clone(htmlpage.Clip(htmlpage.Tame(s), maxSentence))
}

// found are the families in which an attack succeeded, in whole or in part, the worst
// first: by severity, then by rate.
func (m Mode) found() []Family {
	var out []Family
	for _, f := range m.Families {
		if f.Worst != nil {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b Family) int {
		if d := b.weight() - a.weight(); d != 0 {
			return d
		}
		switch {
		case a.Rate > b.Rate:
			return -1
		case a.Rate < b.Rate:
			return 1
		}
		return 0
	})
	return out
}

// weight orders families: success before parts, then severity; a family of which the
// severity is not known stands with the high ones.
func (f Family) weight() int {
	w := map[string]int{"low": 1, "medium": 2, "": 3, "high": 3, "critical": 4}[string(f.Severity)]
	if f.Success > 0 {
		w += 10
	}
	return w
}
