package detect

import (
	"slices"
	"strings"

	"warder.example/guard"
)

// afterBytes is how much after a match is read to judge it without a quotation.
const afterBytes = 48

// conversationWords may follow "repeat everything above" when what is above is
// the conversation and not a sink, a line or a limit.
var conversationWords = wordSet("this my our and or but on in verbatim word exactly as starting beginning conversation message messages prompt " +
	"user chat first here please back to into inside within with without so that including then from for again now word")

// thingWords make a "system message" or "internal rules" part of the name of a
// thing that programs and offices have.
var thingWords = wordSet("log logs logfile journal queue queues file files bus board table tables id ids type types format code codes number numbers " +
	"template templates field fields viewer handler parser center area window dialog popup history settings " +
	"font fonts color colour colors colours theme cursor shell box boxes sound icon")

// reportedWords make what an assistant's turn says after them a report of what
// was asked of it.
var reportedWords = wordSet("asked ask asks asking told tells instructs instructed instructing attempt attempts attempted try tries tried trying " +
	"able unable refuse refused decline declined wants wanted requests says said claims claimed")

// reportedReach is how many words back a word of reportedWords counts.
const reportedReach = 5

func wordSet(list string) map[uint64]bool {
	set := map[uint64]bool{}
	for w := range strings.FieldsSeq(list) {
		set[hashWord(w)] = true
	}
	return set
}

var hashAbove, hashThe, hashTo = hashWord("above"), hashWord("the"), hashWord("to")

// stray reports whether the words behind a match of p that ends with word k show
// that it speaks of something other than a conversation: "everything above the
// line", "the system message log".
func (s *sigScan) stray(p *sigPattern, k int) bool {
	w := &s.words[k]
	above := w.hash == hashAbove && p.rule.name == "prompt-extraction"
	thing := p.any[len(p.any)-1]&s.set.prompt != 0
	if !above && !thing {
		return false
	}
	next := s.following(w.end, " \t", 2)
	if len(next) == 0 {
		return false // the clause ends
	}
	if above {
		return !conversationWords[next[0].hash] && !(next[0].hash == hashThe && len(next) > 1 && conversationWords[next[1].hash])
	}
	return thingWords[next[0].hash]
}

// following returns up to n words that follow text[at:] in the same clause, with
// nothing but runes of between before each.
func (s *sigScan) following(at int, between string, n int) (words []sigWord) {
	high := min(len(s.text), at+afterBytes)
	for len(words) < n {
		word := strings.TrimLeft(s.text[at:high], between)
		start := high - len(word)
		if start == at || word == "" {
			return words
		}
		w, _ := s.set.nextWord(s.text[:high], start)
		if w.start != start || w.wide {
			return words
		}
		words, at = append(words, w), w.end
	}
	return words
}

// reported reports whether the words before a match in an assistant's turn make
// it a report or a refusal. recent are the last words of the sentence.
func (s *sigScan) reported(recent []sigWord) bool {
	return s.origin == guard.OriginModel && slices.ContainsFunc(recent, func(w sigWord) bool {
		return reportedWords[w.hash] || w.set&(s.set.negation|s.set.subject) != 0
	})
}
