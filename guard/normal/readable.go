package normal

import (
	"unicode"
	"unicode/utf8"
)

// content counts what a text consists of.
type content struct {
	letters, foreign, digits, spaces, others, runes int
	control, invalid                                bool
}

func tally(text string) (c content) {
	for i := 0; i < len(text); {
		b := text[i]
		if b < utf8.RuneSelf {
			i++
			c.runes++
			switch {
			case symbol[b] != boundary:
				c.letters++
			case b >= '0' && b <= '9':
				c.digits++
			case b == ' ' || b == '\n' || b == '\t' || b == '\r':
				c.spaces++
			case b < ' ' || b == 0x7F:
				c.control = true
				return c
			default:
				c.others++
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 {
			c.invalid = true
			return c
		}
		i += size
		c.runes++
		switch {
		case unicode.IsLetter(r) || unicode.IsMark(r):
			c.foreign++
		case r < 0xA0:
			c.control = true
			return c
		default:
			c.others++
		}
	}
	return c
}

// printable reports whether text is valid UTF-8 without control characters.
func (c *content) printable() bool { return !c.control && !c.invalid && c.runes > 0 }

// readable reports whether a decoded text is language: that it is printable is
// evidence enough that an encoding was undone, so only a rough likeness is
// asked for, more of it for short texts.
func readable(text string) bool {
	c := tally(text)
	if !c.printable() || (c.letters+c.foreign)*2 < c.runes || c.letters+c.foreign < 3 {
		return false
	}
	if c.foreign >= c.letters {
		return c.foreign >= 4 && (c.letters+c.foreign+c.spaces)*10 >= c.runes*7
	}
	if (c.letters+c.foreign+c.spaces)*100 < c.runes*65 {
		return false
	}
	mean, n := english(text)
	w := countWords(text)
	switch {
	case n < 8:
		return w.knownLetters*2 >= n && w.longest >= 3
	case n < 24:
		return mean < 17 || mean < 21 && w.longest >= 3
	}
	return mean < 21
}

// language is the stricter test for what could have come about by chance:
// transformed letters and lists of numbers.
func language(text string) bool {
	mean, n := english(text)
	if n < 4 || mean > 19 {
		return false
	}
	w := countWords(text)
	if w.knownLetters*10 < w.letters*3 {
		return false
	}
	switch {
	case w.known == 0:
		return false
	case w.known == 1:
		return w.letters <= 12 && w.knownLetters*3 >= w.letters*2 && w.longest >= 5
	}
	return w.other >= 2 && (w.longest >= 5 || w.longest >= 4 && w.known >= 3)
}
