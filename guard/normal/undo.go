package normal

// undoer is one call of Undo.
type undoer struct {
	depth  int // nested decodings allowed
	budget int // bytes of decoded text still allowed
	prints int // bytes of printable views still allowed
	res    *Result
}

// reading says what a text is that is about to be read.
type reading struct {
	kind  Kind
	path  string
	depth int
	emit  bool // the text is itself worth showing
	// ciphered says that letters were exchanged or turned round on the way,
	// which is done once.
	ciphered bool
}

// to returns the reading of what a step decodes.
func (r reading) to(step string, kind Kind) reading {
	if r.path != "" {
		step = r.path + ">" + step
	}
	return reading{kind: kind, path: step, depth: r.depth + 1, emit: true, ciphered: r.ciphered}
}

// read folds the letters of a text, shows the outcome, and goes on to what is
// encoded in it.
func (u *undoer) read(p piece, r reading) {
	hints := look(p.text)
	plain := p
	folded, changed := false, false
	var hidden []carried
	if hints.foreign {
		plain, hidden, folded = u.runes(p, r)
		if folded {
			hints = look(plain.text)
		}
	}
	canonical := plain
	if hints.words() {
		canonical, changed = u.words(plain, hints)
	}
	if folded || changed {
		r := r
		if r.depth == 0 {
			r.path = "canonical"
		} else {
			r.path += ">canonical"
		}
		u.show(canonical, r)
	} else if r.depth > 0 {
		u.show(p, r)
	}
	for _, c := range hidden {
		u.follow(c.text, r.to(c.step, Hidden))
	}
	var into *findings
	if r.prints() {
		into = &findings{}
	}
	u.runs(plain, r, hints, into)
	u.escapes(plain, r, hints)
	u.codes(plain, r, hints, into)
	u.morse(plain, r, hints)
	u.ciphers(canonical, r, hints)
	u.printables(plain, r, hints, into)
}

// show adds a view.
func (u *undoer) show(p piece, r reading) {
	if !r.emit || p.text == "" {
		return
	}
	if len(p.text) > u.budget {
		u.res.Signals.Truncated = true
		return
	}
	u.budget -= len(p.text)
	u.res.Views = append(u.res.Views, View{Text: p.text, Kind: r.kind, Path: r.path, from: p.from})
}

// follow reads what a step decoded, unless a bound is reached.
func (u *undoer) follow(p piece, r reading) {
	if p.text == "" || u.shown(p.text, r.kind) {
		return
	}
	if r.depth > u.depth || len(p.text) > u.budget {
		u.res.Signals.Truncated = true
		return
	}
	if !r.emit {
		u.budget -= len(p.text)
	}
	u.read(p, r)
}

// shown reports whether a view of the kind has this text: two steps may decode
// alike.
func (u *undoer) shown(text string, k Kind) bool {
	for i := range u.res.Views {
		if u.res.Views[i].Kind == k && u.res.Views[i].Text == text {
			return true
		}
	}
	return false
}

// A gather joins the pieces that one step decodes in a text.
type gather struct {
	b   builder
	end int // source byte where the last piece ended
}

// place is a place to go back to when a piece is refused.
type place struct{ size, segs int }

// begin makes room for a piece that comes from source byte start on.
func (g *gather) begin(start int) place {
	at := place{len(g.b.buf), len(g.b.segs)}
	if at.size > 0 {
		gap := " "
		if start-g.end > 3 {
			gap = "\n"
		}
		g.b.replace(gap, g.end, start)
	}
	return at
}

// back undoes what was written since begin returned at.
func (g *gather) back(at place) { g.b.buf, g.b.segs = g.b.buf[:at.size], g.b.segs[:at.segs] }

// done returns everything gathered.
func (g *gather) done(p piece) piece {
	if len(g.b.buf) == 0 {
		return piece{}
	}
	return g.b.done(p.from)
}
