package normal

import "strings"

// Words that are in no vocabulary are mostly names, terms and other languages, and
// comparing them with all words that differ by a letter is dear. So words are judged
// by the block: they are compared where enough of a block is unknown and enough known
// for its language to be one of the vocabulary's, and what is found counts only if
// at least half of the unknown words turn out to be misspelt.
const (
	blockWords  = 32 // words of a block
	shortBlock  = 8  // words up to which none need be known
	minKnown    = 4  // known words that tell the language of a block
	knownShare  = 4  // one word in so many must be known
	otherShare  = 10 // one known word in so many lets a word be of its language
	oddShare    = 5  // one word in so many must be unknown
	fruitless   = 4  // comparisons without success after which a block is left
	probesFree  = 64 // comparisons for any text, and one more for every
	probesEvery = 24 // bytes
)

// block holds the words since the last decision.
type block struct {
	words, known int
	english      int // of the known ones
	odd          [blockWords]oddWord
	n            int
}

// oddWord is a word that is not in the vocabulary as it stands.
type oddWord struct {
	start, end int
	sum        uint64 // of wordBytes; 0 for a word outside ASCII, which is not compared
	word       string // the word whose letters it has in another order; "" if none
	foreign    bool   // that word is not English
	similar    string // a word that differs by a letter; "" if none is known
}

// note takes the next word, for which the vocabulary has slot: the same word, one of
// the same letters, or none.
func (r *respeller) note(slot uint64, same bool, w oddWord) {
	b := &r.block
	b.words++
	switch {
	case same:
		b.known++
		if slot&slotForeign == 0 {
			b.english++
		}
	case r.apart(w.start, w.end):
		if slot != 0 {
			w.word, w.foreign = r.words.word(slot), slot&slotForeign != 0
		}
		b.odd[b.n] = w
		b.n++
	}
	if b.words == blockWords {
		r.settle()
	}
}

// apart reports whether text[start:end] is no part of a name or number.
func (r *respeller) apart(start, end int) bool {
	return !(start > 0 && namePart(r.text[start-1]) || end < len(r.text) && namePart(r.text[end]))
}

func namePart(c byte) bool { return class[c]&cDigit != 0 || c == '_' || c == '@' }

// settle decides on the words of the block and begins another.
func (r *respeller) settle() {
	b := &r.block
	odd := b.odd[:b.n]
	b.sameLanguage(odd)
	misspelt := r.compare(odd)
	for i := range odd {
		w := &odd[i]
		word := w.word
		if word == "" && misspelt {
			word = w.similar
		}
		if word != "" {
			r.fixes = append(r.fixes, fix{w.start, w.end, word})
		}
	}
	b.words, b.known, b.english, b.n = 0, 0, 0, 0
}

// tongues are the kinds of words of the vocabulary: English and others.
var tongues = [...]uint64{0, slotForeign}

// tongues returns the kinds that similar words are looked for among: that of most
// known words. A few that are not English may be misspelt English ones and tell
// nothing.
func (b *block) tongues() []uint64 {
	switch {
	case b.known > 0 && b.english*2 >= b.known:
		return tongues[:1]
	case b.known >= minKnown:
		return tongues[1:]
	}
	return tongues[:]
}

// sameLanguage forgets the words in ASCII that are English in a block of another
// language, or the other way round.
func (b *block) sameLanguage(odd []oddWord) {
	if b.known < minKnown {
		return
	}
	for i := range odd {
		of := b.english
		if odd[i].foreign {
			of = b.known - b.english
		}
		if odd[i].sum != 0 && of*otherShare < b.known {
			odd[i].word = ""
		}
	}
}

