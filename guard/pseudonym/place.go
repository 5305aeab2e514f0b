package pseudonym

import "strings"

// place is the scene of a text that may be Markdown with HTML in it. It errs on
// the side of keeping tokens: what cannot be told apart from a link, a tag or
// code counts as one.
type place struct {
	line  lineState
	ticks ticks
	links links
	tags  tags
	plain tags // as Markdown has them
	word  wordState
	outer wordState // of the word that a tag stands in
}

var _ scene = (*place)(nil)

func newPlace() *place {
	return &place{line: lineState{start: true, blank: true, wasBlank: true}, plain: tags{naive: true}}
}

// allows implements scene. What stands here begins with a letter. In brackets it
// depends on what follows; see settles.
func (p *place) allows() bool {
	return !p.line.inCode() && !p.ticks.inside() && !p.links.inside() && !p.tags.inside() && !p.plain.inside() && p.word.plain()
}

// settles implements scene.
func (p *place) settles(s string, end bool) (ends, wait bool) { return p.links.settles(s, end) }

// advance implements scene.
func (p *place) advance(c byte) {
	if p.line.wasBlankLine(c) { // a paragraph ends
		p.ticks.paragraph()
		p.links = links{}
	}
	p.line.advance(c)
	p.ticks.advance(c, &p.line)
	if p.ticks.fenced() {
		p.word.advance(c)
		return
	}
	tag := p.tags.state != noTag || p.plain.state != noTag
	p.tag(c)
	if p.ticks.open == 0 && (p.ticks.run == 0 || p.ticks.kind == '~') {
		p.links.advance(c, tag)
	}
}

// tag passes a byte to the tags, and to the word that it stands in: a tag inside
// of a word is no part of it.
func (p *place) tag(c byte) {
	if p.tags.state == noTag {
		p.outer = p.word
	}
	was := p.tags.state
	p.tags.advance(c)
	p.plain.advance(c)
	if was != noTag && p.tags.state == noTag && c == '>' {
		p.word = wordState{address: p.outer.address || p.word.link, path: p.outer.path || p.word.link, link: p.word.link, last: c}
		return
	}
	p.word.advance(c)
}

// lineState knows what kind of line this is.
type lineState struct {
	start    bool // only indentation, quotation and list marks so far
	indent   int  // columns of space at the start
	blank    bool // only space so far
	wasBlank bool // the line before was blank, or code
	code     bool // indented as code
}

// inCode reports whether a letter that came now would be indented as code.
func (l *lineState) inCode() bool { return l.code || l.blank && l.wasBlank && l.indent >= 4 }

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
			l.code = l.inCode()
			l.blank = false
		}
		switch {
		case c == '>' || c == '-' || c == '*' || c == '+' || c == '.' || c == ')' || c == '`' || c == '~' || c >= '0' && c <= '9':
		default:
			l.start = false
		}
	}
}

// wordState knows whether the characters since the last space could be the
// beginning of an address.
type wordState struct {
	address bool
	path    bool // it holds what an address goes on behind, through quotation marks too
	link    bool // it holds // or www. and so surely is one
	last    byte
}

// plain reports whether a word may begin here.
func (w *wordState) plain() bool { return !w.address && !isWord(w.last) && w.last != '-' }

func (w *wordState) advance(c byte) {
	switch c {
	case ' ', '\t', '\r', '\n':
		*w = wordState{}
		return
	case '/', '\\', '=', '?', '#', '&', '%':
		w.address, w.path = true, true
		w.link = w.link || c == '/' && w.last == '/'
	case '@', '.', '$', '+', '~':
		w.address = true
		w.link = w.link || c == '.' && w.last|0x20 == 'w'
	case ':':
		w.address = w.address || isWord(w.last)
		w.path = w.path || w.last|0x20 >= 'a' && w.last|0x20 <= 'z'
	case '"':
		// A string of compact JSON begins: numbers and names of hosts end before
		// one, addresses with a path need not.
		if !w.path && !w.link && w.last != 0 && strings.IndexByte(":,[{", w.last) >= 0 {
			w.address = false
		}
	case '_':
		if isWord(w.last) {
			return // goes on
		}
	}
	w.last = c
}

func isWord(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }
