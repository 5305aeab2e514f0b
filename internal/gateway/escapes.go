package gateway

import (
	"slices"
	"strings"

	"warder.example/guard"
)

// escapes finds the escapes in a streamed text that begins like JSON: an answer in a
// form that the caller asked for. The text is read as it is written, and in
// \nlena@kestrel.org the name seems to be nlena; a mask that split the escape would
// leave no JSON. It keeps the escapes of what has not left. The zero value is ready.
type escapes struct {
	begun, json bool
	open        bool  // the text ends in a backslash that begins an escape
	starts      []int // where they begin, ascending
	hex         []int // those of them that have digits
}

// write takes the next piece, which begins at an offset of the text.
func (e *escapes) write(piece string, at int) {
	if !e.begun {
		first := strings.TrimLeft(piece, " \t\r\n")
		if first == "" {
			return
		}
		e.begun, e.json = true, first[0] == '{' || first[0] == '['
	}
	if !e.json {
		return
	}
	for i := 0; i < len(piece); i++ {
		if e.open {
			if e.open = false; piece[i] == 'u' {
				e.hex = append(e.hex, at+i-1)
			}
			continue
		}
		n := strings.IndexByte(piece[i:], '\\')
		if n < 0 {
			return
		}
		i += n
		e.starts, e.open = append(e.starts, at+i), true
	}
}

// release returns how far the text may leave, not into an escape, and the masks with
// none that splits one: what stands behind \n is masked without it, and of an escape
// with digits all.
func (e *escapes) release(upto int, ms []guard.Mask) (int, []guard.Mask) {
	if len(e.starts) == 0 {
		return upto, ms
	}
	ms = slices.Clone(ms)
	for i := range ms {
		m := &ms[i]
		if s, hex, ok := e.around(m.Start); ok && hex {
			m.Start = s
		} else if ok && m.End > s+2 {
			m.Start = s + 2
		}
		if s, _, ok := e.around(m.End); ok && s > m.Start {
			m.End = s
		}
	}
	if s, _, ok := e.around(upto); ok {
		upto = s
	}
	n, _ := slices.BinarySearch(e.starts, upto)
	e.starts = slices.Delete(e.starts, 0, n)
	n, _ = slices.BinarySearch(e.hex, upto)
	e.hex = slices.Delete(e.hex, 0, n)
	return upto, ms
}

// around returns where the escape begins that an offset lies inside.
func (e *escapes) around(off int) (start int, hex, ok bool) {
	i, _ := slices.BinarySearch(e.starts, off)
	if i == 0 {
		return 0, false, false
	}
	start = e.starts[i-1]
	_, hex = slices.BinarySearch(e.hex, start)
	return start, hex, off < start+2 || hex && off < start+6
}
