package pseudonym

// place is the scene of a text that may be Markdown with HTML in it. It errs on
// the side of keeping tokens: what cannot be told apart from a link, a tag or
// code counts as one.
type place struct {
	line  lineState
	ticks ticks
	links links
	tags  tags
	word  wordState
}

var _ scene = (*place)(nil)

func newPlace() *place { return &place{line: lineState{start: true, blank: true, wasBlank: true}} }

// allows implements scene. What stands here begins with a letter.
func (p *place) allows() bool {
	return !p.line.code && !p.ticks.inside() && !p.links.inside() && !p.tags.inside() && p.word.plain()
}

// advance implements scene.
func (p *place) advance(c byte) {
	if p.line.wasBlankLine(c) { // a paragraph ends
		p.ticks.paragraph()
		p.links = links{}
	}
	p.line.advance(c)
	p.ticks.advance(c, &p.line)
	if !p.ticks.fenced() {
		p.tags.advance(c)
		if p.ticks.open == 0 && p.ticks.run == 0 {
			p.links.advance(c)
		}
	}
	p.word.advance(c)
}

// lineState knows what kind of line this is.
type lineState struct {
	start    bool // only indentation, quotation and list marks so far
	quoted   bool // a > or a list mark was among them
	indent   int  // columns of space at the start
	blank    bool // only space so far
	wasBlank bool // the line before was blank, or code
	code     bool // indented as code
}

// wasBlankLine reports whether c ends a line of only space.
func (l *lineState) wasBlankLine(c byte) bool { return c == '\n' && l.blank }

func (l *lineState) advance(c byte) {
	switch {
	case c == '\n':
		*l = lineState{start: true, blank: true, wasBlank: l.blank || l.code}
	case c == ' ' && l.blank:
		l.indent++
	case c == '\t' && l.blank:
		l.indent += 4
	case c == ' ' || c == '\t' || c == '\r':
	default:
		if l.blank {
			l.blank = false
			l.code = l.wasBlank && l.indent >= 4
		}
		switch {
		case c == '>' || c == '-' || c == '*' || c == '+' || c == '.' || c == ')' || c >= '0' && c <= '9':
			l.quoted = true
		case c != '`' && c != '~':
			l.start = false
		}
	}
}

// wordState knows whether the characters since the last space could be the
// beginning of an address.
type wordState struct {
	address bool
	last    byte
}

// plain reports whether a word may begin here.
func (w *wordState) plain() bool { return !w.address && !isWord(w.last) && w.last != '-' }

func (w *wordState) advance(c byte) {
	switch c {
	case ' ', '\t', '\r', '\n':
		*w = wordState{}
		return
	case '/', '\\', '@', '=', '?', '#', '&', '%', '.', '$', '+', '~':
		w.address = true
	case ':':
		w.address = w.address || isWord(w.last)
	}
	w.last = c
}

func isWord(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }
