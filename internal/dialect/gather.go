package dialect

import (
	"strconv"
	"strings"
)

// maxRank bounds how many candidates of one place are told apart; further ones
// count as the last. The wire formats allow 20.
const maxRank = 32

// gathered collects the pieces of text below a rule with Drop. They spell the
// same text in several ways: as tokens, as the bytes of tokens, and, where a
// client picks the same candidate in each place, as that. In a stream each way
// is a text that goes on in the next event.
type gathered struct {
	texts []gatheredText
}

// gatheredText is one way of spelling.
type gatheredText struct {
	rule *Rule
	rank int32 // of candidates: which of them in each place; 0: all, one a line
	text []byte
}

// of returns the text of a rule and rank.
func (g *gathered) of(r *Rule, rank int32) *gatheredText {
	for i := range g.texts {
		if t := &g.texts[i]; t.rank == rank && t.rule.Use == r.Use {
			return t
		}
	}
	g.texts = append(g.texts, gatheredText{rule: r, rank: rank})
	return &g.texts[len(g.texts)-1]
}

// add takes a token, or a candidate of a rank.
func (g *gathered) add(r *Rule, text string, rank int32) {
	t := g.of(r, 0)
	t.text = append(t.text, text...)
	if r.Use != Candidate {
		return
	}
	t.text = append(t.text, '\n')
	t = g.of(r, rank)
	t.text = append(t.text, text...)
}

// octet takes a byte; ok says that it is one.
func (g *gathered) octet(w *walker, r *Rule, literal string) (ok bool) {
	n, err := strconv.ParseFloat(literal, 64)
	if err != nil || n < -128 || n > 255 || n != float64(int(n)) {
		return false
	}
	rank := int32(0)
	if r.Use == CandidateOctet {
		rank = w.rank(3)
	}
	t := g.of(r, rank)
	t.text = append(t.text, byte(int(n)))
	return true
}

// rank returns the place of a candidate among its like, from 1. Its array is so
// many containers up.
func (w *walker) rank(up int) int32 {
	if at := len(w.frames) - up; at >= 0 && w.frames[at].end < 0 {
		return min(w.frames[at].start, maxRank-1) + 1
	}
	return 1
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
	for i := range g.texts {
		if err := w.gatheredLeaf(g, &g.texts[i], start); err != nil {
			return err
		}
	}
	return nil
}

// gatheredLeaf enters what was gathered. In a whole body, bytes that say what
// their tokens say are not read again, and candidates are read one by one. In a
// stream each way of spelling is read on its own, since an event may begin in
// one what the next ends in another.
func (w *walker) gatheredLeaf(g *gathered, t *gatheredText, start int) error {
	text := string(t.text)
	switch t.rule.Use {
	case Octet:
		text = strings.ToValidUTF8(text, "\ufffd")
		if !w.spec.pieces && text == g.said(Token, 0) {
			return nil
		}
	case CandidateOctet:
		text = strings.ToValidUTF8(text, "\ufffd")
		if !w.spec.pieces && text == g.said(Candidate, t.rank) {
			return nil
		}
	case Candidate:
		if t.rank > 0 && !w.spec.pieces {
			return nil
		}
	}
	if text == "" {
		return nil
	}
	return w.enter(&Leaf{Text: text, Turn: w.turn, Origin: t.rule.Origin, Known: true, late: t.rule.Late, whole: true, rank: t.rank,
		start: int32(start), end: int32(w.at), rule: t.rule, doc: w.doc})
}

// said returns what was gathered for a use and rank.
func (g *gathered) said(u Use, rank int32) string {
	for i := range g.texts {
		if t := &g.texts[i]; t.rule.Use == u && t.rank == rank {
			return string(t.text)
		}
	}
	return ""
}
