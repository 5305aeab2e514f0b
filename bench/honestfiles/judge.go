package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"warder.example/guard"
)

// origins are those that files come as.
var origins = []guard.Origin{guard.OriginUser, guard.OriginDocument, guard.OriginTool}

// counts are files of a kind by what the policy decides because of prompt attacks and,
// independent of it, because of all other findings.
type counts struct {
	files                                   int
	attackBlocked, attackFlagged            int
	otherBlocked, otherMasked, otherFlagged int
}

// result is how the guard takes files, by kind and origin.
type result struct {
	kinds   []string
	by      map[string]map[guard.Origin]*counts
	blocked []string // one line for each file and origin
}

// judge has the guard inspect each file as each of the origins.
func judge(ctx context.Context, g *guard.Guard, files []file) (*result, error) {
	res := &result{by: map[string]map[guard.Origin]*counts{}}
	for i := range files {
		f := &files[i]
		if res.by[f.kind] == nil {
			res.kinds = append(res.kinds, f.kind)
			res.by[f.kind] = map[guard.Origin]*counts{}
			for _, o := range origins {
				res.by[f.kind][o] = new(counts)
			}
		}
		for _, o := range origins {
			v, err := g.Inspect(ctx, guard.Input{Texts: []guard.Text{{Content: f.text, Origin: o}}})
			if err != nil {
				return nil, fmt.Errorf("judging %q: %w", f.path, err)
			}
			res.add(f, o, &v)
		}
	}
	return res, nil
}

// add counts what was decided of a file, and notes why it is blocked.
func (r *result) add(f *file, o guard.Origin, v *guard.Verdict) {
	attack, other := guard.Allow, guard.Allow
	for i := range v.Findings {
		a := v.ActionFor(i)
		if c, _ := guard.LookupCategory(v.Findings[i].Category); c.Coarse == "prompt_attack" {
			attack = min(attack, a)
		} else {
			other = min(other, a)
		}
		if a.Stops() {
			x := &v.Findings[i]
			r.blocked = append(r.blocked, fmt.Sprintf("%s %q blocked as %s: %s by %s %s, at a rate of %g", f.kind, f.path, o, x.Category, x.Detector, x.Rule, x.FPR))
		}
	}
	c := r.by[f.kind][o]
	c.files++
	c.attackBlocked += count(attack.Stops())
	c.attackFlagged += count(attack == guard.Flag)
	c.otherBlocked += count(other.Stops())
	c.otherMasked += count(other == guard.Redact)
	c.otherFlagged += count(other == guard.Flag)
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// print writes a table of files by kind and origin, and with list each file that is
// blocked.
func (r *result) print(w io.Writer, list bool) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "\t\t\tprompt attack\t\tanything else\t\t\n")
	fmt.Fprintf(tw, "kind\tfiles\tas\tblocked\tflagged\tblocked\tmasked\tflagged\n")
	for _, k := range r.kinds {
		for _, o := range origins {
			c := r.by[k][o]
			fmt.Fprintf(tw, "%s\t%d\t%s\t%d\t%d\t%d\t%d\t%d\n", k, c.files, o, c.attackBlocked, c.attackFlagged, c.otherBlocked, c.otherMasked, c.otherFlagged)
		}
	}
	if list {
		fmt.Fprintln(tw)
		for _, line := range r.blocked {
			fmt.Fprintln(tw, line)
		}
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("printing the table: %w", err)
	}
	return nil
}
