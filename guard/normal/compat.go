package normal

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// weight says whether folded compatibility forms are more than typography: a
// trade mark sign or a squared unit are not worth a view, a word in
// mathematical letters is.
type weight struct {
	letters, digits int
	heavy           bool
}

func (w *weight) add(c byte, before, after byte) {
	switch {
	case symbol[c] != boundary:
		w.letters++
		w.heavy = w.heavy || w.letters >= 3 || symbol[before] != boundary || symbol[after] != boundary
	case c >= '0' && c <= '9':
		w.digits++
		w.heavy = w.heavy || w.digits >= 4
	}
}

// maxSwell is how many times its own size a character's form may take. The two
// Arabic ligatures that unfold to whole phrases stay as they are.
const maxSwell = 4

// compat applies NFKC to what no other step has folded.
func (f *runeFold) compat(p piece) piece {
	text := p.text
	n := norm.NFKC.QuickSpanString(text)
	if n == len(text) {
		return p
	}
	b := newBuilder(len(text))
	var form []byte
	for i := 0; ; {
		b.copy(text, i, i+n)
		if i += n; i >= len(text) {
			break
		}
		if strings.HasPrefix(text[i:], "\uFDFA") || strings.HasPrefix(text[i:], "\uFDFB") {
			n = 3 + norm.NFKC.QuickSpanString(text[i+3:])
			continue
		}
		size := max(1, norm.NFKC.NextBoundaryInString(text[i:], true))
		seg := text[i : i+size]
		form = norm.NFKC.AppendString(form[:0], seg)
		if len(form) > maxSwell*size || string(form) == seg {
			b.copy(text, i, i+size)
		} else {
			var before, after byte
			if len(b.buf) > 0 {
				before = b.buf[len(b.buf)-1]
			}
			if i+size < len(text) {
				after = text[i+size]
			}
			first, _ := utf8.DecodeRuneInString(seg)
			f.weigh(first, string(form), before, after)
			b.replace(string(form), i, i+size)
		}
		i += size
		n = norm.NFKC.QuickSpanString(text[i:])
	}
	return b.done(p.from)
}

// reshaped reports whether a character whose form is not ASCII hides a letter
// from whoever looks for that letter: parts of composed letters, presentation
// and halfwidth forms.
func reshaped(r rune) bool {
	switch {
	case r < utf8.RuneSelf, r >= 0x1100 && r <= 0x11FF:
		return true
	case r < 0x530:
		return unicode.IsLetter(r)
	}
	return r >= 0xFB1D && r <= 0xFDCF || r >= 0xFE70 && r <= 0xFEFC || r >= 0xFF65 && r <= 0xFFDC
}

// weigh judges one compatibility form.
func (f *runeFold) weigh(r rune, form string, before, after byte) {
	switch {
	case r == 0xAA, r == 0xBA, r == 0xB5, r == 0x2122, r == 0x2120, r == 0x2116, r == 0x2103, r == 0x2109,
		r >= 0x3200 && r <= 0x33FF, r >= 0x1F100 && r <= 0x1F1FF, r >= 0xFF00 && r <= 0xFF0F:
		return // signs and units
	case r == 0x2126, r == 0x212A, r == 0x212B: // ohm, kelvin, ångström
		return
	}
	if r >= 0x2150 && r <= 0x218F || r >= 0x2460 && r <= 0x24FF || r >= 0xB2 && r <= 0xBE || r >= 0x2070 && r <= 0x2079 || r >= 0x2080 && r <= 0x2089 {
		// Fractions, numerals, raised digits and enclosed letters count
		// as letters only inside a word.
		if c := form[0]; symbol[c] != boundary && symbol[before] != boundary && symbol[after] != boundary {
			f.w.add(c, before, after)
		}
		return
	}
	for i := range len(form) {
		if form[i] >= utf8.RuneSelf {
			f.w.heavy = f.w.heavy || reshaped(r)
			return
		}
	}
	for i := range len(form) {
		f.w.add(form[i], before, after)
	}
}
