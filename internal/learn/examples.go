package learn

import (
	"math/rand/v2"
	"strings"

	"warder.example/guard/textmodel"
	"warder.example/internal/corpus"
)

// example is a stretch of a row to learn from.
type example struct {
	features [kinds][]uint32 // buckets of words, characters, concepts
	y        [heads]int8
	weight   [heads]float32
	row      int // of the set
	group    int // of its source
	fold     int // of its source
	part     int // of its row
}

// without says what a unit of work is trained without: a fold of sources, a part
// of the rows, or nothing. -1 is none.
type without struct{ fold, part int }

func (w without) holds(e *example) bool {
	return e.fold == w.fold || e.part == w.part
}

// kinds is the number of kinds of feature, each normed by itself.
const kinds = 4

// listed returns the features of a segment by kind.
func listed(s *textmodel.Segment) [kinds][]uint64 {
	return [kinds][]uint64{s.Words, s.Chars, s.Concepts, s.Signals}
}

// parts of the work: a model without each fold, one without each part, and one
// on everything.
func (s *set) plan() (out []without) {
	for f := range s.folds {
		out = append(out, without{f, -1})
	}
	for p := range rowParts {
		out = append(out, without{-1, p})
	}
	return append(out, without{-1, -1})
}

// set is what is learned from, with what is needed to hold folds out.
type set struct {
	rows     []Row
	fold     []int // of each row
	folds    int
	groups   int
	bits     int
	knows    textmodel.Knowledge
	examples []example
	idf      []float32 // of each bucket; 0: the bucket is not used
	digest   [32]byte  // of everything above
}

// prepare turns rows into examples.
func prepare(rows []Row, fold []int, cfg Config) (*set, error) {
	knows, err := cfg.knowledge(rows)
	if err != nil {
		return nil, err
	}
	s := &set{rows: rows, fold: fold, bits: cfg.Bits, knows: knows}
	for _, f := range fold {
		s.folds = max(s.folds, f+1)
	}
	c := newCensus(cfg.Bits)
	number := map[string]int{}
	for i := range rows {
		r := &rows[i]
		if _, ok := number[r.group()]; !ok {
			number[r.group()] = len(number)
		}
		from := len(s.examples)
		segs := cfg.reduced(textmodel.Segments(r.Text, r.Origin, s.knows))
		c.count(i, r.group(), segs)
		s.add(r, segs, without{fold[i], r.part}, random(cfg.Seed, "windows/"+r.Source+"/"+r.Text))
		for k := range s.examples[from:] {
			s.examples[from+k].row, s.examples[from+k].group = i, number[r.group()]
		}
	}
	s.groups = len(number)
	s.idf = c.weights(len(rows))
	s.level()
	s.digest = s.hash()
	return s, nil
}

// Windows drawn from a row, and the most passages used.
const (
	maxPassages = 3
	maxWindows  = 3
)

// add makes the examples of one row. Everything in a benign text is benign. Of
// an attack, a whole passage is known to be one; the windows that overlap the
// attack where the corpus says where it is; the rest of such a carrier is known
// to be benign. (Taking every window of an attack for one cost recall on sources
// held out.)
func (s *set) add(r *Row, segs []textmodel.Segment, at without, rnd *rand.Rand) {
	t := r.targets()
	for h := range t {
		t[h].weight *= r.Weight
	}
	lo, hi := attackSpan(r)
	passages := textmodel.Passages(segs)
	var from [][2]int
	for _, p := range passages {
		if hi == 0 || segs[p[0]].Start < hi && segs[p[1]-1].End > lo {
			from = append(from, p)
		}
	}
	from = from[:min(len(from), maxPassages)]
	for _, p := range from {
		share := 1 / float64(len(from))
		if hi > 0 && len(segs) > textmodel.WindowSegments {
			share *= 0.3 // the windows say it better
		}
		s.push(segs[p[0]:p[1]], t, share, at)
	}
	if len(segs) <= textmodel.WindowSegments {
		return
	}
	switch {
	case hi > 0:
		s.addCarrier(segs, t, lo, hi, at, rnd)
	case !anyPositive(t) && r.Label != corpus.BenignHard: // a window of these may be what they quote
		for range maxWindows {
			n := 1 + rnd.IntN(textmodel.WindowSegments)
			i := rnd.IntN(len(segs) - n + 1)
			s.push(segs[i:i+n], t, 1.0/maxWindows, at)
		}
	}
}

func anyPositive(t [heads]target) bool {
	for _, x := range t {
		if x.y == positive {
			return true
		}
	}
	return false
}

// addCarrier adds the windows around an attack at [lo, hi), and clean ones.
func (s *set) addCarrier(segs []textmodel.Segment, t [heads]target, lo, hi int, at without, rnd *rand.Rand) {
	first, last := -1, -1
	for i := range segs {
		if segs[i].Start < hi && segs[i].End > lo {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return
	}
	last = min(last, first+textmodel.WindowSegments-1)
	s.push(segs[first:last+1], t, 1, at) // alone: its neighbours are honest
	clean := t
	for h := range clean {
		if clean[h].y == positive {
			clean[h].y = negative
		}
	}
	for range maxWindows {
		n := 1 + rnd.IntN(textmodel.WindowSegments)
		i := rnd.IntN(len(segs))
		if i+n <= first || i > last && i+n <= len(segs) {
			s.push(segs[i:i+n], clean, 1.0/maxWindows, at)
		}
	}
}

// push adds one example made of segments; share scales its weight.
func (s *set) push(segs []textmodel.Segment, t [heads]target, share float64, at without) {
	e := example{fold: at.fold, part: at.part}
	for i := range segs {
		for k, hashes := range listed(&segs[i]) {
			e.features[k] = s.buckets(e.features[k], hashes)
		}
	}
	for h := range t {
		e.y[h] = t[h].y
		e.weight[h] = float32(t[h].weight * share)
	}
	s.examples = append(s.examples, e)
}

func (s *set) buckets(to []uint32, hashes []uint64) []uint32 {
	for _, h := range hashes {
		to = append(to, uint32(h>>(64-s.bits)))
	}
	return to
}

// attackSpan returns where the attack stands in its carrier; hi is 0 if that is
// not known.
func attackSpan(r *Row) (lo, hi int) {
	if r.Attack == "" {
		return 0, 0
	}
	i := strings.Index(r.Text, r.Attack)
	if i < 0 {
		// Carriers may escape or rewrap it: look for its beginning.
		head := r.Attack[:len(prefix(r.Attack, 24))]
		if i = strings.Index(r.Text, head); i < 0 {
			return 0, 0
		}
	}
	return i, min(i+len(r.Attack), len(r.Text))
}

// prefix returns the first n characters of s.
func prefix(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// level scales the weights of each head so that the counter-examples together
// weigh negPerPos times what the examples do, and the mean weight is one.
func (s *set) level() {
	for h := range heads {
		var sum [2]float64
		n := 0
		for i := range s.examples {
			if e := &s.examples[i]; e.y[h] != ignored {
				sum[e.y[h]] += float64(e.weight[h])
				n++
			}
		}
		total := float64(n)
		for i := range s.examples {
			e := &s.examples[i]
			switch e.y[h] {
			case positive:
				e.weight[h] = min(maxWeight, float32(float64(e.weight[h])*total/(1+negPerPos)/sum[1]))
			case negative:
				e.weight[h] = min(maxWeight, float32(float64(e.weight[h])*total*negPerPos/(1+negPerPos)/sum[0]))
			default:
				e.weight[h] = 0
			}
		}
	}
}

const (
	negPerPos = 2
	maxWeight = 8
)
