package dialect

import (
	"encoding/json"
	"slices"
	"strings"

	"warder.example/guard"
)

// WholeEscapes returns the masks on the leaf's text as [Document.Splice] places
// them. Where the text is JSON itself (tool arguments, or JSON that was pasted as
// a text) they are sorted and merged and split none of its escapes: what is read
// with escapes that are not undone runs into their letters, and in
// \nlena@kestrel.org the name seems to be nlena. Other masks are returned as they
// are.
//
// A mask keeps out of an escape in which it begins or ends where the escape is no
// part of what was found: it stands for a quote, a slash, a backslash or a control
// character, or inner leaves read it undone and say so if it is. Else the mask
// takes the whole of it, and so does one that covers nothing else, or the second of
// two that share one.
func (l *Leaf) WholeEscapes(ms []guard.Mask) []guard.Mask {
	if l.Inner || l.Number || l.whole || l.Kind == guard.Name || l.doc == nil || l.piece() || strings.IndexByte(l.Text, '\\') < 0 {
		return ms
	}
	undone := l.Kind == guard.ToolArguments
	if !undone && !json.Valid([]byte(l.Text)) {
		return ms
	}
	ms = guard.MergeMasks(slices.Clone(ms))
	e := escapes{text: l.Text}
	var before guard.Span // the escape in which the mask before ends
	for i := range ms {
		m := &ms[i]
		if m.Start >= m.End {
			continue
		}
		first, last := e.around(m.Start), e.around(m.End)
		m.Start, m.End = first.Start, last.End
		if (undone || first.End-first.Start < surrogateBytes) && first != before {
			m.Start = first.End
		}
		if undone || last.End-last.Start < surrogateBytes {
			m.End = last.Start
		}
		if m.Start >= m.End {
			m.Start, m.End = first.Start, last.End
		}
		before = last
	}
	return guard.MergeMasks(ms)
}

// piece reports whether the leaf may be a part of a longer text, so that its first
// bytes may belong to an escape that began before. Arguments that the table knows
// as whole ones repeat what came in pieces.
func (l *Leaf) piece() bool {
	return l.doc.pieces && (l.Kind != guard.ToolArguments || !l.Known || l.rule.Delta)
}

// escapes walks a text from one escape to the next.
type escapes struct {
	text       string
	start, end int // of the escape that it has come to
}

// around returns the escape that offset off lies inside; the empty span at off if
// it lies in none. Offsets must not fall.
func (e *escapes) around(off int) guard.Span {
	for e.end <= off && e.end < len(e.text) {
		i := strings.IndexByte(e.text[e.end:], '\\')
		if i < 0 {
			e.start, e.end = len(e.text), len(e.text)
			break
		}
		e.start = e.end + i
		_, n := escapeAt(e.text[e.start:])
		e.end = e.start + n
	}
	if e.start < off && off < e.end {
		return guard.Span{Start: e.start, End: e.end}
	}
	return guard.Span{Start: off, End: off}
}
