package evaluate

import (
	"cmp"
	"maps"
	"slices"

	"warder.example/internal/bootstrap"
)

// Schema names the form of a report in JSON. Members are added under the same
// name; a change of what one means changes the name.
const Schema = "warder.eval/1"

// Report is the result of an evaluation.
type Report struct {
	Schema string    `json:"schema"`
	Rates  []float64 `json:"rates"` // [Rates]: the order of every list by rate
	Corpus Corpus    `json:"corpus"`
	Guards []Result  `json:"guards"`
	// Comparisons are of every further guard with the first.
	Comparisons []Comparison `json:"comparisons,omitempty"`
}

// Corpus says what was read.
type Corpus struct {
	Rows     map[Kind]int `json:"rows"` // judged or to be judged
	Hard     int          `json:"hard"` // honest rows that resemble attacks
	Payloads int          `json:"payloads"`
	LeftOut  int          `json:"left_out"` // rows with other labels, and answers
}

// Result is how one guard fares.
type Result struct {
	Name string `json:"name"`
	// Answered is how many rows were judged, Unanswered how many were not,
	// by class of error. The latter are in no other figure.
	Answered   int            `json:"answered"`
	Unanswered map[string]int `json:"unanswered,omitempty"`

	Sources []Line `json:"sources"` // by kind and name
	// Small names the sources in each kind's group of small ones.
	Small map[Kind][]string `json:"small,omitempty"`
	// Hard has the rows labelled benign_hard alone, by source.
	Hard      []Line `json:"over_defence,omitempty"`
	Channels  []Line `json:"channels"`
	Languages []Line `json:"languages"`
	Lengths   []Line `json:"lengths"`
	// Points are the operating points at the guard's published thresholds.
	Points []Point `json:"points"`
	// Ranking says how well scores order attacks and honest texts.
	Ranking   Ranking     `json:"ranking"`
	Harm      Ranking     `json:"harm"`
	Disturbed []Disturbed `json:"disturbed,omitempty"`
	Latency   *Latency    `json:"latency,omitempty"`
}

// Kinds lists the kinds of rows that the corpus has, attacks first.
func (r *Report) Kinds() (out []Kind) {
	for _, k := range []Kind{Attack, Honest, Harmful} {
		if r.Corpus.Rows[k] > 0 {
			out = append(out, k)
		}
	}
	return out
}

// describe counts the corpus as a pass read it.
func describe(p *pass) Corpus {
	c := Corpus{Rows: map[Kind]int{}, Payloads: p.clusters, LeftOut: p.leftOut}
	for i := range p.all {
		c.Rows[p.all[i].kind]++
		if p.all[i].hard {
			c.Hard++
		}
	}
	return c
}

// summarise computes everything from the judged rows of one guard.
func summarise(name string, p *pass) Result {
	r := Result{Name: name, Unanswered: map[string]int{}}
	for i := range p.all {
		if o := &p.all[i]; o.state == judged {
			r.Answered++
		} else {
			r.Unanswered[o.class]++
		}
	}
	boot := newBootstrap(p.clusters)
	by, small := mergeSmall(partition(p.all, func(o *outcome) string { return o.source }))
	sources := newTable(by, boot)
	hard, _ := mergeSmall(partition(p.all, func(o *outcome) string {
		if !o.hard {
			return ""
		}
		return o.source
	}))
	over := newTable(hard, boot)
	channels := newTable(partition(p.all, func(o *outcome) string { return o.channel }), boot)
	languages := newTable(partition(p.all, func(o *outcome) string { return cmp.Or(o.lang, "?") }), boot)
	lengths := newTable(partition(p.all, func(o *outcome) string { return lengthName(o.bytes) }), boot)
	attack, harm := rankings(sources, boot)
	boot.Run()

	for _, t := range []*table{sources, over, channels, languages, lengths} {
		t.finish()
	}
	addRanks(sources, attack, harm)
	addBalance(sources.lines)
	r.Sources, r.Small, r.Hard = sources.lines, small, over.lines
	r.Channels, r.Languages, r.Lengths = channels.lines, languages.lines, byLength(lengths.lines)
	r.Points = points(sources, over)
	harmPoints(r.Points, p.all)
	r.Ranking, r.Harm = attack.finish(), harm.finish()
	if p.timed {
		r.Latency = latencyOf(p.all)
	}
	return r
}

// rankings prepares the rankings of attacks and of requests for harm, each
// against honest rows.
func rankings(sources *table, boot *bootstrap.Bootstrap) (attack, harm *ranking) {
	var a, h []ranked
	for i, l := range sources.lines {
		for _, o := range sources.rows[i] {
			if o.state != judged {
				continue
			}
			if l.Kind != Harmful {
				a = append(a, ranked{o.mark.Attack.Score, o.cluster, int32(i), l.Kind == Attack})
			}
			if l.Kind != Attack {
				h = append(h, ranked{o.mark.Harm.Score, o.cluster, int32(i), l.Kind == Harmful})
			}
		}
	}
	return newRanking(a, len(sources.lines), boot), newRanking(h, len(sources.lines), boot)
}

// addRanks sets the figures of lines that rank.
func addRanks(sources *table, attack, harm *ranking) {
	for i := range sources.lines {
		l := &sources.lines[i]
		r := attack
		if l.Kind == Harmful {
			r = harm
		}
		if f, ok := r.figure(i, 0); ok {
			l.AUC = &f
		}
		if l.Kind == Honest || l.AUC == nil {
			continue
		}
		l.TPR = new([len(Rates)]Fraction)
		for k := range Rates {
			l.TPR[k], _ = r.figure(i, 1+k)
		}
	}
}

// addBalance sets the balanced accuracy of sources with both attacks and honest
// rows, on both lines. The groups of small sources are of different sources.
func addBalance(lines []Line) {
	attacks := map[string]*Line{}
	for i := range lines {
		if l := &lines[i]; l.Kind == Attack && l.Rows > 0 && l.Name != SmallGroup {
			attacks[l.Name] = l
		}
	}
	for i := range lines {
		l := &lines[i]
		a := attacks[l.Name]
		if l.Kind != Honest || l.Rows == 0 || a == nil {
			continue
		}
		l.Balanced = new([len(Rates)]Fraction)
		for k := range Rates {
			l.Balanced[k] = average([]Fraction{a.Flagged[k], l.Flagged[k].not()})
		}
		a.Balanced = l.Balanced
	}
}

// Has reports whether the guard judged rows of a kind.
func (r *Result) Has(k Kind) bool {
	return slices.ContainsFunc(r.Sources, func(l Line) bool { return l.Kind == k && l.Rows > 0 })
}

// classes lists the classes of errors in order.
func (r *Result) classes() []string { return slices.Sorted(maps.Keys(r.Unanswered)) }

// missing is how many rows have no judgement.
func (r *Result) missing() (n int) {
	for _, k := range r.Unanswered {
		n += k
	}
	return n
}
