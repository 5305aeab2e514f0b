package textmodel

import (
	"fmt"
	"unicode"
)

// Shape of a character model.
const (
	spellingBits   = 15 // logarithm of the number of slots for runs of three characters
	spellingWindow = 40 // characters whose mean counts
	// SpellingLevels is the number of steps from ordinary to gibberish.
	SpellingLevels = 8
)

// script is a group of characters that has spellings of its own.
type script uint8

const (
	noScript script = iota // says nothing: digits, marks, what joins
	latin
	cyrillic
	greek
	arabic
	hebrew
	devanagari
	hangul
	han // with Kana
	otherScript
	scripts
)

// Spelling is a character model: how surprising each run of three characters is
// in ordinary text, by script, and how surprising the worst stretch of honest
// texts is. It finds what optimisers append to requests ("adversarial
// suffixes"), which no language spells so. What is odd is judged against texts
// of the same script: against English, every other language would look like
// gibberish. It is immutable and safe for concurrent use.
type Spelling struct {
	cost   []uint8                         // of a run, in eighths of a bit
	levels [scripts][SpellingLevels]uint16 // least sum over a window of each level; 0: the script is not judged
}

// slot is the place of a run of three folded characters.
func slot(a, b, c uint64) uint64 {
	return mix(c*mulA^b*mulD^a*mulE) >> (64 - spellingBits)
}

func scriptOf(c uint64) script {
	switch r := rune(c); {
	case r < 0x80:
		return latin
	case r < 0x250, r >= 0x1e00 && r < 0x1f00:
		return latin
	case r >= 0x370 && r < 0x400:
		return greek
	case r >= 0x400 && r < 0x530:
		return cyrillic
	case r >= 0x590 && r < 0x600:
		return hebrew
	case r >= 0x600 && r < 0x780:
		return arabic
	case r >= 0x900 && r < 0x980:
		return devanagari
	case r >= 0xac00 && r < 0xd7b0, r >= 0x1100 && r < 0x1200:
		return hangul
	case r >= 0x3040 && r < 0xa000, r >= 0xf900 && r < 0xfb00, r >= 0x20000 && r < 0x40000:
		return han
	case unicode.IsLetter(r):
		return otherScript
	}
	return noScript
}

// speller is the state of one pass.
type speller struct {
	model  *Spelling // may be nil
	a, b   uint64
	script script
	ring   [spellingWindow]uint8
	n      int // characters of this script
	sum    int
	worst  int // largest sum since the last segment ended
	level  script
	at     int // where the worst window ends
}

// character takes a folded character; next is where the one after it begins.
func (s *speller) character(c uint64, next int) {
	if s.model == nil {
		return
	}
	sc := latin
	if c >= 0x80 {
		if sc = scriptOf(c); sc == noScript {
			return
		}
	}
	if sc != s.script && (c >= 0x80 || s.script == noScript) {
		s.script, s.n, s.sum, s.a, s.b = sc, 0, 0, ' ', ' '
	}
	if c == ' ' && s.b == ' ' {
		return
	}
	cost := s.model.cost[slot(s.a, s.b, c)&(1<<spellingBits-1)]
	s.a, s.b = s.b, c
	i := s.n % spellingWindow
	if s.n >= spellingWindow {
		s.sum -= int(s.ring[i])
	}
	s.ring[i] = cost
	s.sum += int(cost)
	s.n++
	if s.n >= spellingWindow && s.sum > s.worst {
		s.worst, s.level, s.at = s.sum, s.script, next
	}
}

// steps returns how odd the worst window since the last call was: 0 is ordinary.
func (s *speller) steps() int {
	if s.worst == 0 {
		return 0
	}
	n := 0
	for _, l := range s.model.levels[s.level] {
		if l > 0 && s.worst >= int(l) {
			n++
		}
	}
	s.worst = 0
	return n
}

// bytes returns the model as it is stored.
func (s *Spelling) bytes() []byte {
	out := make([]byte, 0, 1<<spellingBits+int(scripts)*SpellingLevels*2)
	out = append(out, s.cost...)
	for _, ls := range s.levels {
		for _, l := range ls {
			out = append(out, byte(l), byte(l>>8))
		}
	}
	return out
}

func parseSpelling(data []byte) (*Spelling, error) {
	if want := 1<<spellingBits + int(scripts)*SpellingLevels*2; len(data) != want {
		return nil, fmt.Errorf("spelling has %d bytes, expected %d", len(data), want)
	}
	s := &Spelling{cost: append([]uint8(nil), data[:1<<spellingBits]...)}
	rest := data[1<<spellingBits:]
	for i := range s.levels {
		for j := range s.levels[i] {
			s.levels[i][j] = uint16(rest[0]) | uint16(rest[1])<<8
			if j > 0 && s.levels[i][j] < s.levels[i][j-1] {
				return nil, fmt.Errorf("spelling: levels of script %d fall", i)
			}
			rest = rest[2:]
		}
	}
	return s, nil
}
