package threat

import (
	"unicode"
	"unicode/utf8"
)

// Units of a text.
const (
	maxUnitWords = 48 // a longer sentence is cut
	maxWord      = 48 // letters; a longer word is cut
	longWord     = 4  // letters; shorter words count in pairs only, since most of them are the grammar of a language
)

// reader walks a text and gathers the pieces of its units: sentences, lines.
type reader struct {
	word   [maxWord + 2]rune // the word being read, with its edges
	n      int               // letters in it
	last   uint64            // hash of the word before it in the unit, 0 for none
	wide   [2]rune           // characters before in writing without spaces
	words  int               // of the unit
	from   int               // where the unit begins
	to     int               // where its last letter ends
	open   bool              // a letter of the unit was seen
	bins   accumulator
	letter []byte // letters and digits of the unit, lower case
	done   func(*reader)
}

// edge stands at both ends of a word.
const edge = ' '

// read calls done for each unit of text, with what it gathered.
func (r *reader) read(text string) {
	r.reset()
	for i := 0; i < len(text); {
		if n := r.letters(text, i); n > 0 {
			i += n
			continue
		}
		c, size := rune(text[i]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRuneInString(text[i:])
		}
		switch kind := kindOf(c); kind {
		case kindLetter, kindWide:
			if !r.open {
				r.open, r.from = true, i
			}
			r.to = i + size
			c = lower(c)
			r.letter = utf8.AppendRune(r.letter, c)
			if kind == kindWide {
				r.endWord()
				r.addWide(c)
			} else {
				r.addLetter(c)
			}
		case kindGap:
			r.endWord()
		case kindEnd:
			// A point inside of a number, a name or a time ends nothing.
			if c != '.' && c != ':' || i+1 == len(text) || kindOf(rune(text[i+1])) != kindLetter {
				r.endUnit()
			} else {
				r.endWord()
			}
		}
		i += size
	}
	r.endUnit()
}

// letters takes the ASCII letters and digits at text[i:], as many as the word has room
// for, and returns how many: most of most texts, and nothing else is asked of them.
func (r *reader) letters(text string, i int) int {
	run := text[i:min(len(text), i+maxWord-r.n)]
	word := r.word[r.n+1:]
	n := 0
	for n < len(run) && n < len(word) {
		c := asciiLetters[run[n]]
		if c == 0 {
			break
		}
		word[n] = rune(c)
		r.letter = append(r.letter, c)
		n++
	}
	if n == 0 {
		return 0
	}
	if !r.open {
		r.open, r.from = true, i
	}
	r.n += n
	r.to = i + n
	return n
}

func (r *reader) reset() {
	r.n, r.last, r.words, r.open = 0, 0, 0, false
	r.wide = [2]rune{}
	r.bins.reset()
	r.letter = r.letter[:0]
}

func (r *reader) addLetter(c rune) {
	if r.n == maxWord {
		r.endWord()
	}
	r.n++
	r.word[r.n] = c
}

func (r *reader) addWide(c rune) {
	a, b := r.wide[0], r.wide[1]
	if b != 0 {
		r.bins.add(gram(0, 0, b, c))
		if a != 0 {
			r.bins.add(gram(0, a, b, c))
		}
	}
	r.wide = [2]rune{b, c}
	if r.words++; r.words >= 4*maxUnitWords {
		r.endUnit()
	}
}

// endWord adds the pieces of the word that was read.
func (r *reader) endWord() {
	if r.n == 0 {
		return
	}
	r.wide = [2]rune{}
	w := r.word[:r.n+2]
	w[0], w[r.n+1] = edge, edge
	h := uint64(r.n)
	for _, c := range w[1 : r.n+1] {
		h = (h ^ uint64(c)) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	if r.n >= longWord {
		for i := 0; i+4 <= len(w); i++ {
			r.bins.add(gram(w[i], w[i+1], w[i+2], w[i+3]))
		}
	} else if w[1] >= utf8.RuneSelf {
		r.bins.add(h) // two syllables or letters of other writing are a word
	}
	if r.last != 0 {
		r.bins.add(r.last*0xc2b2ae3d27d4eb4f + h)
	}
	r.last, r.n = h|1, 0
	if r.words++; r.words >= maxUnitWords {
		r.endUnit()
	}
}

func (r *reader) endUnit() {
	r.endWord()
	if r.open {
		r.done(r)
	}
	r.reset()
}

// gram hashes four characters.
func gram(a, b, c, d rune) uint64 {
	return uint64(a)*0x9e3779b97f4a7c15 + uint64(b)*0xc2b2ae3d27d4eb4f + uint64(c)*0x165667b19e3779f9 + uint64(d)*0xd6e8feb86659fd93
}

// Kinds of character.
const (
	kindNone   = iota // joins: apostrophes, characters that nobody sees
	kindLetter        // of words with spaces between them
	kindWide          // of writing without spaces
	kindGap           // ends a word
	kindEnd           // ends a unit
)

var asciiKinds = func() (k [utf8.RuneSelf]uint8) {
	for c := range k {
		switch c := rune(c); {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9':
			k[c] = kindLetter
		case c == '\'':
			k[c] = kindNone
		case c == '.' || c == '!' || c == '?' || c == ';' || c == ':' || c == '\n':
			k[c] = kindEnd
		default:
			k[c] = kindGap
		}
	}
	return k
}()

// asciiLetters gives for an ASCII letter or digit the lower case, for others 0.
var asciiLetters = func() (l [256]byte) {
	for c, kind := range asciiKinds {
		if kind == kindLetter {
			l[c] = byte(lower(rune(c)))
		}
	}
	return l
}()

func kindOf(c rune) uint8 {
	if c < utf8.RuneSelf {
		return asciiKinds[c]
	}
	switch {
	case c == '。' || c == '！' || c == '？' || c == '；' || c == '：' || c == '।' || c == '؟' || c == '\u2028' || c == '\u2029':
		return kindEnd
	case unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return kindWide
	case unicode.IsLetter(c) || unicode.IsNumber(c) || unicode.IsMark(c):
		return kindLetter
	case c == '’' || unicode.Is(unicode.Cf, c):
		return kindNone
	}
	return kindGap
}

func lower(c rune) rune {
	if c < utf8.RuneSelf {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	}
	return unicode.ToLower(c)
}
