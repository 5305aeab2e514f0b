package evaluate

import (
	"cmp"
	"math"
	"slices"
)

// ranked is a row in the order of scores.
type ranked struct {
	score    float64
	cluster  int32
	line     int32 // of the table of sources
	positive bool
}

// ranker computes areas under the curve and true-positive rates, pooled and by
// line: a line of attacks against all honest rows, a line of honest rows against
// all attacks. It is used by one goroutine.
type ranker struct {
	rows  []ranked // by falling score
	lines []tally  // the whole first
}

// tally is what a line comes to in one pass.
type tally struct {
	weight float64 // of its rows; for the whole, of attacks
	area   float64 // weight of the pairs that it wins, ties counting half
	hits   [len(Rates)]float64
	honest bool
}

// perLine is the number of figures of a line: the area, then the rates.
const perLine = 1 + len(Rates)

// newRanker takes rows over; their lines are below lines.
func newRanker(rows []ranked, lines int) *ranker {
	slices.SortStableFunc(rows, func(a, b ranked) int { return cmp.Compare(b.score, a.score) })
	return &ranker{rows, make([]tally, lines+1)}
}

// size is the number of figures that measure sets: perLine for the whole, then
// for each line.
func (r *ranker) size() int { return perLine * len(r.lines) }

// measure computes all figures with the clusters weighted; w nil weighs rows
// equally. Figures without attacks or without honest rows are NaN, and so are
// the rates of lines of honest rows.
func (r *ranker) measure(w []uint8, out []float64) {
	weight := func(x *ranked) float64 {
		if w == nil {
			return 1
		}
		return float64(w[x.cluster])
	}
	positive, negative := r.weigh(weight)
	var above, honest float64 // attacks and honest rows with higher scores
	for i, j := 0, 0; i < len(r.rows); i = j {
		var p, n float64 // of equal scores
		for j = i; j < len(r.rows) && r.rows[j].score == r.rows[i].score; j++ {
			if r.rows[j].positive {
				p += weight(&r.rows[j])
			} else {
				n += weight(&r.rows[j])
			}
		}
		for k := i; k < j; k++ {
			x := &r.rows[k]
			l := &r.lines[x.line+1]
			if !x.positive {
				l.area += weight(x) * (above + p/2)
				continue
			}
			won := weight(x) * (negative - honest - n/2)
			l.area += won
			r.lines[0].area += won
			for c, rate := range Rates {
				if honest+n <= allowed(rate, negative) {
					l.hits[c] += weight(x)
					r.lines[0].hits[c] += weight(x)
				}
			}
		}
		above += p
		honest += n
	}
	r.report(positive, negative, out)
}

// weigh begins a pass: it returns the weights of all attacks and honest rows.
func (r *ranker) weigh(weight func(*ranked) float64) (positive, negative float64) {
	clear(r.lines)
	for i := range r.rows {
		x := &r.rows[i]
		l := &r.lines[x.line+1]
		l.weight += weight(x)
		l.honest = !x.positive
		if x.positive {
			positive += weight(x)
		} else {
			negative += weight(x)
		}
	}
	r.lines[0].weight = positive
	return positive, negative
}

func (r *ranker) report(positive, negative float64, out []float64) {
	for i := range r.lines {
		l, to := &r.lines[i], out[i*perLine:]
		against := negative
		if l.honest {
			against = positive
		}
		to[0] = l.area / (l.weight * against) // NaN for none
		for c := range Rates {
			to[1+c] = l.hits[c] / l.weight
			if negative == 0 || l.honest {
				to[1+c] = math.NaN()
			}
		}
	}
}

// allowed is the weight of honest rows that may reach a threshold of that rate,
// of all of that weight.
func allowed(rate, negative float64) float64 { return math.Floor(rate*negative + 1e-9) }

// threshold returns the least score that at most a fraction rate of the honest
// rows reaches.
func (r *ranker) threshold(rate float64) float64 {
	var honest []float64 // by falling score
	for i := range r.rows {
		if !r.rows[i].positive {
			honest = append(honest, r.rows[i].score)
		}
	}
	if len(honest) == 0 {
		return 0
	}
	return math.Nextafter(honest[int(allowed(rate, float64(len(honest))))], math.Inf(1))
}
