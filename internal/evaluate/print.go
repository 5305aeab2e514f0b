package evaluate

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Print writes the report as tables for people. Names of sources and guards are
// written without control characters.
func (r *Report) Print(w io.Writer) error {
	p := &printer{Writer: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	p.line("corpus\t%d attacks\t%d honest, %d of them hard\t%d requests for harm\t%d independent payloads", r.Corpus.Rows[Attack],
		r.Corpus.Rows[Honest], r.Corpus.Hard, r.Corpus.Rows[Harmful], r.Corpus.Payloads)
	p.line("left out\t%d rows (other labels, answers)\n", r.Corpus.LeftOut)
	p.line("Fraction flagged at the thresholds for each published false-positive rate, with 95 %% intervals: recall\nfor attacks and requests for harm, false positives for honest texts. The default policy blocks at 1 %%, flags at 5 %%.")
	for i := range r.Guards {
		p.guard(&r.Guards[i])
	}
	for i := range r.Comparisons {
		p.comparison(&r.Comparisons[i])
	}
	return p.Flush()
}

type printer struct{ *tabwriter.Writer }

// line writes a line; what is wrong with the writer comes out in Flush.
func (p *printer) line(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = plain(s)
		}
	}
	fmt.Fprintf(p, format+"\n", args...)
}

// plain returns s without what could move a terminal's cursor or a column.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7F && r < 0xA0 || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
			return '\uFFFD'
		}
		return r
	}, s)
}

// nameWidth is how many characters of a name a table shows.
const nameWidth = 36

// cut leaves out the middle of a long name: what tells names apart is often at the
// end.
func cut(name string) string {
	r := []rune(name)
	if len(r) <= nameWidth {
		return name
	}
	const end = nameWidth / 3
	return string(r[:nameWidth-end-1]) + "…" + string(r[len(r)-end:])
}

// named names a line of a table.
func named(k Kind, name string) string { return string(k) + "  " + cut(name) }

// show writes a figure with its interval.
func show(f Fraction) string { return fmt.Sprintf("%.3f [%.3f %.3f]", f.Value, f.Low, f.High) }

// signed writes a difference with its interval.
func signed(f Fraction) string { return fmt.Sprintf("%+.3f [%+.3f %+.3f]", f.Value, f.Low, f.High) }

func (p *printer) guard(r *Result) {
	p.line("\n== %s ==", r.Name)
	if n := r.missing(); n > 0 {
		p.line("%d of %d rows UNANSWERED, in no figure below:", n, n+r.Answered)
		for _, c := range r.classes() {
			p.line("%d\t%s", r.Unanswered[c], c)
		}
	}
	p.table("source", r.Sources)
	for _, k := range []Kind{Attack, Harmful, Honest} {
		if names := r.Small[k]; len(names) > 0 {
			short := make([]string, len(names))
			for i, n := range names {
				short[i] = cut(n)
			}
			p.line("%s of kind %s: %s", SmallGroup, string(k), strings.Join(short, ", "))
		}
	}
	p.ranks(r)
	p.points(r)
	p.table("over-defence: benign_hard", r.Hard)
	p.table("channel", r.Channels)
	p.table("language", r.Languages)
	p.table("length", r.Lengths)
	p.disturbed(r.Disturbed)
	p.latency(r.Latency)
}

func (p *printer) table(title string, ls []Line) {
	if len(ls) == 0 {
		return
	}
	p.line("\n%s\trows\tpayloads\t0.1 %%\tblock, 1 %%\tflag, 5 %%", title)
	for _, l := range ls {
		p.line("%s\t%d\t%d\t%s\t%s\t%s", named(l.Kind, l.Name), l.Rows, l.Payloads, show(l.Flagged[0]), show(l.Flagged[1]), show(l.Flagged[2]))
	}
}

