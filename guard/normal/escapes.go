package normal

import (
	"sync"
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
	minNumbers = 2  // the same where all are numbers of characters in HTML
	hitGap     = 40 // bytes between two of them
	hitContext = 20 // bytes of the line shown before and after
)

// sequence is an escape where it stands.
type sequence struct {
	start, end int32
	form       rune // see escape
	kind       uint8
	hit        bool
	parts      bool // it is a space, and the next or last one by a word is escaped too
}

// sequences are the escapes of a text, in memory that is used again.
type sequences struct {
	list []sequence
	room *[]sequence
}

var sequenceRooms = sync.Pool{New: func() any { return new([]sequence) }}

// drop gives the memory back.
func (s *sequences) drop() {
	if s.room != nil && cap(s.list) <= maxSegments {
		*s.room = s.list
		sequenceRooms.Put(s.room)
	}
	s.list, s.room = nil, nil
}

// find notes the escapes of text.
func (s *sequences) find(text string) {
	if s.room == nil {
		s.room = sequenceRooms.Get().(*[]sequence)
		s.list = *s.room
	}
	s.list = s.list[:0]
	space := -1 // the last one in list
	for i := 0; i < len(text); {
		if class[text[i]]&cEscape == 0 {
			i++
			continue
		}
		e, kind := escapeAt(text, i)
		if e.size == 0 {
			i++
			continue
		}
		s.list = append(s.list, sequence{int32(i), int32(i + e.size), e.form, uint8(kind), e.hit, false})
		i += e.size
		if e.space() {
			space = s.part(text, space)
		}
	}
}

// part takes the last escape of the list, a space, and the one of a space before
// it, -1 if there is none. It returns the one before the next.
func (s *sequences) part(text string, before int) int {
	n := len(s.list) - 1
	x := &s.list[n]
	next := int(x.end)
	if next == len(text) || class[text[next]]&(cLetter|cForeign) == 0 && text[next] != text[x.start] {
		return -1 // no word follows
	}
	if before >= 0 && oneWord(text, int(s.list[before].end), int(x.start)) {
		s.list[before].parts, x.parts = true, true
	}
	return n
}

// oneWord reports whether there is something in text[start:end], not much, and no
// space in it.
func oneWord(text string, start, end int) bool {
	if start >= end || end-start > hitGap {
		return false
	}
	for i := start; i < end; i++ {
		if class[text[i]]&cSpace != 0 {
			return false
		}
	}
	return true
}

// escapes undoes the percent, HTML, backslash and quoted-printable escapes in
// list where they hide letters or are all that parts words. Other escapes that a
// URL, a page or a program needs are no reason for a view, but are undone in one.
func (u *undoer) escapes(p piece, r reading, list []sequence) {
	var sets, inner [escKinds]gather
	settled := 0
	for i := 0; i < len(list); {
		first, last, hits, parted, next := hitsFrom(list, i)
		total := hits[escPercent] + hits[escHTML] + hits[escBackslash] + hits[escQuoted]
		if parted || total >= minHits || hits[escHTML] >= minNumbers {
			u.res.Signals.Escapes += total
			start, end := lineAround(p.text, first, last, settled)
			for i > 0 && int(list[i-1].start) >= start {
				i--
			}
			undoStretch(p.text, start, end, list[i:], kindOf(hits), &sets, &inner)
			for settled = end; next < len(list) && int(list[next].start) < end; {
				next++
			}
		}
		i = next
	}
	for k := range sets {
		u.followSet(&sets[k], p, r, escSteps[k], true)
		u.followSet(&inner[k], p, r, escSteps[k], false)
	}
}

// hitsFrom counts the hits from list[i] on that stand near one another, spaces
// that part words among them. It returns where the first begins and the last ends,
// whether such a space is one of them, and where reading goes on.
func hitsFrom(list []sequence, i int) (first, last int, hits [escKinds]int, parted bool, next int) {
	first = -1
	for ; i < len(list); i++ {
		s := &list[i]
		if first >= 0 && int(s.start)-last > hitGap {
			break
		}
		if s.hit || s.parts {
			parted = parted || s.parts
			if first < 0 {
				first = int(s.start)
			}
			hits[s.kind]++
			last = int(s.end)
		}
	}
	return first, last, hits, parted, i
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

// undoStretch undoes all escapes in text[start:end], the first of which begin
// list.
func undoStretch(text string, start, end int, list []sequence, kind int, sets, inner *[escKinds]gather) {
	g := &sets[kind]
	at := g.begin(start)
	begun, segs := len(g.b.buf), len(g.b.segs)
	from := start
	for i := range list {
		s := &list[i]
		if int(s.start) < from {
			continue // it began before the stretch
		}
		if int(s.end) > end {
			break
		}
		g.b.copy(text, from, int(s.start))
		s.write(&g.b)
		from = int(s.end)
	}
	g.b.copy(text, from, end)
	out := string(g.b.buf[begun:])
	c := tally(out)
	switch {
	case !c.printable():
	case readableAs(out, &c):
		g.end = end
		return
	default:
		to := &inner[kind]
		to.begin(start)
		to.b.append(g.b.buf[begun:], begun, g.b.segs[segs:])
		to.end = end
	}
	g.back(at)
}

// write appends what the escape stands for.
func (s *sequence) write(b *builder) {
	switch {
	case s.form == noForm:
	case s.form < utf8.RuneSelf:
		b.replaceByte(byte(s.form), int(s.start), int(s.end))
	default:
		b.mark(int(s.start), int(s.end), whole)
		b.buf = utf8.AppendRune(b.buf, s.form)
	}
}
