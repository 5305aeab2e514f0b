package detect

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"warder.example/guard"
)

// telling is what the words before a match make of it.
type telling uint8

const (
	tellsIt      telling = iota // no more than it says
	tellsNot                    // negated, or about the speaker's own words
	tellsOf                     // an example, or somebody else's act
	tellsQuoting                // quoted where examples are spoken of
)

// told says what the words before start make of what follows. What begins with its
// object may be of the speaker's own words: "meine vorherige Frage bitte ignorieren".
// It looks back no further than contextBytes.
func (s *sigScan) told(start int, object bool) telling {
	before := s.before(start)
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
	mark := quoteAtEnd(before)
	quoted, value := mark >= 0, false
	if quoted { // behind a comma may stand a key
		value = inStructure(before[:mark]) && !strings.HasSuffix(strings.TrimSpace(before[:mark]), ",")
	}
	switch last := recent[2] | recent[1]; {
	case object && !quoted && last&s.set.mine != 0:
		return tellsNot
	case recent[2]&s.set.negation != 0 || recent[1]&s.set.negation != 0 && !quoted:
		if quoted {
			return tellsIt
		}
		return tellsNot
	case recent[2]&s.set.subject != 0:
		return tellsOf
	case s.reported(words[max(0, len(words)-reportedReach):]):
		return tellsOf
	case value: // the words are those of a key, or of another value
		return tellsIt
	case last&s.set.mention != 0:
		return tellsOf
	case quoted && any&s.set.mention != 0:
		return tellsQuoting
	}
	return tellsIt
}

// before returns the contextBytes before text[start:], less part of a character.
func (s *sigScan) before(start int) string {
	from := max(0, start-contextBytes)
	for from < start && !utf8.RuneStart(s.text[from]) {
		from++
	}
	return s.text[from:start]
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

// quoteAtEnd returns where the opening quotation mark or backtick stands with which s
// ends, -1 if there is none.
func quoteAtEnd(s string) int {
	s = strings.TrimRight(s, " \n*_([")
	for _, q := range []string{`"`, "'", "`", "“", "„", "«", "‘", "「", "『", "‹"} {
		if strings.HasSuffix(s, q) {
			return len(s) - len(q)
		}
	}
	return -1
}
