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
	word := foldLeet(core, 'i')
	if s.ones {
		if l := foldLeet(core, 'l'); !known(word) && (known(l) || cheaper(l, word)) {
			word = l
		}
	}
	if start > 0 && f.text[start-1] == '/' && !known(word) {
		return 0, 0, "", false
	}
	throughout := f.leetThroughout(start) && s.fitsThroughout(core, word) && !(s.hexadecimal && f.dashed(start, end))
	if !throughout && (len(core) < 3 || s.trails || s.digits+s.signs > 2*s.letters || !f.leetFits(s, word)) {
		return 0, 0, "", false
	}
	f.leet = true
	return start, end, word, true
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

func (f *wordFold) leetFits(s shape, word string) bool {
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
	mean, _ := english(word)
	return s.inner > 0 && (s.groups >= 2 && mean < 16.5 || f.leet && mean < 15.5)
}

func foldLeet(core string, one byte) string {
	var buf [maxLeet]byte
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
			if l := leetLetter[c]; l == 'i' {
				c = one - capital
			} else {
				c = l - capital
			}
		}
		b = append(b, c)
	}
	return string(b)
}

func cheaper(a, b string) bool {
	x, _ := english(a)
	y, _ := english(b)
	return x < y
}
