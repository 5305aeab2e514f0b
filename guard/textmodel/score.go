package textmodel

import (
	"math"
	"sync"

	"warder.example/guard"
)

// Shape of passages and windows.
const (
	// PassageBytes is the length from which on a passage ends with its
	// segment.
	PassageBytes = 2048
	// WindowSegments is the most segments that a window has.
	WindowSegments = 3
	// windowWords is the least number of word features of a window: shorter
	// ones say too little.
	windowWords = 8
)

// Evidence is what a text holds for one head, before calibration.
type Evidence struct {
	// Passage and Window are the raw scores of the best passage and the
	// best window; a text without a window has that of the passage.
	Passage, Window float32
	// PassageSpan and WindowSpan say where those are.
	PassageSpan, WindowSpan guard.Span
	// Segments is the number of segments of the text.
	Segments int
	// Brief is how far the text is from saying enough to be judged, 0 to 1. It is the
	// same for every head.
	Brief float32
	// Trees is what the model's trees add up to; 0 if it has none. It is the same for
	// every head.
	Trees float32
}

// Score is the answer of one head about one text.
type Score struct {
	// Probability is the calibrated score, 0..1.
	Probability float64
	// FPR is the smallest published false-positive rate whose threshold
	// Probability reaches, 1 if none.
	FPR float64
	// Span is the stretch that decided: the best window if it is clearly
	// above the passage that it stands in, else the best passage.
	Span guard.Span
	// Evidence is what the probability was made from.
	Evidence Evidence
}

// Scores holds the answers of a model's heads, in the order of its heads.
type Scores struct {
	head [MaxHeads]Score
	n    int
}

// Len returns the number of heads.
func (s Scores) Len() int { return s.n }

// At returns the answer of head i.
func (s Scores) At(i int) Score { return s.head[i] }

// sums is the weight of a stretch of text.
type sums struct {
	weight     [kinds][MaxHeads]int32
	n          [kinds]int32
	look       look
	first      int32 // number of its first segment
	start, end int
}

func (s *sums) add(o *sums) {
	for k := range kinds {
		for h := range MaxHeads {
			s.weight[k][h] += o.weight[k][h]
		}
		s.n[k] += o.n[k]
	}
	s.look.add(&o.look)
	s.end = o.end
}

// scorer is a sink that sums weights. It is pooled, so scoring allocates
// nothing.
type scorer struct {
	m       *Model
	b       batch
	cur     sums // of the segment being read
	passage sums
	recent  [WindowSegments]sums // the last segments, newest first
	held    int                  // how many of them there are
	ev      [MaxHeads]Evidence
	windows int
	n       int // segments
	// Where the trees look: the best passage and window of each of their heads.
	eyes                    [MaxHeads]bool
	bestPassage, bestWindow [MaxHeads]sums
	x                       [maxColumns]float32 // the trees' features
}

var scorers = sync.Pool{New: func() any { return new(scorer) }}

// Evidence returns what a text of an origin holds for each head of the model.
func (m *Model) Evidence(text string, o guard.Origin) [MaxHeads]Evidence {
	s := m.read(text, o)
	ev := s.ev
	s.free()
	return ev
}

// read returns a scorer that has read a text; the caller frees it.
func (m *Model) read(text string, o guard.Origin) *scorer {
	s := scorers.Get().(*scorer)
	s.reset(m, o)
	walk(text, o, m.knows, &s.b, s)
	s.finish(o)
	brief := briefness(text, o)
	for h := range s.ev {
		s.ev[h].Brief = brief
	}
	return s
}

func (s *scorer) free() {
	s.m = nil
	scorers.Put(s)
}

// Score judges a text of an origin. It takes time linear in the length of the
// text and allocates nothing.
func (m *Model) Score(text string, o guard.Origin) Scores {
	ev := m.Evidence(text, o)
	out := Scores{n: len(m.spec.Heads)}
	for h := range out.n {
		c := m.calibration(h, o)
		p := c.Probability(&ev[h])
		out.head[h] = Score{Probability: p, FPR: c.FalsePositiveRate(p), Span: ev[h].deciding(), Evidence: ev[h]}
	}
	return out
}

// deciding returns the window if it stands out of a longer passage.
func (e *Evidence) deciding() guard.Span {
	w, p := e.WindowSpan, e.PassageSpan
	if w.End > w.Start && (w.End-w.Start)*2 < p.End-p.Start && e.Window > e.Passage*0.5 {
		return w
	}
	return p
}

