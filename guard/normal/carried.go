package normal

// carried is a text that invisible characters carry.
type carried struct {
	text piece
	step string
}

// visible notes that a character that people see comes next: what was taken
// out before it matters only within a word.
func (f *runeFold) visible(inWord bool) {
	f.changed = f.changed || f.dropped && inWord
	f.dropped = false
}

// unseen takes out an invisible character and keeps what it carries.
func (f *runeFold) unseen(r rune, k unseen, i, end int) {
	f.useless = true
	switch k {
	case tag:
		if r < 0xE0020 || r == 0xE007F {
			return
		}
		if f.tags.end != i {
			if f.tagRun > 3 {
				f.tags.b.replace(" ", f.tags.end, i)
			}
			f.tagRun = 0
		}
		c := byte(r - 0xE0000)
		f.tags.b.replaceByte(c, i, end)
		f.tags.end = end
		f.tagRun++
		f.b.replaceByte(c, i, end)
		f.changed = true
		return
	case selector:
		f.selected(r, i, end)
	case zeroWidth, joiner:
		f.bits = append(f.bits, bit{r, i})
	}
	f.dropped = f.dropped || f.last() > ' '
}

// selected keeps the byte that a variation selector stands for.
func (f *runeFold) selected(r rune, i, end int) {
	if r >= 0x180B && r <= 0x180F {
		return
	}
	c := byte(r - 0xFE00)
	if r >= 0xE0100 {
		c = byte(r - 0xE0100 + 16)
	}
	if f.bytes.end != i && c < ' ' && c != '\n' && c != '\t' {
		return // a presentation selector, not a byte
	}
	f.bytes.b.replaceByte(c, i, end)
	f.bytes.end = end
}

// hidden returns the texts that were carried.
func (f *runeFold) hidden(p piece) (out []carried) {
	if t := f.tags.done(p); t.text != "" {
		out = append(out, carried{t, "tags"})
	}
	if t := f.bytes.done(p); len(t.text) > 1 {
		if c := tally(t.text); c.printable() {
			out = append(out, carried{t, "selectors"})
		}
	}
	if t := bitText(f.bits, p.from); t.text != "" {
		out = append(out, carried{t, "zerowidth"})
	}
	return out
}
