package normal

// exchange maps letters: index 1 to 25 shifts back by so many, 26 is Atbash.
const atbash = 26

func exchange(c byte, by int) byte {
	base := byte('a')
	if c < 'a' {
		base = 'A'
	}
	n := int(c - base)
	if by == atbash {
		return base + byte(25-n)
	}
	return base + byte((n+26-by)%26)
}

// shifted tries the Caesar shifts and Atbash on stretches that do not read.
func (u *undoer) shifted(p piece, r reading, found []stretch) {
	var sets [atbash + 1]gather
	served, settled := 0, 0
	for _, s := range merged(p.text, found) {
		if s.start = max(s.start, settled); s.end <= s.start {
			continue
		}
		by := bestExchange(p.text[s.start:s.end], served)
		if by == 0 {
			continue
		}
		s = s.grown(p.text, settled, func(word []byte) {
			for i, c := range word {
				word[i] = exchange(c, by)
			}
		})
		g := &sets[by]
		at := g.begin(s.start)
		begun := len(g.b.buf)
		g.b.copy(p.text, s.start, s.end)
		for i := begun; i < len(g.b.buf); i++ {
			if symbol[g.b.buf[i]] != boundary {
				g.b.buf[i] = exchange(g.b.buf[i], by)
			}
		}
		if !language(string(g.b.buf[begun:])) {
			g.back(at)
			continue
		}
		g.end, settled, served = s.end, s.end, by
	}
	if served == 0 {
		return
	}
	for by := range sets {
		to := r.to(exchangeStep(by), Decoded)
		to.ciphered = true
		u.follow(sets[by].done(p), to)
	}
}

// exchanged is exchange on symbols.
var exchanged = func() (t [atbash + 1][symbols]uint8) {
	for by := range t {
		for i := range uint8(boundary) {
			t[by][i] = symbol[exchange('a'+i, by)]
		}
		t[by][boundary] = boundary
	}
	return t
}()

func exchangeStep(by int) string {
	switch by {
	case 13:
		return "rot13"
	case atbash:
		return "atbash"
	}
	return "caesar" + string(rune('0'+by/10)) + string(rune('0'+by%10))
}

// bestExchange returns the exchange after which the text costs least, 0 if
// none makes it much cheaper. One that served before is preferred.
func bestExchange(text string, prefer int) int {
	var sample [sampled][2]uint8
	n := 0
	prev := uint8(boundary)
	for i := 0; i < len(text) && n < sampled; i++ {
		s := symbol[text[i]]
		if s == boundary && prev == boundary {
			continue
		}
		sample[n] = [2]uint8{prev, s}
		n++
		prev = s
	}
	sum := func(by, from, to int) (total int) {
		t := &exchanged[by]
		for _, x := range sample[from:to] {
			total += int(cost[uint(t[x[0]])<<5|uint(t[x[1]])])
		}
		return total
	}
	given := sum(0, 0, n)
	fits := func(c int) bool { return given-c >= 4*n && c <= 18*n }
	if prefer != 0 && fits(sum(prefer, 0, n)) {
		return prefer
	}
	// A look at the first letters leaves few candidates for the others.
	const few = 4
	var best [few]struct{ by, cost int }
	first := min(n, sampled/4)
	for i := range best {
		best[i].cost = 1 << 30
	}
	for by := 1; by <= atbash; by++ {
		c := sum(by, 0, first)
		for i := range best {
			if c < best[i].cost {
				copy(best[i+1:], best[i:])
				best[i].by, best[i].cost = by, c
				break
			}
		}
	}
	by, least := 0, 1<<30
	for _, b := range best {
		if c := b.cost + sum(b.by, first, n); c < least {
			by, least = b.by, c
		}
	}
	if !fits(least) {
		return 0
	}
	return by
}
