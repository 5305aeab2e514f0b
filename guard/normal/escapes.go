package normal

import (
	"unicode/utf8"
)

// The kinds of escapes.
const (
	escPercent = iota
	escHTML
	escBackslash
	escQuoted
	escKinds
)

var escSteps = [escKinds]string{"percent", "html", "backslash", "quoted"}

// Bounds of a stretch of escapes.
const (
	minHits    = 3  // escapes of characters that need none
	hitGap     = 40 // bytes between two of them
	hitContext = 20 // bytes of the line shown before and after
)

// escapes undoes percent, HTML, backslash and quoted-printable escapes where
// they hide letters. Escapes that a URL, a page or a program needs are no
// reason for a view, but are undone in one.
func (u *undoer) escapes(p piece, r reading, h hints) {
	if !h.escape {
		return
	}
	var sets, inner [escKinds]gather
	text := p.text
	settled := 0
	for i := 0; i < len(text); {
		if class[text[i]]&cEscape == 0 {
			i++
			continue
		}
		first, last, hits, next := hitsFrom(text, i)
		total := hits[escPercent] + hits[escHTML] + hits[escBackslash] + hits[escQuoted]
		if total >= minHits {
			u.res.Signals.Escapes += total
			start, end := lineAround(text, first, last, settled)
			undoStretch(text, start, end, kindOf(hits), &sets, &inner)
			settled = end
			next = max(next, end)
		}
		i = next
	}
	for k := range sets {
		u.follow(sets[k].done(p), r.to(escSteps[k], Decoded))
		to := r.to(escSteps[k], Decoded)
		to.emit = false
		u.follow(inner[k].done(p), to)
	}
}

// hitsFrom counts the hits from i on that stand near one another and returns
// where the first begins and the last ends, and where reading goes on.
func hitsFrom(text string, i int) (first, last int, hits [escKinds]int, next int) {
	first = -1
	for i < len(text) && (first < 0 || i-last <= hitGap) {
		if class[text[i]]&cEscape == 0 {
			i++
			continue
		}
		e, kind := escapeAt(text, i)
		if e.size == 0 {
			i++
			continue
		}
		if e.hit {
			if first < 0 {
				first = i
			}
			hits[kind]++
			last = i + e.size
		}
		i += e.size
	}
	return first, last, hits, i
}

func kindOf(hits [escKinds]int) int {
	best := 0
	for k := range hits {
		if hits[k] > hits[best] {
			best = k
		}
	}
	return best
}

// lineAround widens a stretch to its line, within bounds, not before settled.
func lineAround(text string, first, last, settled int) (int, int) {
	start, end := first, last
	for start > settled && inContext(first-start, text[start-1]) && (text[start-1] != '\n' || softBreak(text, start-1)) {
		start--
	}
	for end < len(text) && inContext(end-last, text[end]) && (text[end] != '\n' || softBreak(text, end)) {
		end++
	}
	for start < first && !utf8.RuneStart(text[start]) {
		start++
	}
	for end > last && end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	return start, end
}

// inContext reports whether c, that many bytes from a hit, is still shown: words
// are not cut where that can be had.
func inContext(distance int, c byte) bool {
	return distance < hitContext || distance < 2*hitContext && c > ' '
}

// softBreak reports whether the line break at i is one of quoted-printable,
// which is no break of the text.
func softBreak(text string, i int) bool {
	return i > 0 && text[i-1] == '=' || i > 1 && text[i-1] == '\r' && text[i-2] == '='
}

// undoStretch undoes all escapes in text[start:end].
func undoStretch(text string, start, end, kind int, sets, inner *[escKinds]gather) {
	b := newBuilder(end - start)
	from := start
	for i := start; i < end; {
		if class[text[i]]&cEscape == 0 {
			i++
			continue
		}
		e, _ := escapeAt(text[:end], i)
		if e.size == 0 {
			i++
			continue
		}
		b.copy(text, from, i)
		b.replace(e.form, i, i+e.size)
		i += e.size
		from = i
	}
	b.copy(text, from, end)
	out := string(b.buf)
	c := tally(out)
	if !c.printable() {
		return
	}
	set := sets
	if !readable(out) {
		set = inner
	}
	g := &set[kind]
	g.begin(start)
	at := len(g.b.buf)
	for _, s := range b.segs {
		s.At += int32(at)
		g.b.segs = append(g.b.segs, s)
	}
	g.b.buf = append(g.b.buf, b.buf...)
	g.end = end
}