func (s *scorer) reset(m *Model, o guard.Origin) {
	s.m, s.held, s.windows, s.n = m, 0, 0, 0
	s.cur, s.passage = sums{}, sums{}
	for h := range s.ev {
		s.ev[h] = Evidence{Passage: float32(math.Inf(-1)), Window: float32(math.Inf(-1))}
	}
	s.eyes = [MaxHeads]bool{}
	if t := m.knows.Trees; t != nil {
		for _, h := range t.of(o).Heads {
			s.eyes[h], s.bestPassage[h], s.bestWindow[h] = true, sums{}, sums{}
		}
	}
}

// take implements sink.
func (s *scorer) take(b *batch) {
	table, shift := s.m.weights, s.m.shift&63
	for k := range b.of {
		var sum [MaxHeads]int32
		for _, h := range b.of[k].hash[:b.of[k].n] {
			p := &table[h>>shift]
			sum[0] += int32(p[0])
			sum[1] += int32(p[1])
			sum[2] += int32(p[2])
			sum[3] += int32(p[3])
		}
		for h := range sum {
			s.cur.weight[k][h] += sum[h]
		}
		s.cur.n[k] += int32(b.of[k].n)
	}
	b.empty()
}

// segment implements sink.
func (s *scorer) segment(start, end int) {
	s.cur.start, s.cur.end = start, end
	s.cur.look, s.cur.first = s.b.look, int32(s.n)
	s.n++
	copy(s.recent[1:], s.recent[:WindowSegments-1])
	s.recent[0] = s.cur
	s.held = min(s.held+1, WindowSegments)
	w := s.cur
	for k := range s.held {
		if k > 0 {
			older := s.recent[k]
			older.add(&w)
			w = older
		}
		if w.n[words] >= windowWords {
			s.window(&w)
		}
	}
	if s.passage.end == s.passage.start {
		s.passage = s.cur
	} else {
		s.passage.add(&s.cur)
	}
	if s.passage.end-s.passage.start >= PassageBytes {
		s.endPassage()
	}
	s.cur = sums{}
}

// raw returns the score of a stretch for head h.
func (s *scorer) raw(w *sums, h int, norm *[kinds]float32) float32 {
	sum := float32(0)
	for k := range kinds {
		sum += float32(float32(w.weight[k][h]) * norm[k])
	}
	return s.m.bias[h] + float32(s.m.scale[h]*sum)
}

// leastFeatures is how many features of each kind a stretch counts as having at
// least, so that a word or two by themselves say little.
var leastFeatures = [kinds]int{words: 12, chars: 48, concepts: 6, signals: 1}

// Norm returns the factor of the sum of n features of a kind (words, characters,
// concepts, signals, in the order of [Segment]). Training uses it, so that both
// see the same.
func Norm(kind, n int) float32 { return 1 / sqrt32(float32(max(n, leastFeatures[kind]))) }

// norms returns the factors of a stretch's sums.
func norms(n *[kinds]int32) (out [kinds]float32) {
	for k := range n {
		out[k] = Norm(k, int(n[k]))
	}
	return out
}

func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func (s *scorer) window(w *sums) {
	s.windows++
	norm := s.m.norms(&w.n)
	for h := range len(s.m.spec.Heads) {
		if z := s.raw(w, h, &norm); z > s.ev[h].Window {
			s.ev[h].Window, s.ev[h].WindowSpan = z, guard.Span{Start: w.start, End: w.end}
			if s.eyes[h] {
				s.bestWindow[h] = *w
			}
		}
	}
}

func (s *scorer) endPassage() {
	norm := s.m.norms(&s.passage.n)
	for h := range len(s.m.spec.Heads) {
		if z := s.raw(&s.passage, h, &norm); z > s.ev[h].Passage {
			s.ev[h].Passage, s.ev[h].PassageSpan = z, guard.Span{Start: s.passage.start, End: s.passage.end}
			if s.eyes[h] {
				s.bestPassage[h] = s.passage
			}
		}
	}
	s.passage = sums{}
}

// finish closes the last passage, fills what the text was too short for and asks the
// trees.
func (s *scorer) finish(o guard.Origin) {
	if s.passage.end > s.passage.start || s.n == 0 {
		s.endPassage()
	}
	for h := range s.ev {
		e := &s.ev[h]
		e.Segments = s.n
		if math.IsInf(float64(e.Passage), -1) {
			e.Passage = s.m.bias[h]
		}
		if s.windows == 0 {
			e.Window, e.WindowSpan = e.Passage, e.PassageSpan
			s.bestWindow[h] = s.bestPassage[h]
		}
	}
	if t := s.m.knows.Trees; t != nil {
		s.climb(t, o)
	}
}
