package dialect

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
)

// maxPlace is the longest place that is written out.
const maxPlace = 256

// Place is [Leaf.Path] for telling places apart: keys are there in full, and one
// key alike however it is escaped. Left out are the indices in arrays that are
// the value of a known key in numbered: the caller numbers those elements. It is
// at most 256 bytes long; a longer one is a digest.
func (l *Leaf) Place(numbered ...string) string {
	if l.doc == nil {
		return ""
	}
	var back [DefaultMaxDepth]frame
	frames := back[:0]
	for s := l.step; s >= 0; s = l.doc.steps[s].parent {
		frames = append(frames, l.doc.steps[s].frame)
	}
	slices.Reverse(frames)
	b := make([]byte, 0, 64)
	for i := range frames {
		switch f := &frames[i]; {
		case f.end >= 0:
			b = l.doc.appendKey(b, f)
		case f.start >= 0 && (i == 0 || !l.doc.isKey(&frames[i-1], numbered)):
			b = append(strconv.AppendInt(append(b, '['), int64(f.start), 10), ']')
		}
	}
	if l.key {
		b = append(b, "#key"...)
	}
	if len(b) > maxPlace {
		sum := sha256.Sum256(b)
		return hex.EncodeToString(sum[:])
	}
	return string(b)
}

// InArray reports whether the leaf stands in an array other than those in
// numbered; see [Leaf.Place].
func (l *Leaf) InArray(numbered ...string) bool {
	if l.doc == nil {
		return false
	}
	for s := l.step; s >= 0; s = l.doc.steps[s].parent {
		f := &l.doc.steps[s]
		if f.end < 0 && f.start >= 0 && (f.parent < 0 || !l.doc.isKey(&l.doc.steps[f.parent].frame, numbered)) {
			return true
		}
	}
	return false
}

// isKey reports whether a frame is a member that the table knows by one of the
// names.
func (d *Document) isKey(f *frame, names []string) bool {
	return f.known && f.end >= 0 && slices.Contains(names, d.src[f.start:f.end])
}

// appendKey appends the key of a frame, without escapes of its own.
func (d *Document) appendKey(b []byte, f *frame) []byte {
	if len(b) > 0 {
		b = append(b, '.')
	}
	if f.known {
		return append(b, d.src[f.start:f.end]...)
	}
	return strconv.AppendQuote(b, unescape(d.src[f.start:f.end]))
}
