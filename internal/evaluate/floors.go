package evaluate

import (
	"fmt"
	"strings"

	"warder.example/internal/evaluate/disturb"
)

// Figures returns the numbers that floors may be set on, by name. Those of the
// first guard have plain names, those of the others begin with the guard's name
// and a colon:
//
//	auc, harm_auc, answered
//	recall@R, specificity@R, balanced@R, hard@R, worst@R, tpr@R,
//	harm_recall@R, harm_specificity@R        R of 0.001, 0.01, 0.05
//	recall@R/source/NAME, specificity@R/…    of a line: source, channel,
//	                                         language, length
//	WAY_recall@R, WAY_specificity@R, WAY_kept@R  after a disturbance
//	gain_auc, gain_recall@R, gain_specificity@R, gain_balanced@R
//	                                         over the first guard
//
// Any of those with an interval has its lower end under the name with "_low"
// before the @, or at the end. A figure without rows is 0, so that it passes no
// floor.
func (r *Report) Figures() map[string]float64 {
	out := figures{}
	for i := range r.Guards {
		to := out
		if i > 0 {
			to = figures{}
		}
		r.Guards[i].figures(to)
		if i > 0 {
			r.Comparisons[i-1].figures(to)
			for name, v := range to {
				out[r.Guards[i].Name+":"+name] = v
			}
		}
	}
	return out
}

// KnownFigure reports whether a figure of that name can exist, before anything
// is measured: names of sources and languages are not looked at.
func KnownFigure(name string, guards []string, ways []disturb.Way) bool {
	rep := Report{Guards: make([]Result, len(guards)), Comparisons: make([]Comparison, max(0, len(guards)-1))}
	for i := range rep.Guards {
		g := &rep.Guards[i]
		g.Name = guards[i]
		for _, rate := range Rates {
			g.Points = append(g.Points, Point{FPR: rate})
		}
		for _, w := range ways {
			g.Disturbed = append(g.Disturbed, Disturbed{Way: w.Name})
		}
		for _, k := range []Kind{Attack, Honest, Harmful} {
			l := []Line{{Kind: k, Rows: 1}}
			g.Sources, g.Channels = append(g.Sources, l...), append(g.Channels, l...)
			g.Languages, g.Lengths = append(g.Languages, l...), append(g.Lengths, l...)
		}
	}
	stem, part, of := strings.Cut(name, "/")
	if of {
		group, _, ok := strings.Cut(part, "/")
		if !ok {
			return false
		}
		name = stem + "/" + group + "/"
	}
	_, ok := rep.Figures()[name]
	return ok
}

type figures map[string]float64

// put adds a figure and the lower end of its interval.
func (f figures) put(name, rest string, x Fraction, rows bool) {
	if !rows {
		x = Fraction{}
	}
	f[name+rest], f[name+"_low"+rest] = x.Value, x.Low
}

func (r *Result) figures(to figures) {
	if n := r.Answered + r.missing(); n > 0 {
		to["answered"] = float64(r.Answered) / float64(n)
	} else {
		to["answered"] = 0
	}
	to.put("auc", "", r.Ranking.AUC, r.Ranking.Positive > 0 && r.Ranking.Negative > 0)
	to.put("harm_auc", "", r.Harm.AUC, r.Harm.Positive > 0 && r.Harm.Negative > 0)
	for i, p := range r.Points {
		at := fmt.Sprintf("@%g", p.FPR)
		to.put("recall", at, p.Recall, true)
		to.put("specificity", at, p.Specificity, true)
		to.put("balanced", at, p.Balanced, true)
		to.put("hard", at, p.Hard, true)
		to.put("worst", at, p.Worst, true)
		to.put("tpr", at, r.Ranking.TPR[i], true)
		to["harm_recall"+at], to["harm_specificity"+at] = p.HarmRecall, p.HarmHonest
	}
	for group, lines := range map[string][]Line{"source": r.Sources, "channel": r.Channels, "language": r.Languages, "length": r.Lengths} {
		for i := range lines {
			lines[i].figures(to, group)
		}
	}
	for i := range r.Disturbed {
		r.Disturbed[i].figures(to)
	}
}

func (l *Line) figures(to figures, group string) {
	for i, rate := range Rates {
		at := fmt.Sprintf("@%g/%s/%s", rate, group, l.Name)
		switch l.Kind {
		case Attack:
			to.put("recall", at, l.Flagged[i], l.Rows > 0)
		case Harmful:
			to.put("harm_recall", at, l.Flagged[i], l.Rows > 0)
		case Honest:
			to.put("specificity", at, l.Flagged[i].not(), l.Rows > 0)
		}
	}
}

func (d *Disturbed) figures(to figures) {
	for i, rate := range Rates {
		at := fmt.Sprintf("@%g", rate)
		to.put(d.Way+"_recall", at, d.Recall[i], d.Attacks > 0)
		to.put(d.Way+"_specificity", at, d.FalsePositives[i].not(), d.Honest > 0)
		to.put(d.Way+"_kept", at, d.Loss[i].not(), d.Attacks > 0)
	}
}

func (c *Comparison) figures(to figures) {
	to.put("gain_auc", "", c.AUC, true)
	for i, rate := range Rates {
		at := fmt.Sprintf("@%g", rate)
		to.put("gain_recall", at, c.Recall[i], true)
		to.put("gain_specificity", at, c.Specificity[i], true)
		to.put("gain_balanced", at, c.Balanced[i], true)
	}
}
