package detect

import "math/bits"

// sigView is the window of words after an anchor, as bits by class.
type sigView struct {
	words   []sigWord
	present classSet
	bits    [64]uint32
	block   uint32 // words that no gap may hold
	reach   uint32 // words before the end of the sentence
	open    bool   // more words may come in reach of a pattern
	scale   uint8  // what gaps are multiplied with
	whole   uint32 // words that there are
	pending uint32 // words that begin a phrase which words to come may complete
	phrases []phraseHit
	base    int // index of the first word in the scan's window
}

// phraseHit is a phrase in the window: its first and last word.
type phraseHit struct {
	first, last int
	set         classSet
}

// look fills v with the words from i on.
func (v *sigView) look(s *sigScan, i int, anchor classSet) {
	n := min(s.n-i, sigWindow)
	for set := v.present; set != 0; set &= set - 1 {
		v.bits[trailing(set)] = 0
	}
	v.words, v.scale, v.reach, v.whole, v.block, v.pending, v.present = s.words[i:i+n], 1, 0, 0, 0, 0, anchor
	v.phrases, v.base = s.phrasesFrom(i), i
	for _, h := range v.phrases {
		v.present |= h.set
	}
	if v.words[0].wide {
		v.scale = 2
	}
	stopped := false
	for k := range v.words {
		w := &v.words[k]
		stopped = stopped || k > 0 && w.stop
		if !stopped {
			v.reach |= 1 << k
		}
		v.whole |= 1 << k
		v.present |= w.set
		if w.set&s.set.mine != 0 {
			v.block |= 1 << k
		}
		for set := w.set; set != 0; set &= set - 1 {
			v.bits[trailing(set)] |= 1 << k
		}
		if s.phrasePending(i + k) {
			v.pending |= 1 << k
		}
	}
	v.open = s.closed && i+n == s.n && n < sigWindow
	if stopped {
		v.open = false
	}
}

// match returns the index of the word that ends the earliest match of p, or
// outMore when words to come could make one.
func (v *sigView) match(p *sigPattern) (last int, out outcome) {
	reach, open := v.reach, v.open
	if p.rule.far {
		reach, open = v.whole, len(v.words) < sigWindow
	}
	if !open && v.present&p.needs != p.needs {
		return 0, outNone
	}
	at, alive := uint32(1), false
	n := len(v.words)
	for e := 1; e < len(p.any); e++ {
		var next, step uint32 = 0, at
		for range int(p.gaps[e])*int(v.scale) + 1 {
			alive = alive || step != 0 && step>>(n-1)&1 != 0
			step = step << 1 & reach
			next |= step
			step &^= v.block
		}
		var hits uint32
		for set := p.any[e]; set != 0; set &= set - 1 {
			hits |= v.bits[trailing(set)]
		}
		alive = alive || next&v.pending != 0
		at = next & hits
		for _, h := range v.phrases {
			first, last := h.first-v.base, h.last-v.base
			if h.set&p.any[e] != 0 && first >= 0 && last < n && next>>first&1 != 0 && reach>>last&1 != 0 {
				at |= 1 << last
			}
		}
		if at == 0 {
			if alive && open {
				return 0, outMore
			}
			return 0, outNone
		}
	}
	return trailing(classSet(at)), outHit
}

func trailing(s classSet) int { return bits.TrailingZeros64(uint64(s)) }
