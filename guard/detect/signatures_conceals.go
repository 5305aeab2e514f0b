package detect

import "slices"

var (
	// hiddenWords are what an attack has hidden: itself, and what it orders.
	hiddenWords = wordSet("this that these those it any anything nothing instruction instructions message messages note notes text prompt prompts " +
		"mail email emails request requests reasoning step steps action actions output what how why your")
	// noticingWords are what a user who is not let would do, with the reader or by himself.
	noticingWords = wordSet("know knows see sees notice find learn realize realise suspect discover hear read catch guess aware understand think believe you")
	// personWords may be anybody, also in what people write to each other.
	personWords = wordSet("anyone him her them")
)

var hashShow, hashLet = hashWord("show"), hashWord("let")

// hiddenReach is how many words behind "the user" are read for what is hidden.
const hiddenReach = 3

// hidesElse reports whether a match of "conceals" over words[from..to] hides a thing of a
// program, "do not show the stack trace to users", or is about an act of theirs that is
// none of noticing: "do not let users delete it".
func (s *sigScan) hidesElse(from, to int) bool {
	has := func(words []sigWord, set map[uint64]bool) bool {
		return slices.ContainsFunc(words, func(w sigWord) bool { return set[w.hash] })
	}
	last := from
	for last < to && s.words[last].hash != hashShow && s.words[last].hash != hashLet {
		last++
	}
	next := s.following(s.words[to].end, " \t", hiddenReach)
	switch s.words[last].hash {
	case hashLet:
		return len(next) > 0 && !has(next, noticingWords)
	case hashShow:
		between := s.words[last+1 : to]
		things := slices.ContainsFunc(between, func(w sigWord) bool { return w.hash != hashThe && w.hash != hashTo })
		return (things || len(next) > 0) && !has(between, hiddenWords) && !has(next, hiddenWords)
	}
	return false
}

// hidesFromPeople reports whether a match of "conceals" that ends with word to hides
// something from people whom the speaker does not call users, and has nothing done
// meanwhile: "don't tell her".
func (s *sigScan) hidesFromPeople(p *sigPattern, to int) bool {
	return p.rule.name == "conceals" && len(p.any) == 2 && personWords[s.words[to].hash]
}
