package dialect

import (
	"strconv"
	"unicode/utf8"
)

// frame is the member of an open container that the walker is in.
type frame struct {
	start, end int32 // the key's bytes; end < 0: an array, start is the index
	step       int32 // its entry in Document.steps, -1 for none yet
	known      bool  // the key is in the table
}

// step is a frame that leads to a leaf.
type step struct {
	parent int32
	frame
}

// here returns the step of the walker's place, which it enters if need be.
func (w *walker) here() int32 {
	parent := int32(-1)
	for i := range w.frames {
		f := &w.frames[i]
		if f.step < 0 {
			f.step = int32(len(w.doc.steps))
			w.doc.steps = append(w.doc.steps, step{parent, *f})
		}
		parent = f.step
	}
	return parent
}

// Path returns where the leaf stands, as messages[2].content[0].text. Keys that
// are not in the table are quoted and cut, since their sender chose them. For an
// inner leaf it ends in @ and the offset in the arguments; for a key in #key.
func (l *Leaf) Path() string {
	if l.doc == nil {
		return ""
	}
	var back [DefaultMaxDepth]frame
	frames := back[:0]
	for s := l.step; s >= 0; s = l.doc.steps[s].parent {
		frames = append(frames, l.doc.steps[s].frame)
	}
	b := make([]byte, 0, 64)
	for i := len(frames) - 1; i >= 0; i-- {
		b = appendFrame(b, l.doc.src, &frames[i])
	}
	if l.Inner {
		b = strconv.AppendInt(append(b, '@'), int64(l.from), 10)
	}
	if l.key {
		b = append(b, "#key"...)
	}
	return string(b)
}

func (w *walker) path() string {
	var b []byte
	for i := range w.frames {
		b = appendFrame(b, w.src, &w.frames[i])
	}
	return string(b)
}

func appendFrame(b []byte, src string, f *frame) []byte {
	switch {
	case f.end < 0 && f.start < 0: // a container that has no member yet
		return b
	case f.end < 0:
		return append(strconv.AppendInt(append(b, '['), int64(f.start), 10), ']')
	}
	if len(b) > 0 {
		b = append(b, '.')
	}
	if f.known {
		return append(b, src[f.start:f.end]...)
	}
	return appendQuoted(b, src[f.start:f.end])
}

// quotedKey is the most bytes of a foreign key that a path shows.
const quotedKey = 24

func appendQuoted(b []byte, key string) []byte {
	if len(key) <= quotedKey {
		return strconv.AppendQuoteToASCII(b, key)
	}
	cut := quotedKey
	for cut > 0 && !utf8.RuneStart(key[cut]) {
		cut--
	}
	return append(strconv.AppendQuoteToASCII(b, key[:cut]), "..."...)
}
