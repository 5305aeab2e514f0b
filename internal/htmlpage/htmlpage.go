// Package htmlpage has what the pages of reports share: their style, names that are
// fit to be shown, and inline drawings. Pages fetch nothing, have no script, and are
// light or dark as the reader's system is. Names are attackers' text: they are
// escaped, tamed and shortened here.
package htmlpage

import (
	_ "embed"
	"html/template"
	"strings"
	"unicode"
)

// Style is what every page begins its style with: colours --bg, --fg, --dim, --rule
// and --panel, text, tables, .cards, .wide, drawings, and print.
//
//go:embed style.css
var Style template.CSS

// MaxName is how many characters of a name are shown.
const MaxName = 48

// Tame takes out characters that turn or hide what stands beside them, line ends
// too.
func Tame(s string) string { return tame(s, "") }

// TameLines is Tame for texts of several lines: line ends and tabs stay.
func TameLines(s string) string { return tame(s, "\n\t") }

func tame(s, keep string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.C, r) && !strings.ContainsRune(keep, r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// Clip shortens a text to n characters.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// Name makes a name fit to be shown: tame, not too long, a dash if it is empty.
func Name(s string) string {
	if s == "" {
		return "–"
	}
	return Clip(Tame(s), MaxName)
}
