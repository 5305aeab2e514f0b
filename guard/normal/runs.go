package normal

import "strings"

// Shortest stretches that are tried.
const (
	minRun  = 8  // base64 and hex characters
	minBlob = 64 // characters of a run worth reporting unread
	minLine = 32 // characters of a line that may go on in the next
)

// runs decodes base64, base32, hexadecimal and binary runs. It returns where
// those are that hold language, which need no other explanation.
func (u *undoer) runs(p piece, r reading, h hints, into *findings) (explained []stretch) {
	if h.longest < minRun {
		return nil
	}
	var s runSets
	u.scanRuns(p, &s, into)
	for k := range s.read {
		u.followSet(&s.read[k], p, r, runSteps[k], true)
		u.followSet(&s.inner[k], p, r, runSteps[k], false)
	}
	return s.explained
}

// runSets keeps what runs decode to, by step: language, and what may be encoded
// once more.
type runSets struct {
	read, inner [len(runSteps)]gather
	explained   []stretch // the runs that are in read
}

// scanRuns finds the runs of p and decodes them into s and into; either may be
// nil.
func (u *undoer) scanRuns(p piece, s *runSets, into *findings) {
	for i := 0; i < len(p.text); {
		if class[p.text[i]]&cRun == 0 {
			i++
			continue
		}
		end := i + 1
		for end < len(p.text) && class[p.text[end]]&cRun != 0 {
			end++
		}
		if end-i < minRun {
			i = end
			continue
		}
		x := runAt(p.text, i, end)
		into.token(&x)
		u.decodeRun(p, x, s, into, true)
		if x.nl > 0 && into != nil {
			u.eachLine(p, &x, into)
		}
		i = x.end
	}
}

// The steps of runs.
const (
	stepBase64 = iota
	stepBase32
	stepHex
	stepBinary
	stepTurned64
)

var runSteps = [...]string{"base64", "base32", "hex", "binary", "reverse>base64"}

// stepModes say how the steps spread their bytes.
var stepModes = [...]mode{stepBase64: of64, stepBase32: of32, stepHex: of16, stepBinary: of2, stepTurned64: whole}

// eachLine decodes the lines of a joined run each by itself into into: they may
// be a list, or the last be words that follow.
func (u *undoer) eachLine(p piece, x *run, into *findings) {
	from := len(into.list)
	joined := from > 0 && int(into.list[from-1].start) == x.start
	for i := x.start; i < x.end; {
		end := i
		for end < x.end && class[p.text[end]]&cRun != 0 {
			end++
		}
		if end-i >= minRun {
			y := run{start: i, end: end, body: p.text[i:end]}
			y.count()
			u.decodeRun(p, y, nil, into, false)
		}
		for i = end; i < x.end && class[p.text[i]]&cRun == 0; i++ {
		}
	}
	if joined {
		into.also = append(into.also, into.list[from:]...)
		into.list = into.list[:from]
	}
}

// decodeRun tries what the run can be, and reports it as a blob if it is long
// and nothing reads it.
func (u *undoer) decodeRun(p piece, x run, s *runSets, into *findings, split bool) {
	n := len(x.body)
	try := func(step int, decode func(dst []byte, s string) ([]byte, bool)) bool {
		return gatherRun(x, step, decode, s, into)
	}
	switch {
	case x.binary && n >= 24 && n%8 == 0 && try(stepBinary, fromBinary):
		return
	case x.hex && n%2 == 0 && try(stepHex, fromHex):
		return
	case x.base32 && n >= 16 && try(stepBase32, fromBase32):
		return
	case x.couldBase64() && try(stepBase64, fromBase64):
		return
	case x.turned && n >= 12 && try(stepTurned64, fromTurned64):
		return
	}
	if split && x.nl == 0 && x.marks > 0 && n >= 2*minRun {
		if part, ok := x.longestPart(p.text); ok && part.couldBase64() {
			u.decodeRun(p, part, s, into, false)
			return
		}
	}
	if into != nil && strings.HasPrefix(x.body, "0x") && n > 2+2*minPrintable && x.nl == 0 {
		y := run{start: x.start + 2, end: x.end, body: x.body[2:]}
		if y.count(); y.hex && n%2 == 0 && gatherRun(y, stepHex, fromHex, nil, into) {
			into.list[len(into.list)-1].start = int32(x.start)
		}
	}
	if s != nil && x.isBlob(p.text) {
		u.blob(p, x.start, x.end)
	}
}

// gatherRun decodes a run and keeps the outcome if it is text: in s if it is
// language or may be encoded once more, in into whatever it is.
func gatherRun(x run, step int, decode func(dst []byte, s string) ([]byte, bool), s *runSets, into *findings) bool {
	// A look at the first bytes spares the rest of most runs that are no text.
	var head [48]byte
	probe := x.body
	if len(probe) > 32 && step != stepTurned64 {
		probe = probe[:32]
	}
	out, ok := decode(head[:0], probe)
	if !ok || !printableHead(out) {
		return false
	}
	if len(probe) < len(x.body) {
		var b builder
		b.begin()
		defer b.drop()
		if b.buf, ok = decode(b.buf, x.body); !ok {
			return false
		}
		out = b.buf
	}
	text := string(out)
	c := tally(text)
	if !c.printable() {
		return false
	}
	into.run(&x, out, step)
	if s == nil {
		return len(text) >= minPrintable
	}
	set := &s.read
	if !readableAs(text, &c) && !writtenText(text, &c) {
		if len(text) < 12 || c.foreign > 0 {
			return false
		}
		set = &s.inner
	} else {
		s.explained = append(s.explained, stretch{x.start, x.end})
	}
	g := &set[step]
	g.begin(x.start)
	x.write(&g.b, out, stepModes[step])
	g.end = x.end
	return true
}

// write appends what the run encodes, mapped to its lines.
func (x *run) write(b *builder, out []byte, m mode) {
	switch {
	case m == whole, x.nl > 0 && x.line*shares[m][0]%shares[m][1] != 0:
		b.replace(string(out), x.start, x.end)
		return
	case x.nl == 0:
		b.spread(out, x.start, x.end, m)
		return
	}
	step := x.line * shares[m][0] / shares[m][1]
	for at := x.start; len(out) > 0; at += x.line + x.nl {
		n := min(step, len(out))
		b.spread(out[:n], at, min(at+x.line, x.end), m)
		out = out[n:]
	}
}

// printableHead reports whether out can begin a text: no control characters and
// no byte that UTF-8 does not allow where it stands, the last few aside.
func printableHead(out []byte) bool {
	if len(out) < 3 {
		return false
	}
	need := 0
	for _, c := range out {
		switch {
		case c >= 0x80 && c < 0xC0:
			if need == 0 {
				return false
			}
			need--
		case need > 0, c < ' ' && c != '\n' && c != '\t' && c != '\r', c == 0x7F, c >= 0xF5, c == 0xC0, c == 0xC1:
			return false
		case c >= 0xF0:
			need = 3
		case c >= 0xE0:
			need = 2
		case c >= 0xC0:
			need = 1
		}
	}
	return true
}
