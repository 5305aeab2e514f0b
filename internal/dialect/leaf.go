package dialect

import (
	"slices"
	"strconv"

	"warder.example/guard"
)

// text reads a string and enters what must be inspected. It returns the decoded
// text for Close functions.
func (w *walker) text(r *Rule) (string, error) {
	s, err := w.scanString()
	if err != nil {
		return "", err
	}
	if !w.spec.pieces || !r.Delta && r.Use != Unknown {
		s.head, s.tail = 0, 0
	}
	if s.head != 0 {
		s.start += 6
	}
	if s.tail != 0 && s.end-6 >= s.start {
		s.end -= 6
	}
	text := w.src[s.start:s.end]
	if s.escaped {
		text = unescape(text)
	}
	return text, w.leaf(r, text, s, false)
}

// leaf enters a string unless its use says that it needs no inspection.
func (w *walker) leaf(r *Rule, text string, s str, key bool) error {
	l := Leaf{Text: text, Turn: w.turn, Origin: r.Origin, Known: true, key: key, late: r.Late, head: s.head, tail: s.tail,
		start: int32(s.start), end: int32(s.end), rule: r, doc: w.doc}
	switch r.Use {
	case Own:
		return nil
	case Unknown:
		w.found++
		if w.lim.Unknown == RefuseUnknown {
			return w.failAt(s.start, CodeUnknownField, "text in a field that this dialect does not know")
		}
		l.Known, l.Origin = false, w.spec.unknown
	case Word:
		if !key && slices.Contains(r.Words, text) {
			return nil
		}
		l.Kind = guard.Name
	case Label:
		l.Kind = guard.Name
	case Media:
		if !key && IsMedia(text) {
			return nil
		}
	case MediaURL:
		if !key && IsMediaURL(text) {
			return nil
		}
	case Arguments:
		l.Kind = guard.ToolArguments
	case Token, Candidate:
		if w.gather != nil && !key {
			return w.gather.add(r, text)
		}
	}
	if key {
		l.Kind = guard.Prose // keys that are entered look like text
	}
	if text == "" && s.head == 0 && s.tail == 0 {
		return nil
	}
	if err := w.enter(&l); err != nil {
		return err
	}
	if l.Kind == guard.ToolArguments && !w.spec.pieces {
		return w.inner(len(w.doc.Leaves) - 1)
	}
	return nil
}

func (w *walker) enter(l *Leaf) error {
	if len(w.doc.Leaves) >= w.lim.MaxLeaves {
		return w.fail(CodeTooManyTexts, "more texts than "+strconv.Itoa(w.lim.MaxLeaves))
	}
	l.step = w.here()
	w.doc.Leaves = append(w.doc.Leaves, *l)
	return nil
}

// gathered collects the pieces of text below a rule with Drop.
type gathered struct {
	token, candidate []byte
	tokenRule        *Rule
	candidateRule    *Rule
}

func (g *gathered) add(r *Rule, text string) error {
	if r.Use == Token {
		g.token, g.tokenRule = append(g.token, text...), r
		return nil
	}
	g.candidate, g.candidateRule = append(append(g.candidate, text...), '\n'), r
	return nil
}

// gathering reads a value that goes when anything is masked.
func (w *walker) gathering(r *Rule, t Types) error {
	g, outer, start := &gathered{}, w.gather, w.at
	w.gather = g
	_, err := w.typed(r, t)
	w.gather = outer
	if err != nil {
		return err
	}
	w.doc.drops = append(w.doc.drops, patch{start: start, end: w.at, with: "null"})
	if err := w.gatheredLeaf(g.tokenRule, g.token, start); err != nil {
		return err
	}
	return w.gatheredLeaf(g.candidateRule, g.candidate, start)
}

func (w *walker) gatheredLeaf(r *Rule, text []byte, start int) error {
	if len(text) == 0 {
		return nil
	}
	return w.enter(&Leaf{Text: string(text), Turn: w.turn, Origin: r.Origin, Known: true, late: r.Late, whole: true,
		start: int32(start), end: int32(w.at), rule: r, doc: w.doc})
}

// Rule returns the table's rule for the leaf.
func (l *Leaf) Rule() *Rule { return l.rule }
