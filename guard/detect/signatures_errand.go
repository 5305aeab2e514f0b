package detect

import (
	"slices"
	"strings"
)

// listJoins join the last word of a list.
var listJoins = wordSet("and or und oder et ou y o e i oraz и или та en of")

// errandReach is how many words behind a match an errand may stand: "for your next trip".
const errandReach = 4

// listed reports whether the match over words[from..to] is a list of single words
// and no sentence: "IGNORE, PRIOR, INSTRUCTION".
func (s *sigScan) listed(from, to int) bool {
	if to-from < 2 || s.words[from].wide {
		return false
	}
	for k := from; k < to; k++ {
		a, b := &s.words[k], &s.words[k+1]
		if !strings.ContainsAny(s.text[a.end:b.start], ",|/、،") && !listJoins[a.hash] && !listJoins[b.hash] {
			return false
		}
	}
	return true
}

// wholeWords order to drop more than what is about one errand.
var wholeWords = wordSet("all any every everything alle allen samtliche jede tous toutes todas todos todo toda tutte tutti wszystkie alla все всі your dein deine tes vos tus tuas suas")

// onErrand reports whether the words directly behind the match over words[from..to]
// say that people are told of something of their own: "the previous instructions for
// the trip", but not all that there are.
func (s *sigScan) onErrand(from, to int) bool {
	if slices.ContainsFunc(s.words[from:to+1], func(w sigWord) bool { return wholeWords[w.hash] }) {
		return false
	}
	a, end := loadAround(), s.words[to].end
	next := s.following(end, " \t", errandReach)
	if len(next) < 2 {
		return false
	}
	rest := s.text[next[0].start:min(len(s.text), end+afterBytes)]
	w, _ := a.nextWord(rest, 0)
	if a.classesAt(rest, &w)&a.purpose == 0 {
		return false
	}
	last := next[len(next)-1].end
	return a.classesIn(s.text[next[1].start:last])&a.errand != 0
}
