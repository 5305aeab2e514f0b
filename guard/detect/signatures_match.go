package detect

import (
	"warder.example/guard"
	"warder.example/guard/normal"
)

// canonicalViews says that text folded or put right means the same to signatures.
var canonicalViews = []normal.Kind{normal.Canonical, normal.Respelled}

const (
	// sigWindow is how many words a pattern may reach over.
	sigWindow = 32
	// sigLongest bounds a match and so what a stream holds back: longer
	// stretches of words are no match.
	sigLongest = 512
)

// sigMode says which findings are wanted.
type sigMode uint8

const (
	sigExact sigMode = iota // attacks in text of this origin
	sigFlag                 // attacks that are such only elsewhere, or quoted as an example
)

// finder returns the finder of this mode for text of o. In mode sigExact it sets
// *flagged, if given, when it passes something that sigFlag would find.
func (m sigMode) finder(set *signatureSet, o guard.Origin, flagged *bool) finder {
	s := &sigScan{set: set, mode: m, origin: o, flagged: flagged}
	return func(text string, from int, end bool) (match, int, bool) {
		s.text, s.at, s.end, s.n, s.closed, s.hits = text, from, end, 0, false, s.hits[:0]
		found, live, ok := s.run()
		s.text, s.view.words = "", nil
		return found, live, ok
	}
}

// sigScan walks over the words of a text with a window of the words ahead.
type sigScan struct {
	set     *signatureSet
	text    string
	at      int // where the next word is read
	end     bool
	mode    sigMode
	origin  guard.Origin
	words   [2 * sigWindow]sigWord
	n       int         // words in the window
	closed  bool        // no more words can be read
	open    int         // where the word begins that is not certain to have ended
	flagged *bool       // see sigMode.finder
	hits    []phraseHit // phrases in the window, by their last word
	view    sigView
}

// phrasesFrom returns the phrases that begin at word i or later.
func (s *sigScan) phrasesFrom(i int) []phraseHit {
	k := 0
	for k < len(s.hits) && s.hits[k].first < i {
		k++
	}
	return s.hits[k:]
}

// run returns what a [finder] returns.
func (s *sigScan) run() (match, int, bool) {
	s.open = len(s.text)
	lit := s.at
	for i := 0; ; i++ {
		if i == sigWindow {
			s.n = copy(s.words[:], s.words[i:s.n])
			s.shiftPhrases(i)
			i = 0
		}
		s.fill(i)
		upto := s.open
		if i < s.n {
			upto = s.words[i].start
		}
		if m, live, out := s.literal(lit, upto); out == outHit {
			return m, 0, true
		} else if out == outMore {
			return match{}, live, false
		}
		if i >= s.n {
			return match{}, s.open, false
		}
		lit = max(lit, s.words[i].end)
		m, out := s.anchored(i)
		if out == outNone && s.phrasePending(i) {
			out = outMore
		}
		switch out {
		case outHit:
			return m, 0, true
		case outMore:
			return match{}, s.liveFrom(i), false
		}
	}
}

// fill reads words until the window after i is full or the text ends.
func (s *sigScan) fill(i int) {
	for s.n < min(i+sigWindow, len(s.words)) && !s.closed {
		w, open := s.set.nextWord(s.text, s.at)
		if w.start == len(s.text) || open && !s.end {
			s.closed = true
			if !s.end {
				s.open = w.start
			}
			return
		}
		s.at = w.end
		s.words[s.n] = w
		s.n++
		s.joinPhrases(s.n - 1)
	}
}

// phrasePending reports whether word i begins a phrase that words to come may
// complete.
func (s *sigScan) phrasePending(i int) bool {
	if !s.closed || s.end || i+phraseWords <= s.n {
		return false
	}
	for _, p := range s.words[i].phrases {
		there := s.n - i - 1
		if there < len(p.rest) && s.phraseFits(i+1, p.rest[:there], false) {
			return true
		}
	}
	return false
}

// liveFrom is where what may still become a match begins, given that word i
// may: phrases that end after it can begin before it.
func (s *sigScan) liveFrom(i int) int {
	live := s.words[i].from
	for k := i + 1; k < min(s.n, i+phraseWords); k++ {
		live = min(live, s.words[k].from)
	}
	return live
}

// shiftPhrases forgets the first n words of the window.
func (s *sigScan) shiftPhrases(n int) {
	kept := s.hits[:0]
	for _, h := range s.hits {
		if h.first -= n; h.last >= n {
			h.last -= n
			kept = append(kept, h)
		}
	}
	s.hits = kept
}

