package evaluate

// Disturbed is how a guard fares on texts after one disturbance, attacks and
// honest texts alike. Rows that the disturbance leaves as they are do not count,
// clean or disturbed. All figures are macro, at each of [Rates].
type Disturbed struct {
	Way string `json:"way"`
	// Attacks and Honest are the rows that changed and were judged both ways.
	Attacks int `json:"attacks"`
	Honest  int `json:"honest"`
	Missing int `json:"unanswered,omitempty"`
	// Recall and FalsePositives are those of the disturbed texts.
	Recall         [len(Rates)]Fraction `json:"recall"`
	FalsePositives [len(Rates)]Fraction `json:"false_positives"`
	// Loss is how much recall is less than on the same texts clean, Rise how
	// much false positives are more.
	Loss [len(Rates)]Fraction `json:"loss"`
	Rise [len(Rates)]Fraction `json:"rise"`
}

// disturbed compares a pass over disturbed texts with that over clean ones.
func disturbed(way string, clean, after *pass) Disturbed {
	d := Disturbed{Way: way}
	for i := range after.all {
		if after.all[i].state == unanswered {
			d.Missing++
		}
	}
	ps := pairs(clean, after)
	for _, p := range ps {
		switch p.base.kind {
		case Attack:
			d.Attacks++
		case Honest:
			d.Honest++
		}
	}
	c := newContrast(ps, clean.clusters)
	c.boot.Run()
	c.finish()
	ds := c.differences()
	for k := range Rates {
		d.Recall[k], _ = c.other.macro(Attack, k)
		d.FalsePositives[k], _ = c.other.macro(Honest, k)
		change, _ := c.change(ds, Attack, k)
		d.Loss[k] = change.negate()
		d.Rise[k], _ = c.change(ds, Honest, k)
	}
	return d
}
