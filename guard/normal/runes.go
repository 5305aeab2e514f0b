package normal

import (
	"unicode/utf8"
)

// foldLead marks the first bytes of characters that runes looks at.
var foldLead = func() (t [256]bool) {
	t = unseenLead
	t[0xCC], t[0xD2] = true, true
	return t
}()

// runeFold is one pass of runes.
type runeFold struct {
	u       *undoer
	text    string
	b       *builder
	w       weight
	changed bool
	spelled bool // regional indicators that are no flags came before
	until   int  // enclosed letters before this byte are a word

	tags, bytes gather
	bits        []bit
	useless     bool
	dropped     bool // something was taken out behind a letter
	tagRun      int
}

// runes folds single characters: styled and enclosed letters, tags, piled marks
// and invisible characters, then what else has a compatibility form. changed
// says that the outcome is worth a view.
func (u *undoer) runes(p piece, r reading) (out piece, hidden []carried, changed bool) {
	f := runeFold{u: u, text: p.text, b: newBuilder(len(p.text))}
	for i := 0; i < len(f.text); {
		j := i
		for j < len(f.text) && !foldLead[f.text[j]] {
			j++
		}
		if j > i {
			f.visible(f.text[i] > ' ')
		}
		f.b.copy(f.text, i, j)
		if i = j; i < len(f.text) {
			i = f.one(i)
		}
	}
	out = f.b.done(p.from)
	if f.useless && r.depth == 0 {
		u.invisible(f.text)
	}
	hidden = f.hidden(p)
	out = f.compat(out)
	u.res.Signals.Compat += f.w.letters + f.w.digits
	return out, hidden, f.changed || f.w.heavy
}

// one folds the character at i and returns where the next one begins.
func (f *runeFold) one(i int) int {
	r, size := utf8.DecodeRuneInString(f.text[i:])
	end := i + size
	if unseenKind(r) != visible {
		k, _, _ := uselessAt(f.text, i, true)
		if k == visible {
			f.visible(true)
			f.b.copy(f.text, i, end)
		} else {
			f.unseen(r, k, i, end)
		}
		return end
	}
	f.visible(r != 0x3000)
	if mark(r) {
		return f.marks(i)
	}
	if c := styled(r); c != 0 {
		f.w.add(c, f.last(), f.at(end))
		f.b.replaceByte(c, i, end)
		return end
	}
	if c := enclosed(r); c != 0 {
		if i >= f.until {
			f.until = f.enclosedWord(i)
		}
		if i < f.until {
			f.w.add(c, 'a', 'a')
			f.b.replaceByte(c, i, end)
			return end
		}
	}
	if regional(r) != 0 {
		return f.regions(i)
	}
	if end := f.hangul(r, i); end > i {
		return end
	}
	if form := formOf(r, f.text[end:]); form != "" {
		f.weigh(r, form, f.last(), f.at(end))
		f.b.replace(form, i, end)
		return end
	}
	f.b.copy(f.text, i, end)
	return end
}

func (f *runeFold) last() byte {
	if n := len(f.b.buf); n > 0 {
		return f.b.buf[n-1]
	}
	return 0
}

func (f *runeFold) at(i int) byte {
	if i < len(f.text) {
		return f.text[i]
	}
	return 0
}
