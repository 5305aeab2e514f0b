package pseudonym

// links knows where links and images of Markdown are.
type links struct {
	brackets   int  // open [
	target     int  // open ( of a link's target
	definition bool // behind [name]: to the end of the line
	closed     bool // the last byte was a ] that closed something
}

func (l *links) inside() bool { return l.brackets > 0 || l.target > 0 || l.definition }

func (l *links) advance(c byte) {
	closed := l.closed
	l.closed = false
	switch c {
	case '[':
		if l.target == 0 {
			l.brackets++
		}
	case ']':
		if l.target == 0 {
			l.brackets = max(0, l.brackets-1)
			l.closed = true
		}
	case '(':
		if closed || l.target > 0 {
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
