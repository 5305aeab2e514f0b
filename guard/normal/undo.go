package normal

// undoer is one call of Undo.
type undoer struct {
	depth  int // nested decodings allowed
	budget int // bytes of decoded text still allowed
	prints int // bytes of printable views still allowed
	probes int // unknown words that may still be compared with similar ones
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
	plain := p
	folded, changed := false, false
	var hidden []carried
	if foreign(p.text) {
		plain, hidden, folded = u.runes(p, r)
	}
	hints := look(plain.text)
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
	u.decode(plain, canonical, r, hints)
	if right, ok := u.respelled(canonical); ok {
		u.show(right, r.to("respelled", Respelled))
	}
}

// decode goes on to what is encoded in a text, and in its letters once folded.
func (u *undoer) decode(plain, canonical piece, r reading, h hints) {
	var into *findings
	if r.prints() {
		into = newFindings()
		defer into.drop()
	}
	var escapes sequences
	defer escapes.drop()
	if h.escape {
		escapes.find(plain.text)
	}
	explained := u.runs(plain, r, h, into)
	u.escapes(plain, r, escapes.list)
	u.codes(plain, r, h, into)
	u.morse(plain, r, h)
	u.ciphers(canonical, r, h, canonical.from.places(plain.from, explained))
	if into != nil {
		found := len(into.tokens)
		u.printables(plain, r, into, &escapes)
		u.tokens(plain, r, into.tokens[:found])
	}
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

// followSet reads what a step decoded in a text, unless that is nothing. Where
// emit is not set, it is no language but may be encoded once more.
func (u *undoer) followSet(g *gather, p piece, r reading, step string, emit bool) {
	if len(g.b.buf) == 0 {
		g.b.drop()
		return
	}
	to := r.to(step, Decoded)
	to.emit = emit
	u.follow(g.b.done(p.from), to)
}

// followCipher is followSet for letters exchanged or turned round.
func (u *undoer) followCipher(g *gather, p piece, r reading, step string) {
	r.ciphered = true
	u.followSet(g, p, r, step, true)
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
	g.b.close()
	return at
}

// back undoes what was written since begin returned at.
func (g *gather) back(at place) {
	g.b.buf, g.b.segs = g.b.buf[:at.size], g.b.segs[:at.segs]
	g.b.close()
}

// done returns everything gathered.
func (g *gather) done(p piece) piece {
	if len(g.b.buf) == 0 {
		g.b.drop()
		return piece{}
	}
	return g.b.done(p.from)
}
