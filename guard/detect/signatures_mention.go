package detect

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"warder.example/guard"
)

// mentioned reports whether the words before start make what follows an example
// or somebody else's act, and whether they negate it. It looks back no further
// than contextBytes.
func (s *sigScan) mentioned(start int) (mentioned, negated bool) {
	from := max(0, start-contextBytes)
	for from < start && !utf8.RuneStart(s.text[from]) {
		from++
	}
	before := s.text[from:start]
	var recent [3]classSet // of the last words
	var words []sigWord    // of the sentence, while they are kept
	var any classSet
	for i := 0; i < len(before); {
		w, _ := s.set.nextWord(before, i)
		if w.start == len(before) {
			break
		}
		if w.stop {
			recent, words = [3]classSet{}, words[:0]
		}
		recent[0], recent[1], recent[2] = recent[1], recent[2], w.set
		any |= w.set
		if s.origin == guard.OriginModel {
			words = append(words, w)
		}
		i = w.end
	}
	if sentenceEnds(before) {
		recent, words = [3]classSet{}, nil
	}
	quoted := endsInQuote(before)
	switch {
	case recent[2]&s.set.negation != 0 || recent[1]&s.set.negation != 0 && !quoted:
		return false, !quoted
	case recent[2]&(s.set.subject) != 0:
		return true, false
	case (recent[2]|recent[1])&s.set.mention != 0 || s.reported(words[max(0, len(words)-reportedReach):]):
		return true, false
	}
	return quoted && any&s.set.mention != 0, false
}

// sentenceEnds reports whether a sentence ended after the last word of s.
func sentenceEnds(s string) bool {
	breaks := 0
	for i := len(s); i > 0 && breaks < 2; {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		i -= size
		switch {
		case strings.ContainsRune(".!?;。！？।؟", r):
			return true
		case r == '\n':
			breaks++
		case r < 0x80 && classes[r]&classAlnum != 0 || r >= 0x80 && unicode.IsLetter(r):
			return false
		}
	}
	return breaks > 1
}

// endsInQuote reports whether s ends with an opening quotation mark or backtick.
func endsInQuote(s string) bool {
	s = strings.TrimRight(s, " \n*_([")
	for _, q := range []string{`"`, "'", "`", "“", "„", "«", "‘", "「", "『", "‹"} {
		if strings.HasSuffix(s, q) {
			return true
		}
	}
	return false
}
