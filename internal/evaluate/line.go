package evaluate

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"warder.example/internal/bootstrap"
)

// Line is a part of the corpus.
type Line struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	Rows int    `json:"rows"` // judged
	// Payloads is how many of the rows are independent of each other.
	Payloads int `json:"payloads"`
	Hard     int `json:"hard,omitempty"`       // honest rows that resemble attacks
	Missing  int `json:"unanswered,omitempty"` // rows without a judgement, not in Rows
	// Flagged is the fraction with a finding at each of [Rates]: the recall
	// for attacks, one minus the specificity for honest rows.
	Flagged [len(Rates)]Fraction `json:"flagged"`
	// Balanced is the balanced accuracy at each of [Rates], for a source
	// that has both attacks and honest rows.
	Balanced *[len(Rates)]Fraction `json:"balanced_accuracy,omitempty"`
	// AUC ranks attacks against all honest rows of the corpus, honest rows
	// against all attacks; TPR is as in [Ranking], for attacks.
	AUC *Fraction             `json:"auc,omitempty"`
	TPR *[len(Rates)]Fraction `json:"tpr,omitempty"`
}

// part is a key of a table: a name within a kind.
type part struct {
	kind Kind
	name string
}

func (p part) compare(q part) int {
	return cmp.Or(strings.Compare(string(p.kind), string(q.kind)), strings.Compare(p.name, q.name))
}

// partition groups outcomes by kind and name; those without a name are left out.
func partition(all []outcome, name func(*outcome) string) map[part][]*outcome {
	out := map[part][]*outcome{}
	for i := range all {
		if n := name(&all[i]); n != "" {
			k := part{all[i].kind, n}
			out[k] = append(out[k], &all[i])
		}
	}
	return out
}

// mergeSmall puts the sources of a kind with few rows into one group.
func mergeSmall(by map[part][]*outcome) (map[part][]*outcome, map[Kind][]string) {
	merged := map[part][]*outcome{}
	small := map[Kind][]string{}
	for _, k := range slices.SortedFunc(maps.Keys(by), part.compare) {
		to := k
		if len(by[k]) < SmallSource {
			to.name = SmallGroup
			small[k.kind] = append(small[k.kind], k.name)
		}
		merged[to] = append(merged[to], by[k]...)
	}
	return merged, small
}

// table is a list of lines in the making.
type table struct {
	lines []Line // by kind and name
	rows  [][]*outcome
	drawn []*bootstrap.Draws
}

// newTable counts the parts, and watches their fractions in a bootstrap.
func newTable(by map[part][]*outcome, boot *bootstrap.Bootstrap) *table {
	t := &table{}
	for _, k := range slices.SortedFunc(maps.Keys(by), part.compare) {
		l := Line{Name: k.name, Kind: k.kind}
		cs := cells{}
		for _, o := range by[k] {
			switch o.state {
			case judged:
				cs.add(o)
				l.Rows++
				if o.hard {
					l.Hard++
				}
			case unanswered:
				l.Missing++
			}
		}
		l.Payloads = len(cs)
		list := cs.sorted()
		for i := range Rates {
			l.Flagged[i] = list.fraction(i)
		}
		t.lines = append(t.lines, l)
		t.rows = append(t.rows, by[k])
		t.drawn = append(t.drawn, boot.Watch(len(Rates), list.measure))
	}
	return t
}

// finish sets the intervals, after the bootstrap ran.
func (t *table) finish() {
	for i := range t.lines {
		if l := &t.lines[i]; l.Payloads < l.Rows {
			for k := range Rates {
				l.Flagged[k] = l.Flagged[k].widen(t.drawn[i].Values[k])
			}
		}
	}
}

// kind returns the fractions and the draws of the lines of a kind at a rate.
func (t *table) kind(k Kind, rate int) (fs []Fraction, ds [][]float64) {
	for i, l := range t.lines {
		if l.Kind == k && l.Rows > 0 {
			fs = append(fs, l.Flagged[rate])
			ds = append(ds, t.drawn[i].Values[rate])
		}
	}
	return fs, ds
}

// macro returns the mean over the lines of a kind.
func (t *table) macro(k Kind, rate int) (Fraction, []float64) {
	fs, ds := t.kind(k, rate)
	mean := bootstrap.MeanOf(resamples, ds)
	return average(fs).widen(mean), mean
}

// cell counts a line's rows of one payload.
type cell struct {
	cluster int32
	rows    int32
	flagged [len(Rates)]int32
}

type cells map[int32]*cell

func (cs cells) add(o *outcome) {
	c := cs[o.cluster]
	if c == nil {
		c = &cell{cluster: o.cluster}
		cs[o.cluster] = c
	}
	c.rows++
	for i, rate := range Rates {
		if o.relevant().FPR <= rate {
			c.flagged[i]++
		}
	}
}

// sorted lists the cells in the order of clusters.
func (cs cells) sorted() cellList {
	list := make(cellList, 0, len(cs))
	for _, k := range slices.Sorted(maps.Keys(cs)) {
		list = append(list, *cs[k])
	}
	return list
}

type cellList []cell

// fraction returns the flagged part of the rows with Wilson's interval. If
// payloads repeat and all fare alike, as if each were one row: nothing then says
// how much payloads differ.
func (l cellList) fraction(rate int) Fraction {
	var k, n float64
	alike := true
	for _, c := range l {
		k += float64(c.flagged[rate])
		n += float64(c.rows)
		alike = alike && c.flagged[rate]*l[0].rows == l[0].flagged[rate]*c.rows
	}
	f := wilson(k, n)
	if alike && len(l) > 0 {
		m := float64(len(l))
		f = wilson(f.Value*m, m)
	}
	return f
}

// measure computes the fractions with the payloads weighted.
func (l cellList) measure(w []uint8, out []float64) {
	var n float64
	clear(out)
	for i := range l {
		c := &l[i]
		weight := float64(w[c.cluster])
		n += weight * float64(c.rows)
		for k := range Rates {
			out[k] += weight * float64(c.flagged[k])
		}
	}
	for k := range out {
		if n == 0 {
			out[k] = math.NaN()
		} else {
			out[k] /= n
		}
	}
}
