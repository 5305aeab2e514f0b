package pseudonym

// definition knows where the definition of a reference is: [name]: target "title".
// Target and title may each stand on the next line, and a title may go on over
// lines. What does not fit counts as a part of it to the end of its line.
type definition struct {
	state defined
	quote byte // what ends the title
}

type defined uint8

const (
	noDefinition defined = iota
	beforeTarget         // behind the colon, or on the next line
	nextTarget           // on the next line, before the target
	inTarget             //
	behindTarget         // on its line
	nextTitle            // on the line behind the target's, before anything
	inTitle              //
	behindTitle          // to the end of the line
)

func (d *definition) begin() { *d = definition{state: beforeTarget} }

// inside reports whether a letter that came now would be a part of it.
func (d *definition) inside() bool { return d.state != noDefinition && d.state != nextTitle }

// advance passes a byte. literal says that a backslash stands before it.
func (d *definition) advance(c byte, literal bool) {
	space := c == ' ' || c == '\t' || c == '\r'
	switch d.state {
	case beforeTarget, nextTarget:
		d.target(c, space)
	case inTarget:
		switch {
		case c == '\n':
			d.state = nextTitle
		case space:
			d.state = behindTarget
		}
	case behindTarget:
		switch {
		case c == '\n':
			d.state = nextTitle
		case !space && !d.title(c):
			d.state = behindTitle
		}
	case nextTitle:
		if !space && c != '>' && !d.title(c) { // > is of a quotation
			d.state = noDefinition
		}
	case inTitle:
		if c == d.quote && !literal {
			d.state = behindTitle
		}
	case behindTitle:
		if c == '\n' {
			d.state = noDefinition
		}
	}
}

// target passes a byte before the target.
func (d *definition) target(c byte, space bool) {
	switch {
	case space || c == '>' && d.state == nextTarget:
	case c != '\n':
		d.state = inTarget
	case d.state == beforeTarget:
		d.state = nextTarget
	default:
		d.state = noDefinition
	}
}

// title begins a title if c does.
func (d *definition) title(c byte) bool {
	switch c {
	case '"', '\'':
		d.quote = c
	case '(':
		d.quote = ')'
	default:
		return false
	}
	d.state = inTitle
	return true
}
