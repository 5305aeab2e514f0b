package dialect

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"warder.example/guard"
)

// An Unescaper undoes JSON string escapes in a text that arrives in pieces, such
// as the arguments of a tool call: they are JSON within a JSON string, and
// escapes in them hide text. Escapes and surrogate pairs may be cut anywhere.
// At any chunking the decoded text is the same. What is no escape stays as it
// is; a surrogate that is not paired becomes U+FFFD.
//
// It maps offsets of the decoded text back to the written one. The zero value is
// ready. It is used by one goroutine.
type Unescaper struct {
	pending string // an escape that may go on, less than 12 bytes
	dec     int    // bytes decoded
	src     int    // bytes written that they stand for
	units   []span // escapes not forgotten, ascending
	floor   span   // the last one forgotten
}

// span is an escape: where it stands and what it decodes to.
type span struct {
	dec, decEnd int
	src, srcEnd int
}

// Write takes the next piece, valid UTF-8, and returns the decoded text that has
// become certain.
func (u *Unescaper) Write(piece string) string { return u.step(piece, false) }

// Close says that the text has ended and returns what was still held back.
func (u *Unescaper) Close() string { return u.step("", true) }

func (u *Unescaper) step(piece string, end bool) string {
	s := piece
	if u.pending != "" {
		s = u.pending + piece
		u.pending = ""
	}
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		u.dec += len(s)
		u.src += len(s)
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for ; i >= 0; i = strings.IndexByte(s, '\\') {
		b.WriteString(s[:i])
		u.dec += i
		u.src += i
		s = s[i:]
		if !end && undecided(s) {
			u.pending = s
			return b.String()
		}
		r, n := escapeAt(s)
		b.WriteRune(r)
		e := span{dec: u.dec, decEnd: u.dec + utf8.RuneLen(r), src: u.src, srcEnd: u.src + n}
		u.dec, u.src = e.decEnd, e.srcEnd
		u.units = append(u.units, e)
		s = s[n:]
	}
	b.WriteString(s)
	u.dec += len(s)
	u.src += len(s)
	return b.String()
}

// undecided reports whether more text could change how the escape at the start
// of s reads.
func undecided(s string) bool {
	if prefixOfUnit(s) {
		return true
	}
	high, ok := unit(s, 0)
	return ok && high >= 0xd800 && high < 0xdc00 && (len(s) == surrogateBytes || prefixOfUnit(s[surrogateBytes:]))
}

// prefixOfUnit reports whether s is the beginning of a \uXXXX escape, but not a
// whole one.
func prefixOfUnit(s string) bool {
	if len(s) == 0 || len(s) >= surrogateBytes || s[0] != '\\' || len(s) > 1 && s[1] != 'u' {
		return false
	}
	for i := 2; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// Source maps an offset of the decoded text to the offset of the written text
// before which everything decodes to what is before it. Inside an escape that is
// the escape's start. Offsets beyond what was decoded map to its end.
func (u *Unescaper) Source(decoded int) int { return u.source(decoded, false) }

func (u *Unescaper) source(decoded int, up bool) int {
	if decoded >= u.dec {
		return u.src
	}
	i, _ := slices.BinarySearchFunc(u.units, decoded, func(e span, d int) int {
		if e.dec <= d {
			return -1
		}
		return cmp.Compare(e.dec, d)
	})
	last := u.floor
	if i > 0 {
		last = u.units[i-1]
	}
	switch {
	case decoded >= last.decEnd:
		return last.srcEnd + decoded - last.decEnd
	case up && decoded > last.dec:
		return last.srcEnd
	}
	return last.src
}

// Masks maps masks on the decoded text to masks on the written text. A mask that
// touches an escape takes the whole of it. Replacements are escaped.
func (u *Unescaper) Masks(ms []guard.Mask) []guard.Mask {
	out := slices.Clone(ms)
	for i := range out {
		out[i].Start = u.source(max(out[i].Start, 0), false)
		out[i].End = u.source(max(out[i].End, 0), true)
	}
	return escapeMasks(out)
}

// Forget drops what is kept to map decoded offsets before this one. They must
// not be asked for again.
func (u *Unescaper) Forget(decoded int) {
	n := 0
	for n < len(u.units) && u.units[n].decEnd <= decoded {
		n++
	}
	if n > 0 {
		u.floor = u.units[n-1]
		u.units = slices.Delete(u.units, 0, n)
	}
}
