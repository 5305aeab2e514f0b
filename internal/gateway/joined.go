package gateway

import (
	"slices"
	"strings"

	"warder.example/guard"
	"warder.example/guard/segment"
	"warder.example/internal/dialect"
)

// joints are texts that nobody wrote in one piece: the text parts of a message or of
// the instructions, messages that the user or the operator sent in a row, or what a
// model says in several blocks or items of an answer, put together, since they are read
// so and a text that is cut into parts is in none of them.
type joints struct {
	texts []guard.Text
	of    []joint
	base  int // index of the first one in the list of all texts
}

// joint says of what a joined text consists, in order.
type joint []stretch

// stretch is the part of a text that stands in a joined one.
type stretch struct {
	text       int // index of the text
	from       int // where the stretch begins in the text
	start, end int // where it stands in the joined text
}

// seams are what parts are joined by: by nothing, for what was cut anywhere, and
// by a line end, for what was cut between words.
var seams = [...]string{"", "\n"}

// joinParts returns the texts followed by the joined ones. texts are those of
// the leaves, in their order. together are lists of texts, as ascending indices,
// that are one text although the leaves do not say so.
func joinParts(leaves []dialect.Leaf, texts []guard.Text, together ...[]int) ([]guard.Text, *joints) {
	j := &joints{base: len(texts)}
	for _, parts := range together {
		j.join(texts, parts)
	}
	for first := 0; first < len(leaves); {
		end := first + 1
		for end < len(leaves) && leaves[end].Turn == leaves[first].Turn {
			end++
		}
		if leaves[first].Turn >= 0 && end-first > 1 {
			j.turn(leaves, texts, first, end, together)
		}
		first = end
	}
	j.instructions(leaves, texts)
	j.runs(leaves, texts)
	if len(j.of) == 0 {
		return texts, j
	}
	return append(texts[:len(texts):len(texts)], j.texts...), j
}

// turn joins the text parts of one message: its leaves with one rule, which is
// the rule for the text of a part, unless together has the same ones.
func (j *joints) turn(leaves []dialect.Leaf, texts []guard.Text, first, end int, together [][]int) {
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
		if slices.ContainsFunc(together, func(t []int) bool { return slices.Equal(t, parts) }) {
			continue
		}
		j.join(texts, parts)
	}
}

// instructions joins what instructs the model outside of the messages: a model is
// given the blocks of such a text as one.
func (j *joints) instructions(leaves []dialect.Leaf, texts []guard.Text) {
	var parts []int
	for i := range leaves {
		if outside(&leaves[i]) {
			parts = append(parts, i)
		}
	}
	j.join(texts, parts)
}

// join joins texts, if there are several.
func (j *joints) join(texts []guard.Text, parts []int) {
	if len(parts) < 2 {
		return
	}
	whole := make(joint, len(parts))
	for i, p := range parts {
		whole[i] = stretch{text: p, end: len(texts[p].Content)}
	}
	j.add(texts, whole)
}

// joinable reports whether a leaf can be the text of a part.
func joinable(l *dialect.Leaf) bool {
	return prose(l) && (l.Rule().Name == dialect.FieldContent || l.Rule().Name == dialect.FieldRefusal)
}

// prose reports whether a leaf is text in a field for it.
func prose(l *dialect.Leaf) bool {
	return l.Known && !l.Inner && l.Kind == guard.Prose && l.Rule().Use == dialect.Prose
}

// sequels returns the texts of a whole answer that are read one after another, as
// lists of ascending indices: those of the model in one choice and of one name, as
// [strand] has them in a stream. The messages or items of an answer that is one
// choice are all of it.
func sequels(a *dialect.Answer) (out [][]int) {
	var said []int
	for i := range a.Leaves {
		l := &a.Leaves[i]
		if l.Turn >= 0 && l.Origin == guard.OriginModel && prose(l) && slices.Contains(a.Sequels, l.Rule().Name) {
			said = append(said, i)
		}
	}
	if len(said) < 2 {
		return nil
	}
	type row struct {
		choice int
		name   string
	}
	rows := map[row]int{}
	for _, i := range said {
		l := &a.Leaves[i]
		of := row{name: l.Rule().Name}
		if len(a.Choices) > 1 {
			of.choice = l.Turn
		}
		n, ok := rows[of]
		if !ok {
			n = len(out)
			rows[of], out = n, append(out, nil)
		}
		out[n] = append(out[n], i)
	}
	return out
}

// add joins stretches of texts with each of the seams; of a piece, start and end
// give its length. The joined text is as little trusted as the least trusted of
// them, but a user's where a part is the user's: a question and the document that it
// is about are what users paste, and as a document the question would be a command
// in it. The document was judged as one by itself.
func (j *joints) add(texts []guard.Text, pieces joint) {
	t := &texts[pieces[0].text]
	joined := guard.Text{Origin: t.Origin, Kind: t.Kind, Direction: t.Direction, Exchange: t.Exchange}
	asked := false
	for _, p := range pieces {
		o := texts[p.text].Origin
		asked = asked || o == guard.OriginUser
		if segment.Trust(o) < segment.Trust(joined.Origin) {
			joined.Origin = o
		}
	}
	if asked {
		joined.Origin = guard.OriginUser
	}
	for _, seam := range seams {
		var b strings.Builder
		placed := slices.Clone(pieces)
		for i := range placed {
			if i > 0 {
				b.WriteString(seam)
			}
			p := &placed[i]
			n := p.end - p.start
			p.start = b.Len()
			b.WriteString(texts[p.text].Content[p.from : p.from+n])
			p.end = b.Len()
		}
		joined.Content = b.String()
		j.texts, j.of = append(j.texts, joined), append(j.of, placed)
	}
}

// jointFPR is the rate of false positives from which on a classifier is believed about
// a joined text: each is read twice beside its parts, and every reading of honest text
// has its chance of a false alarm.
const jointFPR = 0.01

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
		if f.Class == guard.Windowed && f.FPR > jointFPR {
			continue
		}
		g := j.of[f.Text-j.base]
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
func (g joint) known(found []guard.Finding, f *guard.Finding, pieces []guard.Finding) bool {
	for i := range found {
		k := &found[i]
		if k.Category != f.Category || k.Detector != f.Detector || k.Class != f.Class {
			continue
		}
		if f.Class == guard.Windowed {
			if k.FPR <= f.FPR && slices.ContainsFunc(g, func(p stretch) bool { return p.text == k.Text }) {
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

// pieces returns a finding for each text that f covers. One without spans is of
// all of them.
func (g joint) pieces(f *guard.Finding) (out []guard.Finding) {
	for _, p := range g {
		var spans []guard.Span
		for _, s := range f.Spans {
			if a, b := max(s.Start, p.start), min(s.End, p.end); a < b {
				spans = append(spans, guard.Span{Start: a - p.start + p.from, End: b - p.start + p.from})
			}
		}
		if len(spans) > 0 || len(f.Spans) == 0 {
			of := *f
			of.Text, of.Spans = p.text, spans
			out = append(out, of)
		}
	}
	return out
}
