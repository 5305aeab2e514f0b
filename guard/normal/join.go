package normal

import (
	"unicode"
	"unicode/utf8"
)

// minJoin is how many letters standing alone make a word worth joining.
const minJoin = 4

// maxChain bounds the letters that are joined at a time.
const maxChain = 512

// single is a letter that stands alone, and what parts it from the next.
type single struct {
	start, end int32
	next       int32 // where the next letter begins; end for the last
	shows      byte  // the Latin letter it is or looks like, 0 if none
	digit      bool  // it is a digit that looks like a letter
	syllable   bool  // it may be a word of its language by itself
}

// sep returns what parts the letter from the next; "" for the last.
func (s *single) sep(text string) string { return text[s.end:s.next] }

// join puts words that are written letter by letter together: "i g n o r e",
// "i.g.n.o.r.e", "i-g-n-o-r-e". A wider gap stays as a space; where there is
// none, the lexicon tells the words apart.
func (u *undoer) join(p piece) (piece, bool) {
	text, from := p.text, 0
	var b *builder
	var room [48]single
	chain := room[:0]
	for i := 0; i < len(text); {
		if i = pastWords(text, i); i == len(text) {
			break
		}
		var next int
		chain, next = chainAt(text, i, chain[:0])
		if len(chain) >= minJoin {
			if sep := commonSep(text, chain); joinable(text, chain, sep, u.res.Signals.Spaced) {
				if b == nil {
					b = newBuilder(len(text))
				}
				b.copy(text, from, i)
				u.res.Signals.Spaced += writeChain(b, text, chain, sep)
				from = int(chain[len(chain)-1].end)
			}
		}
		i = next
	}
	if b == nil {
		return p, false
	}
	b.copy(text, from, len(text))
	return b.done(p.from), true
}

// pastWords returns where, from byte i on, a letter may stand alone: words of
// ASCII and what parts them are passed over.
func pastWords(text string, i int) int {
	for i < len(text) && text[i] < utf8.RuneSelf {
		if class[text[i]]&(cLetter|cDigit) == 0 {
			i++
			continue
		}
		end := i + 1
		for end < len(text) && class[text[end]]&(cLetter|cDigit) != 0 {
			end++
		}
		if end < len(text) && text[end] >= utf8.RuneSelf || end == i+1 {
			break // it may go on, or is no word
		}
		i = end
	}
	return i
}

// chainAt reads the letters standing alone from byte i on, where a word or a
// gap begins, and returns where reading goes on.
func chainAt(text string, i int, chain []single) ([]single, int) {
	for len(chain) < maxChain {
		start := i
		r, size := utf8.DecodeRuneInString(text[i:])
		if !wordRune(r) {
			if len(chain) > 0 {
				chain[len(chain)-1].next = chain[len(chain)-1].end
				return chain, i
			}
			return chain, i + size
		}
		i += size
		end := clusterEnd(text, i)
		cluster := end > i
		i = end
		if i < len(text) {
			if r, _ := utf8.DecodeRuneInString(text[i:]); wordRune(r) {
				// A longer word ends the chain.
				for i < len(text) {
					r, size := utf8.DecodeRuneInString(text[i:])
					if !wordRune(r) {
						break
					}
					i += size
				}
				break
			}
		}
		shows, ok := alone(r)
		if !ok {
			break
		}
		gap := i
		for gap < len(text) && gap-i <= 6 {
			r, size := utf8.DecodeRuneInString(text[gap:])
			if wordRune(r) {
				break
			}
			gap += size
		}
		chain = append(chain, single{int32(start), int32(i), int32(gap), shows, r >= '0' && r <= '9', cluster || syllabic(r)})
		if gap >= len(text) || gap-i > 6 {
			i = gap
			break
		}
		i = gap
	}
	if n := len(chain); n > 0 {
		chain[n-1].next = chain[n-1].end
	}
	return chain, i
}

// indicLead begins the letters of most Indic scripts of today, Thai and Lao among
// them, which have signs and other letters joined to them.
const indicLead = 0xE0

// maxCluster bounds the bytes of what is joined to a letter.
const maxCluster = 24

// clusterEnd returns where what is joined to the letter that ends at i ends: vowel
// signs, and the next letter after a virama.
func clusterEnd(text string, i int) int {
	joined := false
	for start := i; i < len(text) && text[i] == indicLead && i-start < maxCluster; {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !joined && !unicode.IsMark(r) {
			break
		}
		joined = r >= 0x900 && r < 0xD80 && r&0x7F == 0x4D
		i += size
	}
	return i
}

// wordRune reports whether r belongs to words.
func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return class[r]&(cLetter|cDigit) != 0
	}
	return scriptOf(r) != noScript || unicode.IsMark(r)
}

// alone reports whether r may be a letter of a word written letter by letter,
// and which Latin letter it shows.
func alone(r rune) (byte, bool) {
	if r < utf8.RuneSelf {
		if class[r]&cLetter != 0 {
			return byte(r), true
		}
		c := leetLetter[r]
		return c, c != 0
	}
	if l, ok := lookalikeOf(r); ok && !l.near {
		return l.to, true
	}
	return 0, scriptOf(r) != noScript || unicode.IsMark(r) && !mark(r)
}

// syllabic reports whether r is of a script in which words of one character are
// common: that of Korean, and those without spaces.
func syllabic(r rune) bool {
	return r >= 0xAC00 && r <= 0xD7AF || r >= 0x3040 && r <= 0x31FF || spaceless(r)
}

// writeChain writes the joined words and returns their number.
func writeChain(b *builder, text string, chain []single, sep string) int {
	n := 0
	for i := 0; i < len(chain); {
		j := i
		for j+1 < len(chain) && chain[j].sep(text) == sep {
			j++
		}
		writeJoined(b, text, chain[i:j+1])
		n++
		if j+1 < len(chain) {
			gap := " "
			for _, c := range chain[j].sep(text) {
				if c == '\n' && sep != "\n" {
					gap = "\n"
				}
			}
			b.replace(gap, int(chain[j].end), int(chain[j+1].start))
		}
		i = j + 1
	}
	return n
}

// writeJoined writes one group of letters, with spaces where the lexicon sees
// several words.
func writeJoined(b *builder, text string, group []single) {
	var room [maxChain]byte
	word := room[:0]
	for _, s := range group {
		if s.shows == 0 {
			s.shows = '?'
		}
		word = append(word, s.shows)
	}
	var cuts []bool
	if len(group) >= 6 && !known(word) {
		if c, found := parts(string(word)); found*4 >= len(group)*3 {
			cuts = c
		}
	}
	for i, s := range group {
		if cuts != nil && i > 0 && cuts[i] {
			b.replace(" ", int(group[i-1].end), int(s.start))
		}
		b.copy(text, int(s.start), int(s.end))
	}
}
