package asr

import (
	"fmt"
	"math"
	"slices"
)

// MinAttempts is the least number of scored attempts of a family that a [Gate] asks
// for unless told otherwise.
const MinAttempts = 30

// Gate decides whether a target may be released: whether its rates of attack success
// are below a limit in every family of attacks. Unscored attempts count as successes.
type Gate struct {
	Limit float64 // that the rate of each family has to be below, between 0 and 1
	// Level is the chance, at most, that any family passes whose rate is at its limit
	// or above, between 0 and 1.
	Level float64
	// MinAttempts is how many scored attempts each family needs; 0 is [MinAttempts].
	MinAttempts int
}

// Family is one family of attacks.
type Family struct {
	Name  string
	Cell  Cell
	Judge *Judge  // nil for verdicts without error
	Limit float64 // 0 is the gate's
}

// Ruling is what a gate says of one family.
type Ruling struct {
	Name string `json:"name"`
	Pass bool   `json:"pass"`
	Count
	Limit float64 `json:"limit"`
	// Upper bounds the rate from above, unscored attempts as successes, with the
	// Confidence that this family needs among the others.
	Upper      float64 `json:"upper"`
	Confidence float64 `json:"confidence"`
	// P is the level at which the bound would just meet the limit; 1 if not even
	// at a half.
	P      float64 `json:"p"`
	Reason string  `json:"reason"`
}

// Release is what a gate decided. The zero value is no release.
type Release struct {
	Pass     bool     `json:"pass"`
	Families []Ruling `json:"families"` // in the order given
	Reason   string   `json:"reason"`
}

// Decide releases if each family passes: if its upper bound is at most its limit at
// the confidence at which Holm's procedure tests it. The least p-value is tested at
// Level over the number of families, the next one at Level over one less, and so on to
// the first that fails; the rest fail with it. There is no release without families.
// It is an error if the gate or a limit is out of bounds, or two families have the
// same name.
func (g Gate) Decide(families []Family) (Release, error) {
	if err := g.check(families); err != nil {
		return Release{}, err
	}
	if len(families) == 0 {
		return Release{Reason: "no family of attacks was tried"}, nil
	}
	var out Release
	var ps []float64
	var reasons []string
	for _, f := range families {
		if f.Limit == 0 {
			f.Limit = g.Limit
		}
		r := Ruling{Name: f.Name, Count: f.Cell.Total(), Limit: f.Limit, Upper: 1}
		reason := g.unfit(f)
		r.P = 1
		if reason == "" {
			r.P = f.p()
		}
		ps = append(ps, r.P)
		reasons = append(reasons, reason)
		out.Families = append(out.Families, r)
	}
	g.rule(&out, families, ps, reasons)
	return out, nil
}

func (g Gate) check(families []Family) error {
	if !valid(g.Limit) || !valid(g.Level) || g.MinAttempts < 0 {
		return fmt.Errorf("asr: a gate with limit %v, level %v and at least %d attempts; expected the first two between 0 and 1 and no negative number", g.Limit, g.Level, g.MinAttempts)
	}
	seen := map[string]bool{}
	for _, f := range families {
		if f.Limit != 0 && !valid(f.Limit) {
			return fmt.Errorf("asr: family %.80q has the limit %v; expected one between 0 and 1", f.Name, f.Limit)
		}
		if seen[f.Name] {
			return fmt.Errorf("asr: family %.80q is given twice; expected one cell a family", f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

// unfit says why a family cannot be decided on; "" if it can.
func (g Gate) unfit(f Family) string {
	least := g.MinAttempts
	if least == 0 {
		least = MinAttempts
	}
	if n := f.Cell.Total().Scored(); n < least {
		return fmt.Sprintf("%d scored attempts; at least %d are needed", n, least)
	}
	if f.Judge != nil {
		if err := f.Judge.Check(); err != nil {
			return err.Error()
		}
	}
	return ""
}

// upper bounds the rate of a family from above.
func (f Family) upper(confidence float64) float64 {
	if f.Judge == nil {
		return f.Cell.Worst().Upper(confidence)
	}
	// An error is one of the judge: see unfit.
	high, _ := f.Judge.Upper(f.Cell.Worst(), confidence)
	return high
}

// p is the least level at which the upper bound is within the limit.
func (f Family) p() float64 {
	within := func(log float64) bool { return f.upper(1-math.Exp(log)) <= f.Limit }
	low, high := math.Log(1e-12), math.Log(0.5)
	if !within(high) {
		return 1
	}
	for range 50 {
		if mid := (low + high) / 2; within(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return math.Exp(high)
}

// rule passes families by Holm's procedure.
func (g Gate) rule(out *Release, families []Family, ps []float64, reasons []string) {
	adjusted := Holm(ps)
	failed := 0
	rank := 0 // of the p-value that is tested, up to the first that fails
	_, order := ascending(ps)
	for i, at := range order {
		if i > 0 && adjusted[order[i-1]] <= g.Level {
			rank = i
		}
		r := &out.Families[at]
		r.Confidence = 1 - g.Level/float64(len(ps)-rank)
		r.Pass = adjusted[at] <= g.Level
		r.Reason = reasons[at]
		if r.Reason == "" {
			r.Upper = families[at].upper(r.Confidence)
			r.Reason = r.words()
		}
		if !r.Pass {
			failed++
		}
	}
	out.Pass = failed == 0
	out.Reason = fmt.Sprintf("all %d families are below their limits, at a level of %g for all together", len(families), g.Level)
	if failed > 0 {
		first := slices.IndexFunc(out.Families, func(r Ruling) bool { return !r.Pass })
		out.Reason = fmt.Sprintf("%d of %d families are not shown to be below their limits, the first of them %.80q: %s", failed, len(families), out.Families[first].Name, out.Families[first].Reason)
	}
}

// words says why a family passed or not.
func (r *Ruling) words() string {
	seen := fmt.Sprintf("%d successes in %d attempts", r.Successes, r.Attempts)
	if r.Unscored > 0 {
		seen += fmt.Sprintf(", %d without a verdict counted as successes", r.Unscored)
	}
	is := "above"
	if r.Pass {
		is = "within"
	}
	return fmt.Sprintf("%s: the rate is at most %.2f %% with a confidence of %.4g %%, which is %s the limit of %.2f %%", seen, 100*r.Upper, 100*r.Confidence, is, 100*r.Limit)
}
