package normal

import (
	"cmp"
	"slices"
	"sync"
)

// finding is one encoded stretch and what it decodes to. It holds no pointers,
// since there may be many.
type finding struct {
	start, end int32 // bytes of the text
	at, size   int32 // bytes of findings.made
	seg, segs  int32 // segments of findings.made
	step       uint8 // of findingSteps
	escape     bool  // it is an escape or several next to one another, not a run or list
	idle       bool  // undone only beside others
}

// findings collects the encoded stretches of one text that decode to printable
// characters. A nil one collects nothing.
type findings struct {
	list    []finding // runs and lists
	escaped []finding // escapes
	also    []finding // other readings of the same runs
	settled []finding // what settle leaves
	tokens  []stretch
	made    builder // what all of them decode to
}

// The steps of findings: those of runs, lists and escapes, one after another.
var findingSteps = slices.Concat(runSteps[:], codeSteps[:], escSteps[:])

const (
	stepCodes   = len(runSteps)
	stepEscapes = stepCodes + len(codeSteps)
)

var findingsPool = sync.Pool{New: func() any { return new(findings) }}

// maxFindings is how many findings memory is kept for.
const maxFindings = 1 << 15

func newFindings() *findings { return findingsPool.Get().(*findings) }

// reset forgets everything found but the tokens.
func (f *findings) reset() {
	f.list, f.escaped, f.also, f.settled = f.list[:0], f.escaped[:0], f.also[:0], f.settled[:0]
	f.made.drop()
}

// drop gives the memory back.
func (f *findings) drop() {
	f.reset()
	f.tokens = f.tokens[:0]
	if max(cap(f.list), cap(f.escaped), cap(f.settled)) <= maxFindings {
		findingsPool.Put(f)
	}
}

// begin returns a finding at [start, end) that decodes to what is written to
// made until finish.
func (f *findings) begin(start, end, step int) finding {
	f.made.close()
	return finding{start: int32(start), end: int32(end), at: int32(len(f.made.buf)), seg: int32(len(f.made.segs)), step: uint8(step)}
}

func (f *findings) finish(x *finding) {
	x.size, x.segs = int32(len(f.made.buf))-x.at, int32(len(f.made.segs))-x.seg
}

// run adds a run that decodes to out, which is printable.
func (f *findings) run(x *run, out []byte, step int) {
	if f == nil || len(out) < minPrintable {
		return
	}
	y := f.begin(x.start, x.end, step)
	x.write(&f.made, out, stepModes[step])
	f.finish(&y)
	f.list = append(f.list, y)
}

// codes adds a list of codes that stand for out if that is printable.
func (f *findings) codes(list []code, out string, c *content, step int) {
	if f == nil || len(out) < minPrintable || !c.printable() {
		return
	}
	y := f.begin(list[0].start, list[len(list)-1].end, stepCodes+step)
	writeCodes(&f.made, list, out)
	f.finish(&y)
	f.list = append(f.list, y)
}

// token adds a run that may be a key turned round or shifted.
func (f *findings) token(x *run) {
	n := len(x.body)
	if f == nil || n < minToken || n > maxToken || x.nl > 0 || x.digits == 0 || x.upper+x.lower == 0 || x.hex && n%8 == 0 {
		return
	}
	f.tokens = append(f.tokens, stretch{x.start, x.start + n})
}

