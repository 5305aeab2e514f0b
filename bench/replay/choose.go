package main

import (
	"fmt"
	"hash/fnv"
	"iter"
	"math/rand/v2"

	"warder.example/internal/corpus"
)

// maxSources bounds the sources of one corpus.
const maxSources = 4096

// choice says which rows of a corpus are sent.
type choice struct {
	all  bool
	rows map[place]struct{}
	n    int // rows chosen
}

// place is where a row stands.
type place struct {
	file string
	line int
}

// sample holds places of one source: a reservoir, algorithm R of Vitter,
// "Random sampling with a reservoir", ACM TOMS 11 (1985).
type sample struct {
	rnd    *rand.Rand
	seen   int
	places []place
}

func (s *sample) offer(p place, limit int) {
	s.seen++
	if len(s.places) < limit {
		s.places = append(s.places, p)
	} else if i := s.rnd.IntN(s.seen); i < limit {
		s.places[i] = p
	}
}

// choose reads the corpus once and chooses at most limit rows of each source, 0
// for all of them. What it chooses of a source depends on the seed and the rows
// of that source only. Memory grows with what is chosen, not with the corpus.
func choose(dir string, limit int, seed uint64) (*choice, error) {
	samples := map[string]*sample{}
	n := 0
	for row, err := range corpus.Dir(dir) {
		if err != nil {
			return nil, fmt.Errorf("choosing rows: %w", err)
		}
		n++
		s := samples[row.Source]
		if s == nil {
			if len(samples) == maxSources {
				return nil, fmt.Errorf("choosing rows: %s:%d: more than %d sources", row.File, row.Line, maxSources)
			}
			s = &sample{rnd: rand.New(rand.NewPCG(seed, hashed(row.Source)))}
			samples[row.Source] = s
		}
		if limit > 0 {
			s.offer(place{row.File, row.Line}, limit)
		}
	}
	c := &choice{all: limit == 0, n: n, rows: map[place]struct{}{}}
	for _, s := range samples {
		for _, p := range s.places {
			c.rows[p] = struct{}{}
		}
	}
	if !c.all {
		c.n = len(c.rows)
	}
	return c, nil
}

// read returns the chosen rows in the order of the corpus. Iteration ends after
// the first error.
func (c *choice) read(dir string) iter.Seq2[corpus.Row, error] {
	return func(yield func(corpus.Row, error) bool) {
		for row, err := range corpus.Dir(dir) {
			if err == nil && !c.all {
				if _, ok := c.rows[place{row.File, row.Line}]; !ok {
					continue
				}
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func hashed(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
