package replay

import (
	"context"
	"crypto/sha256"
	"slices"

	"warder.example/guard"
	"warder.example/guard/conversation"
	"warder.example/guard/segment"
	"warder.example/internal/replay/logs"
)

// judge judges records under one policy. It is safe for concurrent use.
type judge struct {
	guard *guard.Guard
	talk  *conversation.Detector // nil: conversations are not read
	facts guard.Facts
	steps *cache[conversation.Step]
	every bool // turns of the past are judged as new ones
}

func newJudge(g *guard.Guard, facts guard.Facts, every bool) *judge {
	own := *g
	if own.Results == nil {
		own.Results = &results{}
	}
	talk, _ := g.Turns.(*conversation.Detector)
	return &judge{guard: &own, talk: talk, facts: facts, steps: &cache[conversation.Step]{}, every: every}
}

// verdicts is what a policy makes of one record.
type verdicts struct {
	request, answer guard.Verdict
	// carried is how many turns of the past would have been refused when they
	// were new.
	carried int
	// read is how many texts of the request, new and not the operator's, and parts
	// pasted into them, the classifier judged.
	read int
	// texts are what the findings of the request speak of, for excerpts.
	texts, answers []guard.Text
}

// record judges a record: what is new in its request, and its answer.
//
// A chat request carries its past. As in the gateway a turn is judged when it is
// new, and one that was refused then is carried redacted later; so the past decides
// nothing here, and what it did is worked out again from its texts alone.
func (j *judge) record(ctx context.Context, r *logs.Record) (*verdicts, error) {
	v := &verdicts{}
	facts := j.facts
	facts.Direction = guard.Request
	v.texts = textsOf(r.Request, guard.Request, nil)
	found, parts, err := segment.Find(ctx, j.guard, facts, v.texts, nil)
	if err != nil {
		return nil, err
	}
	from := 0
	if !r.Whole && !j.every {
		from = newest(r.Request)
	}
	isNew := func(i int) bool {
		t := &r.Request[i]
		return t.Message < 0 || t.Message >= from || t.Origin == guard.OriginOperator
	}
	whole, refused, err := j.turns(ctx, r.Request, v.texts, found, facts)
	if err != nil {
		return nil, err
	}
	for i, t := range r.Request {
		if isNew(i) && t.Origin != guard.OriginOperator && t.Kind == guard.Prose {
			v.read += 1 + len(parts[i])
		} else if refused[i] && !isNew(i) {
			v.carried++
		}
	}
	found = slices.DeleteFunc(append(found, whole...), func(f guard.Finding) bool { return !isNew(f.Text) })
	slices.SortStableFunc(found, func(a, b guard.Finding) int { return a.Text - b.Text })
	v.request = j.guard.Decide(facts, found)

	facts.Direction = guard.Answer
	v.answers = textsOf(r.Answer, guard.Answer, &guard.Exchange{Operator: operator(r.Request)})
	if found, err = j.guard.Find(ctx, v.answers); err != nil {
		return nil, err
	}
	v.answer = j.guard.Decide(facts, found)
	return v, nil
}

func textsOf(ts []logs.Text, d guard.Direction, x *guard.Exchange) []guard.Text {
	out := make([]guard.Text, len(ts))
	for i, t := range ts {
		out[i] = guard.Text{Content: t.Content, Origin: t.Origin, Kind: t.Kind, Direction: d, Exchange: x}
	}
	return out
}

func operator(ts []logs.Text) (out []string) {
	for _, t := range ts {
		if t.Origin == guard.OriginOperator {
			out = append(out, t.Content)
		}
	}
	return out
}

// newest returns the index of the first message that no earlier request held: the
// one behind the last answer of the model.
func newest(ts []logs.Text) int {
	last := -1
	for _, t := range ts {
		if t.Origin == guard.OriginModel {
			last = max(last, t.Message)
		}
	}
	for _, t := range ts {
		if t.Message > last && t.Message >= 0 {
			return last + 1
		}
	}
	return 0 // the model's turn is the newest: it continues its own text
}

// turns reads the conversation. It returns what is seen only over its turns, and
// which turns would have been refused when they were new.
func (j *judge) turns(ctx context.Context, said []logs.Text, texts []guard.Text, found []guard.Finding, facts guard.Facts) (whole []guard.Finding, refused []bool, err error) {
	refused = make([]bool, len(texts))
	if j.talk == nil {
		return nil, refused, nil
	}
	users := 0
	for i := range said {
		if said[i].Said && said[i].Origin == guard.OriginUser {
			users++
		}
	}
	var turns []conversation.Turn
	var state conversation.State
	var chain key
	for i := range texts {
		t := &texts[i]
		if !said[i].Said || t.Kind != guard.Prose || t.Origin != guard.OriginUser && t.Origin != guard.OriginModel {
			continue
		}
		if _, scored := t.Scores(); !scored && t.Origin == guard.OriginUser {
			j.guard.Results.Get(t) // notes the scores of a text that was read as a copy
		}
		turns = append(turns, conversation.Turn{Text: *t, Message: said[i].Message})
		chain = linked(chain, t, said[i].Message)
		if t.Origin != guard.OriginUser {
			continue
		}
		own := findingsOf(found, i)
		step := &conversation.Step{}
		if users > 1 { // one turn is no conversation
			if step, err = j.step(ctx, chain, state, turns); err != nil {
				return nil, nil, err
			}
		}
		for _, f := range step.Findings {
			f.Text = i
			whole, own = append(whole, f), append(own, f)
		}
		if len(own) > 0 && j.guard.Decide(facts, own).Would.Stops() {
			refused[i], turns[len(turns)-1].Refused = true, true
			chain[0] ^= 1 // what follows stands behind a refusal
			continue
		}
		state = step.State
	}
	return whole, refused, nil
}

// findingsOf returns a copy of the findings of one text.
func findingsOf(found []guard.Finding, text int) (out []guard.Finding) {
	for _, f := range found {
		if f.Text == text {
			out = append(out, f)
		}
	}
	return out
}

// linked hashes a turn behind those before it.
func linked(before key, t *guard.Text, message int) (k key) {
	h := sha256.New()
	h.Write(before[:])
	h.Write([]byte{byte(t.Origin), byte(message), byte(message >> 8)})
	h.Write([]byte(t.Content))
	h.Sum(k[:0])
	return k
}

// step is [conversation.Detector.Step], remembered: every later request of a
// conversation holds the same turns.
func (j *judge) step(ctx context.Context, chain key, before conversation.State, turns []conversation.Turn) (*conversation.Step, error) {
	if s, ok := j.steps.get(chain); ok {
		return &s, nil
	}
	s, err := j.talk.Step(ctx, before, turns)
	if err != nil {
		return nil, err
	}
	j.steps.keep(chain, *s)
	return s, nil
}
