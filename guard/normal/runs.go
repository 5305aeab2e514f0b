package normal

import "strings"

// Shortest stretches that are tried.
const (
	minRun  = 8  // base64 and hex characters
	minBlob = 64 // characters of a run worth reporting unread
	minLine = 32 // characters of a line that may go on in the next
)

// run is a stretch of base64 characters, its lines joined.
type run struct {
	start, end int    // in the text, padding included
	body       string // without line breaks and padding
	line, nl   int    // characters of its lines and bytes of the breaks; 0 for one line

	upper, lower, digits, marks, turns int
	hex, base32, binary                bool
	pad                                int // '=' after it
	turned                             bool
}

// runs decodes base64, base32, hexadecimal and binary runs.
func (u *undoer) runs(p piece, r reading, h hints, into *findings) {
	if h.longest < minRun {
		return
	}
	var s runSets
	u.scanRuns(p, &s, into)
	for k := range s.read {
		u.follow(s.read[k].done(p), r.to(runSteps[k], Decoded))
		to := r.to(runSteps[k], Decoded)
		to.emit = false
		u.follow(s.inner[k].done(p), to)
	}
}

// runSets keeps what runs decode to, by step: language, and what may be encoded
// once more.
type runSets struct{ read, inner [len(runSteps)]gather }

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
	lines := into
	if n := len(into.list); n > 0 && into.list[n-1].start == x.start {
		lines = &findings{}
	}
	for i := x.start; i < x.end; {
		end := i
		for end < x.end && class[p.text[end]]&cRun != 0 {
			end++
		}
		if end-i >= minRun {
			y := run{start: i, end: end, body: p.text[i:end], hex: true, base32: true, binary: true}
			y.count()
			u.decodeRun(p, y, nil, lines, false)
		}
		for i = end; i < x.end && class[p.text[i]]&cRun == 0; i++ {
		}
	}
	if lines != into {
		into.also = append(into.also, lines.list...)
	}
}

// runAt describes the run at text[start:end], following it over line breaks.
func runAt(text string, start, end int) run {
	x := run{start: start, end: end, body: text[start:end], hex: true, base32: true, binary: true}
	if end-start >= minLine && end < len(text) && (text[end] == '\n' || text[end] == '\r') {
		x.body, x.end, x.nl = joinLines(text, start, end)
		x.line = end - start
	}
	for x.end < len(text) && text[x.end] == '=' && x.pad < 6 {
		x.end++
		x.pad++
	}
	x.turned = start > 0 && text[start-1] == '=' && (start < 2 || class[text[start-2]]&cRun == 0)
	x.count()
	return x
}

// joinLines joins a run's lines, each as long as the first, but for the last. It
// returns the joined characters, where they end and the size of the line breaks,
// 0 if the run goes on in no other line.
func joinLines(text string, start, end int) (body string, _, nl int) {
	var b strings.Builder
	width := end - start
	b.WriteString(text[start:end])
	for {
		next := end
		if next < len(text) && text[next] == '\r' {
			next++
		}
		if next >= len(text) || text[next] != '\n' {
			break
		}
		next++
		if size := next - end; nl == 0 {
			nl = size
		} else if size != nl {
			break
		}
		stop := next
		for stop < len(text) && class[text[stop]]&cRun != 0 {
			stop++
		}
		if n := stop - next; n == 0 || n > width || n < width && stop < len(text) && class[text[stop]]&cSpace == 0 && text[stop] != '=' {
			break
		}
		b.WriteString(text[next:stop])
		end = stop
		if stop-next < width {
			break
		}
	}
	if end-start == width {
		nl = 0
	}
	return b.String(), end, nl
}

// count fills in what the run is made of.
func (x *run) count() {
	var last uint8
	for i := 0; i < len(x.body); i++ {
		c := x.body[i]
		var kind uint8
		switch {
		case c >= 'a' && c <= 'z':
			x.lower++
			kind = 1
			x.hex = x.hex && c <= 'f'
		case c >= 'A' && c <= 'Z':
			x.upper++
			kind = 2
			x.hex = x.hex && c <= 'F'
		case c >= '0' && c <= '9':
			x.digits++
			kind = 3
			x.base32 = x.base32 && c >= '2' && c <= '7'
		default:
			x.marks++
			kind = 4
			x.hex, x.base32 = false, false
		}
		x.binary = x.binary && (c == '0' || c == '1')
		if kind != last && (last == 1 || last == 3 || kind == 3 && last == 2) {
			x.turns++
		}
		last = kind
	}
	x.base32 = x.base32 && (x.upper == 0 || x.lower == 0)
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
		y := run{start: x.start + 2, end: x.end, body: x.body[2:], hex: true, base32: true, binary: true}
		if y.count(); y.hex && n%2 == 0 && gatherRun(y, stepHex, fromHex, nil, into) {
			into.list[len(into.list)-1].start = x.start
		}
	}
	if s != nil && x.isBlob(p.text) {
		u.blob(p, x.start, x.end)
	}
}

// couldBase64 reports whether the run is rather base64 than a word or a path.
func (x *run) couldBase64() bool {
	n := len(x.body)
	return (x.turns >= 2 || x.turns >= 1 && x.pad > 0 || n >= 16 && x.upper > 0 && x.lower > 0) && (x.upper > 0 || n >= 24) && x.marks*4 <= n
}

// longestPart returns the longest part of the run between '/', '_', '-', '+'.
func (x *run) longestPart(text string) (run, bool) {
	best, bestEnd := 0, 0
	for i := 0; i < len(x.body); {
		j := i
		for j < len(x.body) && class[x.body[j]]&(cLetter|cDigit) != 0 {
			j++
		}
		if j-i > bestEnd-best {
			best, bestEnd = i, j
		}
		i = j + 1
	}
	if bestEnd-best < minRun || bestEnd-best == len(x.body) {
		return run{}, false
	}
	y := run{start: x.start + best, end: x.start + bestEnd, body: x.body[best:bestEnd], hex: true, base32: true, binary: true}
	if y.end == x.start+len(x.body) {
		y.end, y.pad = x.end, x.pad
	}
	y.count()
	return y, true
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
		if out, ok = decode(make([]byte, 0, len(x.body)), x.body); !ok {
			return false
		}
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
	if !readable(text) {
		if len(text) < 12 || c.foreign > 0 {
			return false
		}
		set = &s.inner
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
