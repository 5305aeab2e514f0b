package normal

// Thresholds of the search for exchanged and turned letters, in quarters of a
// bit. English costs 12 to 14 a letter and gains less than nothing by being
// turned; letters shifted by thirteen cost 25 and more.
const (
	oddCost   = 19  // a letter that costs more speaks for a cipher
	oddStart  = 45  // sum over that cost from which a stretch is tried
	turnStart = 50  // gain by turning from which a stretch is tried
	fallOff   = 160 // how far a sum falls before its stretch is closed
	sampled   = 96  // letters on which the shifts are compared
)

// rise finds the stretches in which a running sum rises.
type rise struct {
	least          int
	sum, peak      int
	start, peakEnd int
	found          []stretch
}

// add takes the next letter pair, which ends at byte end and counts d.
func (r *rise) add(d, at, end int) {
	if r.sum == 0 {
		if d <= 0 {
			return
		}
		r.start = at
	}
	r.sum += d
	switch {
	case r.sum > r.peak:
		r.peak, r.peakEnd = r.sum, end
	case r.sum <= 0 || r.peak-r.sum > fallOff:
		r.close()
	}
}

func (r *rise) close() {
	if r.peak >= r.least {
		r.found = append(r.found, stretch{r.start, r.peakEnd})
	}
	r.sum, r.peak = 0, 0
}

// pair says how a letter pair counts in the two sums.
type pair struct{ odd, turn int32 }

var pairs = func() (t [symbols << 5]pair) {
	for a := range symbols {
		for b := range symbols {
			t[a<<5|b] = pair{int32(cost[a<<5|b]) - oddCost, int32(cost[a<<5|b]) - int32(cost[b<<5|a])}
		}
	}
	return t
}()

// ciphers finds letters exchanged or turned round, and words of the spelling
// alphabet. What is explained already it passes over.
func (u *undoer) ciphers(p piece, r reading, h hints, explained []stretch) {
	odd, turn, nato := suspect(p.text)
	if nato >= minSpelled {
		u.follow(spelled(p), r.to("nato", Decoded))
	}
	if r.ciphered {
		return
	}
	if odd || turn {
		o, t := stretches(p.text, explained)
		if odd {
			u.shifted(p, r, o, explained)
		}
		if turn {
			u.turnedRound(p, r, t, explained)
		}
	}
	if h.foreign {
		u.upsideDown(p, r)
	}
}

// suspect is the pass that plain prose pays for: it tells whether either sum
// ever reaches what a stretch takes, and counts words that look like those of
// the spelling alphabet. It has no branch that prose would make hard to foresee
// but the ends of words.
func suspect(text string) (odd, turn bool, nato int) {
	var o, t, oPeak, tPeak int32
	prev := uint(boundary)
	word := 0
	for i := 0; i < len(text); i++ {
		s := uint(symbol[text[i]])
		if s == boundary {
			if prev == boundary {
				continue
			}
			if n := i - word; spellingLengths[symbol[text[word]]]>>min(uint(n), 31)&1 != 0 && spellingWord(text[word:i]) {
				nato++
			}
		} else if prev == boundary {
			word = i
		}
		x := pairs[prev<<5|s]
		o = max(o+x.odd, 0)
		t = max(t+x.turn, 0)
		oPeak = max(oPeak, o)
		tPeak = max(tPeak, t)
		prev = s
	}
	if prev != boundary {
		t += pairs[prev<<5|boundary].turn
		if spellingWord(text[word:]) {
			nato++
		}
	}
	return oPeak >= oddStart, max(t, tPeak) >= turnStart, nato
}

// apart marks the bytes at which a stretch ends: those of escapes and of
// encoded runs, and the first bytes of foreign letters, whose words are cut in
// pieces that this model does not know.
var apart = func() (t [256]bool) {
	for c := 0xC3; c <= 0xE1; c++ {
		t[c] = true
	}
	for _, c := range []byte("%\\=&#+/_<>{}") {
		t[c] = true
	}
	return t
}()

// stretches returns where the two sums rise outside the stretches skip.
func stretches(text string, skip []stretch) (_, _ []stretch) {
	odd, turn := rise{least: oddStart}, rise{least: turnStart}
	prev := uint(boundary)
	next := len(text)
	if len(skip) > 0 {
		next = skip[0].start
	}
	for i := 0; i < len(text); i++ {
		if i >= next {
			odd.close()
			turn.close()
			prev, i = boundary, max(i, skip[0].end)
			if skip, next = skip[1:], len(text); len(skip) > 0 {
				next = skip[0].start
			}
			if i >= len(text) {
				break
			}
		}
		s := uint(symbol[text[i]])
		if s == boundary {
			if apart[text[i]] {
				odd.close()
				turn.close()
			}
			if prev == boundary {
				continue
			}
		}
		x := pairs[prev<<5|s]
		odd.add(int(x.odd), i, i+1)
		turn.add(int(x.turn), i, i+1)
		prev = s
	}
	if prev != boundary {
		turn.add(int(pairs[prev<<5|boundary].turn), len(text), len(text))
	}
	odd.close()
	turn.close()
	return odd.found, turn.found
}
