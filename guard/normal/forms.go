package normal

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The general composition of Unicode is thorough and slow. What hostile texts
// are full of is looked up here instead: the compatibility forms of single
// characters, letters of ASCII with one mark, and Hangul in parts.

// formBlocks are the ranges whose forms are looked up.
var formBlocks = [][2]rune{{0x3200, 0x33FF}, {0xF900, 0xFDFF}, {0xFE10, 0xFFEF}, {0x1D400, 0x1D7FF}}

var forms = sync.OnceValue(func() [][]string {
	t := make([][]string, len(formBlocks))
	for i, block := range formBlocks {
		t[i] = make([]string, block[1]-block[0]+1)
		for r := block[0]; r <= block[1]; r++ {
			s := string(r)
			if form := norm.NFKC.String(s); form != s && len(form) <= maxSwell*len(s) {
				t[i][r-block[0]] = form
			}
		}
	}
	return t
})

// formOf returns the compatibility form of r when it is followed by what it
// cannot combine with, "" if it has none or is not looked up.
func formOf(r rune, next string) string {
	for i, block := range formBlocks {
		if r < block[0] || r > block[1] {
			continue
		}
		if r >= 0xFF9E && r <= 0xFFDC {
			return "" // voiced sound marks and parts of Hangul combine backwards
		}
		if n, _ := utf8.DecodeRuneInString(next); n >= 0x300 && (unicode.IsMark(n) || n == 0xFF9E || n == 0xFF9F) {
			return ""
		}
		return forms()[i][r-block[0]]
	}
	return ""
}

// lastMark is the last mark of those that letters of ASCII compose with.
const lastMark = 0x345

var composed = sync.OnceValue(func() *[128][lastMark - 0x300 + 1]rune {
	var t [128][lastMark - 0x300 + 1]rune
	for c := range t {
		if class[c]&cLetter == 0 {
			continue
		}
		for m := range t[c] {
			s := norm.NFC.String(string([]rune{rune(c), rune(0x300 + m)}))
			if r, size := utf8.DecodeRuneInString(s); size == len(s) {
				t[c][m] = r
			}
		}
	}
	return &t
})

// compose writes the letter before text[i:end], one mark, together with it.
func (f *runeFold) compose(m rune, i, end int) bool {
	n := len(f.b.segs)
	if m > lastMark || i == 0 || n == 0 || f.b.segs[n-1].Mode != linear || int(f.b.segs[n-1].End) != i || class[f.text[i-1]]&cLetter == 0 {
		return false
	}
	r := composed()[f.text[i-1]][m-0x300]
	if r == 0 {
		return false
	}
	f.b.buf = f.b.buf[:len(f.b.buf)-1]
	if s := &f.b.segs[n-1]; s.End-s.Start == 1 {
		f.b.segs = f.b.segs[:n-1]
	} else {
		s.End--
	}
	f.b.replace(string(r), i-1, end)
	f.w.heavy = true
	return true
}

// hangul writes the syllable of the two or three parts at i and returns where
// they end, i if there are none.
func (f *runeFold) hangul(lead rune, i int) int {
	if lead < 0x1100 || lead > 0x1112 {
		return i
	}
	vowel, _ := utf8.DecodeRuneInString(f.text[i+3:])
	if vowel < 0x1161 || vowel > 0x1175 {
		return i
	}
	syllable := 0xAC00 + ((lead-0x1100)*21+vowel-0x1161)*28
	end := i + 6
	if tail, _ := utf8.DecodeRuneInString(f.text[end:]); tail > 0x11A7 && tail <= 0x11C2 {
		syllable += tail - 0x11A7
		end += 3
	}
	f.b.replace(string(syllable), i, end)
	f.w.heavy = true
	return end
}
