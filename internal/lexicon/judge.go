package lexicon

import (
	"fmt"
	"math"

	"warder.example/guard"
	"warder.example/guard/textmodel"
	"warder.example/internal/learn"
)

// attackHeads are the indices of the heads that find prompt attacks: for what users
// say, and for data, where commands are asked for too.
type attackHeads struct{ said, data []int }

func headsOf(m *textmodel.Model) (attackHeads, error) {
	injection, jailbreak, indirect := m.Head(learn.HeadInjection), m.Head(learn.HeadJailbreak), m.Head(learn.HeadIndirect)
	if injection < 0 || jailbreak < 0 || indirect < 0 {
		return attackHeads{}, fmt.Errorf("the model lacks one of the heads %q, %q and %q", learn.HeadInjection, learn.HeadJailbreak, learn.HeadIndirect)
	}
	return attackHeads{said: []int{injection, jailbreak}, data: []int{injection, jailbreak, indirect}}, nil
}

// verdict is what a model says of a text.
type verdict struct {
	logit   [textmodel.MaxHeads]float64
	best    int  // the head with the highest probability
	flagged bool // one reaches its threshold
}

// judge scores a text as the detector would.
func (a *attackHeads) judge(m *textmodel.Model, text string, o guard.Origin) (v verdict) {
	which := a.data
	if o == guard.OriginUser || o == guard.OriginModel {
		which = a.said
	}
	scores := m.Score(text, o)
	v.best = which[0]
	for _, h := range which {
		s := scores.At(h)
		v.logit[h] = logit(s.Probability)
		if v.logit[h] > v.logit[v.best] {
			v.best = h
		}
		v.flagged = v.flagged || s.FPR <= flagRate
	}
	return v
}

// logit is the inverse of the logistic function, for probabilities that rounding
// has not made 0 or 1.
func logit(p float64) float64 {
	p = min(max(p, 1e-15), 1-1e-15)
	return math.Log(p / (1 - p))
}
