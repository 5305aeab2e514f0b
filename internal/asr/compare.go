package asr

import (
	"fmt"
	"math"

	"warder.example/internal/binomial"
	"warder.example/internal/bootstrap"
)

// Pairs is what became of the attempts with one seed prompt in two runs, attempt by
// attempt.
type Pairs struct {
	Both      int `json:"both"`       // succeeded in both runs
	OnlyBase  int `json:"only_base"`  // in the base alone
	OnlyOther int `json:"only_other"` // in the other alone
	Neither   int `json:"neither"`
	Unscored  int `json:"unscored"` // without a verdict in one of the runs or in both
}

func (p Pairs) scored() int { return p.Both + p.OnlyBase + p.OnlyOther + p.Neither }

// Comparison is the other run beside the base, on the attempts that both have scored.
type Comparison struct {
	Pairs
	// Change is the rate of the other run less that of the base: below 0 the other
	// is attacked with less success.
	Change float64 `json:"change"`
	Interval
	// P is the chance of so large a change, up or down, if the runs were equally good.
	P float64 `json:"p"`
	// WorstChange is the change if each unscored pair were a success in the other
	// run alone.
	WorstChange float64 `json:"worst_change"`
}

// Compare sets two runs over the same attempts side by side, given by seed prompt. P
// exchanges the runs for whole seeds; if each seed has one pair on which they differ,
// or none, it is McNemar's exact test. The interval draws seeds, with the given
// random seed, and is Agresti and Min's (2005) for as many pairs as the drawn ones
// are worth.
func Compare(seeds []Pairs, confidence float64, random uint64) (Comparison, error) {
	if !valid(confidence) {
		return Comparison{}, fmt.Errorf("asr: a confidence of %v; expected one between 0 and 1", confidence)
	}
	out := Comparison{Interval: Interval{-1, 1}, P: 1, WorstChange: 1}
	r := ratio{}
	var differences []int
	for i, s := range seeds {
		for _, n := range []int{s.Both, s.OnlyBase, s.OnlyOther, s.Neither, s.Unscored} {
			if n < 0 || n > MaxAttempts-out.scored()-out.Unscored {
				return Comparison{}, fmt.Errorf("asr: seed %d of a comparison has a count of %d; expected at least 0 and at most %d in all", i, n, MaxAttempts)
			}
		}
		out.add(s)
		if s.scored() > 0 {
			r.add(float64(s.OnlyOther-s.OnlyBase), float64(s.scored()))
			differences = append(differences, s.OnlyOther-s.OnlyBase)
		}
		if out.scored()+out.Unscored > MaxAttempts {
			return Comparison{}, fmt.Errorf("asr: more than %d pairs up to seed %d; expected at most that many", MaxAttempts, i)
		}
	}
	n := float64(out.scored())
	if n == 0 {
		return out, nil
	}
	out.Change = r.value()
	out.WorstChange = (out.Change*n + float64(out.Unscored)) / (n + float64(out.Unscored))
	out.P = exchange(differences)
	worth := n
	if out.scored() > len(differences) {
		worth = out.worth(r, confidence, random)
	}
	scale := worth / n
	out.Low, out.High = binomial.Paired(float64(out.OnlyOther)*scale, float64(out.OnlyBase)*scale, worth, side(confidence))
	return out, nil
}

func (p *Pairs) add(q Pairs) {
	p.Both += q.Both
	p.OnlyBase += q.OnlyBase
	p.OnlyOther += q.OnlyOther
	p.Neither += q.Neither
	p.Unscored += q.Unscored
}

// worth is how many independent pairs have the variance that the change has over
// draws of seeds, fewer if there are few seeds; as many as there are seeds if draws
// do not differ.
func (c Comparison) worth(r ratio, confidence float64, random uint64) float64 {
	units := float64(r.units())
	if units < 2 {
		return units
	}
	b := bootstrap.New(r.units(), resamples, random)
	d := b.Watch(1, func(w []uint8, out []float64) { out[0] = r.weighted(w) })
	b.Run()
	variance := spread(d.Values[0]) * r.few()
	n := float64(c.scored())
	alone := float64(c.OnlyBase+c.OnlyOther)/n - c.Change*c.Change
	if variance < 1e-15 || alone <= 0 {
		return units
	}
	return min(n, max(1, alone/variance)) * fewUnits(r.units(), side(confidence))
}

// exactWork bounds the steps of the exact test.
const exactWork = 1e8

// exchange is the chance that differences, each with its sign by a fair coin, add up
// to as much as they do, up or down. It is exact while that takes no more than
// exactWork steps, and else by the normal limit.
func exchange(differences []int) float64 {
	var up, down, sum, squares, largest, units int
	for _, d := range differences {
		if d == 0 {
			continue
		}
		units++
		up += max(0, d)
		down += max(0, -d)
		squares += d * d
		largest = max(largest, d, -d)
	}
	sum = up - down
	total := up + down
	switch {
	case largest <= 1:
		return binomial.McNemar(up, down)
	case float64(units)*float64(total) > exactWork:
		return math.Erfc(math.Abs(float64(sum)) / math.Sqrt(2*float64(squares)))
	}
	return tails(differences, total, max(sum, -sum))
}

// tails adds up the chances of sums, all signs alike likely, that are as far from 0
// as given. total is the sum of sizes: chance[t] is that of sizes with a plus adding
// up to t.
func tails(differences []int, total, far int) float64 {
	chance := make([]float64, total+1)
	chance[0] = 1
	reached := 0
	for _, d := range differences {
		d = max(d, -d)
		if d == 0 {
			continue
		}
		for t := reached; t >= 0; t-- {
			half := chance[t] / 2
			chance[t] = half
			chance[t+d] += half
		}
		reached += d
	}
	p := 0.0
	for t, c := range chance {
		if s := 2*t - total; s >= far || -s >= far {
			p += c
		}
	}
	return min(1, p)
}
