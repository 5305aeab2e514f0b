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
func (u *undoer) shifted(p piece, r reading, found, explained []stretch) {
	var sets [atbash + 1]gather
	served, settled := 0, 0
	for _, s := range merged(p.text, found) {
		if s.start = max(s.start, settled); s.end <= s.start {
			continue
		}
		by := bestExchange(p.text[s.start:s.end])
		if by == 0 {
			continue
		}
		var after, before int
		after, before, explained = s.between(p.text, settled, explained)
		s = s.grown(p.text, after, before, func(word []byte) {
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
		if len(sets[by].b.buf) > 0 {
			u.followCipher(&sets[by], p, r, exchangeStep(by))
		}
	}
}

func exchangeStep(by int) string {
	switch by {
	case 13:
		return "rot13"
	case atbash:
		return "atbash"
	}
	return "caesar" + string(rune('0'+by/10)) + string(rune('0'+by%10))
}
