package plan

import (
	"warder.example/internal/asr"
	"warder.example/internal/redteam/journal"
	"warder.example/internal/redteam/target"
	"warder.example/internal/tokens"
)

// answerTokens is what an answer is expected to have, for previews alone.
const answerTokens = 300

// Cost is what a plan is expected to use, without requests that are made again. Tokens
// are those of package tokens: of what is sent with all that was said before, as models are
// told it, and of answers of 300 tokens.
type Cost struct {
	Requests int64
	Input    int64 // tokens
	Output   int64
}

// add counts an attempt.
func (c *Cost) add(a *Attempt) {
	var history int64
	for _, messages := range a.Exchanges {
		for _, m := range messages {
			history += tokens.Of(m.Text) + tokensAround
		}
		c.Requests++
		c.Input += history
		c.Output += answerTokens
		history += answerTokens
	}
}

// tokensAround is what separates a message from others, about.
const tokensAround = 4

// Money is what it costs by the prices of the target file; 0 without any.
func (c Cost) Money(l target.Limits) float64 {
	return (float64(c.Input)*l.InputPrice + float64(c.Output)*l.OutputPrice) / 1e6
}

// Power is what the attempts on one family can show.
type Power struct {
	Family   string
	Attempts int
	Seeds    int
	// Below is the rate below which the family is shown to be, at 95 %, if nothing
	// succeeds: over further seeds of the kind, and of attempts with these very seeds.
	Below, BelowHere float64
}

// Power returns what the plan's attempts can show, by family in the order of the plan.
// Twins are not counted.
func (p *Plan) Power() ([]Power, error) {
	var out []Power
	at := map[string]int{}
	counts := map[string]map[string]int{}
	for _, k := range p.Keys {
		if k.Twin {
			continue
		}
		if _, has := at[k.Family]; !has {
			at[k.Family] = len(out)
			out = append(out, Power{Family: k.Family})
			counts[k.Family] = map[string]int{}
		}
		out[at[k.Family]].Attempts++
		counts[k.Family][k.Seed]++
	}
	for i := range out {
		w := &out[i]
		w.Seeds = len(counts[w.Family])
		var seeds []asr.Count
		for _, n := range counts[w.Family] {
			seeds = append(seeds, asr.Count{Attempts: n})
		}
		over, err := asr.Seeded(seeds)
		if err != nil {
			return nil, err
		}
		here, err := asr.Independent(asr.Count{Attempts: w.Attempts})
		if err != nil {
			return nil, err
		}
		w.Below, w.BelowHere = over.Upper(confidence), here.Upper(confidence)
	}
	return out, nil
}

// confidence of all bounds that are shown.
const confidence = 0.95

// Need is how many attempts with how many seeds it takes to show, with a probability of
// 0.8, that a rate of a tenth of the limit is below the limit, at 95 %.
func Need(limit float64) (asr.Need, error) {
	return asr.Design{Confidence: confidence, Power: 0.8}.UpperBelow(limit/10, limit)
}

// Header describes the plan's journal.
func (p *Plan) Header(f *target.File) journal.Header {
	return journal.Header{Plan: p.Digest, Target: f.Name, Kind: f.Kind, Purpose: f.Purpose, Planned: len(p.Keys)}
}
