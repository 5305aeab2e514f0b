package dialect

// Argument places a leaf in the arguments of a call: in the value of the innermost
// member that the table knows. owner is the number of the object that has that
// member; what stands beside it, as the name of the tool, has the same owner. whole
// says that the leaf is the value itself. Else parameter is the name of the member at
// the top of the value that the leaf is, or is an element of; ok is false deeper
// within, and for a leaf that is a key.
func (l *Leaf) Argument() (owner int, parameter string, whole, ok bool) {
	if l.doc == nil || l.key {
		return 0, "", false, false
	}
	var within [2]*frame // the innermost frames in the value
	depth := 0
	for s := l.step; s >= 0; s = l.doc.steps[s].parent {
		f := &l.doc.steps[s].frame
		if f.known && f.end >= 0 {
			owner = int(l.doc.steps[s].parent)
			break
		}
		if depth < len(within) {
			within[depth] = f
		}
		depth++
	}
	switch {
	case depth == 0:
		return owner, "", true, true
	case depth == 1 && within[0].end >= 0:
		return owner, unescape(l.doc.src[within[0].start:within[0].end]), false, true
	case depth == 2 && within[0].end < 0 && within[1].end >= 0:
		return owner, unescape(l.doc.src[within[1].start:within[1].end]), false, true
	}
	return owner, "", false, false
}
