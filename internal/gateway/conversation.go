package gateway

import (
	"context"
	"fmt"
	"strings"

	"warder.example/guard"
	"warder.example/guard/conversation"
	"warder.example/internal/dialect"
)

// maxCold is how many turns of the user, the newest ones, are judged as part of
// their conversation when nothing is remembered of it. What is remembered counts
// however old it is.
const maxCold = 32

// conversed is what was seen in the conversation of a request as a whole.
type conversed struct {
	found []guard.Finding // of the leaves of the turn that each is of
	// steps are the conversation up to the turns that findings are of, by leaf;
	// refused are leaves of turns that were refused for such findings before.
	steps   map[int]step
	refused map[int]bool
}

// step is a conversation up to a turn, as history keeps it.
type step struct {
	key  historyKey
	said *conversation.Step
}

// converse judges the messages of a request together, turn by turn as they came.
// What was judged before costs a hash of each text. carried says of a leaf that its
// turn was refused and will not be sent: it counts for nothing. Nil: no turn counts
// as refused.
func (p *protection) converse(ctx context.Context, g *guard.Guard, leaves []dialect.Leaf, texts []guard.Text, carried func(leaf int) bool) (*conversed, error) {
	out := &conversed{}
	d, ok := g.Turns.(*conversation.Detector)
	if !ok {
		return out, nil
	}
	turns, of := turnsOf(leaves, texts)
	users := 0
	for i := range turns {
		if turns[i].Text.Origin == guard.OriginUser {
			users++
		}
	}
	if users < 2 {
		return out, nil
	}
	var key historyKey
	var state conversation.State
	for i := range turns {
		t := &turns[i]
		key = p.history.prefix(key, &t.Text)
		if t.Text.Origin != guard.OriginUser {
			continue
		}
		users--
		if carried != nil && carried(of[i][0]) {
			t.Refused = true
			key = p.history.without(key, &t.Text)
			continue
		}
		said, refused := p.history.step(key)
		if said == nil {
			if users >= maxCold {
				continue
			}
			var err error
			if said, err = p.step(ctx, d, key, state, turns[:i+1], g.Results != nil); err != nil {
				return nil, fmt.Errorf("judging the conversation up to message %d: %w", t.Message, err)
			}
		}
		out.add(of[i], texts, step{key, said})
		if refused && carried != nil {
			t.Refused = true
			key = p.history.without(key, &t.Text)
			out.refuse(of[i])
			continue
		}
		state = said.State
	}
	return out, nil
}

// step judges the last of the turns and remembers what it led to.
func (p *protection) step(ctx context.Context, d *conversation.Detector, k historyKey, before conversation.State, turns []conversation.Turn, remember bool) (*conversation.Step, error) {
	version := p.history.now()
	t := &turns[len(turns)-1].Text
	if _, ok := t.Scores(); !ok {
		if s, ok := p.history.scores(t); ok {
			t.NoteScores(s)
		}
	}
	said, err := d.Step(ctx, before, turns)
	if err == nil && remember {
		p.history.putStep(k, said, version)
	}
	return said, err
}

// add notes the findings of a turn as of each of its leaves, whole.
func (c *conversed) add(leaves []int, texts []guard.Text, s step) {
	for _, f := range s.said.Findings {
		for _, i := range leaves {
			of := f
			of.Text, of.Spans = i, []guard.Span{{Start: 0, End: len(texts[i].Content)}}
			c.found = append(c.found, of)
			if c.steps == nil {
				c.steps = map[int]step{}
			}
			c.steps[i] = s
		}
	}
}

func (c *conversed) refuse(leaves []int) {
	if c.refused == nil {
		c.refused = map[int]bool{}
	}
	for _, i := range leaves {
		c.refused[i] = true
	}
}

// turnsOf returns the turns of users and assistants, and the leaves that each is
// made of. The text parts of a message are one text, joined by line ends.
func turnsOf(leaves []dialect.Leaf, texts []guard.Text) (turns []conversation.Turn, of [][]int) {
	for i := range leaves {
		l := &leaves[i]
		if l.Turn < 0 || !joinable(l) || l.Rule().Name != dialect.FieldContent || l.Origin != guard.OriginUser && l.Origin != guard.OriginModel {
			continue
		}
		if n := len(turns); n > 0 && turns[n-1].Message == l.Turn && turns[n-1].Text.Origin == l.Origin {
			of[n-1] = append(of[n-1], i)
			continue
		}
		turns = append(turns, conversation.Turn{Text: texts[i], Message: l.Turn})
		of = append(of, []int{i})
	}
	for i, parts := range of {
		if len(parts) < 2 {
			continue
		}
		t := &turns[i].Text
		said := make([]string, len(parts))
		for k, at := range parts {
			said[k] = texts[at].Content
		}
		*t = guard.Text{Content: strings.Join(said, "\n"), Origin: t.Origin, Direction: t.Direction, Kind: t.Kind, Exchange: t.Exchange}
	}
	return turns, of
}

// Kinds under which history keeps conversations, apart from all kinds of texts.
const (
	kindPrefix  guard.Kind = 0xff - iota // a conversation up to a turn
	kindWithout                          // the same, its last turn refused
)

// prefix returns the key of a conversation that goes on with t after the one of
// key before; the zero key begins one.
func (h *history) prefix(before historyKey, t *guard.Text) historyKey {
	k := h.key(t)
	return h.key(&guard.Text{Content: string(before[:]) + string(k[:]), Kind: kindPrefix, Exchange: t.Exchange})
}

// without returns the key of a conversation whose last turn was refused and counts
// for nothing: what follows it is judged differently.
func (h *history) without(k historyKey, t *guard.Text) historyKey {
	return h.key(&guard.Text{Content: string(k[:]), Kind: kindWithout, Exchange: t.Exchange})
}

// step returns what is remembered of a conversation up to a turn, nil if nothing is
// or it may be out of date, and whether that turn was refused because of it.
func (h *history) step(k historyKey) (s *conversation.Step, refused bool) {
	r := h.get(k)
	if r == nil || r.step == nil || r.version != h.now() && !r.refused {
		return nil, false
	}
	return r.step, r.refused
}

// putStep remembers what a turn led to, judged when version was that of what is
// looked for.
func (h *history) putStep(k historyKey, s *conversation.Step, version uint64) {
	h.put(k, &remembered{step: s, version: version})
}

// refuseStep remembers that a turn was refused because of its conversation.
func (h *history) refuseStep(s step) {
	h.put(s.key, &remembered{step: s.said, version: h.now(), refused: true})
}

// scores returns what the classifier in use gave a text when it was read.
func (h *history) scores(t *guard.Text) (guard.AttackScores, bool) {
	r := h.get(h.key(t))
	if r == nil || !r.scored || r.version != h.now() {
		return guard.AttackScores{}, false
	}
	return r.scores, true
}
