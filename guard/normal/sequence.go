package normal

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// escape is one escape sequence.
type escape struct {
	size int  // bytes of it
	form rune // what it stands for; noForm if for nothing
	hit  bool // it escapes what needs no escape
}

// space reports whether the escape is one of a space or a line break.
func (e *escape) space() bool {
	return e.form == ' ' || e.form == '\n' || e.form == '\t' || e.form == 0xA0
}

// noForm is the form of a line break that only wraps a line.
const noForm = -1

// escapeAt reads the escape at i; its size is 0 if there is none.
func escapeAt(text string, i int) (escape, int) {
	switch text[i] {
	case '%':
		return percentAt(text, i), escPercent
	case '&':
		return entityAt(text, i), escHTML
	case '\\':
		return backslashAt(text, i), escBackslash
	}
	return quotedAt(text, i), escQuoted
}

// hexAt reads n hexadecimal digits at i.
func hexAt(text string, i, n int) (v rune, ok bool) {
	if i+n > len(text) {
		return 0, false
	}
	all := uint8(0)
	for k := i; k < i+n; k++ {
		d := hexValue(text[k])
		all |= d
		v = v<<4 | rune(d&15)
	}
	return v, all < 16
}

// bytesAt reads a character whose bytes are each written as lead and two
// hexadecimal digits.
func bytesAt(text string, i int, lead string) (r rune, size int) {
	var buf [utf8.UTFMax]byte
	step, n := len(lead)+2, 0
	for n < len(buf) && strings.HasPrefix(text[i+n*step:], lead) {
		v, ok := hexAt(text, i+n*step+len(lead), 2)
		if !ok {
			break
		}
		if n == 0 && v < utf8.RuneSelf {
			return v, step
		}
		buf[n] = byte(v)
		n++
		if utf8.FullRune(buf[:n]) {
			r, k := utf8.DecodeRune(buf[:n])
			if r == utf8.RuneError || k != n {
				return 0, 0
			}
			return r, n * step
		}
	}
	return 0, 0
}

// made returns the escape of size bytes that stands for r.
func made(r rune, size int) escape {
	if size == 0 || !utf8.ValidRune(r) {
		return escape{}
	}
	if r < utf8.RuneSelf {
		return escape{size, r, class[r]&(cLetter|cDigit) != 0}
	}
	return escape{size, r, unicode.IsLetter(r) || unseenKind(r) == tag || r >= 0xE0100 && r <= 0xE01EF}
}

func percentAt(text string, i int) escape {
	if strings.HasPrefix(text[i:], "%u") {
		if v, ok := hexAt(text, i+2, 4); ok {
			return made(v, 6)
		}
	}
	r, size := bytesAt(text, i, "%")
	e := made(r, size)
	if r == '%' {
		_, e.hit = hexAt(text, i+size, 2)
	}
	return e
}

func entityAt(text string, i int) escape {
	end := i + 1
	for end < len(text) && end-i < 12 && (class[text[end]]&(cLetter|cDigit) != 0 || text[end] == '#' && end == i+1) {
		end++
	}
	if end < i+3 {
		return escape{}
	}
	if end < len(text) && text[end] == ';' {
		end++
	} else if text[i+1] != '#' {
		return escape{}
	}
	r := entity(text[i:end])
	if r == utf8.RuneError {
		return escape{}
	}
	e := made(r, end-i)
	e.hit = e.hit && text[i+1] == '#' && (r < utf8.RuneSelf || r >= 0x370)
	if k := unseenKind(r); k == zeroWidth || k == joiner || k == softHyphen {
		e.hit = i > 0 && end < len(text) && class[text[i-1]]&class[text[end]]&cLetter != 0 // inside a word
	}
	if r == '&' {
		e.hit = end < len(text) && text[end] == '#'
	}
	return e
}

// entity returns the one character that an entity stands for, or
// utf8.RuneError.
func entity(s string) rune {
	if s[1] == '#' && len(s) > len("&#9") {
		if r, ok := numbered(strings.TrimSuffix(s[2:], ";")); r < 0x80 || r >= 0xA0 || !ok {
			return r
		}
	}
	form := html.UnescapeString(s)
	r, size := utf8.DecodeRuneInString(form)
	if form == s || size != len(form) {
		return utf8.RuneError
	}
	return r
}

// numbered returns the character of a number, decimal or with an x hexadecimal;
// ok is false, and the character utf8.RuneError, if there is none.
func numbered(digits string) (_ rune, ok bool) {
	base := int64(10)
	if digits[0]|0x20 == 'x' {
		base, digits = 16, digits[1:]
	}
	v := int64(0)
	for i := range len(digits) {
		d := int64(hexValue(digits[i]))
		if d >= base {
			return utf8.RuneError, false
		}
		v = v*base + d
	}
	if v == 0 || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		return utf8.RuneError, false
	}
	return rune(v), true
}

func backslashAt(text string, i int) escape {
	if i+1 >= len(text) {
		return escape{}
	}
	switch c := text[i+1]; c {
	case 'n':
		return escape{2, '\n', false}
	case 't', 'r':
		return escape{2, '\t', false}
	case '"', '\'', '/':
		return escape{2, rune(c), false}
	case '\\':
		next := byte(0)
		if i+2 < len(text) {
			next = text[i+2]
		}
		return escape{2, '\\', next == 'u' || next == 'x'}
	case 'x':
		r, size := bytesAt(text, i, `\x`)
		return made(r, size)
	case 'u':
		return unicodeAt(text, i)
	case 'U':
		if v, ok := hexAt(text, i+2, 8); ok {
			return made(v, 10)
		}
	case '0', '1':
		if i+3 < len(text) && text[i+2]-'0' < 8 && text[i+3]-'0' < 8 {
			return made(rune(c-'0')<<6|rune(text[i+2]-'0')<<3|rune(text[i+3]-'0'), 4)
		}
	}
	return escape{}
}

func unicodeAt(text string, i int) escape {
	if i+2 < len(text) && text[i+2] == '{' {
		end := strings.IndexByte(text[i+3:min(len(text), i+10)], '}')
		if end < 1 {
			return escape{}
		}
		if v, ok := hexAt(text, i+3, end); ok {
			return made(v, end+4)
		}
		return escape{}
	}
	v, ok := hexAt(text, i+2, 4)
	if !ok {
		return escape{}
	}
	if utf16.IsSurrogate(v) && strings.HasPrefix(text[i+6:], `\u`) {
		if low, ok := hexAt(text, i+8, 4); ok {
			if r := utf16.DecodeRune(v, low); r != utf8.RuneError {
				return made(r, 12)
			}
		}
	}
	return made(v, 6)
}

func quotedAt(text string, i int) escape {
	if strings.HasPrefix(text[i:], "=\r\n") {
		return escape{3, noForm, false}
	}
	if strings.HasPrefix(text[i:], "=\n") {
		return escape{2, noForm, false}
	}
	for _, c := range []byte(text[min(len(text), i+1):min(len(text), i+3)]) {
		if c >= 'a' {
			return escape{} // written in capitals, unlike a=b
		}
	}
	r, size := bytesAt(text, i, "=")
	e := made(r, size)
	e.hit = e.hit && (r > utf8.RuneSelf || class[r]&cLetter != 0)
	return e
}
