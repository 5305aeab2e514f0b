package normal

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of printable views.
const (
	minPrintable = 8   // bytes that a run or list must decode to
	printBefore  = 112 // bytes of the text shown before what was decoded
	printAfter   = 64  // and after
	minToken     = 16  // characters of a token that is turned and shifted
	maxToken     = 96
)

// finding is one encoded stretch and what it decodes to.
type finding struct {
	start, end int
	form       string   // of an escape
	b          *builder // of a run or list; nil for an escape
	step       string
	idle       bool // undone only beside others
}

// findings collects the encoded stretches of one text that decode to printable
// characters. A nil one collects nothing.
type findings struct {
	list   []finding
	also   []finding // other readings of the same stretches
	tokens []stretch
}

// prints reports whether printable views are made of a reading: of the text,
// and of what no decoder of printable views could reach.
func (r *reading) prints() bool { return r.depth == 0 || r.kind == Hidden || r.ciphered }

// run adds a run that decodes to out, which is printable.
func (f *findings) run(x *run, out []byte, step int) {
	if f == nil || len(out) < minPrintable {
		return
	}
	b := &builder{}
	x.write(b, out, stepModes[step])
	f.list = append(f.list, finding{start: x.start, end: x.end, b: b, step: runSteps[step]})
}

// codes adds a list of codes that stand for out if that is printable.
func (f *findings) codes(list []code, out []byte, step int) {
	if f == nil || len(out) < minPrintable {
		return
	}
	if c := tally(string(out)); !c.printable() || !utf8.Valid(out) {
		return
	}
	b := &builder{}
	writeCodes(b, list, out)
	f.list = append(f.list, finding{start: list[0].start, end: list[len(list)-1].end, b: b, step: codeSteps[step]})
}

// token adds a run that may be a key turned round or shifted.
func (f *findings) token(x *run) {
	n := len(x.body)
	if f == nil || n < minToken || n > maxToken || x.nl > 0 || x.digits == 0 || x.upper+x.lower == 0 || x.hex && n%8 == 0 {
		return
	}
	f.tokens = append(f.tokens, stretch{x.start, x.start + n})
}

// escapes adds the escapes of text, if there is one that is not idle.
func (f *findings) escapes(text string) {
	at := escapesFrom(text, 0, func(x finding) bool { return x.idle })
	if at == len(text) {
		return
	}
	for i := max(0, at-printBefore); i < len(text); i++ {
		if i == at || class[text[i]] == cSpace {
			f.list = slices.Grow(f.list, min(64, (len(text)-i)/8))
			escapesFrom(text, i, func(x finding) bool { f.list = append(f.list, x); return true })
			return
		}
	}
}

// escapesFrom gives yield the escapes of text from i on that stand for printable
// characters, until it returns false, and returns where that one begins, or
// len(text).
func escapesFrom(text string, i int, yield func(finding) bool) int {
	for i < len(text) {
		if class[text[i]]&cEscape == 0 || text[i] == '=' {
			i++
			continue
		}
		e, kind := escapeAt(text, i)
		if e.size == 0 {
			i++
			continue
		}
		ok := len(e.form) == 1 && e.form[0] >= ' ' && e.form[0] < 0x7F
		if !ok {
			c := tally(e.form)
			ok = c.printable()
		}
		if ok && !yield(finding{start: i, end: i + e.size, form: e.form, step: escSteps[kind], idle: idleEscape(text, i, e)}) {
			return i
		}
		i += e.size
	}
	return len(text)
}

