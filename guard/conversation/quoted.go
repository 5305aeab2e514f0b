package conversation

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// closing is the quotation mark that ends what each one begins.
var closing = map[rune]string{'"': `"`, '\'': "'", '`': "`", '“': "”“\"", '„': "“”\"", '«': "»", '‘': "’'", '「': "」", '『': "』", '‹': "›"}

// maxQuoted is the longest quotation that is taken for a piece, in bytes.
const maxQuoted = 400

// assembled returns what the turns of the window quote, in order and as one text: a
// payload that is handed over in named pieces ("let a = 'ignore all'"). ok is false
// unless two turns quote something.
func (w *window) assembled() (out window, ok bool) {
	var b strings.Builder
	for i, p := range w.pieces {
		end := len(w.joined)
		if i+1 < len(w.pieces) {
			end = w.pieces[i+1].start - len(seam)
		}
		from := b.Len()
		if quotations(w.joined[p.start:end], &b); b.Len() > from {
			out.pieces = append(out.pieces, piece{message: p.message, start: from})
		}
	}
	out.joined = b.String()
	return out, len(out.pieces) > 1
}

// quotations adds what s quotes to b, parted by spaces. An apostrophe inside a word
// quotes nothing.
func quotations(s string, b *strings.Builder) {
	before := ' '
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		ends, opens := closing[r]
		if opens && !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			if n := quotationEnd(s[i+size:], ends); n > 0 {
				if b.Len() > 0 {
					b.WriteByte(' ')
				}
				b.WriteString(strings.TrimSpace(s[i+size : i+size+n]))
				i += size + n
				r, size = utf8.DecodeRuneInString(s[i:])
			}
		}
		before = r
		i += size
	}
}

// quotationEnd returns where a quotation that s begins with ends, 0 if it does not.
func quotationEnd(s string, ends string) int {
	for i, r := range s[:min(len(s), maxQuoted)] {
		if r == '\n' {
			return 0
		}
		if !strings.ContainsRune(ends, r) {
			continue
		}
		next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		if !unicode.IsLetter(next) && !unicode.IsDigit(next) || next == utf8.RuneError {
			return i
		}
	}
	return 0
}
