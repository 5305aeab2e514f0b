package textmodel

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a lexicon.
const (
	// MaxLexicon is the most bytes that a lexicon has.
	MaxLexicon  = 4 << 20
	maxEntry    = 80 // bytes of one expression
	maxConcepts = 8  // counted at one place in a text
)

// Lexicon maps words and phrases of many languages to concepts, so that what a
// model learns of a meaning in one language holds in the others. It is written
// as lines
//
//	CONCEPT <tab> LANGUAGE <tab> EXPRESSION
//
// where the expression is a word, a phrase, or the beginning of a word with * at
// the end. Case and digits do not matter. It is immutable and safe for
// concurrent use.
//
// It is compiled to a trie over folded characters, which is walked from the
// beginning of every word: the cost of a text is linear in its length.
type Lexicon struct {
	source   []byte
	children edges
	nodes    []uint32 // index in ends of what ends at a node; 0 is nothing
	ends     []end
	entries  int
	names    []string // of the concepts
}

// end is what ends at a node: at one in ten or so.
type end struct {
	exact, prefix []uint64 // hashes of the concepts' names
}

// edges is an open-addressing table from (node, character) to node.
type edges struct {
	keys   []uint64 // 0 is free
	values []uint32
	n      int
}

func edgeKey(from uint32, c uint64) uint64 { return uint64(from)<<21 | c&(1<<21-1) | 1<<63 }

func (e *edges) get(from uint32, c uint64) uint32 {
	key := edgeKey(from, c)
	mask := uint64(len(e.keys) - 1)
	for i := mix(key) >> 20 & mask; e.keys[i] != 0; i = (i + 1) & mask {
		if e.keys[i] == key {
			return e.values[i]
		}
	}
	return 0
}

func (e *edges) put(from uint32, c uint64, to uint32) {
	if 2*(e.n+1) > len(e.keys) {
		old := *e
		*e = edges{keys: make([]uint64, 2*len(old.keys)), values: make([]uint32, 2*len(old.keys)), n: 0}
		for i, k := range old.keys {
			if k != 0 {
				e.insert(k, old.values[i])
			}
		}
	}
	e.insert(edgeKey(from, c), to)
}

func (e *edges) insert(key uint64, to uint32) {
	mask := uint64(len(e.keys) - 1)
	i := mix(key) >> 20 & mask
	for e.keys[i] != 0 {
		i = (i + 1) & mask
	}
	e.keys[i], e.values[i] = key, to
	e.n++
}

// ParseLexicon reads a lexicon. Blank lines and lines that begin with # are
// skipped; anything else must be an entry. The lexicon does not keep tsv.
func ParseLexicon(tsv []byte) (*Lexicon, error) {
	if len(tsv) > MaxLexicon {
		return nil, fmt.Errorf("lexicon has %d bytes, at most %d are read", len(tsv), MaxLexicon)
	}
	l := &Lexicon{source: bytes.Clone(tsv), nodes: make([]uint32, 1), ends: make([]end, 1)}
	l.children = edges{keys: make([]uint64, 1024), values: make([]uint32, 1024)}
	n := 0
	for line := range strings.SplitSeq(string(tsv), "\n") {
		n++
		line = strings.TrimSuffix(line, "\r")
		if line == "" || line[0] == '#' {
			continue
		}
		if err := l.add(line); err != nil {
			return nil, fmt.Errorf("lexicon line %d: %w", n, err)
		}
	}
	return l, nil
}

func (l *Lexicon) add(line string) error {
	e, err := ParseEntry(line)
	if err != nil {
		return err
	}
	list := l.list(&e)
	if h := conceptHash(e.Concept); !slices.Contains(*list, h) {
		*list = append(*list, h)
	}
	// Entries mostly come by concept, so the last name is the one.
	if n := len(l.names); n == 0 || l.names[n-1] != e.Concept && !slices.Contains(l.names, e.Concept) {
		l.names = append(l.names, strings.Clone(e.Concept))
	}
	l.entries++
	return nil
}

// list returns where the concepts of an expression are kept, and makes the place if
// there is none.
func (l *Lexicon) list(e *Entry) *[]uint64 {
	at := uint32(0)
	for _, r := range e.Folded {
		to := l.children.get(at, uint64(r))
		if to == 0 {
			to = uint32(len(l.nodes))
			l.nodes = append(l.nodes, 0)
			l.children.put(at, uint64(r), to)
		}
		at = to
	}
	if l.nodes[at] == 0 {
		l.nodes[at] = uint32(len(l.ends))
		l.ends = append(l.ends, end{})
	}
	if e.Prefix {
		return &l.ends[l.nodes[at]].prefix
	}
	return &l.ends[l.nodes[at]].exact
}

// conceptHash depends on the concept's name only, so that a lexicon can grow
// without changing what a model knows.
func conceptHash(name string) uint64 {
	h := uint64(mulC)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * mulW
	}
	return mix(h) | 1
}

// Bytes returns the lines that the lexicon was read from. The caller does not
// change them.
func (l *Lexicon) Bytes() []byte { return l.source }

// Len returns the number of entries.
func (l *Lexicon) Len() int { return l.entries }

// found is a concept at a place in a text.
type found struct {
	concept uint64
	end     int
}

// match appends the concepts of the expressions that begin at text[at], where a
// word begins.
func (l *Lexicon) match(text string, at int, out []found) []found {
	n := uint32(0)
	for i := at; i < len(text); {
		c, class, size := next(text[i:])
		if class&isMute != 0 {
			i += size
			continue
		}
		if c == '-' {
			c = ' '
		}
		if c == ' ' { // any run of spaces is one
			for i+size < len(text) {
				d, _, more := next(text[i+size:])
				if d != ' ' && d != '-' {
					break
				}
				size += more
			}
		}
		if n = l.children.get(n, c); n == 0 {
			return out
		}
		i += size
		if l.nodes[n] == 0 {
			continue
		}
		here := &l.ends[l.nodes[n]]
		for _, h := range here.prefix {
			out = note(out, found{h, i})
		}
		if len(here.exact) > 0 && (class&isOwn != 0 || i >= len(text) || !letterAt(text[i:])) {
			for _, h := range here.exact {
				out = note(out, found{h, i})
			}
		}
	}
	return out
}

func note(out []found, f found) []found {
	for _, o := range out {
		if o.concept == f.concept {
			return out
		}
	}
	if len(out) == cap(out) {
		return out
	}
	return append(out, f)
}

func letterAt(s string) bool {
	_, class, _ := next(s)
	return class&isLetter != 0
}

// next returns the folded first character of s, which is not empty.
func next(s string) (c uint64, class uint8, size int) {
	if ch := s[0]; ch < utf8.RuneSelf {
		return uint64(asciiFold[ch]), asciiClass[ch], 1
	}
	r, size := utf8.DecodeRuneInString(s)
	c, class = fold(r)
	return c, class, size
}
