package dialect

import (
	"bytes"
	"unicode/utf8"
	"unsafe"
)

// Reread makes d the document of body if body differs from the one that d was
// read from in the value of its last leaf alone, and if that value is a string
// that stands for itself; else it changes nothing and returns false. The chunks
// of a stream are such bodies, and comparing is cheaper than reading. Leaves of d
// must not be in use any more.
//
// It is exact: JSON with equal bytes before and after a string has the same
// structure, and neither an escape nor a quote is among the new bytes.
func (d *Document) Reread(body []byte) bool {
	if len(d.Leaves) == 0 || d.moved {
		return false
	}
	l := &d.Leaves[len(d.Leaves)-1]
	head, tail := int(l.start), len(d.body)-int(l.end)
	if l.Inner || l.Number || l.key || l.whole || l.half != 0 || l.head != 0 || l.tail != 0 ||
		len(body) <= head+tail || l.rule.Use == Word || l.rule.Use == Label || l.rule.Use == Media || l.rule.Use == MediaURL || l.rule.Use == Arguments {
		return false
	}
	end := len(body) - tail
	if !bytes.Equal(body[:head], d.body[:head]) || !bytes.Equal(body[end:], d.body[l.end:]) {
		return false
	}
	for _, c := range body[head:end] {
		if c < ' ' || c == '"' || c == '\\' {
			return false
		}
	}
	if !utf8.Valid(body[head:end]) {
		return false
	}
	shift := end - int(l.end)
	for _, list := range [...][]patch{d.drops, d.cuts} {
		for i := range list {
			if list[i].start >= head {
				list[i].start += shift
				list[i].end += shift
			}
		}
	}
	d.body, d.src = body, unsafe.String(unsafe.SliceData(body), len(body))
	l.Text, l.end = d.src[head:end], int32(end)
	return true
}
