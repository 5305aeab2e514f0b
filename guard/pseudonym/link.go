package pseudonym

import "strings"

// maxAhead is how many bytes behind a token in brackets are looked at for their
// end.
const maxAhead = 1024

// links knows where links and images of Markdown are. A backslash takes the
// meaning from what follows it.
type links struct {
	brackets   int  // open [
	inner      int  // those of them that stand in a target
	escaped    int  // open \[, which some readers take for [
	wiki       bool // one of the open ones was [[
	target     int  // open ( of a link's target
	definition definition
	closed     bool // the last byte was a ]
	opened     bool // the last byte was a [
	backslash  bool // a backslash came before
	quote      byte // what ends the part of the target that this is in: > " '
	start      bool // the target begins
}

// marks are the bytes that mean something outside of targets and definitions.
var marks = [256]bool{'[': true, ']': true, '(': true, ')': true, ':': true, '\\': true}

func (l *links) inside() bool {
	return l.escaped > 0 || l.target > 0 || l.definition.inside() || l.brackets > 0 && l.wiki
}

// advance passes a byte. tag says that it belongs to an HTML tag, in which nothing
// ends that began outside. What seems to be a target or a definition may be none,
// so brackets count there too.
func (l *links) advance(c byte, tag bool) {
	if l.target == 0 && l.definition.state == noDefinition && !marks[c] {
		l.closed, l.opened, l.start, l.backslash = false, false, false, false
		return
	}
	closed, opened, start, literal := l.closed, l.opened, l.start, l.backslash
	l.closed, l.opened, l.start = false, false, false
	l.backslash = c == '\\' && !literal
	l.definition.advance(c, literal)
	switch {
	case c == '[' && literal:
		l.escaped++
	case c == '[':
		l.brackets++
		l.wiki, l.opened = l.wiki || opened, true
		if l.target > 0 {
			l.inner++
		}
	case c == ']':
		l.closed = true
		if !tag {
			l.close(literal)
		}
	case c == ':' && closed:
		l.definition.begin()
	}
	switch {
	case l.target > 0 && l.within(c, start, literal), literal, tag && c == ')':
	case c == '(' && (closed || l.target > 0):
		l.start = l.target == 0
		l.target++
	case c == ')':
		l.target = max(0, l.target-1)
	}
}

// close passes a ] that ends something: in a target only what began there.
func (l *links) close(literal bool) {
	switch {
	case l.target > 0 && l.inner == 0:
	case l.brackets > 0 && !literal:
		l.brackets--
		l.inner = max(0, l.inner-1)
		l.wiki = l.wiki && l.brackets > 0
	case l.escaped > 0:
		l.escaped--
	}
}

// within passes a byte of a target in <> or of a title, in which parentheses say
// nothing. It reports whether it did.
func (l *links) within(c byte, start, literal bool) bool {
	switch {
	case l.quote != 0:
		if c == l.quote && !literal || c == '\n' && l.quote == '>' {
			l.quote = 0
		}
	case start && c == '<':
		l.quote = '>'
	case (c == '"' || c == '\'') && !literal:
		l.quote = c
	default:
		return false
	}
	return true
}

// settles reports whether the brackets that are open turn out to be no link: s,
// the text that follows, closes each of them, and what stands behind none makes it
// one. wait says that more text is needed to tell. What may hide a bracket from a
// reader of Markdown, or comes too late, leaves the token where it is.
func (l *links) settles(s string, end bool) (ends, wait bool) {
	enclosing, depth := l.brackets, 0 // depth counts those that are opened in s
	for i := 0; enclosing > 0; i++ {
		if i == maxAhead {
			return false, false
		}
		if i == len(s) {
			return false, !end
		}
		switch s[i] {
		case '`', '<', '\\':
			return false, false
		case '\n':
			if blank, wait := blankLine(s[i+1:], end); blank || wait {
				return false, wait
			}
		case '[':
			depth++
		case ']':
			if depth > 0 {
				depth--
				continue
			}
			enclosing--
			if linked, wait := linksOn(s[i+1:], end); linked || wait {
				return false, wait
			}
		}
	}
	return true, false
}

// blankLine reports whether a line that begins with s is blank.
func blankLine(s string, end bool) (blank, wait bool) {
	rest := strings.TrimLeft(s[:min(len(s), maxAhead)], " \t\r")
	switch {
	case rest != "":
		return rest[0] == '\n', false
	case len(s) >= maxAhead:
		return true, false // as good as
	}
	return end, !end
}

// linksOn reports whether s, behind a ], makes a link or a definition of it. Old
// readers allow a space before a reference.
func linksOn(s string, end bool) (linked, wait bool) {
	switch {
	case s == "":
		return false, !end
	case strings.IndexByte("([:", s[0]) >= 0:
		return true, false
	case s[0] != ' ' && s[0] != '\n':
		return false, false
	case len(s) == 1:
		return false, !end
	}
	return s[1] == '[', false
}