// joinPhrases gives word k the classes of the phrases that end with it.
func (s *sigScan) joinPhrases(k int) {
	w := &s.words[k]
	for back := 1; back < phraseWords && back <= k; back++ {
		first := &s.words[k-back]
		if first.wide || s.words[k-back+1].stop {
			return
		}
		for _, p := range first.phrases {
			if len(p.rest) == back && s.phraseFits(k-back+1, p.rest, p.stem) {
				s.hits = append(s.hits, phraseHit{k - back, k, p.set})
				w.from = min(w.from, first.start)
			}
		}
	}
}

// phraseFits reports whether the words from k on are rest.
func (s *sigScan) phraseFits(k int, rest []uint64, stem bool) bool {
	for i, h := range rest {
		if w := &s.words[k+i]; w.hash != h && !(stem && i == len(rest)-1 && stemOf(s.text[w.start:w.end], h)) {
			return false
		}
	}
	return true
}

// stemOf reports whether word begins with the folded word whose hash is h.
func stemOf(word string, h uint64) bool {
	x := uint64(hashSeed)
	for _, r := range word {
		if x = hashRune(x, foldRune(r)); x == h {
			return true
		}
	}
	return false
}

// anchored looks for patterns whose first element ends at word i.
func (s *sigScan) anchored(i int) (match, outcome) {
	w := &s.words[i]
	anchor := w.set
	for _, h := range s.phrasesFrom(0) {
		if h.last == i {
			anchor |= h.set
		}
	}
	if anchor &= s.set.starts; anchor == 0 {
		return match{}, outNone
	}
	v := &s.view
	v.look(s, i, anchor)
	for c := range s.set.first {
		if anchor&(1<<c) == 0 {
			continue
		}
		for _, p := range s.set.first[c] {
			soft := s.soft(p.rule)
			if soft && s.mode == sigExact && s.flagged == nil {
				continue
			}
			last, out := v.match(p)
			if soft && s.mode == sigExact {
				if out == outHit {
					s.flag()
				}
				continue
			}
			if out == outMore && !s.end && len(s.text)-w.from <= sigLongest {
				return match{}, outMore
			}
			if out != outHit || v.words[last].end-w.from > sigLongest {
				continue
			}
			if !s.end && len(s.text) < v.words[last].end+quoteBytes {
				return match{}, outMore // what stands behind it is judged too
			}
			if m, ok := s.judge(p, i, i+last); ok {
				return m, outHit
			}
		}
	}
	return match{}, outNone
}

// soft reports whether r is only flagged in text of this origin.
func (s *sigScan) soft(r *sigRule) bool {
	return trustedOrigin(s.origin) || r.data && !dataOrigin(s.origin)
}

// flag notes that there is something to flag.
func (s *sigScan) flag() {
	if s.flagged != nil {
		*s.flagged = true
	}
}

// judge makes the finding of p over the words from..to, unless it is none in
// this mode: negated, told of others, about the speaker's own words, quoted as an
// example, stray, said to people, about a program or a list of words. Data may be made
// to look like a question about a quotation or like a correction, so there these are
// flagged as strongly as is possible.
func (s *sigScan) judge(p *sigPattern, from, to int) (match, bool) {
	start, end := s.words[from].from, s.words[to].end
	told := s.told(start, p.object)
	if told == tellsNot || p.any[0]&s.set.ignore != 0 && from+1 < to && s.words[from+1].set&s.set.negation != 0 {
		return match{}, false // do not forget; vergiss nicht
	}
	asked, ordered := s.asked(start, end)
	if ordered {
		told = tellsIt
	}
	mentioned, soft := told == tellsOf || s.stray(p, to) || s.addressesPeople(p, from, to) || s.ofProgram(p, from, to) ||
		p.rule.takes && s.listed(from, to), s.soft(p.rule)
	if !mentioned && (asked || told == tellsQuoting || p.rule.takes && s.takenBack(end)) {
		mentioned, soft = !dataOrigin(s.origin), true
	}
	soft = soft || p.rule.takes && s.onErrand(from, to) || s.overrides(p, from, to) || s.hidesFromPeople(p, to)
	return s.graded(hit(p.rule.category, p.rule.name, start, end, p.rule.why), mentioned, soft)
}

// graded gives m the score of what is flagged, and drops it when this mode does
// not want it.
func (s *sigScan) graded(m match, mentioned, soft bool) (match, bool) {
	switch {
	case mentioned:
		m.score, m.fpr = mentionScore, mentionFPR
	case soft:
		m.score, m.fpr = softScore, softFPR
	}
	if flag := mentioned || soft; flag != (s.mode == sigFlag) {
		if flag {
			s.flag()
		}
		return match{}, false
	}
	return m, true
}
