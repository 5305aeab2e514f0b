package normal

// laneWords is how many words hold a sum of 16 bits for each exchange.
const laneWords = (atbash + 4) / 4

// exchangeCosts says for each letter pair what it costs as it stands, in lane 0,
// and after each exchange. Rows are added up as words: a lane holds the cost of
// more letters than are sampled.
var exchangeCosts = func() (t [symbols << 5][laneWords]uint64) {
	for by := range atbash + 1 {
		for a := range symbols {
			for b := range symbols {
				c := cost[uint(exchanged(a, by))<<5|uint(exchanged(b, by))]
				t[a<<5|b][by/4] |= uint64(c) << (by % 4 * 16)
			}
		}
	}
	return t
}()

// exchanged is exchange on symbols.
func exchanged(s, by int) uint8 {
	if s == boundary {
		return boundary
	}
	return symbol[exchange(byte('a'+s), by)]
}

// bestExchange returns the exchange after which the text costs least, 0 if
// none makes it much cheaper.
func bestExchange(text string) int {
	var lanes [laneWords]uint64
	n := 0
	prev := uint(boundary)
	for i := 0; i < len(text) && n < sampled; i++ {
		s := uint(symbol[text[i]])
		if s == boundary && prev == boundary {
			continue
		}
		row := &exchangeCosts[prev<<5|s]
		for k := range lanes {
			lanes[k] += row[k]
		}
		n++
		prev = s
	}
	lane := func(by int) int { return int(lanes[by/4] >> (by % 4 * 16) & 0xFFFF) }
	best := 1
	for by := 2; by <= atbash; by++ {
		if lane(by) < lane(best) {
			best = by
		}
	}
	if least := lane(best); lane(0)-least < 4*n || least > 18*n {
		return 0
	}
	return best
}
