package textmodel

import "unicode"

// look is what the trees see of a stretch of text. It holds no lengths: they would
// say where training texts came from.
type look struct {
	// concepts has two bits for each concept of the trees: it stands there, and it
	// leads a sentence there.
	concepts [2 * MaxTreeConcepts / 64]uint64
	hits     int32              // places where one of them stands
	odd      int32              // highest level of odd spelling
	count    [lookClasses]int32 // characters by class
}

// Classes of characters that a look counts. Each character is of one of them; those
// beyond ASCII are counted once more as lookWide. White space does not count beside the
// others: padding is to say nothing.
const (
	lookSpace = iota
	lookOther
	lookLower // and letters without case
	lookUpper
	lookDigit
	lookPunct
	lookBracket
	lookSlash
	lookSymbol
	lookWide
	lookClasses
)

// asciiLook is [lookOf] of the ASCII characters.
var asciiLook = func() (out [128]uint8) {
	for r := range out {
		out[r] = lookOf(rune(r))
	}
	return out
}()

// lookOf returns the class of a character. Quotation marks, colons and the ends of
// questions and exclamations count as other: in training texts they tell sources apart
// rather than attacks.
func lookOf(r rune) uint8 {
	switch r {
	case '"', '\'', '`', '“', '”', '«', '»', '「', '?', '？', '؟', '!', '！', ':':
		return lookOther
	case '<', '>', '[', ']', '{', '}', '(', ')':
		return lookBracket
	case '/', '\\':
		return lookSlash
	}
	switch {
	case unicode.IsSpace(r):
		return lookSpace
	case unicode.IsUpper(r):
		return lookUpper
	case unicode.IsLetter(r):
		return lookLower
	case unicode.IsDigit(r):
		return lookDigit
	case unicode.IsPunct(r):
		return lookPunct
	case unicode.IsSymbol(r):
		return lookSymbol
	}
	return lookOther
}

// wide counts a character beyond ASCII.
func (l *look) wide(r rune) {
	class := lookOf(r)
	l.count[class]++
	if class != lookSpace {
		l.count[lookWide]++
	}
}

// concept notes a concept by its column, and whether it leads a sentence.
func (l *look) concept(column int, lead bool) {
	l.hits++
	bit := uint(2*column) % 64
	l.concepts[column/32] |= 1 << bit
	if lead {
		l.concepts[column/32] |= 2 << bit
	}
}

// add takes in what comes behind.
func (l *look) add(o *look) {
	for i := range l.concepts {
		l.concepts[i] |= o.concepts[i]
	}
	l.hits += o.hits
	l.odd = max(l.odd, o.odd)
	for i := range l.count {
		l.count[i] += o.count[i]
	}
}

// Features of the style of a stretch, in their order.
const (
	styleOdd = iota
	styleUpper
	styleDigit
	styleWide
	stylePunct
	styleBracket
	styleSlash
	styleSymbol
	styleConcepts
	styles
)

// style returns the features of the style; words is the number of word features.
func (l *look) style(words int32) (out [styles]float32) {
	total := int32(0)
	for _, n := range l.count[lookOther:lookWide] {
		total += n
	}
	letters := max(l.count[lookLower]+l.count[lookUpper], 1)
	total = max(total, 1)
	share := func(n, of int32) float32 { return float32(n) / float32(of) }
	out[styleOdd] = float32(l.odd)
	out[styleUpper] = share(l.count[lookUpper], letters)
	out[styleDigit] = share(l.count[lookDigit], total)
	out[styleWide] = share(l.count[lookWide], total)
	out[stylePunct] = share(l.count[lookPunct], total)
	out[styleBracket] = share(l.count[lookBracket], total)
	out[styleSlash] = share(l.count[lookSlash], total)
	out[styleSymbol] = share(l.count[lookSymbol], total)
	// A word yields about three features; few words count as a few more.
	out[styleConcepts] = share(3*l.hits, max(words, int32(leastFeatures[0])))
	return out
}
