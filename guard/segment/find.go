package segment

import (
	"context"
	"slices"

	"warder.example/guard"
)

// Find is [guard.Guard.Find], with every text of a request that an operator or a
// user wrote also read part by part, each part as its own origin. What it
// returns speaks of the texts: spans count from a text's start, and Origin is
// that of the part. f is what the findings will be decided under.
//
// An exact finding that the whole text and a part both have is returned once: as
// of the part where a [Rule] marked it, since the operator says what stands
// there; else with the origin that g decides on more strictly, since a guess
// must not make anything milder.
//
// parts holds the parts of each text; nil where it was not split.
func Find(ctx context.Context, g *guard.Guard, f guard.Facts, texts []guard.Text, rules []Rule) (found []guard.Finding, parts [][]Part, err error) {
	parts, all, of := split(texts, rules)
	found, err = g.Find(ctx, all)
	if err != nil || len(of) == 0 {
		return found, parts, err
	}
	n := 0 // findings of whole texts come first
	for n < len(found) && found[n].Text < len(texts) {
		n++
	}
	marked := make([]bool, len(found))
	for i := n; i < len(found); i++ {
		fd := &found[i]
		w := of[fd.Text-len(texts)]
		fd.Text, marked[i] = w.text, w.part.Marked
		fd.Spans = slices.Clone(fd.Spans)
		for j := range fd.Spans {
			fd.Spans[j].Start += w.part.Start
			fd.Spans[j].End += w.part.Start
		}
	}
	found = once(g, f, found, n, marked)
	slices.SortStableFunc(found, func(a, b guard.Finding) int { return a.Text - b.Text })
	return found, parts, nil
}

// sighting is what makes two exact findings the same one.
type sighting struct {
	text, start, end, spans        int
	category, detector, rule, view string
}

func sightingOf(f *guard.Finding) (sighting, bool) {
	if f.Class != guard.Exact || len(f.Spans) == 0 {
		return sighting{}, false
	}
	return sighting{f.Text, f.Spans[0].Start, f.Spans[len(f.Spans)-1].End, len(f.Spans), f.Category, f.Detector, f.Rule, f.View}, true
}

// once drops one of two findings that are the same, the first of which stands
// before n.
func once(g *guard.Guard, f guard.Facts, found []guard.Finding, n int, marked []bool) []guard.Finding {
	whole := make(map[sighting]int, n)
	for i := range n {
		if s, ok := sightingOf(&found[i]); ok {
			whole[s] = i
		}
	}
	var actions []guard.Action
	drop := make([]bool, len(found))
	for k := n; k < len(found); k++ {
		s, ok := sightingOf(&found[k])
		i, twice := whole[s]
		if !ok || !twice {
			continue
		}
		if actions == nil && !marked[k] {
			actions = decided(g, f, found)
		}
		if !marked[k] && actions[i] < actions[k] {
			drop[k] = true
		} else {
			drop[i] = true
		}
	}
	out := found[:0:0]
	for i := range found {
		if !drop[i] {
			out = append(out, found[i])
		}
	}
	return out
}

// decided returns the strictest action for each finding.
func decided(g *guard.Guard, f guard.Facts, found []guard.Finding) []guard.Action {
	out := make([]guard.Action, len(found))
	for i := range out {
		out[i] = guard.Allow
	}
	for _, d := range g.Decide(f, found).Decisions {
		out[d.Finding] = min(out[d.Finding], d.Action)
	}
	return out
}

// where is the part that a text beyond the given ones stands for.
type where struct {
	text int
	part Part
}

// split returns the parts of the texts, and the texts followed by one for each
// part.
func split(texts []guard.Text, rules []Rule) (parts [][]Part, all []guard.Text, of []where) {
	parts, all = make([][]Part, len(texts)), slices.Clip(texts)
	for i := range texts {
		t := &texts[i]
		if t.Direction != guard.Request || t.Kind != guard.Prose || Trust(t.Origin) < Trust(guard.OriginUser) {
			continue
		}
		ps := Split(t.Content, t.Origin, rules)
		if len(ps) == 0 || len(ps) == 1 && ps[0].Origin == t.Origin {
			continue
		}
		parts[i] = ps
		for _, p := range ps {
			of = append(of, where{i, p})
			all = append(all, guard.Text{
				Content: t.Content[p.Start:p.End], Origin: p.Origin, Direction: t.Direction, Kind: t.Kind, Path: t.Path, Exchange: t.Exchange,
			})
		}
	}
	return parts, all, of
}
