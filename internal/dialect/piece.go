package dialect

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"warder.example/guard"
)

// surrogateBytes is the length of a \uXXXX escape.
const surrogateBytes = 6

// JoinPiece joins leaf i of a document read with [SpecOptions].Pieces to the
// piece of the same text before it. half is the high surrogate that ended that
// piece, zero if none. It returns the high surrogate that ends this one. Such a
// half is taken out of its own body and, when the other half follows, written in
// front of it, so that the whole character is inspected and travels together.
func (d *Document) JoinPiece(i int, half uint16) uint16 {
	l := &d.Leaves[i]
	if half != 0 && l.head != 0 {
		if r := utf16.DecodeRune(rune(half), rune(l.head)); r != utf8.RuneError {
			l.Text = string(r) + l.Text
			l.half = half
			d.moved = true
		}
	}
	if l.tail != 0 {
		d.cuts = append(d.cuts, patch{start: int(l.end), end: int(l.end) + surrogateBytes})
	}
	if l.tail == 0 && l.Text == "" {
		return half
	}
	return l.tail
}

// joinedPatch rewrites a piece that begins with the second half of a character.
func (l *Leaf) joinedPatch(ms []guard.Mask) patch {
	start := int(l.start) - surrogateBytes
	src := fmt.Sprintf(`\u%04x`, l.half) + l.doc.src[start:l.end]
	ms = escapeMasks(mapMasks(src, ms))
	return patch{start: start, end: int(l.end), with: guard.Apply(src, ms)}
}
