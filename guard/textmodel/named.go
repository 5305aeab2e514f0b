package textmodel

// named returns the concepts that a feature of kind concepts stands for, in the
// order in which they stand in a text, and whether it speaks of a concept that
// leads a segment; no names if it is none of this lexicon. from is the channel
// of the text. It is the reverse of what walker.meaning and walker.pairs yield,
// found by trying, since features are hashes.
func (l *Lexicon) named(feature, from uint64) (names []string, lead bool) {
	if l == nil {
		return nil, false
	}
	hashes := make([]uint64, len(l.names))
	for i, name := range l.names {
		c := conceptHash(name)
		hashes[i] = c
		switch feature {
		case mix(c ^ saltOne), mix(c ^ saltFrom + from):
			return []string{name}, false
		case mix(c ^ saltLead):
			return []string{name}, true
		}
	}
	for i, last := range hashes {
		for j, first := range hashes {
			if p := last*mulD ^ first; feature == mix(p^saltNear) || feature == mix(p^saltFar) {
				return []string{l.names[j], l.names[i]}, false
			}
		}
	}
	return nil, false
}

// Concepts returns the names of the concepts, in the order of their first
// entries. The caller does not change them.
func (l *Lexicon) Concepts() []string { return l.names }
