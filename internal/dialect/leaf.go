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
	if !w.spec.pieces || !r.Delta && r.Use != Unknown && r.Use != Octet && r.Use != CandidateOctet {
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
	if !key && (r.Use == Media || r.Use == MediaURL) {
		w.doc.files++
	}
	if !key && r.passes(text) || r.Use == Own {
		if r.Use == Media || r.Use == MediaURL {
			w.doc.opaque += s.end - s.start
		}
		return nil
	}
	l := Leaf{Text: text, Turn: w.turn, Origin: r.Origin, Known: true, key: key, late: r.Late, head: s.head, tail: s.tail,
		start: int32(s.start), end: int32(s.end), rule: r, doc: w.doc}
	switch r.Use {
	case Unknown, Octet, CandidateOctet:
		w.found++
		if w.lim.Unknown == RefuseUnknown {
			return w.failAt(s.start, CodeUnknownField, "text in a field that this dialect does not know")
		}
		l.Known, l.Origin = false, w.spec.unknown
	case Word, Label:
		l.Kind = guard.Name
	case Arguments:
		l.Kind = guard.ToolArguments
	case Token, Candidate:
		if w.gather != nil && !key {
			w.gather.add(r, text, w.rank(2))
			return nil
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

// passes reports whether a value needs no inspection: a closed word, or media.
func (r *Rule) passes(text string) bool {
	switch r.Use {
	case Word:
		return slices.Contains(r.Words, text)
	case Media:
		return IsMedia(text)
	case MediaURL:
		return IsMediaURL(text)
	case Vector:
		return IsVector(text)
	}
	return false
}

func (w *walker) enter(l *Leaf) error {
	if len(w.doc.Leaves) >= w.lim.MaxLeaves {
		return w.fail(CodeTooManyTexts, "more texts than "+strconv.Itoa(w.lim.MaxLeaves))
	}
	l.step = w.here()
	w.doc.Leaves = append(w.doc.Leaves, *l)
	return nil
}

// Rule returns the table's rule for the leaf.
func (l *Leaf) Rule() *Rule { return l.rule }

// Rank returns which of the candidates in each place a gathered leaf puts
// together, from 1; of all other leaves it is 0.
func (l *Leaf) Rank() int { return int(l.rank) }

// IsKey reports whether the leaf is the key of a member and not a value.
func (l *Leaf) IsKey() bool { return l.key }
