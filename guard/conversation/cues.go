package conversation

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"warder.example/guard"
)

//go:embed cues.txt
var cuesText string

// maxCued is how many bytes at the beginning of a turn are looked at for cues.
const maxCued = 600

// phrases are wordings, by their first character.
type phrases map[rune][]string

// cues are the reviewed wordings of cues.txt.
var cues struct {
	refusal, callback, assembly phrases
}

// loadCues reads the lists once.
var loadCues = sync.OnceFunc(func() {
	cues.refusal, cues.callback, cues.assembly = phrases{}, phrases{}, phrases{}
	var to phrases
	for line := range strings.Lines(cuesText) {
		switch line = strings.TrimSpace(line); {
		case line == "[refusal]":
			to = cues.refusal
		case line == "[callback]":
			to = cues.callback
		case line == "[assembly]":
			to = cues.assembly
		case line != "" && line[0] != '#':
			r, _ := utf8.DecodeRuneInString(line)
			to[r] = append(to[r], line)
		}
	}
})

// straight writes typographic apostrophes plainly.
var straight = strings.NewReplacer("’", "'", "ʼ", "'", "`", "'")

// in reports whether one of the wordings begins at a word near the beginning of
// text. Letters before it rule it out where words are spaced.
func (p phrases) in(text string) bool {
	s := straight.Replace(strings.ToLower(text[:runeStart(text, min(len(text), maxCued))]))
	before := ' '
	for i, r := range s {
		if !unicode.IsLetter(before) || r >= 0x0E00 {
			for _, w := range p[r] {
				if strings.HasPrefix(s[i:], w) {
					return true
				}
			}
		}
		before = r
	}
	return false
}

// refusedBefore reports whether the assistant refused between the last turn and the
// user's turn before it.
func refusedBefore(turns []Turn) bool {
	for i := len(turns) - 2; i >= 0; i-- {
		t := &turns[i].Text
		if t.Origin == guard.OriginModel && cues.refusal.in(t.Content) {
			return true
		}
		if t.Origin == guard.OriginUser {
			return false
		}
	}
	return false
}