// compare looks for words similar to the unknown ones of the block and reports
// whether at least half of them are misspelt.
func (r *respeller) compare(odd []oddWord) bool {
	b := &r.block
	if len(odd)*oddShare < b.words || b.words > shortBlock && b.known*knownShare < b.words {
		return false
	}
	misspelt, tried := 0, 0
	for i := range odd {
		w := &odd[i]
		if w.word != "" {
			misspelt++
			continue
		}
		if w.sum == 0 {
			continue
		}
		if *r.probes == 0 || misspelt == 0 && tried == fruitless {
			break
		}
		*r.probes--
		tried++
		for _, t := range b.tongues() {
			if w.similar = r.similar(w, t); w.similar != "" {
				misspelt++
				break
			}
		}
	}
	return misspelt >= 2 && misspelt*2 >= len(odd) && misspelt*oddShare >= b.words
}

// similar returns a word of a kind of the vocabulary that becomes w by one letter too
// many, one missing or a neighbouring key, neither of them the first or last; "" if
// there is none.
func (r *respeller) similar(w *oddWord, tongue uint64) string {
	var buf [maxRespell]byte
	word := buf[:copy(buf[:], r.text[w.start:w.end])]
	for i := range word {
		word[i] |= 0x20
	}
	first, last, n := word[0], word[len(word)-1], len(word)
	for i := 1; i < n-1 && n > minRespell; i++ {
		if v := r.words.near(wordKey(w.sum-wordBytes[word[i]], first, last, n-1), word, -1, tongue); v != "" {
			return v
		}
	}
	for c := byte('a'); c <= 'z'; c++ {
		if v := r.words.near(wordKey(w.sum+wordBytes[c], first, last, n+1), word, 1, tongue); v != "" {
			return v
		}
	}
	for i := 1; i < n-1; i++ {
		for _, c := range []byte(neighbours[word[i]-'a']) {
			if v := r.words.near(wordKey(w.sum-wordBytes[word[i]]+wordBytes[c], first, last, n), word, 0, tongue); v != "" {
				return v
			}
		}
	}
	return ""
}

// neighbours are the keys around each letter's on the common Latin keyboard, but for s
// and z, which differ between British and American spelling.
var neighbours = [26]string{
	"qwsz", "vghn", "xdfv", "serfcx", "wsdr", "drtgvc", "ftyhbv", "gyujnb", "ujko", "huikmn", "jiolm", "kop", "njk",
	"bhjm", "iklp", "ol", "wa", "edft", "awedx", "rfgy", "yhji", "cfgb", "qase", "zsdc", "tghu", "ax",
}

// near returns the word of a key that is word with by letters more and otherwise
// alike: one letter more, one less or one other.
func (v *vocabulary) near(key uint64, word []byte, by int, tongue uint64) string {
	for i := v.home(key); v.slots[i] != 0; i = (i + 1) & (len(v.slots) - 1) {
		s := v.slots[i]
		if s>>slotTag == key>>slotTag && int(s&slotLength) == len(word)+by && s&slotForeign == tongue {
			if w := v.word(s); oneEdit(w, word) && !british(w, word) {
				return w
			}
		}
	}
	return ""
}

// british reports whether word, which has a letter less than right, is the American
// spelling of it: color, traveling.
func british(right string, word []byte) bool {
	if len(word) != len(right)-1 {
		return false
	}
	i := 0
	for i < len(word) && word[i] == right[i] {
		i++
	}
	switch rest := right[i:]; {
	case rest[0] == 'u':
		return i > 0 && right[i-1] == 'o' && strings.HasPrefix(rest, "ur")
	case rest[0] == 'l' && i > 0 && right[i-1] == 'l':
		rest = rest[1:]
		return rest == "ing" || rest == "ed" || rest == "er" || rest == "ers"
	}
	return false
}

// oneEdit reports whether a and b are alike but for one letter more, less or other.
func oneEdit(a string, b []byte) bool {
	i, j := 0, 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	for j < len(a)-i && j < len(b)-i && a[len(a)-1-j] == b[len(b)-1-j] {
		j++
	}
	return i+j >= max(len(a), len(b))-1
}
