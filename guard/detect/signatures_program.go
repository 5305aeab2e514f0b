package detect

import (
	"slices"
	"strings"
)

// Documents about programs share words with attacks: a tool whose only job is to
// compile, a hook that overrides the original request, an error that users are not shown.
// What tells them apart is who is spoken to and what is dropped or hidden.

// programReach is how many words before a match are read to see who does what.
const programReach = 8

var (
	// describing words before "task" say what somebody's task is; the others of class
	// NEW give another one.
	describingWords = wordSet("only real actual true")
	// modalWords behind a subject say what it has to do.
	modalWords = wordSet("must should will shall may can could would might")
	// addressedWords are subjects behind which an order may hide.
	addressedWords = wordSet("you u system systems reader readers agent agents bot bots model models one everyone everybody anyone anybody it this that and then also now please")
	// goingOnWords after what is dropped begin what is to be done in place of it.
	goingOnWords = wordSet("and then instead but so rather")
	// sentWords are what programs send; nobody sends an "attention" or a "dear".
	sentWords = wordSet("request message messages command instruction instructions directive")
	// sendingWords before a message say that it is sent, not that it is read here.
	sendingWords = wordSet("send sends sending sent submit submits submitting submitted perform performs performing performed make makes making made " +
		"issue issues issuing issued post posts posting posted pass passes passing passed relay relays route routes dispatch dispatches " +
		"deliver delivers build builds building create creates creating return returns returning")
	// serviceWords behind the name of an AI make it that of a service.
	serviceWords = wordSet("endpoint endpoints api apis server servers service services backend backends gateway gateways provider providers platform sdk streaming")
)

var hashIts, hashOverride, hashType = hashWord("its"), hashWord("override"), hashWord("type")

// ofProgram reports whether the match of p over words[from..to] describes a program
// rather than orders its reader about.
func (s *sigScan) ofProgram(p *sigPattern, from, to int) bool {
	switch p.rule.name {
	case "hijack-data":
		return s.describesTask(from, to) || s.subjectDrops(p, from, to) || s.pragma(from) || s.identifier(from, to)
	case "jailbreak-rules":
		return s.nameAndValue(p, from, to)
	case "addresses-ai":
		return s.sentToService(p, from, to)
	case "conceals":
		return s.hidesElse(from, to)
	}
	return false
}

// describesTask reports whether a third party's task is described: "its only job is".
func (s *sigScan) describesTask(from, to int) bool {
	return s.words[from].hash == hashIts &&
		slices.ContainsFunc(s.words[from:to+1], func(w sigWord) bool { return describingWords[w.hash] })
}

// subjectDrops reports whether somebody who is not the reader has to drop something, and
// the clause goes on without saying what to do then: "the history must ignore the
// original request in this loop".
func (s *sigScan) subjectDrops(p *sigPattern, from, to int) bool {
	if !p.takesShort(s.set) {
		return false
	}
	before := s.preceding(s.words[from].from, 2)
	if len(before) < 2 || !modalWords[before[1].hash] || addressedWords[before[0].hash] || before[0].set&s.set.ai != 0 {
		return false
	}
	next := s.following(s.words[to].end, " \t", 1)
	return len(next) == 1 && !goingOnWords[next[0].hash]
}

// overrides reports whether the match of p is about what programs override, a request or
// a header, and names nothing to do in place of it.
func (s *sigScan) overrides(p *sigPattern, from, to int) bool {
	if p.rule.name != "hijack-data" || s.words[from].hash != hashOverride || !p.takesShort(s.set) {
		return false
	}
	next := s.following(s.words[to].end, " \t,:;-", 1)
	return len(next) == 0 || !goingOnWords[next[0].hash]
}

// pragma reports whether the match that begins with word k does so with a directive to a
// type checker, which ends there: "# type: ignore  # to do".
func (s *sigScan) pragma(k int) bool {
	w := &s.words[k]
	before := s.preceding(w.from, 1)
	rest := strings.TrimLeft(s.text[w.end:min(len(s.text), w.end+afterBytes)], " \t")
	return len(before) == 1 && before[0].hash == hashType && strings.HasSuffix(strings.TrimRight(s.text[:w.start], " "), ":") &&
		rest != "" && strings.IndexByte("#[\n\r", rest[0]) >= 0
}

// identifier reports whether the match over words[from..to] begins within a name of a
// program and reaches over a sign of code to the next: "ignore_existing = command".
func (s *sigScan) identifier(from, to int) bool {
	end := s.words[from].end
	if from == to || !strings.HasPrefix(s.text[end:], "_") || s.words[from+1].start != end+1 {
		return false
	}
	return strings.ContainsAny(s.text[end:s.words[to].start], "=(")
}

// takesShort reports whether p is an order to drop something that names nothing else.
func (p *sigPattern) takesShort(set *signatureSet) bool {
	return p.any[0]&set.ignore != 0 && p.any[len(p.any)-1]&set.output == 0
}

// nameAndValue reports whether the match of p is one word twice, as the name and the
// value of a setting: UNRESTRICTED = 'unrestricted'. An attack names two freedoms.
func (s *sigScan) nameAndValue(p *sigPattern, from, to int) bool {
	a, b := &s.words[from], &s.words[to]
	if from == to || p.any[0] != p.any[len(p.any)-1] || a.hash != b.hash || a.from != a.start || b.from != b.start {
		return false
	}
	return strings.ContainsAny(s.text[a.end:b.start], "=:\"'`")
}

// sentToService reports whether the match of p is a message that a program sends, or one
// to a service, and not an address that a colon ends.
func (s *sigScan) sentToService(p *sigPattern, from, to int) bool {
	if p.any[len(p.any)-1]&s.set.ai == 0 || !sentWords[s.words[from].hash] {
		return false
	}
	end := s.words[to].end
	next := s.following(end, " \t\n-", 4)
	for len(next) > 0 && next[0].set&s.set.ai != 0 { // "to the AI assistant"
		end, next = next[0].end, next[1:]
	}
	switch {
	case len(next) > 0 && serviceWords[next[0].hash]:
		end = next[0].end
	case !slices.ContainsFunc(s.preceding(s.words[from].from, programReach), func(w sigWord) bool { return sendingWords[w.hash] }):
		return false
	}
	return !strings.HasPrefix(strings.TrimLeft(s.text[end:min(len(s.text), end+afterBytes)], " \t*_"), ":")
}

// preceding returns up to n words that stand before text[start:] in the same sentence,
// in their order.
func (s *sigScan) preceding(start, n int) (words []sigWord) {
	before := s.before(start)
	if sentenceEnds(before) {
		return nil
	}
	for i := 0; i < len(before); {
		w, _ := s.set.nextWord(before, i)
		if w.start == len(before) {
			break
		}
		if w.stop {
			words = words[:0]
		}
		words, i = append(words, w), w.end
	}
	return words[max(0, len(words)-n):]
}
