package dialect

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"warder.example/guard"
)

// unit reads the escape \uXXXX at s[i:].
func unit(s string, i int) (uint16, bool) {
	if i+6 > len(s) || s[i] != '\\' || s[i+1] != 'u' {
		return 0, false
	}
	var u uint16
	for _, c := range []byte(s[i+2 : i+6]) {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		u = u<<4 | uint16(c)
	}
	return u, true
}

// escapeAt decodes the escape at the start of s, which begins with a backslash.
// It is lenient: what is no escape is a backslash, a lone surrogate is U+FFFD.
// n is the number of bytes of s that it stands on.
func escapeAt(s string) (r rune, n int) {
	if len(s) < 2 {
		return '\\', 1
	}
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	u, ok := unit(s, 0)
	if !ok {
		return '\\', 1
	}
	if !utf16.IsSurrogate(rune(u)) {
		return rune(u), 6
	}
	if low, ok := unit(s, 6); ok {
		if r := utf16.DecodeRune(rune(u), rune(low)); r != utf8.RuneError {
			return r, 12
		}
	}
	return utf8.RuneError, 6
}

// unescape undoes the escapes of s.
func unescape(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i >= 0 {
		b.WriteString(s[:i])
		r, n := escapeAt(s[i:])
		b.WriteRune(r)
		s = s[i+n:]
		i = strings.IndexByte(s, '\\')
	}
	b.WriteString(s)
	return b.String()
}

// AppendEscaped appends s as it stands between the quotes of a JSON string. It
// escapes what must be escaped, and the two line separators that JavaScript
// once read as line ends; bytes that are not UTF-8 become U+FFFD.
func AppendEscaped(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r < 0x20 || r == '\u2028' || r == '\u2029':
			dst = append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// AppendString appends s as a JSON string with its quotes.
func AppendString(dst []byte, s string) []byte {
	return append(AppendEscaped(append(dst, '"'), s), '"')
}

// escapeMasks returns masks whose replacements are escaped once more.
func escapeMasks(ms []guard.Mask) []guard.Mask {
	for i := range ms {
		ms[i].With = string(AppendEscaped(nil, ms[i].With))
	}
	return ms
}

// A cursor walks a text with escapes and its decoded form together. It stands
// between two units: an escape or a character.
type cursor struct {
	src      string
	pos, dec int
	next     int // the backslash at or after pos
}

// run returns the length of the stretch without escapes at the cursor.
func (c *cursor) run() int {
	if c.next < c.pos || c.pos == 0 {
		c.next = len(c.src)
		if i := strings.IndexByte(c.src[c.pos:], '\\'); i >= 0 {
			c.next = c.pos + i
		}
	}
	return c.next - c.pos
}

// to moves to decoded offset off and returns the offset in src. Inside a unit
// it returns the unit's start, or its end if up. Offsets must not fall; one
// that lies before the cursor returns where it stands.
func (c *cursor) to(off int, up bool) int {
	for off > c.dec {
		run := c.run()
		if off-c.dec <= run {
			return c.inRun(off, run, up)
		}
		c.pos += run
		c.dec += run
		if c.pos >= len(c.src) {
			break // beyond the end
		}
		r, n := escapeAt(c.src[c.pos:])
		if !up && off < c.dec+utf8.RuneLen(r) {
			break
		}
		c.pos += n
		c.dec += utf8.RuneLen(r)
	}
	return c.pos
}

// inRun moves to off, which lies in a stretch of run bytes without escapes.
func (c *cursor) inRun(off, run int, up bool) int {
	step, end := off-c.dec, c.pos+run
	for c.pos+step < end && !utf8.RuneStart(c.src[c.pos+step]) {
		if up {
			step++
		} else {
			step--
		}
	}
	c.pos += step
	c.dec += step
	return c.pos
}

// mapMasks maps masks on unescape(src) to masks on src. They are merged first,
// and their offsets are brought into the text.
func mapMasks(src string, ms []guard.Mask) []guard.Mask {
	ms = guard.MergeMasks(append([]guard.Mask(nil), ms...))
	c := cursor{src: src}
	for i := range ms {
		ms[i].Start = c.to(ms[i].Start, false)
		ms[i].End = c.to(max(ms[i].End, 0), true)
	}
	return ms
}