// ranks prints what needs scores, by source.
func (p *printer) ranks(r *Result) {
	p.line("\nranking\trows\tAUC\tTPR at 0.1 %%\tat 1 %%\tat 5 %%\tbalanced, block\tbalanced, flag")
	for i := range r.Sources {
		l := &r.Sources[i]
		graded := r.Ranking.Graded && l.Kind != Harmful || r.Harm.Graded && l.Kind == Harmful
		cols := []string{"-", "-", "-", "-", "-", "-"}
		if graded && l.AUC != nil {
			cols[0] = show(*l.AUC)
		}
		if graded && l.TPR != nil {
			cols[1], cols[2], cols[3] = show(l.TPR[0]), show(l.TPR[1]), show(l.TPR[2])
		}
		if l.Balanced != nil {
			cols[4], cols[5] = show(l.Balanced[atBlock]), show(l.Balanced[atFlag])
		}
		p.line("%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s", named(l.Kind, l.Name), l.Rows, cols[0], cols[1], cols[2], cols[3], cols[4], cols[5])
	}
	for _, x := range []struct {
		name string
		r    *Ranking
	}{{"attack, pooled", &r.Ranking}, {"harmful_request, pooled", &r.Harm}} {
		if x.r.Positive == 0 || x.r.Negative == 0 {
			continue
		}
		if !x.r.Graded {
			p.line("%s\t%d / %d\tanswers yes or no only: no ranking", x.name, x.r.Positive, x.r.Negative)
			continue
		}
		p.line("%s\t%d / %d\t%s\t%s\t%s\t%s\tthresholds\t%.4f %.4f %.4f", x.name, x.r.Positive, x.r.Negative, show(x.r.AUC),
			show(x.r.TPR[0]), show(x.r.TPR[1]), show(x.r.TPR[2]), x.r.Threshold[0], x.r.Threshold[1], x.r.Threshold[2])
	}
}

func (p *printer) points(r *Result) {
	p.line("\npublished rate\tmacro recall\tmacro specificity\tbalanced accuracy\tspecificity, benign_hard\tworst specificity\tharm recall\tharm specificity")
	attack, honest, harm := r.Has(Attack), r.Has(Honest), r.Has(Harmful)
	for _, x := range r.Points {
		p.line("%g\t%s\t%s\t%s\t%s\t%s %s\t%s\t%s", x.FPR, where(attack, show(x.Recall)), where(honest, show(x.Specificity)),
			where(attack && honest, show(x.Balanced)), where(len(r.Hard) > 0, show(x.Hard)), where(x.WorstSource != "", show(x.Worst)), cut(x.WorstSource),
			where(harm, fmt.Sprintf("%.3f", x.HarmRecall)), where(honest, fmt.Sprintf("%.3f", x.HarmHonest)))
	}
}

// where writes a dash for a figure that has no rows.
func where(ok bool, figure string) string {
	if !ok {
		return "-"
	}
	return figure
}

func (p *printer) disturbed(ds []Disturbed) {
	for _, at := range []int{atBlock, atFlag} {
		if len(ds) == 0 {
			return
		}
		p.line("\nobfuscated, %s\tattacks\thonest\tunanswered\trecall\tloss against clean\tfalse positives\trise against clean", map[int]string{atBlock: "block", atFlag: "flag"}[at])
		for _, d := range ds {
			p.line("%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s", d.Way, d.Attacks, d.Honest, d.Missing, where(d.Attacks > 0, show(d.Recall[at])), where(d.Attacks > 0, signed(d.Loss[at])),
				where(d.Honest > 0, show(d.FalsePositives[at])), where(d.Honest > 0, signed(d.Rise[at])))
		}
	}
}

func (p *printer) latency(l *Latency) {
	if l == nil || l.Rows == 0 {
		return
	}
	p.line("\nlatency, µs\trows\trow p50\tp99\tmax\tper KB, all\tper KB p50\tp99")
	row := func(name string, l *Latency) {
		p.line("%s\t%d\t%.1f\t%.1f\t%.0f\t%.1f\t%.1f\t%.1f", name, l.Rows, l.P50, l.P99, l.Max, l.PerKB, l.P50KB, l.P99KB)
	}
	for i := range l.Lengths {
		row(l.Lengths[i].Name, &l.Lengths[i].Latency)
	}
	row("all", l)
}

func (p *printer) comparison(c *Comparison) {
	p.line("\n== %s against %s, on %d rows that both judged ==", c.Other, c.Base, c.Rows)
	p.line("difference of the fraction flagged; with attacks more is better, with honest texts less\n")
	p.line("source\trows\tat block\tonly %s\tonly %s\tp\tat flag\tonly %s\tonly %s\tp", c.Base, c.Other, c.Base, c.Other)
	for _, d := range c.Sources {
		b, f := &d.Rates[atBlock], &d.Rates[atFlag]
		p.line("%s\t%d\t%s\t%d\t%d\t%.3g\t%s\t%d\t%d\t%.3g", named(d.Kind, d.Name), d.Rows, signed(b.Change), b.OnlyBase, b.OnlyOther, b.P,
			signed(f.Change), f.OnlyBase, f.OnlyOther, f.P)
	}
	p.line("\nmacro\t0.1 %%\tblock\tflag")
	for _, x := range []struct {
		name string
		f    [len(Rates)]Fraction
	}{{"recall", c.Recall}, {"specificity", c.Specificity}, {"balanced accuracy", c.Balanced}} {
		p.line("%s\t%s\t%s\t%s", x.name, signed(x.f[0]), signed(x.f[1]), signed(x.f[2]))
	}
	p.line("AUC\t%s", signed(c.AUC))
}
