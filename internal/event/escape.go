package event

import (
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string in which nothing can act on a
// terminal or a line-based reader: control, format, private-use and unassigned
// characters and line separators become \u escapes, bytes that are not UTF-8
// become U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	at := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[at:i]...)
		if c == '"' || c == '\\' {
			dst = append(dst, '\\', c)
			i++
		} else {
			r, n := utf8.DecodeRuneInString(s[i:])
			dst = appendRune(dst, r)
			i += n
		}
		at = i
	}
	dst = append(dst, s[at:]...)
	return append(dst, '"')
}

// escapeAll appends JSON text with the same characters escaped. They can stand
// only within its strings, so the value stays the same.
func escapeAll(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		if c := text[i]; c >= 0x20 && c < 0x7f {
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		dst = appendRune(dst, r)
		i += n
	}
	return dst
}

// appendRune appends a rune that is not printable ASCII.
func appendRune(dst []byte, r rune) []byte {
	switch {
	case r == utf8.RuneError: // a stray byte, or the character that stands for one
		return append(dst, `\ufffd`...)
	case unicode.IsGraphic(r):
		return utf8.AppendRune(dst, r)
	case r >= 0x10000:
		r -= 0x10000
		return appendUnit(appendUnit(dst, 0xd800+r>>10), 0xdc00+r&0x3ff)
	}
	return appendUnit(dst, r)
}

func appendUnit(dst []byte, u rune) []byte {
	return append(dst, '\\', 'u', hexDigits[u>>12&15], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}
