package textmodel

import (
	"unicode"
	"unicode/utf8"
)

// FeaturesName names the extractor below. It changes whenever a text would
// yield other features or segments than before.
const FeaturesName = "words12s-chars345-concepts-signals-v3"

// Shape of segments and features.
const (
	shortSegment = 24  // bytes: no boundary before that
	softSegment  = 200 // bytes: the next space is a boundary
	hardSegment  = 400 // bytes: a boundary anywhere
	longToken    = 40  // ASCII characters of one token that yield n-grams
	batchSize    = 256 // features of a kind held before a sink takes them
)

// sink receives the features of a text in batches.
type sink interface {
	// take reads and empties the batch.
	take(b *batch)
	// segment says that the features taken since the last call belong to
	// text[start:end]. Segments are consecutive.
	segment(start, end int)
}

// batch holds hashed features: raw hashes whose upper bits select the bucket.
type batch struct {
	of    [kinds]list
	look  look // of the segment
	track bool // fill the spans
}

// Kinds of feature. Each is normed by itself.
const (
	words = iota
	chars
	concepts
	signals // what is odd about the spelling
	kinds
)

type list struct {
	hash [batchSize]uint64
	span [batchSize][2]int32
	n    int
}

// put adds a feature; the caller has made room.
func (b *batch) put(kind int, h uint64, start, end int) {
	l := &b.of[kind]
	if b.track {
		l.span[l.n&(batchSize-1)] = [2]int32{int32(start), int32(end)}
	}
	l.hash[l.n&(batchSize-1)] = h
	l.n++
}

func (b *batch) empty() {
	for k := range b.of {
		b.of[k].n = 0
	}
}

// Odd multipliers; their bits are well spread and they have no other meaning.
const (
	mulA  = 0x9e3779b97f4a7c15
	mulB  = 0xd6e8feb86659fd93
	mulC  = 0xa0761d6478bd642f
	mulD  = 0xe7037ed1a0b428db
	mulE  = 0x8ebc6af09c88c6e3
	mulW  = 0x00000100000001b3 // FNV-1a
	begin = 0x5851f42d4c957f2d // stands for the word before a segment's first
)

// Salts keep the kinds of feature apart.
const (
	saltWord = 0x1111
	saltPair = 0x2222
	saltGap  = 0x3333
	saltOne  = 0x4444
	saltLead = 0x5555
	saltNear = 0x6666
	saltFar  = 0x7777
	saltFrom = 0x8888 // a concept, by who says it
	saltOdd  = 0x9999
)

// mix spreads a hash over all bits; the upper ones select the bucket.
func mix(h uint64) uint64 {
	h *= mulA
	h ^= h >> 32
	return h * mulB
}

// Classes of bytes and runes.
const (
	isLetter = 1 << iota // part of a word
	isSpace
	isStop  // ends a sentence if a space follows
	isBreak // ends a segment by itself
	isOwn   // a word by itself (scripts without spaces)
	isWideStop
	isMute // counts as nothing: accents, vowel points
)

// asciiClass and asciiFold serve the fast path.
var asciiClass, asciiFold = func() (c, f [128]uint8) {
	for i := range 128 {
		r := rune(i)
		f[i] = uint8(unicode.ToLower(r))
		switch {
		case r >= '0' && r <= '9':
			c[i], f[i] = isLetter, '0'
		case unicode.IsLetter(r) || r == '\'' || r == '_':
			c[i] = isLetter
		case r == '\n' || r == '\r':
			c[i], f[i] = isSpace|isBreak, ' '
		case r <= ' ' || r == 127:
			c[i], f[i] = isSpace, ' '
		case r == '.' || r == '!' || r == '?' || r == ';' || r == ':':
			c[i] = isStop
		case r == '"' || r == '|' || r == '<' || r == '>' || r == '{' || r == '}' || r == '[' || r == ']':
			c[i] = isBreak
		}
	}
	return c, f
}()

// fold returns the character that r counts as, and its class.
func fold(r rune) (uint64, uint8) {
	if r < utf8.RuneSelf {
		return uint64(asciiFold[r]), asciiClass[r]
	}
	r, class := classify(r)
	return uint64(r), class
}

// classify is for characters beyond ASCII. Scripts without spaces (Han, Kana,
// Thai, Lao, Khmer, Burmese) have a word for every character.
func classify(r rune) (folded rune, class uint8) {
	switch {
	case r >= 0x0e00 && r <= 0x0eff, r >= 0x1000 && r <= 0x109f, r >= 0x1780 && r <= 0x17ff:
		return r, isOwn
	case r >= 0x3040 && r <= 0x30ff, r >= 0x3400 && r <= 0x9fff, r >= 0xf900 && r <= 0xfaff, r >= 0x20000 && r <= 0x3ffff:
		return r, isOwn
	case r == '。' || r == '！' || r == '？' || r == '；' || r == '।' || r == '؟' || r == '۔':
		return r, isWideStop
	case r == 0xa0 || r == 0x3000 || unicode.IsSpace(r):
		return ' ', isSpace
	case r == '’' || r == 'ʼ':
		return '\'', isLetter
	case r >= 0x2010 && r <= 0x2013:
		return '-', 0
	case unicode.IsLetter(r):
		return plain(unicode.ToLower(r)), isLetter
	case unicode.IsDigit(r):
		return '0', isLetter
	case unicode.Is(unicode.Mn, r) && r < 0x900:
		return 0, isLetter | isMute
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Mc, r):
		return r, isLetter
	}
	return r, 0
}
