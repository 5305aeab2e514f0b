package normal

import (
	"unicode"
	"unicode/utf8"
)

// A misspelt word is put right when its first and last letter and, in whatever
// order, the letters between are those of a word of the vocabulary: readers hardly
// notice such exchanges (Rawlinson, "The significance of letter position in word
// recognition", 1976), while classifiers lose the word. Where many words are in no
// vocabulary, one letter too many, one missing and one from a neighbouring key are
// put right, too: see misspelt.go.

// Bounds of the words that are put right, in letters and in bytes.
const (
	minRespell      = 5
	maxRespell      = 24
	maxRespellBytes = 3 * maxRespell
)

// A word is put right only if a different one within reach bytes is, since a single one
// is rather a name or a foreign word. Of a text of more than maxWhole bytes, what is
// farther than passage bytes from all of them is left out, so that two words of a long
// document don't have all of it read again.
const (
	reach    = 600
	passage  = 2000
	maxWhole = 32 << 10
)

// respelled returns the text with its misspelt words put right, if there are any.
func (u *undoer) respelled(p piece) (_ piece, ok bool) {
	r := respeller{text: p.text, words: vocab(), probes: &u.probes}
	r.scan()
	r.together()
	if len(r.fixes) == 0 {
		return p, false
	}
	g := gather{b: *newBuilder(min(len(p.text), len(r.fixes)*2*passage))}
	for i := 0; i < len(r.fixes); {
		start, end := r.around(r.fixes[i])
		next := i + 1
		for ; next < len(r.fixes) && r.fixes[next].start <= end+passage; next++ {
			_, end = r.around(r.fixes[next])
		}
		g.begin(start)
		for _, f := range r.fixes[i:next] {
			g.b.copy(p.text, start, f.start)
			g.b.replace(r.written(f), f.start, f.end)
			start = f.end
		}
		g.b.copy(p.text, start, end)
		g.end, i = end, next
	}
	return g.done(p), true
}

// together leaves the fixes that have a different one within reach.
func (r *respeller) together() {
	near := func(a, b fix) bool { return a.word != b.word && b.start-a.end <= reach }
	kept := r.fixes[:0]
	last := fix{end: -2 * reach} // as it was before it was left out
	for i, f := range r.fixes {
		if near(last, f) || i+1 < len(r.fixes) && near(f, r.fixes[i+1]) {
			kept = append(kept, f)
		}
		last = f
	}
	r.fixes = kept
}

// around returns the passage around a fix, the whole of a text that is not long.
func (r *respeller) around(f fix) (start, end int) {
	if len(r.text) <= maxWhole {
		return 0, len(r.text)
	}
	for start = max(0, f.start-passage); start > 0 && start < f.start && class[r.text[start-1]]&cSpace == 0; start++ {
	}
	for end = min(len(r.text), f.end+passage); end < len(r.text) && end > f.end && class[r.text[end]]&cSpace == 0; end-- {
	}
	return start, end
}

// respeller is one pass over the words of a text.
type respeller struct {
	text   string
	words  *vocabulary
	probes *int // how many words may still be compared with similar ones
	block  block
	fixes  []fix // in order
}

// fix says that text[start:end] is written for a word of the vocabulary.
type fix struct {
	start, end int
	word       string
}

// scan looks every word up.
func (r *respeller) scan() {
	text := r.text
	for i := 0; i < len(text); {
		if wordBytes[text[i]] == 0 {
			i++
			continue
		}
		start, sum, all := i, uint64(0), byte(0)
		for i < len(text) {
			x := wordBytes[text[i]]
			if x == 0 {
				break
			}
			sum += x
			all |= text[i]
			i++
		}
		switch n := i - start; {
		case all >= utf8.RuneSelf:
			r.foreign(start, i)
		case n >= minRespell && n <= maxRespell:
			var buf [maxRespell]byte
			word := buf[:copy(buf[:], text[start:i])]
			slot, same := r.words.find(wordKey(sum, word[0], word[n-1], n), word)
			r.note(slot, same, oddWord{start: start, end: i, sum: sum})
		}
	}
	r.settle()
}

// foreign looks the words of text[start:end] up, which has letters outside ASCII and
// maybe signs.
func (r *respeller) foreign(start, end int) {
	var buf [maxRespellBytes + utf8.UTFMax]byte
	for i := start; i < end; {
		word, letters, from := buf[:0], 0, i
		for i < end {
			c, size := utf8.DecodeRuneInString(r.text[i:end])
			low := inWord(c)
			if low == 0 {
				break
			}
			if len(word) <= maxRespellBytes {
				word = utf8.AppendRune(word, low)
			}
			letters++
			i += size
		}
		if letters >= minRespell && letters <= maxRespell && len(word) <= maxRespellBytes {
			if slot, same := r.words.find(keyOf(word), word); slot != 0 && !same && scrambled(string(word), r.words.word(slot)) {
				r.note(slot, false, oddWord{start: from, end: i})
			}
		}
		for i < end {
			c, size := utf8.DecodeRuneInString(r.text[i:end])
			if inWord(c) != 0 {
				break
			}
			i += size
		}
	}
}

// inWord returns r in lower case if it is a letter or mark of a script that parts
// words, else 0.
func inWord(r rune) rune {
	switch {
	case r < rune(len(lowerCase)):
		return lowerCase[r]
	case r >= 0x2E80 && r < 0xAC00, r >= 0xE00 && r < 0xF00, !letterOrMark(r):
		return 0
	}
	return unicode.ToLower(r)
}

// lowerCase is inWord for the alphabets up to Armenian.
var lowerCase = func() (t [0x590]rune) {
	for i := range t {
		if r := rune(i); letterOrMark(r) {
			t[i] = unicode.ToLower(r)
		}
	}
	return t
}()

// scrambled reports whether two words of equal bytes begin and end with the same
// letter.
func scrambled(a, b string) bool {
	first, _ := utf8.DecodeRuneInString(a)
	begin, _ := utf8.DecodeRuneInString(b)
	last, _ := utf8.DecodeLastRuneInString(a)
	end, _ := utf8.DecodeLastRuneInString(b)
	return first == begin && last == end
}

// written returns the word of a fix with the capitals that it is written with: none,
// the first or all.
func (r *respeller) written(f fix) string {
	first, size := utf8.DecodeRuneInString(r.text[f.start:])
	if !unicode.IsUpper(first) {
		return f.word
	}
	second, _ := utf8.DecodeRuneInString(r.text[f.start+size:])
	out := []rune(f.word)
	for i := range out {
		if i == 0 || unicode.IsUpper(second) {
			out[i] = unicode.ToUpper(out[i])
		}
	}
	return string(out)
}
