package detect

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// sigWord is one word of a text, or one rune or known word of a script that is
// written without spaces.
type sigWord struct {
	start, end int
	from       int      // where the phrase that ends here begins; else start
	hash       uint64   // of the folded word; 0 in spaceless scripts
	set        classSet // classes of the word
	stop       bool     // a sentence ended before it
	wide       bool     // of a spaceless script
	phrases    []phrase // that begin with it
}

// phraseWords is the longest phrase.
const phraseWords = 5

// wordBytes is the longest word; a longer one is read in pieces.
const wordBytes = 64

// FNV-1a, 64 bits.
const (
	hashSeed  = 14695981039346656037
	hashPrime = 1099511628211
)

func hashWord(folded string) uint64 {
	h := uint64(hashSeed)
	for i := range len(folded) {
		h = (h ^ uint64(folded[i])) * hashPrime
	}
	return h
}

// foldText folds as words are folded, keeping spaces, hyphens and "*".
func foldText(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '*' || r == ' ' || r == '-' || r == '\'' {
			b.WriteRune(r)
		} else if f := foldRune(r); f != 0 {
			b.WriteRune(f)
		}
	}
	return b.String()
}

// foldRune lowers r and takes its accents away; 0 for a mark that is dropped.
func foldRune(r rune) rune {
	switch {
	case r < 0x80:
		return rune(foldByte(byte(r)))
	case r < 0x250:
		return latinFold[r]
	case r >= 0x1E00 && r < 0x1F00:
		return latinFold[r-0x1E00+0x250]
	case r >= 0x300 && r < 0x370, r == 0x640, r >= 0x64B && r <= 0x652: // accents; Arabic stretching and vowel signs
		return 0
	case r == 'ё':
		return 'е'
	case r == 'أ' || r == 'إ' || r == 'آ':
		return 'ا'
	case r == 'ى' || r == 'ی':
		return 'ي'
	case r == 'ة':
		return 'ه'
	case r == 'ک':
		return 'ك'
	}
	return unicode.ToLower(r)
}

// latinFold holds the folds of U+0000..024F and U+1E00..1EFF.
var latinFold = func() (t [0x350]rune) {
	for i := range t {
		r := rune(i)
		if i >= 0x250 {
			r += 0x1E00 - 0x250
		}
		base, _ := utf8.DecodeRuneInString(norm.NFD.String(string(unicode.ToLower(r))))
		t[i] = base
	}
	for r, f := range map[rune]rune{'ł': 'l', 'Ł': 'l', 'ø': 'o', 'Ø': 'o', 'đ': 'd', 'Đ': 'd', 'ı': 'i', 'İ': 'i', 'æ': 'a', 'ß': 's', 'ŀ': 'l'} {
		t[r] = f
	}
	return t
}()

// spacelessRune reports whether r is of a script whose words are looked up rune
// by rune.
func spacelessRune(r rune) bool {
	return r >= 0x0E00 && r < 0x0F00 || r >= 0x3040 && r < 0x3100 || r >= 0x3400 && r < 0xA000 || r >= 0x1780 && r < 0x1800
}

func sortLongestFirst(ws []wideWord) {
	slices.SortStableFunc(ws, func(a, b wideWord) int { return len(b.text) - len(a.text) })
}

// nextWord reads the word at or after i. open says that the text ends before
// the word is certain to have ended; w is then at least where it begins.
func (s *signatureSet) nextWord(text string, i int) (w sigWord, open bool) {
	breaks := 0
	for i < len(text) {
		c := text[i]
		if c < 0x80 {
			if classes[c]&classAlnum != 0 {
				w, open = s.readWord(text, i)
				w.stop = breaks > 1
				return w, open
			}
			switch c {
			case '.', '!', '?', ';':
				breaks += 2
			case '\n':
				breaks++
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case spacelessRune(r):
			w, open = s.readWide(text, i, r)
			w.stop = breaks > 1
			return w, open
		case unicode.IsLetter(r):
			w, open = s.readWord(text, i)
			w.stop = breaks > 1
			return w, open
		case r == '。' || r == '！' || r == '？' || r == '।' || r == '؟':
			breaks += 2
		}
		i += size
	}
	return sigWord{start: i, end: i, from: i}, true
}

// readWord reads a word of letters, digits, marks and apostrophes.
func (s *signatureSet) readWord(text string, i int) (w sigWord, open bool) {
	w.start, w.from = i, i
	h, runes := uint64(hashSeed), 0
	limit := min(len(text), i+wordBytes)
	for i < limit {
		c := text[i]
		if c < 0x80 {
			if classes[c]&classAlnum == 0 && c != '\'' {
				break
			}
			if c != '\'' {
				h = (h ^ uint64(foldByte(c))) * hashPrime
			}
			i++
		} else {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == '’' {
				i += size
				continue
			}
			if i+size > limit || spacelessRune(r) || !unicode.In(r, unicode.L, unicode.M) {
				break
			}
			h = hashRune(h, foldRune(r))
			i += size
		}
		if runes++; runes < 32 && s.lengths&(1<<runes) != 0 {
			if e := s.lookup(h); e != nil {
				w.set |= e.stem
			}
		}
	}
	w.end, w.hash = i, h
	if e := s.lookup(h); e != nil {
		w.set |= e.word
		w.phrases = e.phrases
	}
	if w.set&s.mine != 0 {
		w.set &^= s.asks // mesajımı: my message
	}
	return w, i == len(text) && i < w.start+wordBytes
}

// hashRune continues h with the bytes of r, 0 standing for none.
func hashRune(h uint64, r rune) uint64 {
	if r == 0 {
		return h
	}
	var b [4]byte
	for _, x := range b[:utf8.EncodeRune(b[:], r)] {
		h = (h ^ uint64(x)) * hashPrime
	}
	return h
}

// readWide reads the longest known word at i, else the one rune r.
func (s *signatureSet) readWide(text string, i int, r rune) (w sigWord, open bool) {
	w = sigWord{start: i, from: i, end: i + utf8.RuneLen(r), wide: true}
	for _, k := range s.wide[r] {
		if strings.HasPrefix(text[i:], k.text) {
			w.end, w.set = i+len(k.text), k.set
			return w, open
		}
		if len(text)-i < len(k.text) && strings.HasPrefix(k.text, text[i:]) {
			open = true // a longer word may be being written
		}
	}
	return w, open
}
