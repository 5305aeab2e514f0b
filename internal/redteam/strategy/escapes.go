package strategy

import (
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

func writePercent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

var percentRun = regexp.MustCompile(`(?:%[0-9A-Fa-f]{2})+`)

// readPercent undoes escapes that give UTF-8.
func readPercent(s string) string {
	return percentRun.ReplaceAllStringFunc(s, func(run string) string {
		out := make([]byte, 0, len(run)/3)
		for i := 1; i < len(run); i += 3 {
			n, _ := strconv.ParseUint(run[i:i+2], 16, 8) // two hexadecimal digits, as matched
			out = append(out, byte(n))
		}
		if !utf8.Valid(out) {
			return run
		}
		return string(out)
	})
}

func writeReferences(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, "&#%d;", r)
	}
	return b.String()
}

func readReferences(s string) string { return html.UnescapeString(s) }

func writeEscapes(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, `\u%04x`, u)
	}
	return b.String()
}

// escape is one of the forms in which languages and people write code points; those
// of UTF-16 in a row, since two may make one character.
var escape = regexp.MustCompile(`(?:\\u[0-9A-Fa-f]{4})+|\\u\{[0-9A-Fa-f]{1,6}\}|\\U[0-9A-Fa-f]{8}|U\+[0-9A-Fa-f]{4,6} ?`)

func readEscapes(s string) string {
	return escape.ReplaceAllStringFunc(s, func(form string) string {
		if strings.HasPrefix(form, `\u`) && form[2] != '{' {
			return readUTF16(form)
		}
		n, err := strconv.ParseUint(strings.Trim(form, `\uU+{} `), 16, 32)
		if err != nil || !utf8.ValidRune(rune(n)) {
			return form
		}
		return string(rune(n))
	})
}

// readUTF16 reads a row of escapes of six characters.
func readUTF16(run string) string {
	units := make([]uint16, 0, len(run)/6)
	for i := 2; i < len(run); i += 6 {
		n, _ := strconv.ParseUint(run[i:i+4], 16, 16) // four hexadecimal digits, as matched
		units = append(units, uint16(n))
	}
	return string(utf16.Decode(units))
}
