package normal

import (
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

// prints reports whether printable views are made of a reading: of the text,
// and of what no decoder of printable views could reach.
func (r *reading) prints() bool { return r.depth == 0 || r.kind == Hidden || r.ciphered }

// printables shows the text with everything printable in it decoded, again and
// again while there is more.
func (u *undoer) printables(p piece, r reading, f *findings, escapes *sequences) {
	base := p.from
	if len(f.also) > 0 && r.depth < u.depth {
		f.settle(f.also)
		next, step := f.apply(p)
		u.showPrintable(next, r.to(step, Printable).path, base)
		f.settled = f.settled[:0]
	}
	for depth := r.depth + 1; ; depth++ {
		f.escapes(p.text, escapes.list)
		f.settle(f.list)
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
		p = next
		f.reset()
		h := look(p.text)
		if h.longest >= minRun {
			u.scanRuns(p, nil, f)
		}
		if h.numerals >= minOctets {
			scanCodes(p, nil, f)
		}
		if escapes.list = escapes.list[:0]; h.escape {
			escapes.find(p.text)
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

// apply decodes what is settled in its place and returns the stretches around
// it, and the names of the steps.
func (f *findings) apply(p piece) (piece, string) {
	var g gather
	var steps []string
	list := f.settled
	for i := 0; i < len(list); {
		if list[i].idle {
			i++
			continue
		}
		start, end := f.stretch(p.text, i, g.end)
		for i > 0 && int(list[i-1].start) >= start {
			i--
		}
		if i > 0 {
			start = max(start, int(list[i-1].end))
		}
		if len(g.b.buf) > 0 {
			g.b.gap('\n', g.end, start)
		}
		at := start
		for ; i < len(list) && int(list[i].start) < end; i++ {
			x := &list[i]
			g.b.copy(p.text, at, int(x.start))
			if !x.escape {
				g.b.part(int(x.start))
			}
			f.write(x, &g.b)
			if at = int(x.end); !x.escape && at < end {
				g.b.partAfter(p.text, at)
			}
			if step := findingSteps[x.step]; !x.idle && !slices.Contains(steps, step) {
				steps = append(steps, step)
			}
		}
		g.b.copy(p.text, at, end)
		g.end = end
	}
	return g.done(p), strings.Join(steps, "+")
}

// stretch returns the bytes, not before byte after, that are shown around the
// finding i and those that follow close behind.
func (f *findings) stretch(text string, i, after int) (start, end int) {
	list := f.settled
	start, end = max(around(text, int(list[i].start), -1), after), around(text, int(list[i].end), 1)
	for i++; i < len(list) && int(list[i].start) <= end; i++ {
		x := &list[i]
		if end = max(end, int(x.end)); !x.idle {
			end = onward(text, end, int(x.end)+printAfter)
		}
	}
	return start, end
}

// gap appends c, which only parts what was made of the bytes around [start, end).
func (b *builder) gap(c byte, start, end int) {
	b.mark(start, end, between)
	b.buf = append(b.buf, c)
}

// part appends a space if what comes next, made of the bytes from start on,
// would go on a word.
func (b *builder) part(start int) {
	if n := len(b.buf); n > 0 && class[b.buf[n-1]]&cRun != 0 {
		b.gap(' ', start, start)
	}
}

// partAfter appends a space if the word before goes on in text at byte at.
func (b *builder) partAfter(text string, at int) {
	if class[text[at]]&cRun != 0 {
		b.gap(' ', at, at)
	}
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
		shifted.b.mark(s.start, s.end, of1)
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
