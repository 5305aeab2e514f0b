package pseudonym

import "strings"

// tagState is a state of the tokenizer of the HTML standard, section 13.2.5, as
// far as the end of a tag depends on it.
type tagState uint8

const (
	noTag       tagState = iota
	tagOpen              // behind <
	tagName              // in the name
	beforeAttr           // between attributes
	attrName             //
	afterAttr            // behind an attribute's name
	beforeVal            // behind =
	doubleVal            // in "
	singleVal            // in '
	bareVal              // in a value without quotation marks
	declaration          // in <! or <?
	comment              // in <!--
)

// closedElements are elements between whose tags no value comes back.
var closedElements = strings.Fields("a code pre script style textarea title svg math iframe object samp kbd xmp noscript template select option button area map")

const maxElement = 12

// tags knows where HTML tags are, and inside of which elements.
//
// Markdown and browsers do not agree on what a tag is: in <b <a> a browser sees
// one tag, Markdown only the second. A naive one begins anew with each < and
// knows no quotation marks.
type tags struct {
	naive   bool
	state   tagState
	ends    bool   // it is a closing tag
	name    []byte // lower case, cut
	dashes  int    // of a comment's beginning or end
	element string // the closed element that is open
}

// inside reports whether a letter that came now would be in a tag or in an
// element without values.
func (t *tags) inside() bool { return t.state != noTag || t.element != "" }

func (t *tags) advance(c byte) {
	if t.naive && c == '<' && t.state != comment {
		t.state = noTag
	}
	space := c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'
	switch t.state {
	case noTag:
		if c == '<' {
			t.state, t.ends, t.name, t.dashes = tagOpen, false, t.name[:0], 0
		}
	case tagOpen:
		t.opened(c)
	case declaration:
		t.declare(c)
	case comment:
		switch {
		case c == '-':
			t.dashes++
		case c == '>' && t.dashes >= 2:
			t.state = noTag
		case c != '!' || t.dashes < 2:
			t.dashes = 0
		}
	case doubleVal:
		if c == '"' {
			t.state = beforeAttr
		}
	case singleVal:
		if c == '\'' {
			t.state = beforeAttr
		}
	default:
		if c == '>' {
			t.end()
			return
		}
		t.attribute(c, space)
	}
}

// opened decides what begins with < and c.
func (t *tags) opened(c byte) {
	switch {
	case c == '/' && !t.ends:
		t.ends = true
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		t.state, t.name = tagName, append(t.name, c|0x20)
	case c == '!' || c == '?' || t.ends && c != '>':
		t.state = declaration
	case c == '<':
		t.ends = false
	default:
		t.state = noTag
	}
}

// declare passes a byte of a declaration, which may turn out a comment.
func (t *tags) declare(c byte) {
	switch {
	case c == '-' && t.dashes >= 0:
		if t.dashes++; t.dashes == 2 {
			t.state, t.dashes = comment, 0
		}
	case c == '>':
		t.state = noTag
	default:
		t.dashes = -1
	}
}

// attribute passes a byte of a tag that does not end it.
func (t *tags) attribute(c byte, space bool) {
	switch {
	case t.state == tagName && !space && c != '/':
		if len(t.name) < maxElement {
			t.name = append(t.name, c|0x20)
		}
	case t.state == beforeVal && c == '"' && !t.naive:
		t.state = doubleVal
	case t.state == beforeVal && c == '\'' && !t.naive:
		t.state = singleVal
	case t.state == beforeVal && !space, t.state == bareVal && !space:
		t.state = bareVal
	case t.state == beforeVal:
	case t.state == attrName && space, t.state == afterAttr && space:
		t.state = afterAttr
	case space, c == '/':
		t.state = beforeAttr
	case c == '=' && (t.state == attrName || t.state == afterAttr):
		t.state = beforeVal
	default:
		t.state = attrName
	}
}

// end passes the > of a tag.
func (t *tags) end() {
	t.state = noTag
	name := string(t.name)
	switch {
	case t.ends && name == t.element:
		t.element = ""
	case t.ends || t.element != "":
	default:
		for _, e := range closedElements {
			if e == name {
				t.element = name
			}
		}
	}
}
