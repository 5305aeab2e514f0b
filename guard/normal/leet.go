package normal

// leetLetter gives the letter that a digit or sign is drawn for; '1' and '!'
// may stand for i or l.
var leetLetter = [128]byte{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '9': 'g', '@': 'a', '$': 's', '!': 'i'}

// maxLeet is the longest word that is tried.
const maxLeet = 40

// leetWord returns the word that text[start:end], letters, digits and signs,
// is written for, and its bounds without the signs around it. Names such as
// gpt4, h2o or sha256, versions, units, ordinals and ids are left alone: what a
// fold needs is a word of the lexicon with a digit inside, digits in two places
// of what then looks English, or a text in leetspeak around it.
func (f *wordFold) leetWord(start, end int) (int, int, string, bool) {
	for end > start && class[f.text[end-1]]&cLeet != 0 {
		end--
	}
	core := f.text[start:end]
	if len(core) < 2 || len(core) > maxLeet {
		return 0, 0, "", false
	}
	s, ok := shapeOf(core)
	if !ok || s.digits+s.signs == 0 {
		return 0, 0, "", false
	}
	throughout := f.leetThroughout(start)
	if !throughout && (len(core) < 3 || s.trails || s.digits+s.signs > 2*s.letters) {
		return 0, 0, "", false
	}
	var buf [maxLeet]byte
	word, spelt := unleet(&buf, core, s.ones)
	if start > 0 && f.text[start-1] == '/' && !known(word) {
		return 0, 0, "", false
	}
	throughout = throughout && s.fitsThroughout(core, word, spelt) && !(s.hexadecimal && f.dashed(start, end))
	if !throughout && (len(core) < 3 || s.trails || s.digits+s.signs > 2*s.letters || !f.leetFits(s, word)) {
		return 0, 0, "", false
	}
	f.leet = true
	return start, end, string(word), true
}

// shape is the build of a word of letters and digits.
type shape struct {
	letters, digits, signs   int
	groups                   int  // runs of digits and signs
	inner                    int  // such runs with a letter on both sides
	longest                  int  // bytes of the longest such run
	leads                    bool // it begins with such a run
	trails                   bool // it ends with its only such run
	capitals                 bool // its letters are all capitals
	ones, hexadecimal, camel bool
}

// shapeOf describes a word; ok is false if it cannot be leetspeak.
func shapeOf(core string) (s shape, ok bool) {
	s.hexadecimal, s.capitals = true, true
	run := 0
	for i := 0; i < len(core); i++ {
		c := core[i]
		if class[c]&(cLetter|cForeign) != 0 {
			s.letters++
			if run > 0 && s.letters > 1 {
				s.inner++
			}
			s.capitals = s.capitals && c < 'a'
			s.camel = s.camel || i > 0 && c < 'a' && core[i-1] >= 'a'
			s.hexadecimal = s.hexadecimal && c|0x20 <= 'f'
			run = 0
			continue
		}
		if leetLetter[c] == 0 {
			return s, false // 2 and 6 stand for nothing readers agree on
		}
		if run == 0 {
			s.groups++
		}
		s.leads = s.leads || i == 0
		if c == '1' || c == '!' {
			s.ones = true
		}
		if class[c]&cLeet != 0 {
			s.signs++
			s.hexadecimal = false
		} else {
			s.digits++
		}
		run++
		s.longest = max(s.longest, run)
	}
	s.trails = s.inner == 0 && !s.leads
	if len(core) > 2 && core[0] == '0' && core[1]|0x20 == 'x' {
		return s, false // a number of a program
	}
	return s, s.letters > 0
}

func (f *wordFold) leetFits(s shape, word []byte) bool {
	if known(word) {
		switch {
		case s.inner > 0:
			return s.letters >= 2 || len(word) <= 4
		case s.signs > 0 && s.digits == 0:
			return s.letters >= 4 || s.letters >= 2 && word[0] == 'a'
		}
		return s.letters >= 3 || f.leet && s.letters >= 2
	}
	if s.camel || s.hexadecimal || len(word) < 5 || s.letters < 3 || s.signs > 0 && s.leads || s.digits+s.signs >= s.letters {
		return false
	}
	mean, _ := english(string(word))
	return s.inner > 0 && (s.groups >= 2 && mean < 16.5 || f.leet && mean < 15.5)
}

// maxOnes is how many characters of a word are each tried as i and as l.
const maxOnes = 3

// unleet returns the word that core, of at most maxLeet bytes, is written for, in buf,
// and whether that is a word of the lexicon or the vocabulary. ones says that there
// are characters in it that may stand for i or l: for what makes it such a word, of the
// lexicon if it can, else all for what looks more English.
func unleet(buf *[maxLeet]byte, core string, ones bool) (word []byte, spelt bool) {
	word = foldLeet(buf, core)
	if !ones || known(word) {
		return word, spells(word)
	}
	var at [maxLeet]int
	n := 0
	for i := range len(core) {
		if core[i] == '1' || core[i] == '!' {
			at[n] = i
			n++
		}
	}
	i, l := word[at[0]], word[at[0]]+'l'-'i'
	all := 1<<n - 1
	write := func(choice int) {
		for k, place := range at[:n] {
			word[place] = i
			if choice>>k&1 != 0 {
				word[place] = l
			}
		}
	}
	if n <= maxOnes {
		for choice := 1; choice <= all; choice++ {
			if write(choice); known(word) {
				return word, true
			}
		}
		for choice := range all + 1 {
			if write(choice); spells(word) {
				return word, true
			}
		}
	}
	write(0)
	first, _ := english(string(word))
	write(all)
	if second, _ := english(string(word)); first <= second {
		write(0)
	}
	return word, false
}

// spells reports whether a word is one of the lexicon or, from four letters on, of
// the vocabulary.
func spells(word []byte) bool {
	if known(word) {
		return true
	}
	if len(word) < 4 {
		return false
	}
	return vocab().has(word)
}

// foldLeet writes core to buf with every digit and sign as the letter that it is drawn
// for, which is a capital if all letters are.
func foldLeet(buf *[maxLeet]byte, core string) []byte {
	b := buf[:0]
	capital := byte(0x20)
	for i := 0; i < len(core); i++ {
		if class[core[i]]&cLetter != 0 && core[i] >= 'a' {
			capital = 0
		}
	}
	for i := 0; i < len(core); i++ {
		c := core[i]
		if class[c]&(cLetter|cForeign) == 0 {
			c = leetLetter[c] - capital
		}
		b = append(b, c)
	}
	return b
}
