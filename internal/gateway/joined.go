package gateway

import (
	"slices"
	"strings"

	"warder.example/guard"
	"warder.example/guard/segment"
	"warder.example/internal/dialect"
)

// joints are texts that nobody wrote in one piece: the text parts of a message
// put together, since a model reads them so and a text that is cut into parts is
// in none of them.
type joints struct {
	texts []guard.Text
	of    []joint
	base  int // index of the first one in the list of all texts
}

// joint says of which texts a joined text consists.
type joint struct {
	parts []int // indices of the texts, ascending
	ends  []int // where the piece of each ends in the joined text
	gap   int   // bytes between two pieces
}

// seams are what parts are joined by: by nothing, for what was cut anywhere, and
// by a line end, for what was cut between words.
var seams = [...]string{"", "\n"}

// joinParts returns the texts followed by the joined ones. texts are those of
// the leaves, in their order.
func joinParts(leaves []dialect.Leaf, texts []guard.Text) ([]guard.Text, *joints) {
	j := &joints{base: len(texts)}
	for first := 0; first < len(leaves); {
		end := first + 1
		for end < len(leaves) && leaves[end].Turn == leaves[first].Turn {
			end++
		}
		if leaves[first].Turn >= 0 && end-first > 1 {
			j.turn(leaves, texts, first, end)
		}
		first = end
	}
	if len(j.of) == 0 {
		return texts, j
	}
	return append(texts[:len(texts):len(texts)], j.texts...), j
}

// turn joins the text parts of one message: its leaves with one rule, which is
// the rule for the text of a part.
func (j *joints) turn(leaves []dialect.Leaf, texts []guard.Text, first, end int) {
	done := make([]bool, end-first)
	for i := first; i < end; i++ {
		if done[i-first] || !joinable(&leaves[i]) {
			continue
		}
		var parts []int
		for k := i; k < end; k++ {
			if joinable(&leaves[k]) && leaves[k].Rule() == leaves[i].Rule() {
				done[k-first] = true
				parts = append(parts, k)
			}
		}
		if len(parts) > 1 {
			for _, seam := range seams {
				j.add(texts, parts, seam)
			}
		}
	}
}

// joinable reports whether a leaf can be the text of a part.
func joinable(l *dialect.Leaf) bool {
	if !l.Known || l.Inner || l.Kind != guard.Prose {
		return false
	}
	r := l.Rule()
	return r.Use == dialect.Prose && (r.Name == fieldContent || r.Name == fieldRefusal)
}

// add joins parts. The joined text is as little trusted as the least trusted of
// them.
func (j *joints) add(texts []guard.Text, parts []int, seam string) {
	t := texts[parts[0]]
	joined := guard.Text{Origin: t.Origin, Kind: t.Kind, Direction: t.Direction, Exchange: t.Exchange}
	g := joint{parts: parts, ends: make([]int, len(parts)), gap: len(seam)}
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteString(seam)
		}
		b.WriteString(texts[p].Content)
		g.ends[i] = b.Len()
		if segment.Trust(texts[p].Origin) < segment.Trust(joined.Origin) {
			joined.Origin = texts[p].Origin
		}
	}
	joined.Content = b.String()
	j.texts, j.of = append(j.texts, joined), append(j.of, g)
}

// fold returns the findings with those of joined texts as findings of the parts
// that they cover, unless the reading of the parts alone says as much. own are
// the findings of the texts themselves.
func (j *joints) fold(found []guard.Finding) (all, own []guard.Finding) {
	if len(j.of) == 0 {
		return found, found
	}
	places := map[place]bool{}
	for i := range found {
		if f := &found[i]; f.Text < j.base {
			own = append(own, *f)
			places[placeOf(f)] = true
		}
	}
	all = slices.Clone(own)
	for i := range found {
		f := &found[i]
		if f.Text < j.base {
			continue
		}
		g := &j.of[f.Text-j.base]
		pieces := g.pieces(f)
		if len(pieces) == 0 || len(pieces) == 1 && places[placeOf(&pieces[0])] || g.known(all, f, pieces) {
			continue
		}
		for k := range pieces {
			if at := placeOf(&pieces[k]); !places[at] {
				places[at] = true
				all = append(all, pieces[k])
			}
		}
	}
	slices.SortStableFunc(all, func(a, b guard.Finding) int { return a.Text - b.Text })
	return all, own
}

// place is where something of one kind was seen.
type place struct {
	text, start, end   int
	category, detector string
}

func placeOf(f *guard.Finding) place {
	p := place{text: f.Text, category: f.Category, detector: f.Detector}
	if n := len(f.Spans); n > 0 {
		p.start, p.end = f.Spans[0].Start, f.Spans[n-1].End
	}
	return p
}

// known reports whether the findings say f already: of a windowed detector, one
// of the same category on a part that is as sure; of an exact one that lies
// within one part, one there that it meets.
func (g *joint) known(found []guard.Finding, f *guard.Finding, pieces []guard.Finding) bool {
	for i := range found {
		k := &found[i]
		if k.Category != f.Category || k.Detector != f.Detector || k.Class != f.Class {
			continue
		}
		if f.Class == guard.Windowed {
			if _, part := slices.BinarySearch(g.parts, k.Text); part && k.FPR <= f.FPR {
				return true
			}
		} else if len(pieces) == 1 && k.Text == pieces[0].Text {
			at, seen := placeOf(&pieces[0]), placeOf(k)
			if at.start < seen.end && seen.start < at.end {
				return true
			}
		}
	}
	return false
}

// pieces returns a finding for each part that f covers. One without spans is of
// all of them.
func (g *joint) pieces(f *guard.Finding) (out []guard.Finding) {
	start := 0
	for i, p := range g.parts {
		end := g.ends[i]
		var spans []guard.Span
		for _, s := range f.Spans {
			if a, b := max(s.Start, start), min(s.End, end); a < b {
				spans = append(spans, guard.Span{Start: a - start, End: b - start})
			}
		}
		if len(spans) > 0 || len(f.Spans) == 0 {
			piece := *f
			piece.Text, piece.Spans = p, spans
			out = append(out, piece)
		}
		start = end + g.gap
	}
	return out
}
