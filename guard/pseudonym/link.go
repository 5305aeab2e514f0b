package pseudonym

// links knows where links and images of Markdown are.
type links struct {
	brackets   int  // open [
	target     int  // open ( of a link's target
	definition bool // behind [name]: to the end of the line
	closed     bool // the last byte was a ]
	quote      byte // what ends the part of the target that this is in: > " '
	start      bool // the target begins
}

func (l *links) inside() bool { return l.brackets > 0 || l.target > 0 || l.definition }

func (l *links) advance(c byte) {
	closed, start := l.closed, l.start
	l.closed, l.start = false, false
	if l.target > 0 && l.within(c, start) {
		return
	}
	switch c {
	case '[':
		l.brackets++
	case ']':
		l.brackets = max(0, l.brackets-1)
		l.closed = true
	case '(':
		if closed || l.target > 0 {
			l.start = l.target == 0
			l.target++
		}
	case ')':
		l.target = max(0, l.target-1)
	case ':':
		l.definition = l.definition || closed
	case '\n':
		l.definition = false
	}
}

// within passes a byte of a target in <> or of a title, in which parentheses say
// nothing. It reports whether it did.
func (l *links) within(c byte, start bool) bool {
	switch {
	case l.quote != 0:
		if c == l.quote || c == '\n' && l.quote == '>' {
			l.quote = 0
		}
	case start && c == '<':
		l.quote = '>'
	case c == '"' || c == '\'':
		l.quote = c
	default:
		return false
	}
	return true
}