// idleEscape reports whether an escape is one that every program and page is
// full of and that parts no token.
func idleEscape(text string, i int, e escape) bool {
	switch {
	case e.hit:
		return false
	case text[i] == '\\' && e.size == 2:
		if class[text[i+1]]&cLetter != 0 {
			return !tokenAt(text, i+2) // \nAKIA... hides where the token begins
		}
		return text[i+1] != '/' || !tokenAt(text, i+2)
	case text[i] == '&':
		return strings.ContainsAny(e.form, "&<>\"'\u00a0")
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

// settle sorts the findings and drops those that overlap. An escape goes before
// a run that it is part of: the run is decoded when the escape is undone.
func (f *findings) settle() {
	order := func(a, b finding) int { return cmp.Compare(a.start, b.start) }
	if !slices.IsSortedFunc(f.list, order) {
		slices.SortStableFunc(f.list, order)
	}
	out := f.list[:0]
	for _, x := range f.list {
		if n := len(out); n > 0 && out[n-1].touches(&x) {
			last := &out[n-1]
			if (last.b == nil) == (x.b == nil) && x.start < last.end {
				continue // two readings of the same: the first
			}
			if last.b == nil && x.b != nil {
				last.idle = false
				continue
			}
			if last.b != nil {
				x.idle = false
				*last = x
				continue
			}
		}
		out = append(out, x)
	}
	f.list = out
}

// touches reports whether y, which begins no earlier, overlaps x, or one is an
// escape that goes on the other's run.
func (x *finding) touches(y *finding) bool {
	if y.start < x.end {
		return true
	}
	if y.start > x.end || (x.b == nil) == (y.b == nil) {
		return false
	}
	form := x.form + y.form // one is empty
	return len(form) == 1 && (class[form[0]]&cRun != 0 || form == "=")
}

// printables shows the text with everything printable in it decoded, again and
// again while there is more.
func (u *undoer) printables(p piece, r reading, h hints, f *findings) {
	if f == nil {
		return
	}
	base := p.from
	defer u.tokens(p, r, f.tokens)
	if also := (&findings{list: f.also}); len(f.also) > 0 && r.depth < u.depth {
		also.settle()
		next, step := also.apply(p)
		u.showPrintable(next, r.to(step, Printable).path, base)
	}
	for depth := r.depth + 1; ; depth++ {
		if h.escape {
			f.escapes(p.text)
		}
		f.settle()
		next, step := f.apply(p)
		if next.text == "" {
			return
		}
		if r.path != "" {
			step = r.path + ">" + step
		}
		if r.path = step; depth > u.depth {
			u.res.Signals.Truncated = true
			return
		}
		if !u.showPrintable(next, r.path, base) {
			return
		}
		p, h, f = next, look(next.text), &findings{}
		if h.longest >= minRun {
			u.scanRuns(p, nil, f)
		}
		if h.numerals >= minOctets {
			scanCodes(p, nil, f)
		}
	}
}

// showPrintable adds a printable view unless a decoded one has the same text. It
// reports whether there was room for it.
func (u *undoer) showPrintable(p piece, path string, base *mapping) bool {
	if len(p.text) > u.prints {
		u.res.Signals.Truncated = true
		return false
	}
	u.prints -= len(p.text)
	if !u.shown(p.text, Decoded) {
		u.res.Printable = append(u.res.Printable, View{Text: p.text, Kind: Printable, Path: path, from: p.from, base: base})
	}
	return true
}

// apply decodes the findings in their places and returns the stretches around
// them, and the names of the steps.
func (f *findings) apply(p piece) (piece, string) {
	var g gather
	var steps []string
	for i := 0; i < len(f.list); {
		if f.list[i].idle {
			i++
			continue
		}
		start, end := max(around(p.text, f.list[i].start, -1), g.end), around(p.text, f.list[i].end, 1)
		for k := i + 1; k < len(f.list) && f.list[k].start <= end; k++ {
			if x := &f.list[k]; x.idle {
				end = max(end, x.end)
			} else {
				end = onward(p.text, max(end, x.end), x.end+printAfter)
			}
		}
		for i > 0 && f.list[i-1].start >= start {
			i--
		}
		if i > 0 {
			start = max(start, f.list[i-1].end)
		}
		if len(g.b.buf) > 0 {
			g.b.gap('\n', g.end, start)
		}
		at := start
		for ; i < len(f.list) && f.list[i].start < end; i++ {
			x := &f.list[i]
			g.b.copy(p.text, at, x.start)
			if x.b != nil {
				g.b.part(x.start)
			}
			x.write(&g.b)
			if at = x.end; x.b != nil && at < end {
				x.partAfter(&g.b, p.text)
			}
			if !x.idle && !slices.Contains(steps, x.step) {
				steps = append(steps, x.step)
			}
		}
		g.b.copy(p.text, at, end)
		g.end = end
	}
	return g.done(p), strings.Join(steps, "+")
}

// gap appends c, which only parts what was made of the bytes around [start, end).
func (b *builder) gap(c byte, start, end int) {
	b.segs = append(b.segs, seg(len(b.buf), start, end, between))
	b.buf = append(b.buf, c)
}

// part appends a space if what comes next, made of the bytes from start on,
// would go on a word.
func (b *builder) part(start int) {
	if n := len(b.buf); n > 0 && class[b.buf[n-1]]&cRun != 0 {
		b.gap(' ', start, start)
	}
}

// partAfter parts what a run decodes to from a word that goes on after it.
func (x *finding) partAfter(b *builder, text string) {
	if class[text[x.end]]&cRun != 0 {
		b.gap(' ', x.end, x.end)
	}
}

// write appends what the finding decodes to.
func (x *finding) write(b *builder) {
	if x.b == nil {
		b.replace(x.form, x.start, x.end)
		return
	}
	at := int32(len(b.buf))
	for _, s := range x.b.segs {
		s.At += at
		b.segs = append(b.segs, s)
	}
	b.buf = append(b.buf, x.b.buf...)
}

// around returns how far the words beside byte at are shown, in direction by.
func around(text string, at, by int) int {
	i, limit := at, max(at-printBefore, 0)
	ahead := 1 // text[i-1] comes next
	if by > 0 {
		limit, ahead = min(at+printAfter, len(text)), 0
	}
	for i != limit && text[i-ahead] != '\n' {
		i += by
	}
	for i > 0 && i < len(text) && !utf8.RuneStart(text[i]) {
		i -= by
	}
	return i
}

// onward is around for a stretch that is shown up to byte end already, so that
// no byte is looked at twice.
func onward(text string, end, limit int) int {
	for limit = min(limit, len(text)); end < limit && text[end] != '\n'; {
		end++
	}
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end++
	}
	return end
}

// tokens shows tokens of letters and digits turned round and shifted.
func (u *undoer) tokens(p piece, r reading, found []stretch) {
	if len(found) == 0 || r.ciphered || r.depth >= u.depth {
		return
	}
	var turned, shifted gather
	for _, s := range found {
		turned.begin(s.start)
		writeTurned(&turned.b, p.text, s.start, s.end)
		turned.end = s.end
		shifted.begin(s.start)
		shifted.b.segs = append(shifted.b.segs, seg(len(shifted.b.buf), s.start, s.end, of1))
		for _, c := range []byte(p.text[s.start:s.end]) {
			if class[c]&cLetter != 0 {
				c = c&^0x1F | ((c&0x1F-1+13)%26 + 1)
			}
			shifted.b.buf = append(shifted.b.buf, c)
		}
		shifted.end = s.end
	}
	u.showPrintable(turned.done(p), r.to("reverse", Printable).path, p.from)
	u.showPrintable(shifted.done(p), r.to("rot13", Printable).path, p.from)
}
