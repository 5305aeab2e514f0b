package guard

import (
	"context"
	"fmt"
	"slices"
)

// Input is what one call of [Guard.Inspect] judges together.
type Input struct {
	Facts Facts
	Texts []Text
}

// Guard holds detectors and a policy. It is safe for concurrent use once built;
// its fields must not change after the first call.
type Guard struct {
	// Detectors run in order on every text. None means that nothing is
	// found, and the Decider alone decides.
	Detectors []Detector
	// Turns reads conversations; nil: their turns are judged one by one only.
	Turns TurnDetector
	// Decider turns findings into a verdict. Nil blocks everything.
	Decider Decider
	// Results remembers what was found in a text that comes again, as the
	// turns of a conversation do. Nil: every text is read every time.
	Results Results
}

// Results is a bounded store of findings by text. Keys are keyed hashes that
// the implementation computes; it must be safe for concurrent use.
type Results interface {
	// Get returns the findings stored for this text, if any. The caller
	// does not change them.
	Get(t *Text) ([]Finding, bool)
	// Put stores the findings of this text.
	Put(t *Text, found []Finding)
}

// Inspect finds and decides. When it returns an error the verdict is Block.
func (g *Guard) Inspect(ctx context.Context, in Input) (Verdict, error) {
	found, err := g.Find(ctx, in.Texts)
	if err != nil {
		return Verdict{Code: "guard_error"}, err
	}
	return g.Decide(in.Facts, found), nil
}

// Decide applies the policy to findings. A guard without one blocks.
func (g *Guard) Decide(f Facts, found []Finding) Verdict {
	if g.Decider == nil {
		return Verdict{Code: "no_policy", Findings: found}
	}
	v := g.Decider.Decide(f, found)
	// ActionFor searches: an order that a Decider broke must not hide a block.
	inOrder := func(a, b Decision) int { return a.Finding - b.Finding }
	if !slices.IsSortedFunc(v.Decisions, inOrder) {
		v.Decisions = slices.Clone(v.Decisions)
		slices.SortStableFunc(v.Decisions, inOrder)
	}
	return v
}

// Find returns what the detectors see in the texts, in text order.
func (g *Guard) Find(ctx context.Context, texts []Text) ([]Finding, error) {
	var all []Finding
	for i := range texts {
		found, err := g.findOne(ctx, &texts[i])
		if err != nil {
			return nil, fmt.Errorf("inspecting text %d (%s, %d bytes): %w", i, texts[i].Origin, len(texts[i].Content), err)
		}
		for _, f := range found {
			f.Text, f.Origin = i, texts[i].Origin
			all = append(all, f)
		}
	}
	return all, nil
}

// InspectConversation finds and decides, as [Guard.Inspect], for the messages of one
// conversation, oldest first: in each of them, and in the conversation as a whole.
func (g *Guard) InspectConversation(ctx context.Context, in Input) (Verdict, error) {
	found, err := g.Find(ctx, in.Texts)
	if err != nil {
		return Verdict{Code: "guard_error"}, err
	}
	whole, err := g.FindTurns(ctx, in.Texts)
	if err != nil {
		return Verdict{Code: "guard_error"}, err
	}
	return g.Decide(in.Facts, append(found, whole...)), nil
}

// FindTurns returns what is seen in the messages of one conversation only when they
// are read together.
func (g *Guard) FindTurns(ctx context.Context, turns []Text) ([]Finding, error) {
	if g.Turns == nil {
		return nil, nil
	}
	return g.Turns.DetectTurns(ctx, turns)
}

func (g *Guard) findOne(ctx context.Context, t *Text) ([]Finding, error) {
	if t.Content == "" {
		return nil, nil
	}
	if g.Results != nil {
		if found, ok := g.Results.Get(t); ok {
			return found, nil
		}
	}
	var found []Finding
	for _, d := range g.Detectors {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, err := d.Detect(ctx, t)
		if err != nil {
			return nil, err
		}
		found = append(found, f...)
	}
	if g.Results != nil {
		g.Results.Put(t, found)
	}
	return found, nil
}
