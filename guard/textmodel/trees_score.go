package textmodel

import (
	"math/bits"

	"warder.example/guard"
)

// originColumns are the origins that are features.
var originColumns = [...]guard.Origin{guard.OriginDocument, guard.OriginTool, guard.OriginEmail, guard.OriginModel}

// Columns returns the number of features. For n concepts the first 4n are: it stands
// in the best passage, it leads a sentence there, and the same of the best window; then
// come the style of the passage, that of the window, where the window begins as a share
// of the text, and the origin.
func (t *Trees) Columns() int { return 4*len(t.concepts) + 2*styles + 1 + len(originColumns) }

const maxColumns = 4*MaxTreeConcepts + 2*styles + 1 + len(originColumns)

// fill sets the features of a text of a number of segments with this best passage and
// window.
func (t *Trees) fill(x []float32, passage, window *sums, segments int, o guard.Origin) {
	clear(x)
	n := len(t.concepts)
	for i, s := range [...]*sums{passage, window} {
		for k, word := range s.look.concepts {
			for ; word != 0; word &= word - 1 {
				bit := 64*k + bits.TrailingZeros64(word)
				x[(2*i+bit%2)*n+bit/2] = 1
			}
		}
		style := s.look.style(s.n[words])
		copy(x[4*n+i*styles:], style[:])
	}
	rest := x[4*n+2*styles:]
	rest[0] = float32(window.first) / float32(max(1, segments-1))
	for i, c := range originColumns {
		if c == o {
			rest[1+i] = 1
		}
	}
}

// Features writes the features of a text of an origin to x, which has the model's
// [Trees.Columns]; training uses it, so that both see the same. It panics if the model
// has no trees.
func (m *Model) Features(x []float32, text string, o guard.Origin) {
	s := m.read(text, o)
	copy(x, s.x[:m.knows.Trees.Columns()])
	s.free()
}

// climb asks the trees about the best passage and window of one of their heads.
func (s *scorer) climb(t *Trees, o guard.Origin) {
	e := t.of(o)
	best := e.Heads[0]
	for _, h := range e.Heads[1:] {
		if s.ev[h].Passage+s.ev[h].Window > s.ev[best].Passage+s.ev[best].Window {
			best = h
		}
	}
	x := s.x[:t.Columns()]
	t.fill(x, &s.bestPassage[best], &s.bestWindow[best], s.n, o)
	sum := e.sum(x)
	for h := range len(s.m.spec.Heads) {
		s.ev[h].Trees = sum
	}
}
