package detect

import "warder.example/guard"

// secretScanner is the scanner of secrets: the common one with a finder that
// remembers, within one call, what it has tried.
type secretScanner struct {
	scan   *scanner
	search secretSearch
}

var _ guard.Scanner = (*secretScanner)(nil)

func newSecretScanner(e *secretEngine) *secretScanner {
	s := &secretScanner{search: secretSearch{engine: e}}
	s.scan = newScanner("secrets", s.search.find)
	return s
}

// Scan implements [guard.Scanner].
func (s *secretScanner) Scan(piece string, end bool) ([]guard.Finding, int) {
	s.search.restart()
	return s.scan.Scan(piece, end)
}

// secretSearch looks for one secret after the other in one text. A secret may
// begin secretReach behind its keyword, so every search begins so much earlier;
// without memory a text full of secrets would be tried there again and again.
type secretSearch struct {
	engine *secretEngine
	tried  int           // keywords before this place were tried
	saw    []placedMatch // what they said, in order of their places
}

// placedMatch is a candidate with the place of its keyword.
type placedMatch struct {
	candidate
	at int
}

// restart forgets all: the next text is another one.
func (s *secretSearch) restart() { s.tried, s.saw = 0, s.saw[:0] }

// forget drops what keywords before place at said, which no longer count.
func (s *secretSearch) forget(at int) {
	n := 0
	for n < len(s.saw) && s.saw[n].at < at {
		n++
	}
	s.saw = append(s.saw[:0], s.saw[n:]...)
	s.tried = max(s.tried, at)
}

// find is the [finder] of secrets; between two restarts text and end stay the
// same and from never falls. Several keywords may lead to the same bytes: the
// secret that begins first wins, of those the most specific, of those the
// longest.
func (s *secretSearch) find(text string, from int, end bool) (match, int, bool) {
	s.forget(max(0, from-secretReach))
	var best candidate
	hold := len(text)
	for i := range s.saw {
		hold = s.saw[i].weigh(&best, from, hold)
	}
	for s.tried < len(text) {
		at, words := s.engine.words.next(text, s.tried)
		if s.tried = at; at == len(text) || best.ok && at > best.Start {
			break
		}
		n := len(s.saw)
		s.try(text, at, words, from, end)
		for s.tried++; n < len(s.saw); n++ {
			hold = s.saw[n].weigh(&best, from, hold)
		}
	}
	if !end {
		hold = min(hold, s.engine.tail(text, from))
	}
	if best.ok && best.Start < hold {
		return s.engine.found(&best), 0, true
	}
	return match{}, hold, false
}

// try notes what the rules of the keywords at text[at] say.
func (s *secretSearch) try(text string, at int, words []keyword, from int, end bool) {
	for w := range words {
		if !words[w].at(text, at) {
			continue
		}
		for _, id := range words[w].ids {
			if c := s.engine.try(id, text, at, at+len(words[w].text), from, end); c.ok || c.live {
				s.saw = append(s.saw, placedMatch{c, at})
			}
		}
	}
}

// weigh sets best to c where that is the better one, and returns the place from
// which on the text must be held: hold, or the start of c if that is live and
// earlier. What lies before from counts from there; what ends before it, not at
// all.
func (c candidate) weigh(best *candidate, from, hold int) int {
	c.Start = max(c.Start, from)
	switch {
	case c.live:
		return min(hold, c.Start)
	case c.End > from && c.beats(best):
		*best = c
	}
	return hold
}
