package lexicon

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// byHarm puts those first that flag most honest texts, then those that come nearest
// to it.
func byHarm(a, b Effect) int {
	return cmp.Or(cmp.Compare(b.Harm(), a.Harm()), cmp.Compare(b.HonestFlagged, a.HonestFlagged),
		cmp.Compare(b.HonestShift*float64(b.Honest()), a.HonestShift*float64(a.Honest())))
}

// byWorth puts those first that flag most attacks.
func byWorth(a, b Effect) int {
	return cmp.Or(cmp.Compare(b.Worth(), a.Worth()), cmp.Compare(b.AttacksFlagged, a.AttacksFlagged),
		cmp.Compare(b.AttackShift*float64(b.Attacks), a.AttackShift*float64(a.Attacks)))
}

// abroad is the number of texts from which on an entry that mostly matches in other
// languages is shown.
const abroad = 10

// Print writes the report as tables of at most top entries each.
func (r *Report) Print(w io.Writer, top int) error {
	fmt.Fprintf(w, "model %.12s, %d attacks, %d ordinary texts, %d that resemble attacks", r.Model, r.Attacks, r.Ordinary, r.Resembling)
	if r.Cut > 0 {
		fmt.Fprintf(w, " (of %d the first %d bytes)", r.Cut, MaxText)
	}
	fmt.Fprintf(w, "\nFlagged: honest texts and attacks that cross the flag threshold because of the entry (+) or but for it (-).\n"+
		"Shift: what it adds to the deciding logit, mean over the texts it matches.\n")
	if r.Known > 0 {
		fmt.Fprintf(w, "%d added entries are in the model's lexicon already.\n", r.Known)
	}
	if r.Together != nil {
		fmt.Fprintf(w, "\nAll added entries together:\n")
		if err := table(w, []Effect{*r.Together}); err != nil {
			return err
		}
	}
	matching, silent, idle := r.sort()
	for _, part := range []struct {
		title string
		list  []Effect
	}{
		{"Harm: honest texts are flagged because of them", r.pick(byHarm, func(e *Effect) bool { return e.HonestFlagged > 0 })},
		{"Worth: attacks are flagged because of them", r.pick(byWorth, func(e *Effect) bool { return e.Worth() > 0 })},
		{"Loss: attacks are not flagged because of them", r.pick(reverse(byWorth), func(e *Effect) bool { return e.Worth() < 0 })},
		{"They match mostly in texts of other languages", r.pick(byForce, func(e *Effect) bool { return e.Changed >= abroad && 2*e.Foreign > e.Texts() })},
		{"They match and change nothing: another entry says the same", idle},
		{"The model has learned nothing of their concept: they only crowd out others before training", r.pick(byHarm, func(e *Effect) bool { return e.Unknown })},
	} {
		if len(part.list) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s: %d\n", part.title, len(part.list))
		if err := table(w, part.list[:min(top, len(part.list))]); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\n%d entries: %d match, %d match nowhere in these texts\n", len(r.Effects), matching, silent)
	return err
}

// sort returns how many entries match and how many do not, and those that match and
// change nothing though their concept is known, in most texts first.
func (r *Report) sort() (matching, silent int, idle []Effect) {
	for _, e := range r.Effects {
		switch {
		case e.Texts() == 0:
			silent++
			continue
		case e.Changed == 0 && !e.Unknown:
			idle = append(idle, e)
		}
		matching++
	}
	slices.SortStableFunc(idle, func(a, b Effect) int { return cmp.Compare(b.Texts(), a.Texts()) })
	return matching, silent, idle
}

func (r *Report) pick(order func(a, b Effect) int, want func(*Effect) bool) (out []Effect) {
	for i := range r.Effects {
		if want(&r.Effects[i]) {
			out = append(out, r.Effects[i])
		}
	}
	slices.SortStableFunc(out, order)
	return out
}

func reverse(order func(a, b Effect) int) func(a, b Effect) int {
	return func(a, b Effect) int { return order(b, a) }
}

// byForce puts those first that move most, either way.
func byForce(a, b Effect) int { return cmp.Compare(b.force(), a.force()) }

func (e *Effect) force() float64 {
	return math.Abs(e.AttackShift)*float64(e.Attacks) + math.Abs(e.HonestShift)*float64(e.Honest())
}

func table(w io.Writer, list []Effect) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "line\tconcept\tlang\texpression\tattacks\tordinary\tresembling\tsources\tlog-odds\thonest flagged\tattacks flagged\thonest shift\tattack shift\tin texts of\n")
	for i := range list {
		e := &list[i]
		line := ""
		if len(e.Lines) > 0 {
			line = fmt.Sprint(e.Lines[0])
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%+.1f (%+.1f %+.1f)\t+%d -%d\t+%d -%d\t%+.3f\t%+.3f\t%s\n", line, shown(e.Concept), shown(strings.Join(e.Languages, ",")),
			shown(e.Expression), e.Attacks, e.Ordinary, e.Resembling, e.Sources, e.LogOdds, e.Interval[0], e.Interval[1],
			e.HonestFlagged, e.HonestFreed, e.AttacksFlagged, e.AttacksFreed, e.HonestShift, e.AttackShift, e.languages())
	}
	return tw.Flush()
}

// languages returns the three languages of most texts in which the entry matches.
func (e *Effect) languages() string {
	names := make([]string, 0, len(e.ByLanguage))
	for l := range e.ByLanguage {
		names = append(names, l)
	}
	n := func(l string) int { c := e.ByLanguage[l]; return c.Texts() }
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(n(b), n(a)), strings.Compare(a, b)) })
	var b strings.Builder
	for i, l := range names {
		if i == 3 {
			b.WriteString(" …")
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s %d", shown(l), n(l))
	}
	return b.String()
}

// shown makes what a file says fit for a terminal: bounded, on one line, without
// control characters.
func shown(s string) string {
	q := fmt.Sprintf("%.80q", s)
	q = q[1 : len(q)-1]
	return strings.ReplaceAll(q, `\"`, `"`)
}
