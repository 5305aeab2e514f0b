package pseudonym

// ticks knows where code is: blocks between fences and spans between backticks,
// as CommonMark 0.31 has them in sections 4.5 and 6.1.
type ticks struct {
	mark byte // of the fence: ` or ~; 0 outside of a block
	size int  // of the fence
	info bool // on the line of the opening fence

	closing bool // this line may still close the block
	closed  int  // length of the closing fence so far
	ended   bool // the closing fence is over; only space may follow

	open   int  // length of the run that opened a span; 0 outside
	run    int  // of the marks read now
	kind   byte // which mark
	first  bool // the run began the line
	escape bool // a backslash came before
}

func (t *ticks) fenced() bool { return t.mark != 0 }

// inside reports whether a letter that came now would be code.
func (t *ticks) inside() bool {
	if t.fenced() {
		return true
	}
	if t.run == 0 {
		return t.open != 0
	}
	if t.first && t.run >= 3 {
		return true
	}
	if t.kind == '~' {
		return t.open != 0
	}
	return t.run != t.open // else the span has just ended
}

// paragraph ends spans, which do not reach beyond one.
func (t *ticks) paragraph() {
	if !t.fenced() {
		*t = ticks{}
	}
}

func (t *ticks) advance(c byte, l *lineState) {
	if t.fenced() {
		t.block(c, l)
		return
	}
	marks := c == '~' || c == '`' && !t.escape
	if marks && t.run > 0 && t.kind == c {
		t.run++
		return
	}
	first := t.run == 0 && l.start
	t.endRun(c)
	t.escape = c == '\\' && !t.escape && t.open == 0
	if marks && !t.fenced() {
		t.kind, t.first, t.run = c, first, 1
	}
}

// endRun decides what a run of marks was that c follows.
func (t *ticks) endRun(c byte) {
	n := t.run
	t.run = 0
	switch {
	case n == 0:
	case n >= 3 && t.first: // blocks go before spans
		*t = ticks{mark: t.kind, size: n, info: c != '\n', closing: c == '\n'}
	case t.kind == '~':
	case t.open == 0:
		t.open = n
	case t.open == n:
		t.open = 0
	}
}

// block passes a byte inside of a block.
func (t *ticks) block(c byte, l *lineState) {
	switch {
	case t.info && c == '`' && t.mark == '`': // it was a span after all
		*t = ticks{open: t.size, run: 1, kind: '`'}
	case c == '\n':
		if !t.info && t.closed >= t.size {
			*t = ticks{}
			return
		}
		t.info, t.closing, t.closed, t.ended = false, true, 0, false
	case t.info || !t.closing:
	case c == t.mark && !t.ended && l.indent < 4:
		t.closed++
	case c == ' ' || c == '\t' || c == '\r':
		t.ended = t.closed > 0
	case c == '>' && t.closed == 0: // of a quotation
	default:
		t.closing, t.closed = false, 0
	}
}
