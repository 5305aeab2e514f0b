package textmodel

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Entry is a line of a lexicon.
type Entry struct {
	Concept, Language string
	// Expression is a word, a phrase or, with Prefix, the beginning of a word,
	// as it was written and without the star.
	Expression string
	Prefix     bool
	// Folded is what of the expression is compared with texts: entries with the
	// same are the same.
	Folded string
}

// ParseEntry reads a line of a lexicon: concept, language and expression with tabs
// between them. The entry's strings are parts of the line.
func ParseEntry(line string) (Entry, error) {
	f := strings.Split(line, "\t")
	if len(f) != 3 || f[0] == "" || f[1] == "" || len(line) > 3*maxEntry || !utf8.ValidString(line) {
		return Entry{}, fmt.Errorf("%.60q; expected concept, language and expression with tabs between", line)
	}
	e := Entry{Concept: f[0], Language: f[1]}
	e.Expression, e.Prefix = strings.CutSuffix(f[2], "*")
	var b strings.Builder
	b.Grow(len(e.Expression))
	last := uint64(' ')
	for _, r := range e.Expression {
		c, class := fold(r)
		if c == '-' {
			c = ' '
		}
		if class&isMute != 0 || c == ' ' && last == ' ' {
			continue
		}
		b.WriteRune(rune(c))
		last = c
	}
	if e.Folded = b.String(); e.Folded == "" || last == ' ' || len(e.Expression) > maxEntry {
		return Entry{}, fmt.Errorf("expression %.60q is empty, too long (at most %d bytes) or ends with a space", f[2], maxEntry)
	}
	return e, nil
}
