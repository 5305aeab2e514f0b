package pseudonym

import (
	"unicode/utf8"
)

// maxNested bounds how deep arguments are followed.
const maxNested = 64

// arguments is the scene of a JSON object that arrives in pieces.
type arguments struct {
	wanted  map[string]bool
	stack   []byte // open containers: { or [
	lost    bool   // deeper than is followed
	keyNext bool   // a string here is a key
	key     []byte // of the member at the top
	quoted  bool
	isKey   bool
	escape  int    // characters of an escape seen; 0: none
	code    rune   // of a \u escape
	place   *place // inside of a string
}

var _ scene = (*arguments)(nil)

func newArguments(parameters []string) *arguments {
	a := &arguments{wanted: map[string]bool{}}
	for _, p := range parameters {
		a.wanted[p] = true
	}
	return a
}

func (a *arguments) allows() bool {
	s := string(a.stack)
	return a.quoted && !a.isKey && a.escape == 0 && !a.lost && (s == "{" || s == "{[") && a.wanted[string(a.key)] && parameter{a.place}.allows()
}

// parameter is the scene of the value of one parameter. It allows what arguments do
// within the same value.
type parameter struct{ *place }

var _ scene = parameter{}

func (p parameter) allows() bool { return p.place.allows() && p.links.brackets == 0 }

// settles implements scene; see that of arguments.
func (parameter) settles(string, bool) (ends, wait bool) { return true, false }

// settles implements scene. Nothing comes back in brackets here: what follows is
// written in escapes, and may be another string.
func (a *arguments) settles(string, bool) (ends, wait bool) { return true, false }

func (a *arguments) advance(c byte) {
	if a.quoted {
		a.within(c)
		return
	}
	switch c {
	case '"':
		a.quoted, a.isKey = true, a.keyNext
		if a.isKey && len(a.stack) == 1 {
			a.key = a.key[:0]
		}
		if !a.isKey {
			a.place = newPlace()
		}
	case '{', '[':
		if a.lost = a.lost || len(a.stack) == maxNested; !a.lost {
			a.stack = append(a.stack, c)
		}
		a.keyNext = c == '{'
	case '}', ']':
		if n := len(a.stack); n > 0 {
			a.stack = a.stack[:n-1]
		}
		a.keyNext = false
	case ',':
		n := len(a.stack)
		a.keyNext = n > 0 && a.stack[n-1] == '{'
	case ':':
		a.keyNext = false
	}
}

// within passes a byte of a string.
func (a *arguments) within(c byte) {
	switch {
	case a.escape == 1 && c == 'u':
		a.escape, a.code = 2, 0
	case a.escape == 1:
		a.escape = 0
		a.text(unescaped(c))
	case a.escape > 1:
		a.code = a.code<<4 | rune(hexValue(c))
		if a.escape++; a.escape == 6 {
			a.escape = 0
			for _, b := range utf8.AppendRune(nil, a.code) { // half a pair reads as U+FFFD
				a.text(b)
			}
		}
	case c == '\\':
		a.escape = 1
	case c == '"':
		a.quoted = false
	default:
		a.text(c)
	}
}

// text passes a byte of a string's meaning.
func (a *arguments) text(c byte) {
	if !a.isKey {
		a.place.advance(c)
	} else if len(a.stack) == 1 {
		a.key = append(a.key, c)
	}
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'b', 'f':
		return ' '
	}
	return c
}

func hexValue(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 0
}
