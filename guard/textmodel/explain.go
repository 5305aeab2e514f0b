package textmodel

import (
	"cmp"
	"slices"

	"warder.example/guard"
)

// A Reason is one feature that weighed on a head's score: an n-gram, or a concept
// or pair of concepts, which may be worded differently each time.
type Reason struct {
	// Gram is its first occurrence as it stands in the text.
	Gram string `json:"gram"`
	// Kind is "words", "letters", "concepts" or "spelling"; "trees" for what trees
	// say, see [Model.ExplainTrees].
	Kind string `json:"kind"`
	// Concepts names the concept, or the pair in the order of the text, of a
	// reason of kind concepts. Lead says that the concept leads its segment.
	Concepts []string `json:"concepts,omitempty"`
	Lead     bool     `json:"lead,omitempty"`
	// Weight is what all its occurrences added to the raw score of the
	// stretch: positive speaks for the head.
	Weight float64 `json:"weight"`
	// Spans are the occurrences, ascending, at most maxReasonSpans.
	Spans []guard.Span `json:"spans"`
	// Parts are what weighed most with the trees.
	Parts []Part `json:"parts,omitempty"`
}

const maxReasonSpans = 16

// kindNames are the names of [Reason.Kind].
var kindNames = [kinds]string{words: "words", chars: "letters", concepts: "concepts", signals: "spelling"}

// Explain returns the features of text that weighed most for and against a head,
// heaviest first, at most n. Those that lie inside a heavier one of the same sign
// are left out. The text is judged as one
// stretch: to explain a [Score], give the text of its span. Explain allocates
// memory proportional to the text.
func (m *Model) Explain(text string, o guard.Origin, head, n int) []Reason {
	if head < 0 || head >= len(m.spec.Heads) || n <= 0 {
		return nil
	}
	e := &explainer{m: m, head: head, text: text, grams: map[gram]*Reason{}}
	e.b.track = true
	walk(text, o, m.knows, &e.b, e)
	norm := m.norms(&e.n)
	scale := m.spec.Heads[head].Scale
	out := make([]weighed, 0, len(e.grams))
	for key, r := range e.grams {
		if r.Weight *= scale * float64(norm[key.kind]); r.Weight != 0 {
			r.Kind = kindNames[key.kind]
			out = append(out, weighed{*r, key.hash})
		}
	}
	slices.SortFunc(out, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(abs(b.Weight), abs(a.Weight)), cmp.Compare(a.Spans[0].Start, b.Spans[0].Start),
			cmp.Compare(len(b.Gram), len(a.Gram)), cmp.Compare(a.Gram, b.Gram), cmp.Compare(a.hash, b.hash))
	})
	top := heaviest(out, n)
	reasons := make([]Reason, len(top))
	for i := range top {
		reasons[i] = top[i].Reason
		if r := &reasons[i]; r.Kind == kindNames[concepts] {
			r.Concepts, r.Lead = m.knows.Lexicon.named(top[i].hash, channel(o))
		}
	}
	return reasons
}

// weighed is a reason with the hash of its feature.
type weighed struct {
	Reason
	hash uint64
}

// heaviest keeps the first n that do not lie inside one kept before.
func heaviest(rs []weighed, n int) []weighed {
	var out []weighed
	for _, r := range rs {
		inside := slices.ContainsFunc(out, func(o weighed) bool {
			return len(o.Spans) >= len(r.Spans) && o.Weight*r.Weight > 0 &&
				o.Spans[0].Start <= r.Spans[0].Start && r.Spans[0].End <= o.Spans[0].End
		})
		if !inside {
			out = append(out, r)
		}
		if len(out) == n {
			break
		}
	}
	return out
}

func abs(x float64) float64 { return max(x, -x) }

// gram identifies a feature.
type gram struct {
	kind int
	hash uint64
}

// explainer is a sink that keeps every n-gram and its weight.
type explainer struct {
	m     *Model
	b     batch
	head  int
	text  string
	grams map[gram]*Reason
	n     [kinds]int32
}

// take implements sink.
func (e *explainer) take(b *batch) {
	for k := range b.of {
		for i, h := range b.of[k].hash[:b.of[k].n] {
			e.add(gram{k, h}, b.of[k].span[i])
		}
		e.n[k] += int32(b.of[k].n)
	}
	b.empty()
}

func (e *explainer) add(key gram, span [2]int32) {
	w := e.m.weights[key.hash>>e.m.shift][e.head]
	if w == 0 {
		return
	}
	r := e.grams[key]
	if r == nil {
		r = &Reason{Gram: e.text[span[0]:span[1]]}
		e.grams[key] = r
	}
	r.Weight += float64(w)
	if len(r.Spans) < maxReasonSpans {
		r.Spans = append(r.Spans, guard.Span{Start: int(span[0]), End: int(span[1])})
	}
}

// segment implements sink.
func (e *explainer) segment(int, int) {}
