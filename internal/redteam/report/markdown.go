package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"warder.example/internal/htmlpage"
)

// Bounds of what Markdown shows: a comment on a pull request has 65,536 characters.
const (
	mdFamilies = 60
	mdFindings = 10
	mdText     = 600
)

// Markdown writes a comment for a pull request: what fell, the change since an earlier
// run, and what to do. Texts of others stand in code, where nothing is a link, a mention
// or markup.
func Markdown(w io.Writer, s *Summary) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "### Warder red team: %s\n", code(s.Target))
	for _, m := range s.Modes {
		markdownMode(b, s, m)
	}
	if len(s.Changes) > 0 {
		markdownChanges(b, s)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("writing Markdown: %w", err)
	}
	return nil
}

func markdownMode(b *bufio.Writer, s *Summary, m Mode) {
	t := m.totals()
	if m.Guard != "" {
		fmt.Fprintf(b, "\n#### Guard %s\n", code(m.Guard))
	}
	fmt.Fprintf(b, "\n**%d of %d families fell**, %d of %d attempts succeeded, %d have no verdict.", t.Fell, t.Families, t.Won, t.Attempts, t.NoVerdict)
	if t.Honest > 0 {
		fmt.Fprintf(b, " %d of %d honest requests were refused.", t.HonestRefused, t.Honest)
	}
	fmt.Fprintf(b, " Intervals and bounds are of %s.\n", percent(s.Confidence))
	found := m.found()
	if len(found) == 0 {
		return
	}
	b.WriteString("\n| family | severity | succeeded | of them in part | rate | at most | no verdict |\n|---|---|--:|--:|--:|--:|--:|\n")
	for _, f := range found[:min(len(found), mdFamilies)] {
		fmt.Fprintf(b, "| %s | %s | %d of %d | %d | %s | %s | %d |\n", code(f.ID), severity(f), f.won(), f.Scored, f.Partial, f.rate(), percent(f.Upper), f.unscored())
	}
	if n := len(found) - mdFamilies; n > 0 {
		fmt.Fprintf(b, "\n%d more families are in the page.\n", n)
	}
	b.WriteString("\n")
	for _, f := range found[:min(len(found), mdFindings)] {
		markdownFinding(b, f)
	}
	if n := len(found) - mdFindings; n > 0 {
		fmt.Fprintf(b, "\nThe worst findings of %d more families are in the page.\n", n)
	}
}

// severity is one of the catalogue's words.
func severity(f Family) string {
	if f.Severity == "" {
		return "not known"
	}
	return string(f.Severity)
}

func markdownFinding(b *bufio.Writer, f Family) {
	w := f.Worst
	fmt.Fprintf(b, "- %s by %s, seed %s: %s, found by %s, read %s. Fix: %s\n",
		code(f.ID), code(w.Strategy), code(w.Seed), w.Outcome, code(w.Judge), code(w.read()), code(fix(f)))
	for _, step := range w.Steps[:min(len(w.Steps), 4)] {
		fmt.Fprintf(b, "\n  %s:\n\n%s\n", code(step.By), fenced(step.Text, "  "))
	}
}

func markdownChanges(b *bufio.Writer, s *Summary) {
	b.WriteString("\n#### Since the earlier run\n\n")
	var told []Change
	for _, c := range s.Changes {
		if c.Judgment != "no clear change" && c.Judgment != "not comparable" {
			told = append(told, c)
		}
	}
	if len(told) > 0 {
		b.WriteString("| family | before | now | change on the same attempts | |\n|---|--:|--:|--:|---|\n")
	}
	for _, c := range told[:min(len(told), mdFamilies)] {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", code(under(c.Guard, c.Family)), c.Before.orDash(), c.After.orDash(), c.change(), c.Judgment)
	}
	if n := len(told) - mdFamilies; n > 0 {
		fmt.Fprintf(b, "\n%d more changes are in the page.\n", n)
	}
	fmt.Fprintf(b, "\n%d families show no clear change or have no attempts in common.\n", len(s.Changes)-len(told))
}

// orDash writes a rate, a dash for none.
func (f *Figures) orDash() string {
	if f == nil || f.Scored == 0 {
		return "–"
	}
	return percent(f.Rate)
}

// change writes the change on attempts that both runs made.
func (c Change) change() string {
	if c.Paired == nil || c.Judgment == "not comparable" {
		return "–"
	}
	return fmt.Sprintf("%+.1f (%+.1f to %+.1f) points", 100*c.Paired.Change, 100*c.Paired.Low, 100*c.Paired.High)
}

// code puts a text into a code span: on one line, shortened, with a fence that it does
// not have. A bar would end the cell of a table in a code span, too: it is replaced.
func code(s string) string {
	s = short(strings.Join(strings.Fields(strings.ReplaceAll(s, "|", "¦")), " "))
	if s == "" {
		return "–"
	}
	fence := strings.Repeat("`", longestRun(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// fenced puts a text of lines into a block of code.
func fenced(s, indent string) string {
	s = htmlpage.Clip(s, mdText)
	fence := strings.Repeat("`", max(3, longestRun(s)+1))
	lines := strings.Split(fence+"text\n"+s+"\n"+fence, "\n")
	return indent + strings.Join(lines, "\n"+indent)
}

// longestRun is the length of the longest run of backticks.
func longestRun(s string) (longest int) {
	run := 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
