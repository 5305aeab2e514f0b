package normal

import (
	"unicode/utf8"
)

// marks takes piled marks off the character before i.
func (f *runeFold) marks(i int) int {
	base, _ := utf8.DecodeLastRune(f.b.buf)
	latin := scriptOf(base) == latinScript
	piled, struck, end := 0, 0, i
	for end < len(f.text) {
		r, size := utf8.DecodeRuneInString(f.text[end:])
		if !mark(r) {
			break
		}
		if overlay(r) {
			struck++
		} else {
			piled++
		}
		end += size
	}
	limit := 3
	switch {
	case latin:
		limit = 2
	case scriptOf(base) == noScript:
		limit = 1
	}
	if piled == 1 && struck == 0 {
		if m, _ := utf8.DecodeRuneInString(f.text[i:]); f.compose(m, i, end) {
			return end
		}
	}
	if piled+struck <= limit && (struck == 0 || !latin) {
		f.b.copy(f.text, i, end)
		return end
	}
	f.changed = true
	f.u.res.Signals.Marks += struck
	if piled > limit {
		f.u.res.Signals.Marks += piled
		return end
	}
	for i < end {
		r, size := utf8.DecodeRuneInString(f.text[i:])
		if !overlay(r) {
			f.b.copy(f.text, i, i+size)
		}
		i += size
	}
	return end
}

// enclosedWord returns the end of the run of enclosed letters at i, across
// selectors and single spaces, if it has three letters or more; else i.
func (f *runeFold) enclosedWord(i int) int {
	n, end, spaces := 0, i, 0
	for j := i; j < len(f.text); {
		r, size := utf8.DecodeRuneInString(f.text[j:])
		j += size
		switch {
		case enclosed(r) != 0:
			n, end, spaces = n+1, j, 0
		case r == 0xFE0F:
		case r == ' ' && spaces == 0:
			spaces++
		default:
			j = len(f.text)
		}
	}
	if n < 3 {
		return i
	}
	return end
}

// regions folds the run of regional indicators at i to letters, unless it is
// made of flags. One that stands alone is a letter.
func (f *runeFold) regions(i int) int {
	flags, n, end := true, 0, i
	var prev byte
	for end < len(f.text) {
		r, size := utf8.DecodeRuneInString(f.text[end:])
		c := regional(r)
		if c == 0 {
			break
		}
		if n++; n%2 == 0 && !isRegion[int(prev-'A')*26+int(c-'A')] {
			flags = false
		}
		prev = c
		end += size
	}
	if flags && n%2 == 0 && !f.spelled {
		f.b.copy(f.text, i, end)
		return end
	}
	f.spelled = f.spelled || n > 2
	for ; i < end; i += 4 {
		r, _ := utf8.DecodeRuneInString(f.text[i:])
		f.w.add(regional(r), 0, 0)
		f.b.replaceByte(regional(r), i, i+4)
	}
	return end
}
