package explain

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"warder.example/guard"
)

// words returns the words of text[from:to]: what stands between white space, and
// in scripts without spaces each character. Marks belong to the word before.
func words(text string, from, to int) []guard.Span {
	var out []guard.Span
	open := false // the last word goes on
	for i := from; i < to; {
		r, size := utf8.DecodeRuneInString(text[i:to])
		switch own := alone(r); {
		case unicode.IsSpace(r):
			open = false
		case own || !open:
			out = append(out, guard.Span{Start: i, End: i + size})
			open = true
		default:
			// A letter after a character of its own begins a word.
			last := &out[len(out)-1]
			before, _ := utf8.DecodeLastRuneInString(text[last.Start:last.End])
			if alone(before) && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
				out = append(out, guard.Span{Start: i, End: i + size})
			} else {
				last.End = i + size
			}
		}
		i += size
	}
	return out
}

// alone reports whether a character is a word by itself.
func alone(r rune) bool {
	return r >= 0x0e00 && unicode.IsLetter(r) && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// sentences groups words into sentences; it returns for each the index of its
// first word.
func sentences(text string, ws []guard.Span) []int {
	var out []int
	for i := range ws {
		if i == 0 || endsSentence(text, ws[i-1], ws[i]) {
			out = append(out, i)
		}
	}
	return out
}

// endsSentence reports whether a sentence ends between two words that follow each
// other: at a line break or a full stop.
func endsSentence(text string, w, next guard.Span) bool {
	if strings.ContainsAny(text[w.End:next.Start], "\n\r\u2028\u2029") {
		return true
	}
	word := strings.TrimRight(text[w.Start:w.End], `"')]}»”’`)
	r, _ := utf8.DecodeLastRuneInString(word)
	return strings.ContainsRune(".!?;:。！？；।؟۔", r)
}

// joined returns the words with the white space that follows each of them, that
// of the last one left out. all are the words that ws is taken from, ascending.
func joined(text string, all []guard.Span, keep []int) string {
	var b strings.Builder
	for i, k := range keep {
		end := all[k].End
		if i < len(keep)-1 {
			end = all[k+1].Start
		}
		b.WriteString(text[all[k].Start:end])
	}
	return b.String()
}

// stretches returns the ranges that the kept words cover; neighbours are one.
func stretches(all []guard.Span, keep []int) []guard.Span {
	var out []guard.Span
	for i, k := range keep {
		if i > 0 && keep[i-1] == k-1 {
			out[len(out)-1].End = all[k].End
		} else {
			out = append(out, all[k])
		}
	}
	return out
}

// blank returns text with a span as spaces, so that all else keeps its place.
func blank(text string, s guard.Span) string {
	return text[:s.Start] + strings.Repeat(" ", s.End-s.Start) + text[s.End:]
}

// without returns text without the spans of the causes.
func without(text string, causes []Cause) string {
	out := []byte(text)
	const gone = 0xFF // in no UTF-8 text
	for i := range causes {
		for at := causes[i].Span.Start; at < causes[i].Span.End; at++ {
			out[at] = gone
		}
	}
	n := 0
	for _, c := range out {
		if c != gone {
			out[n] = c
			n++
		}
	}
	return string(out[:n])
}
