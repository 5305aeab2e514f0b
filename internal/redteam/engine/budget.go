package engine

import (
	"fmt"
	"sync"

	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/target"
	"warder.example/internal/tokens"
)

// usage follows what a model is told over a conversation, in expected tokens.
type usage struct{ input int64 }

// say adds messages to what is told.
func (u *usage) say(messages []probe.Message) {
	for i := range messages {
		u.input += tokens.Of(messages[i].Text)
	}
}

// of is what an exchange used by the target's count, or else as expected. The reply
// becomes part of what is told.
func (u *usage) of(r probe.Reply) probe.Usage {
	out := r.Usage
	said := tokens.Of(r.Text)
	if out == (probe.Usage{}) && r.Failure == "" {
		out = probe.Usage{Input: int(u.input), Output: int(said)}
	}
	u.input += said
	return out
}

// budget is what a run may use, with what it used. It is safe for concurrent use.
type budget struct {
	limits target.Limits

	mu       sync.Mutex
	requests int64
	used     Used
	reserved int64 // tokens of input under way
}

// newBudget has spent what the tally says.
func newBudget(l target.Limits, t *Tally) *budget {
	return &budget{limits: l, requests: t.Requests, used: t.Used}
}

// Used are tokens.
type Used struct{ Input, Output int64 }

// Money is what they cost by the prices of the target file.
func (u Used) Money(l target.Limits) float64 {
	return (float64(u.Input)*l.InputPrice + float64(u.Output)*l.OutputPrice) / 1e6
}

// reserve takes a request with so many tokens of input, or says which budget is spent.
// What answers of requests under way come to is not known: a budget of tokens or money
// may be passed by that much.
func (b *budget) reserve(input int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.limits
	would := Used{b.used.Input + b.reserved + input, b.used.Output}
	switch {
	case l.Requests > 0 && b.requests >= int64(l.Requests):
		return &Stop{Why: fmt.Sprintf("its budget of %d requests is spent", l.Requests)}
	case l.Tokens > 0 && would.Input+would.Output > int64(l.Tokens):
		return &Stop{Why: fmt.Sprintf("its budget of %d tokens is spent: %d were used", l.Tokens, b.used.Input+b.used.Output)}
	case l.Money > 0 && would.Money(l) > l.Money:
		return &Stop{Why: fmt.Sprintf("its budget of %g in money is spent: %.4f was used", l.Money, b.used.Money(l))}
	}
	b.requests++
	b.reserved += input
	return nil
}

// settle replaces what was reserved by what was used.
func (b *budget) settle(input int64, used probe.Usage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reserved -= input
	b.used.Input += int64(used.Input)
	b.used.Output += int64(used.Output)
}
