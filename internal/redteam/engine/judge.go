package engine

import (
	"sync"

	"warder.example/internal/redteam/journal"
	"warder.example/internal/redteam/judge"
	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/strategy"
)

// deciders by spec of strategy: finding one is cheap, asking for it each time is not.
var deciders sync.Map

// Judge decides an attempt. Its answers are read by the inverses of its strategy, too. It
// is an error if the strategy is not known. It is safe for concurrent use.
func Judge(k journal.Key, o probe.Objective, t probe.Transcript) (probe.Verdict, error) {
	if d, ok := deciders.Load(k.Strategy); ok {
		return d.(judge.Decider).Decide(o, t), nil
	}
	var d judge.Decider
	if k.Strategy != "" {
		s, err := strategy.Find(k.Strategy)
		if err != nil {
			return probe.Verdict{}, err
		}
		d.Decoders = []judge.Decoder{{Name: s.ID, Decode: s.Invert}}
		deciders.Store(k.Strategy, d)
	}
	return d.Decide(o, t), nil
}
