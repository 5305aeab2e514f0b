package textmodel

import (
	"cmp"
	"slices"

	"warder.example/guard"
)

// A Part is a feature that weighed with the trees.
type Part struct {
	// Concept is the name of a concept, or Style says what about the text: "share of
	// brackets".
	Concept string `json:"concept,omitempty"`
	Style   string `json:"style,omitempty"`
	// Weight is what the trees would say less without it, all else being as it is.
	// Weights need not add up: trees weigh features together, and what a text lacks
	// weighs too.
	Weight float64 `json:"weight"`
}

// treesKind is the [Reason.Kind] of what trees say.
const treesKind = "trees"

// styleNames are the names of the features of style, in their order.
var styleNames = [styles]string{
	styleOdd: "how odd the spelling is", styleUpper: "share of capital letters", styleDigit: "share of digits",
	styleWide: "share of characters beyond ASCII", stylePunct: "share of punctuation", styleBracket: "share of brackets",
	styleSlash: "share of slashes", styleSymbol: "share of symbols", styleConcepts: "concepts for the number of words",
}

const (
	placeName  = "place of the strongest sentences in the text"
	originName = "origin of the text"
)

// ExplainTrees returns what the trees added to a head's answer about a text, and the n
// features at most that weighed most in that; ok is false if they have no say. Weights
// are in the unit of [Reason.Weight] for a text that is one passage and one window.
// Unlike [Model.Explain] it is given the whole text: trees look at the best passage and
// the best window. The reason has no gram and no spans.
func (m *Model) ExplainTrees(text string, o guard.Origin, head, n int) (r Reason, ok bool) {
	t := m.knows.Trees
	if t == nil || head < 0 || head >= len(m.spec.Heads) {
		return r, false
	}
	c := m.calibration(head, o)
	unit := c.Trees
	if linear := c.Passage + c.Window; linear > 0 {
		unit /= linear
	}
	if unit == 0 {
		return r, false
	}
	s := m.read(text, o)
	defer s.free()
	e, x := t.of(o), s.x[:t.Columns()]
	r = Reason{Kind: treesKind, Weight: unit * float64(s.ev[head].Trees)}
	for _, f := range t.parts() {
		if w := unit * float64(e.worth(x, f.columns)); w != 0 {
			f.Weight = w
			r.Parts = append(r.Parts, f.Part)
		}
	}
	slices.SortStableFunc(r.Parts, func(a, b Part) int { return cmp.Compare(abs(b.Weight), abs(a.Weight)) })
	r.Parts = r.Parts[:min(n, len(r.Parts))]
	return r, true
}

// columnsOf is a part with the features that say the same of a text.
type columnsOf struct {
	Part
	columns []int
}

func (t *Trees) parts() []columnsOf {
	n := len(t.concepts)
	out := make([]columnsOf, 0, n+styles+2)
	for i, name := range t.concepts {
		out = append(out, columnsOf{Part{Concept: name}, []int{i, n + i, 2*n + i, 3*n + i}})
	}
	for i, name := range styleNames {
		out = append(out, columnsOf{Part{Style: name}, []int{4*n + i, 4*n + styles + i}})
	}
	place := 4*n + 2*styles
	origin := columnsOf{Part: Part{Style: originName}}
	for i := range originColumns {
		origin.columns = append(origin.columns, place+1+i)
	}
	return append(out, columnsOf{Part{Style: placeName}, []int{place}}, origin)
}

// worth returns what the trees say less without some features. x is as before
// afterwards.
func (e *Ensemble) worth(x []float32, columns []int) float32 {
	var had [len(originColumns)]float32
	any := false
	for i, c := range columns {
		had[i] = x[c]
		any = any || x[c] != 0
	}
	if !any {
		return 0
	}
	whole := e.sum(x)
	for _, c := range columns {
		x[c] = 0
	}
	less := whole - e.sum(x)
	for i, c := range columns {
		x[c] = had[i]
	}
	return less
}
