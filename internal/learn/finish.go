package learn

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"warder.example/guard"
	"warder.example/guard/textmodel"
)

// logOf returns the length term of the calibration.
func logOf(segments int) float64 { return math.Log(float64(max(segments, 1))) }

// above returns the least score that is greater than x.
func above(x float64) float64 { return math.Nextafter(x, 2) }

// finish gives the model that was trained on everything its calibrations.
func finish(rows []Row, m *textmodel.Model, held []scored, cfg Config) (*Result, error) {
	spec := *m.Spec()
	spec.Name, spec.Recipe = "warder guard", Recipe
	spec.Heads = slices.Clone(spec.Heads)
	spec.Sources = sources(rows)
	for h := range spec.Heads {
		spec.Heads[h].Calibrations = nil
	}
	byOrigin := map[guard.Origin]*[heads]textmodel.Calibration{}
	var users [heads]textmodel.Calibration
	for i := range groups {
		g := &groups[i]
		cal, err := g.calibrate(held)
		if err != nil {
			return nil, err
		}
		switch g.name {
		case "email":
			raise(&cal, g, held, guard.OriginEmail)
		case "model":
			raise(&cal, g, held, guard.OriginModel)
		}
		if i == 0 {
			users = cal
		}
		align(&cal, &users)
		for _, o := range g.origins {
			byOrigin[o] = &cal
			for h := range spec.Heads {
				c := cal[h]
				c.Origin = o
				spec.Heads[h].Calibrations = append(spec.Heads[h].Calibrations, c)
			}
		}
	}
	final, err := textmodel.New(spec, m.Weights(), m.Knows())
	if err != nil {
		return nil, err
	}
	return &Result{Model: final, Held: report(held, byOrigin)}, nil
}

// alignedAt is the published rate at which scores of all origins mean the same.
const alignedAt = 1

// align moves scores and thresholds of an origin so that the threshold for 1 % is
// that of users: the same score is as rare among honest texts of every origin, and
// scores of several origins can be ranked together. What is decided stays, but for
// what [leastThreshold] keeps from being reported.
func align(cal, users *[heads]textmodel.Calibration) {
	for h := range heads {
		c := &cal[h]
		if c.Thresholds == never {
			continue
		}
		by := logit(users[h].Thresholds[alignedAt]) - logit(c.Thresholds[alignedAt])
		c.Bias += by
		for i, t := range c.Thresholds {
			c.Thresholds[i] = max(1/(1+math.Exp(-logit(t)-by)), leastThreshold)
		}
	}
}

func logit(p float64) float64 {
	p = min(max(p, 1e-9), 1-1e-9)
	return math.Log(p / (1 - p))
}

// raise makes sure that thresholds hold for honest texts of one origin by itself
// too: of mail, which is full of honest commands, and of what assistants say, which
// answers commands, there is little to learn from.
func raise(cal *[heads]textmodel.Calibration, g *group, held []scored, o guard.Origin) {
	honest := g.honest(held)
	var own []scored
	for i := range honest {
		if honest[i].row.Origin == o {
			own = append(own, honest[i])
		}
	}
	if len(own) == 0 {
		return
	}
	for i := range own { // one source: together they are few
		r := *own[i].row
		r.Source = o.String()
		own[i].row = &r
	}
	attack := thresholds(own, cal, g.attacks)
	for h := range heads {
		if Heads[h] == HeadHarmful {
			continue
		}
		for i := range attack {
			cal[h].Thresholds[i] = max(cal[h].Thresholds[i], attack[i])
		}
	}
}

func sources(rows []Row) (out []textmodel.Source) {
	n := map[string]int{}
	for i := range rows {
		if !rows[i].Made || strings.HasPrefix(rows[i].Source, "made/") {
			n[rows[i].Source]++
		}
	}
	for name, rows := range n {
		out = append(out, textmodel.Source{Name: name, Rows: rows})
	}
	slices.SortFunc(out, func(a, b textmodel.Source) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// HeldOut says how the texts of one source and label fared when scored by a
// model that had not seen the source.
type HeldOut struct {
	Source string
	Label  string
	Origin guard.Origin
	Rows   int
	// Reached is the fraction of texts whose score reaches the threshold of
	// each of [textmodel.FalsePositiveRates].
	Reached [len(textmodel.FalsePositiveRates)]float64
	// Harm is the same for the head that finds requests for harm.
	Harm [len(textmodel.FalsePositiveRates)]float64
}

// tally counts texts that reach thresholds, by source, label and origin.
type tally map[tallyKey]*HeldOut

type tallyKey struct {
	source, label string
	origin        guard.Origin
}

func newTally() tally { return tally{} }

// add counts a text; reached says of each rate whether the attack heads and the
// harm head reach its threshold.
func (t tally) add(source string, r *Row, reached func(rate int) (attack, harm bool)) {
	k := tallyKey{source, string(r.Label), r.Origin}
	o := t[k]
	if o == nil {
		o = &HeldOut{Source: k.source, Label: k.label, Origin: k.origin}
		t[k] = o
	}
	o.Rows++
	for j := range o.Reached {
		attack, harm := reached(j)
		o.Reached[j] += indicator(attack)
		o.Harm[j] += indicator(harm)
	}
}

// out returns the fractions, sorted.
func (t tally) out() []HeldOut {
	out := make([]HeldOut, 0, len(t))
	for _, o := range t {
		for j := range o.Reached {
			o.Reached[j] /= float64(o.Rows)
			o.Harm[j] /= float64(o.Rows)
		}
		out = append(out, *o)
	}
	slices.SortFunc(out, func(a, b HeldOut) int {
		return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Source, b.Source), cmp.Compare(a.Origin, b.Origin))
	})
	return out
}

func report(held []scored, byOrigin map[guard.Origin]*[heads]textmodel.Calibration) []HeldOut {
	t := newTally()
	for i := range held {
		r := held[i].row
		cal := byOrigin[r.Origin]
		which := []int{0, 1}
		if r.data() {
			which = []int{0, 1, 2}
		}
		p, harm := top(cal, &held[i].ev, which), top(cal, &held[i].ev, []int{3})
		t.add(r.Source, r, func(j int) (bool, bool) {
			return p >= cal[0].Thresholds[j], harm >= cal[3].Thresholds[j]
		})
	}
	return t.out()
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