// escapes adds the escapes of text, in list, that stand for printable
// characters, if there is one that is not idle, from its neighbourhood on. Those
// next to one another are one finding.
func (f *findings) escapes(text string, list []sequence) {
	first := slices.IndexFunc(list, func(s sequence) bool { return s.printable() && !s.idle(text) })
	if first < 0 {
		return
	}
	at := int(list[first].start)
	from := max(0, at-printBefore)
	for from < at && class[text[from]] != cSpace {
		from++
	}
	for first > 0 && int(list[first-1].start) >= from {
		first--
	}
	var x finding
	open := false
	for i := first; i < len(list); i++ {
		s := &list[i]
		if !s.printable() {
			continue
		}
		idle, step := s.idle(text), uint8(stepEscapes)+s.kind
		if open && (idle || x.end != s.start || x.step != step) {
			f.finish(&x)
			f.escaped = append(f.escaped, x)
			open = false
		}
		if !open {
			x = f.begin(int(s.start), int(s.end), int(step))
			x.escape, x.idle = true, idle
		}
		s.write(&f.made)
		x.end = s.end
		if open = !idle; idle {
			f.finish(&x)
			f.escaped = append(f.escaped, x)
		}
	}
	if open {
		f.finish(&x)
		f.escaped = append(f.escaped, x)
	}
}

// printable reports whether the escape stands for a printable character. Those
// of quoted-printable text do not count: an equals sign rather parts a name from
// its value.
func (s *sequence) printable() bool {
	if s.kind == escQuoted {
		return false
	}
	return s.form >= ' ' && s.form < 0x7F || s.form == '\n' || s.form == '\t' || s.form == '\r' || s.form >= 0xA0
}

// idle reports whether an escape is one that every program and page is full of
// and that parts no token.
func (s *sequence) idle(text string) bool {
	i := int(s.start)
	switch {
	case s.hit:
		return false
	case text[i] == '\\' && s.end-s.start == 2:
		if class[text[i+1]]&cLetter != 0 {
			return !tokenAt(text, i+2) // \nAKIA... hides where the token begins
		}
		return text[i+1] != '/' || !tokenAt(text, i+2)
	case text[i] == '&':
		switch s.form {
		case '&', '<', '>', '"', '\'', 0xA0:
			return true
		}
	}
	return false
}

// tokenAt reports whether a word at i is long or has a digit or an at sign.
func tokenAt(text string, i int) bool {
	for n := 0; n < minToken; n++ {
		if i+n >= len(text) {
			return false
		}
		switch c := text[i+n]; {
		case class[c]&cDigit != 0 || c == '@':
			return true
		case c != '.' && c != '%' && class[c]&(cLetter|cRun) == 0:
			return false
		}
	}
	return true
}

// settle merges the findings in order and drops those that overlap. An escape
// goes before a run that it is part of: the run is decoded when the escape is
// undone.
func (f *findings) settle(list []finding) {
	order := func(a, b finding) int { return cmp.Compare(a.start, b.start) }
	if !slices.IsSortedFunc(list, order) {
		slices.SortStableFunc(list, order)
	}
	for i, k := 0, 0; i < len(list) || k < len(f.escaped); {
		var x *finding
		if k == len(f.escaped) || i < len(list) && list[i].start <= f.escaped[k].start {
			x = &list[i]
			i++
		} else {
			x = &f.escaped[k]
			k++
		}
		if f.fits(x) {
			f.settled = append(f.settled, *x)
		}
	}
}

// fits reports whether x goes behind what is settled; where it does not, one of
// the two takes the other's place.
func (f *findings) fits(x *finding) bool {
	n := len(f.settled)
	if n == 0 || !f.touches(&f.settled[n-1], x) {
		return true
	}
	last := &f.settled[n-1]
	switch {
	case last.escape == x.escape: // two readings of the same: the first
	case last.escape:
		last.idle = false
	default:
		*last = *x
		last.idle = false
	}
	return false
}

// touches reports whether y, which begins no earlier, overlaps x, or one is an
// escape that goes on the other's run.
func (f *findings) touches(x, y *finding) bool {
	if y.start < x.end {
		return true
	}
	if y.start > x.end || x.escape == y.escape {
		return false
	}
	c := f.made.buf[y.at]
	if x.escape {
		c = f.made.buf[x.at+x.size-1]
	}
	return class[c]&cRun != 0 || c == '='
}

// write appends what x decodes to.
func (f *findings) write(x *finding, b *builder) {
	b.append(f.made.buf[x.at:x.at+x.size], int(x.at), f.made.segs[x.seg:x.seg+x.segs])
}
