package replay

import (
	"cmp"
	"slices"

	"warder.example/guard"
)

// What samples are drawn for. Samples of excerpts are called "excerpt" and the key
// of the reason.
const (
	forReview     = "review"
	forThresholds = "thresholds"
	forExcerpt    = "excerpt" + sep
)

// excerptsEach is how many excerpts are shown of one reason, maxExcerpted of how
// many reasons.
const (
	excerptsEach = 3
	maxExcerpted = 100
)

// pick is one record of a sample.
type pick struct {
	Rank  uint64 `json:"rank"`
	Place Place  `json:"place"`
}

// sample is a uniform sample without replacement: the records with the lowest ranks,
// which are hashes of where they stand.
type sample struct {
	Most  int    `json:"most"`
	Of    int    `json:"of"` // offered so far
	Picks []pick `json:"picks"`
}

func (s *sample) offer(rank uint64, p Place) {
	s.Of++
	if s.Picks = append(s.Picks, pick{rank, p}); len(s.Picks) >= 2*s.Most {
		s.settle()
	}
}

// settle drops what is not among the lowest.
func (s *sample) settle() {
	slices.SortFunc(s.Picks, func(a, b pick) int { return cmp.Compare(a.Rank, b.Rank) })
	s.Picks = s.Picks[:min(len(s.Picks), s.Most)]
}

// picks are the samples by what they are for.
type picks map[string]*sample

// want begins samples of that size; none if most is 0.
func (p picks) want(purpose string, most int) {
	if most > 0 && p[purpose] == nil {
		p[purpose] = &sample{Most: most}
	}
}

// offer offers a record to the samples that it fits.
func (p picks) offer(o *outcome) {
	if s := p[forReview]; s != nil && o.action.Stops() {
		s.offer(o.rank, o.place)
	}
	if s := p[forThresholds]; s != nil && o.honest && o.read > 0 {
		s.offer(o.rank, o.place)
	}
	if p[forExcerpt] == nil || o.action == guard.Allow || o.decisive == "" {
		return
	}
	name := forExcerpt + o.decisive
	if len(p) < maxExcerpted {
		p.want(name, excerptsEach)
	}
	if s := p[name]; s != nil {
		s.offer(o.rank, o.place)
	}
}

// places returns what each picked record is for, by where it stands.
func (p picks) places() map[Place][]string {
	out := map[Place][]string{}
	for purpose, s := range p {
		s.settle()
		for _, k := range s.Picks {
			out[k.Place] = append(out[k.Place], purpose)
		}
	}
	for _, ps := range out {
		slices.Sort(ps)
	}
	return out
}
