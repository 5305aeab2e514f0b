package textmodel

import (
	"unicode/utf8"

	"warder.example/guard"
)

// Knowledge is what a model knows beside its weights. Each may be nil.
type Knowledge struct {
	Lexicon  *Lexicon
	Spelling *Spelling
	Trees    *Trees
}

// channel returns what stands for an origin in features: texts of users and of
// callers are one kind, those of unknown origin are judged as documents.
func channel(o guard.Origin) uint64 {
	switch o {
	case guard.OriginTool:
		return mulC
	case guard.OriginEmail:
		return mulD
	case guard.OriginDocument, guard.OriginUnknown:
		return mulA
	}
	return 0
}

// walker is the state of one pass.
type walker struct {
	text string
	lex  *Lexicon // may be nil
	tree *Trees   // may be nil
	from uint64   // stands for who says the text
	odd  speller
	b    *batch
	out  sink
	wh   uint64 // hash of the word so far
	wlen int    // its length in characters
	// clitic says that what came of the word so far may be small words
	// written with it: Arabic wa-, bi-, al-; Hebrew ve-, ha-; French l', d'.
	clitic bool
	wpos   int    // where it began
	p1     uint64 // hash of the word before, or begin
	p2     uint64 // and of the one before that; 0 is none
	pos1   int
	pos2   int
	seg    int // where the segment began
	token  token
	trail  trail
}

// token is the space-delimited token that the pass stands in: its last
// characters, where they began, and how many there are with the space before.
type token struct {
	c1, c2, c3, c4 uint64
	o1, o2, o3, o4 int
	n              int
	ascii          int // consecutive ASCII characters
}

// walk makes one pass over text. It never fails; bytes that are not UTF-8 count
// as U+FFFD.
func walk(text string, o guard.Origin, k Knowledge, b *batch, out sink) {
	w := walker{text: text, lex: k.Lexicon, tree: k.Trees, from: channel(o), b: b, out: out, wh: mulC, p1: begin}
	w.odd.model = k.Spelling
	w.token = token{c1: ' ', n: 1}
	w.trail.lead = true
	b.empty()
	b.look = look{}
	stop := false // the last character ends a sentence if a space follows
	for i := 0; i < len(text); {
		var class uint8
		var c uint64
		next := i + 1
		if ch := text[i]; ch < utf8.RuneSelf {
			class, c = asciiClass[ch], uint64(asciiFold[ch])
			w.token.ascii++
			b.look.count[asciiLook[ch]]++
		} else {
			r, size := utf8.DecodeRuneInString(text[i:])
			b.look.wide(r)
			r, class = classify(r)
			c, next = uint64(r), i+size
			w.token.ascii = 0
		}
		if class&isMute != 0 {
			i = next
			continue
		}
		w.letter(c, class, i, next)
		w.character(c, class, i, next)
		w.odd.character(c, next)
		if boundary(next-w.seg, class, stop) {
			w.endSegment(next)
		}
		stop = class&isStop != 0
		i = next
	}
	w.character(' ', isSpace, len(text), len(text))
	if w.seg < len(text) {
		w.endSegment(len(text))
	}
}

// boundary reports whether a segment of n bytes ends behind a character.
func boundary(n int, class uint8, stop bool) bool {
	switch {
	case n < shortSegment:
		return false
	case class&(isBreak|isWideStop) != 0, stop && class&isSpace != 0:
		return true
	case class&isSpace != 0:
		return n >= softSegment
	case class&isLetter == 0:
		return n >= hardSegment
	}
	return n >= 2*hardSegment
}

// letter takes a character for the words.
func (w *walker) letter(c uint64, class uint8, at, next int) {
	if class&isLetter != 0 {
		switch {
		case w.wlen == 0:
			w.wpos = at
			w.clitic = true
			w.meaning(at)
		case w.clitic:
			w.meaning(at)
		}
		w.clitic = w.clitic && w.wlen < maxClitic && isClitic(c) || c == '\'' && w.wlen > 0 && w.wlen < maxElision
		if w.wlen < longToken {
			w.wh = (w.wh ^ c) * mulW
		}
		w.wlen++
		return
	}
	if w.wlen > 0 {
		w.endWord(at)
	}
	if class&isOwn != 0 {
		w.meaning(at)
		w.wpos, w.wh = at, (w.wh^c)*mulW
		w.endWord(next)
	}
}

// endWord yields the features of the finished word.
func (w *walker) endWord(end int) {
	b := w.b
	if b.of[words].n > batchSize-3 {
		w.out.take(b)
	}
	h := w.wh
	b.put(words, mix(h^saltWord), w.wpos, end)
	b.put(words, mix(h+w.p1*mulD^saltPair), w.pos1, end)
	if w.p2 != 0 {
		b.put(words, mix(h+w.p2*mulE^saltGap), w.pos2, end)
	}
	w.p2, w.pos2 = w.p1, w.pos1
	w.p1, w.pos1 = h, w.wpos
	w.wh, w.wlen = mulC, 0
}

// character takes a character for the runs of 3 to 5 inside a token, the spaces
// around it included.
func (w *walker) character(c uint64, class uint8, at, next int) {
	t, b := &w.token, w.b
	space := class&isSpace != 0
	if space && t.n == 1 {
		t.o1 = at
		return
	}
	t.n++
	if t.n >= 3 && (t.ascii < longToken || space) {
		if b.of[chars].n > batchSize-3 {
			w.out.take(b)
		}
		h := c + mulC*t.c1 + mulD*t.c2
		b.put(chars, mix(h^3), t.o2, next)
		if t.n >= 4 {
			h += mulE * t.c3
			b.put(chars, mix(h^4), t.o3, next)
			if t.n >= 5 {
				h += mulB * t.c4
				b.put(chars, mix(h^5), t.o4, next)
			}
		}
	}
	if space {
		*t = token{c1: ' ', o1: at, n: 1}
		return
	}
	t.c4, t.c3, t.c2, t.c1 = t.c3, t.c2, t.c1, c
	t.o4, t.o3, t.o2, t.o1 = t.o3, t.o2, t.o1, at
}

// endSegment closes the segment, and the word that it may end in.
func (w *walker) endSegment(end int) {
	if w.wlen > 0 {
		w.endWord(end)
	}
	w.signal()
	w.out.take(w.b)
	w.out.segment(w.seg, end)
	w.b.look = look{}
	w.seg = end
	w.p1, w.p2 = begin, 0
	w.pos1 = end
	w.trail.segment++
	w.trail.lead = true
}

// signal yields how odd the spelling of the segment is: one feature for each
// level that it reaches.
func (w *walker) signal() {
	if w.odd.model == nil {
		return
	}
	end := w.odd.at
	level := w.odd.steps()
	w.b.look.odd = int32(level)
	for i := range level {
		w.b.put(signals, mix(uint64(i+1)*mulD^saltOdd), max(w.seg, end-spellingWindow), end)
	}
}
