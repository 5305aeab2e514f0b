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

// kindLanes has for every ASCII byte a one in the part of a word that counts its
// kind: letters, digits, spaces, others. Control characters have none.
var kindLanes = func() (t [utf8.RuneSelf]uint64) {
	for c := range t {
		switch b := byte(c); {
		case symbol[b] != boundary:
			t[c] = 1
		case b >= '0' && b <= '9':
			t[c] = 1 << 16
		case b == ' ' || b == '\n' || b == '\t' || b == '\r':
			t[c] = 1 << 32
		case b > ' ' && b < 0x7F:
			t[c] = 1 << 48
		}
	}
	return t
}()

// tally counts, up to the first control character or byte that is not UTF-8.
func tally(text string) (c content) {
	for len(text) > 0 {
		n := c.ascii(text[:min(len(text), 1<<16-1)])
		if c.control {
			return c
		}
		text = text[n:]
		for len(text) > 0 && text[0] >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text)
			if c.add(r, size); c.control || c.invalid {
				return c
			}
			text = text[size:]
		}
	}
	return c
}

// ascii counts the ASCII characters that text begins with, at most 65,535, and
// returns how many it has.
func (c *content) ascii(text string) int {
	var lanes uint64
	i := 0
	for ; i < len(text) && text[i] < utf8.RuneSelf; i++ {
		one := kindLanes[text[i]]
		if one == 0 {
			c.control = true
			break
		}
		lanes += one
	}
	c.letters += int(lanes & 0xFFFF)
	c.digits += int(lanes >> 16 & 0xFFFF)
	c.spaces += int(lanes >> 32 & 0xFFFF)
	c.others += int(lanes >> 48)
	c.runes += i
	return i
}

// add counts a character outside ASCII.
func (c *content) add(r rune, size int) {
	if r == utf8.RuneError && size == 1 {
		c.invalid = true
		return
	}
	c.runes++
	switch {
	case unicode.IsLetter(r) || unicode.IsMark(r):
		c.foreign++
	case r < 0xA0:
		c.control = true
	default:
		c.others++
	}
}

// printable reports whether text is valid UTF-8 without control characters.
func (c *content) printable() bool { return !c.control && !c.invalid && c.runes > 0 }

// readable reports whether a decoded text is language: that it is printable is
// evidence enough that an encoding was undone, so only a rough likeness is
// asked for, more of it for short texts.
func readable(text string) bool {
	c := tally(text)
	return readableAs(text, &c)
}

// readableAs is readable for a text that is counted.
func readableAs(text string, c *content) bool {
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
	if n >= 24 || n >= 8 && mean >= 21 {
		return mean < 21
	}
	w := countWords(text)
	if n < 8 {
		return w.knownLetters*2 >= n && w.longest >= 3
	}
	return mean < 17 || w.longest >= 3
}

// minWritten is from how many characters on bytes that are all printable were text
// before they were encoded: one text of so many bytes at random in ten thousand
// millions is.
const minWritten = 24

// writtenText reports whether a long text that bytes were decoded to is a table, a
// record, a log, a command or the like: too few letters for prose, but words among
// them, unlike in keys and in what is encoded once more.
func writtenText(text string, c *content) bool {
	if c.runes < minWritten || !c.printable() {
		return false
	}
	if c.foreign >= 8 && c.foreign*5 >= c.runes {
		return true
	}
	w := countWords(text)
	switch {
	case w.known == 0:
		return false
	case c.spaces >= 3 && (c.letters+c.foreign)*3 >= c.runes-c.spaces && w.longest >= 3:
		return true
	}
	return w.longest >= 4 && w.other >= 3 && w.knownLetters*8 >= w.letters
}

// language is the stricter test for what could have come about by chance:
// transformed letters and lists of numbers.
func language(text string) bool {
	ok, _ := languageWords(text)
	return ok
}

// languageWords is language and returns the words counted for that.
func languageWords(text string) (ok bool, w wordCount) {
	mean, n := english(text)
	if n < 4 || mean > 19 {
		return false, w
	}
	w = countWords(text)
	return w.language(), w
}

// language reports whether the words that are known make it likely that the
// others are words too.
func (w *wordCount) language() bool {
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
