package gateway

import (
	"context"
	"slices"

	"warder.example/guard"
	"warder.example/guard/segment"
	"warder.example/internal/dialect"
)

// carriedText stands where a turn that was refused before stood.
const carriedText = "[removed by policy]"

// judged is a request after inspection.
type judged struct {
	texts   []guard.Text
	verdict guard.Verdict
	own     []guard.Finding // of each text by itself, without its neighbours
	whole   *conversed      // of the conversation
	edits   []dialect.Edit
	masked  int  // bytes
	carried int  // texts replaced by carriedText
	foreign bool // see foreign; of requests in which something is masked
}

// judge inspects every text of a request and decides. Texts that were read
// before cost a hash. When all that stops stands in turns before the last
// answer and was refused when it was new, those turns are carried redacted.
// Texts in which something is pasted, as regions say or as it looks, are judged
// part by part as well; texts that a message holds in several content parts are
// judged joined as well, and all turns as one conversation.
func (p *protection) judge(ctx context.Context, g *guard.Guard, f guard.Facts, x *guard.Exchange, req *dialect.Request, regions []segment.Rule) (*judged, error) {
	if len(g.Detectors) == 0 { // nothing is found: the policy alone decides
		j := &judged{texts: make([]guard.Text, len(req.Leaves)), verdict: g.Decide(f, nil)}
		return j, nil
	}
	j := &judged{texts: make([]guard.Text, len(req.Leaves))}
	for i := range req.Leaves {
		l := &req.Leaves[i]
		j.texts[i] = guard.Text{Content: l.Text, Origin: l.Origin, Kind: l.Kind, Direction: guard.Request, Exchange: x}
	}
	all, joined := joinParts(req.Leaves, j.texts, req.Together...)
	found, parts, err := segment.Find(ctx, g, f, all, regions)
	if err != nil {
		return nil, err
	}
	found, j.own = joined.fold(found)
	if j.whole, err = p.converse(ctx, g, req.Leaves, j.texts, p.carriedTurns(g, f, j, req, found)); err != nil {
		return nil, err
	}
	if len(j.whole.found) > 0 {
		found = append(slices.Clip(found), j.whole.found...)
		slices.SortStableFunc(found, func(a, b guard.Finding) int { return a.Text - b.Text })
	}
	j.verdict = g.Decide(f, found)
	if j.verdict.Action.Stops() {
		if carried := p.carry(j, req); carried != nil {
			rest := found[:0:0]
			for _, fd := range found {
				if !carried[fd.Text] {
					rest = append(rest, fd)
				}
			}
			j.verdict = g.Decide(f, rest)
		}
	}
	if j.verdict.Action.Stops() {
		p.rememberRefused(j)
		return j, nil
	}
	for i := range j.texts {
		ms := j.verdict.Masks(i)
		for _, m := range ms {
			j.masked += m.End - m.Start
		}
		if len(ms) > 0 {
			ms = req.Leaves[i].WholeEscapes(ms) // here, since tokens stand for what is masked
			j.edits = append(j.edits, dialect.Edit{Leaf: i, Masks: ms})
		}
	}
	j.foreign = len(j.edits) > 0 && p.policy.Pseudonyms() && (foreign(all, parts) || unread(req))
	return j, nil
}

// stopping returns the texts with a finding that stops.
func stopping(v *guard.Verdict) map[int]bool {
	out := map[int]bool{}
	for i := range v.Findings {
		if v.ActionFor(i).Stops() {
			out[v.Findings[i].Text] = true
		}
	}
	return out
}

// stoppingAlone returns the texts with a finding that stops and is not of their
// conversation.
func stoppingAlone(v *guard.Verdict) map[int]bool {
	out := map[int]bool{}
	for i := range v.Findings {
		if f := &v.Findings[i]; f.Turns == nil && v.ActionFor(i).Stops() {
			out[f.Text] = true
		}
	}
	return out
}

// carriedTurns returns which leaves stand in turns that were refused before for what
// is found in them without their conversation, and so will not be sent.
func (p *protection) carriedTurns(g *guard.Guard, f guard.Facts, j *judged, req *dialect.Request, found []guard.Finding) func(leaf int) bool {
	var stops map[int]bool
	if len(found) > 0 {
		v := g.Decide(f, found)
		if v.Action.Stops() {
			stops = stopping(&v)
		}
	}
	last := req.LastTurn()
	return func(i int) bool { return stops[i] && req.Leaves[i].Turn < last && p.history.refused(&j.texts[i]) }
}

// carry returns the texts to be carried redacted, nil if anything that stops is
// new. It adds their edits.
func (p *protection) carry(j *judged, req *dialect.Request) map[int]bool {
	stops := stopping(&j.verdict)
	last := req.LastTurn()
	for i := range stops {
		if t := req.Leaves[i].Turn; t < 0 || t >= last || !j.whole.refused[i] && !p.history.refused(&j.texts[i]) {
			return nil
		}
	}
	if len(stops) == 0 {
		return nil // something without a text stops
	}
	for i := range j.texts {
		if stops[i] {
			j.edits = append(j.edits, dialect.Edit{Leaf: i, Masks: []guard.Mask{
				{Span: guard.Span{Start: 0, End: len(j.texts[i].Content)}, With: carriedText}}})
			j.carried++
		}
	}
	return stops
}

// rememberRefused remembers the texts that stop. One that stops because of its
// conversation was refused as its turn: elsewhere it may be harmless.
func (p *protection) rememberRefused(j *judged) {
	for i, f := range j.verdict.Findings {
		if f.Turns != nil && j.verdict.ActionFor(i).Stops() {
			p.history.refuseStep(j.whole.steps[f.Text])
		}
	}
	for i := range stoppingAlone(&j.verdict) {
		var own []guard.Finding
		for _, f := range j.own { // a text is known by what is in itself
			if f.Text == i {
				own = append(own, f)
			}
		}
		p.history.refuse(&j.texts[i], own)
	}
}
