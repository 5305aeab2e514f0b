package normal

import "strings"

// minSpelled is how many words of the spelling alphabet make a message.
const minSpelled = 4

var spellingWords = [26][2]string{
	{"alpha", "alfa"}, {"bravo"}, {"charlie"}, {"delta"}, {"echo"}, {"foxtrot"}, {"golf"}, {"hotel"}, {"india"}, {"juliet", "juliett"},
	{"kilo"}, {"lima"}, {"mike"}, {"november"}, {"oscar"}, {"papa"}, {"quebec"}, {"romeo"}, {"sierra"}, {"tango"}, {"uniform"}, {"victor"},
	{"whiskey", "whisky"}, {"xray"}, {"yankee"}, {"zulu"},
}

// spellingLengths has for every first letter the bits of its words' lengths.
var spellingLengths = func() (t [symbols]uint32) {
	for i, both := range spellingWords {
		for _, w := range both {
			if w != "" {
				t[i] |= 1 << len(w)
			}
		}
	}
	return t
}()

// spelling collects letters spelled by the words of the radio alphabet.
type spelling struct {
	set   gather
	words []stretch
}

// spelled returns what a text spells.
func spelled(p piece) piece {
	var s spelling
	for i := 0; i < len(p.text); {
		if symbol[p.text[i]] == boundary {
			i++
			continue
		}
		start := i
		for i < len(p.text) && symbol[p.text[i]] != boundary {
			i++
		}
		s.word(p.text, start, i)
	}
	s.close(p.text)
	return s.set.done(p)
}

// word takes the next word of the text.
func (s *spelling) word(text string, start, end int) {
	if !spellingWord(text[start:end]) {
		s.close(text)
		return
	}
	if n := len(s.words); n > 0 && start-s.words[n-1].end > 4 {
		s.close(text)
	}
	s.words = append(s.words, stretch{start, end})
}

func spellingWord(word string) bool {
	c := word[0] | 0x20 - 'a'
	if c > 25 {
		return false
	}
	for _, w := range spellingWords[c] {
		if len(w) == len(word) && strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// close ends a message and gathers it if its letters are words.
func (s *spelling) close(text string) {
	words := s.words
	s.words = s.words[:0]
	if len(words) < minSpelled {
		return
	}
	chain := make([]single, 0, min(len(words), maxChain))
	for i, w := range words[:cap(chain)] {
		x := single{start: int32(w.start), end: int32(w.end), next: int32(w.end), shows: text[w.start] | 0x20}
		if i+1 < cap(chain) {
			x.next = int32(words[i+1].start)
		}
		chain = append(chain, x)
	}
	sep := commonSep(text, chain)
	if !joinable(text, chain, sep, 0) {
		return
	}
	b := newBuilder(len(chain))
	writeChain(b, text, chain, sep)
	s.set.begin(words[0].start)
	writeSpelled(&s.set.b, b, chain)
	s.set.end = words[len(words)-1].end
}

// writeSpelled appends what was joined, each word reduced to its letter.
func writeSpelled(to, from *builder, chain []single) {
	shows := make(map[int]byte, len(chain))
	for _, x := range chain {
		shows[int(x.start)] = x.shows
	}
	for i, s := range from.segs {
		end := len(from.buf)
		if i+1 < len(from.segs) {
			end = int(from.segs[i+1].At)
		}
		start, stop := int(s.Start), int(s.End)
		if c, ok := shows[start]; ok && s.Mode == linear {
			to.replace(string(rune(c)), start, stop)
		} else {
			to.replace(string(from.buf[s.At:end]), start, stop)
		}
	}
}
