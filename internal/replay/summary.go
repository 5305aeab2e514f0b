package replay

import (
	"cmp"
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"warder.example/guard/detect"
	"warder.example/guard/policy"
	"warder.example/internal/replay/logs"
)

// report sums up.
func (r *run) report(ctx context.Context, again *secondPass) (*Report, error) {
	t := r.t
	out := &Report{
		Schema: Schema, Policy: r.o.Policy.Name(), Digest: r.digest, Files: len(r.o.Files), Values: t.Values, Requests: t.Requests, Answers: t.Answers,
		Carried: t.Carried, LeftOut: ranked(t.Left), FalseBlocks: t.estimate(), Review: again.review,
	}
	for _, why := range slices.Sorted(maps.Keys(t.Unreadable)) {
		b := t.Unreadable[why]
		out.Unreadable = append(out.Unreadable, Unread{why, b.Count, r.wheres(b.Places)})
	}
	for _, name := range slices.Sorted(maps.Keys(t.Days)) {
		out.Days = append(out.Days, Day{name, t.Days[name].Counts, ranked(t.Days[name].Why)})
	}
	out.groups(t)
	out.reasons(t, again)
	for k, l := range t.Leaks {
		category, where, _ := strings.Cut(k, sep)
		out.Leaks = append(out.Leaks, Leak{category, where, l.Findings, l.Requests})
	}
	slices.SortFunc(out.Leaks, func(a, b Leak) int {
		return cmp.Or(b.Findings-a.Findings, strings.Compare(a.Category, b.Category), strings.Compare(a.Where, b.Where))
	})
	if p := r.o.Compare; p != nil {
		out.Comparison = &Comparison{Policy: p.Name(), Digest: p.Digest(), Requests: t.Diff.Requests, Changed: ranked(t.Diff.Changed), Rules: ranked(t.Diff.Rules), Where: r.wheres(t.Diff.Places)}
	}
	slices.SortFunc(out.Review, func(a, b Reviewed) int { return strings.Compare(a.ID, b.ID) })
	if r.o.Thresholds > 0 && len(again.honest) > 0 && !r.o.Policy.Detect().DisableModel {
		var err error
		if out.Thresholds, err = propose(ctx, detect.NewPromptAttack(), again.honest, r.now()); err != nil {
			return nil, err
		}
	}
	out.Proposal, out.Because = proposal(r.o.Policy, t)
	out.Notes = r.notes(out)
	return out, nil
}

func (r *run) now() time.Time {
	if r.o.Now == nil {
		return time.Now()
	}
	return r.o.Now()
}

func (r *run) wheres(ps []Place) (out []Where) {
	for _, p := range ps {
		file := "-"
		if r.o.Stream == nil {
			file = filepath.Base(r.o.Files[p.File])
		}
		out = append(out, Where{file, p.Line})
	}
	return out
}

// ranked lists counts, the largest first.
func ranked(m map[string]int) (out []Named) {
	for k, n := range m {
		out = append(out, Named{k, n})
	}
	slices.SortFunc(out, func(a, b Named) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Name, b.Name)) })
	return out
}

func (out *Report) groups(t *tally) {
	for k, g := range t.Groups {
		app, model, _ := strings.Cut(k, sep)
		out.Groups = append(out.Groups, Group{App: app, Model: model, Counts: g.Counts, InputTokens: g.InputTokens, OutputTokens: g.OutputTokens, Cost: g.Cost, Priced: g.Priced, Why: ranked(g.Why)})
		out.Total.Requests += g.Requests
		out.Total.Blocked += g.Blocked
		out.Total.Redacted += g.Redacted
		out.Total.Flagged += g.Flagged
	}
	slices.SortFunc(out.Groups, func(a, b Group) int {
		return cmp.Or(b.Requests-a.Requests, strings.Compare(a.App, b.App), strings.Compare(a.Model, b.Model))
	})
	for _, g := range out.Groups { // in order: sums of fractions depend on it
		out.Cost.Priced += g.Priced
		out.Cost.Total += g.Cost
		out.Cost.InputTokens += g.InputTokens
		out.Cost.OutputTokens += g.OutputTokens
	}
}

func (out *Report) reasons(t *tally, again *secondPass) {
	for k, n := range t.Reasons {
		p := strings.SplitN(k, sep, 5)
		if len(p) < 5 {
			continue // of a resume file that somebody wrote by hand
		}
		out.Reasons = append(out.Reasons, Reason{Side: p[0], Action: p[1], Rule: p[2], Category: p[3], Detector: p[4], Requests: n.Requests, Decided: n.Decided, Excerpts: again.excerpts[k]})
	}
	rank := map[string]int{"block": 0, "ask": 1, "redact": 2, "flag": 3}
	slices.SortFunc(out.Reasons, func(a, b Reason) int {
		return cmp.Or(rank[a.Action]-rank[b.Action], b.Requests-a.Requests, strings.Compare(a.Rule, b.Rule), strings.Compare(a.Category, b.Category),
			strings.Compare(a.Side, b.Side), strings.Compare(a.Detector, b.Detector))
	})
}

// notes says what the figures assume.
func (r *run) notes(out *Report) []string {
	notes := []string{
		"Nothing was stopped: these requests were made. Where a request would have been stopped, there would have been no answer.",
		"Logs are judged without what an application would declare: its delimiters, canaries and remembered threats.",
	}
	if !r.o.Every {
		notes = append(notes, "What stands before the model's last answer in a request counts as judged in its own request.")
	}
	if out.FalseBlocks.Labelled == nil && out.Total.Blocked > 0 {
		notes = append(notes, "How many would-be blocks are honest cannot be known without labels; the bound for the classifier holds for traffic like the texts its thresholds were measured on.")
	}
	if r.t.Days[Undated] != nil {
		notes = append(notes, "Requests whose time is not known count as one day.")
	}
	if out.Thresholds != nil {
		notes = append(notes, "The thresholds assume that the requests they were chosen on are honest and like those to come: an attack among them raises a threshold.")
	}
	if r.o.Policy.Mode() == policy.Observe {
		notes = append(notes, "The policy observes only; what it would have done is counted.")
	}
	if n := logs.NotGeneration; slices.ContainsFunc(out.LeftOut, func(x Named) bool { return x.Name == n }) {
		notes = append(notes, "Spans and observations of other work than calls of models were passed over.")
	}
	return notes
}
