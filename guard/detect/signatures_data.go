package detect

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// signaturesFile is the reviewed data; its head explains the form.
//
//go:embed signatures.txt
var signaturesFile string

// classSet is a set of word classes, by the order of their appearance.
type classSet uint64

// signatureSet is the compiled file.
type signatureSet struct {
	names   map[string]int       // class name to number
	words   map[uint64]*sigEntry // whole words and beginnings of words by hash
	filter  [1024]uint64         // a bit for each key of words, by its low bits
	lengths uint32               // lengths in runes that stems have
	wide    map[rune][]wideWord  // words of spaceless scripts by first rune, longest first
	rules   []sigRule
	first   [64][]*sigPattern // patterns by the class of their first element

	starts classSet        // classes that begin a pattern
	finals map[string]bool // classes that some rule names as X@final
	plain  bool            // no sigLiterals

	mention, mine, negation, subject, ignore, prompt, ai, output classSet
	asks                                                         classSet // what somebody may have asked or ordered: SOFT and INSTR
}

// sigEntry is what is known of a string of letters.
type sigEntry struct {
	word    classSet // as a whole word
	stem    classSet // as the beginning of one
	phrases []phrase // that begin with it as a whole word
}

// entry returns the entry for h, made if it is new.
func (s *signatureSet) entry(h uint64) *sigEntry {
	e := s.words[h]
	if e == nil {
		e = &sigEntry{}
		s.words[h] = e
		s.filter[h>>6&1023] |= 1 << (h & 63)
	}
	return e
}

// lookup returns the entry for h, nil if there is none. Nearly all words of a
// text stop at the filter.
func (s *signatureSet) lookup(h uint64) *sigEntry {
	if s.filter[h>>6&1023]>>(h&63)&1 == 0 {
		return nil
	}
	return s.words[h]
}

// phrase is a sequence of words that belongs to classes as a whole.
type phrase struct {
	rest []uint64 // hashes of the words after the first
	stem bool     // the last is the beginning of a word
	set  classSet
}

type wideWord struct {
	text string // folded
	set  classSet
}

// sigRule is a family of attacks.
type sigRule struct {
	name, category, why string
	data                bool // an attack only in data
	far                 bool // may run over the ends of sentences
	takes               bool // tells to drop something, which may be the speaker's own
	patterns            []sigPattern
}

// sigPattern is an order of classes.
type sigPattern struct {
	rule   *sigRule
	any    []classSet // one of these classes at each place
	gaps   []uint8    // words that may stand before it; gaps[0] is unused
	needs  classSet   // classes without which it cannot match, where there is no choice
	object bool       // begins with what is to be dropped, in languages that put the verb last
}

// finalLanguages put the verb last: their words of class X are in X@final too.
var finalLanguages = map[string]bool{"ja": true, "ko": true, "tr": true, "hi": true, "fa": true, "bn": true, "de": true, "nl": true}

// loadSignatures compiles the embedded file once. A mistake in it is a
// programming error, which the tests find.
var loadSignatures = sync.OnceValue(func() *signatureSet {
	s, err := parseSignatures(signaturesFile)
	if err != nil {
		panic("detect: signatures.txt: " + err.Error())
	}
	return s
})

// parseSignatures compiles a file of the form that the head of signatures.txt
// explains.
func parseSignatures(file string) (*signatureSet, error) {
	s := newSignatureSet(file)
	if err := s.parse(file); err != nil {
		return nil, err
	}
	s.index()
	return s, nil
}

// newSignatureSet returns an empty set for files of which some are to be parsed.
func newSignatureSet(files ...string) *signatureSet {
	s := &signatureSet{names: map[string]int{}, words: map[uint64]*sigEntry{}, wide: map[rune][]wideWord{}}
	s.finals = map[string]bool{}
	for _, file := range files {
		for f := range strings.FieldsSeq(file) {
			for name := range strings.SplitSeq(f, "|") {
				if name, ok := strings.CutSuffix(name, "@final"); ok {
					s.finals[name] = true
				}
			}
		}
	}
	return s
}

// parse adds what a file holds. The caller calls index at the end.
func (s *signatureSet) parse(file string) error {
	class := ""
	n := 0
	for line := range strings.Lines(file) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		var err error
		switch key, rest, _ := strings.Cut(line, " "); {
		case key == "class":
			class = rest
			_, err = s.classOf(rest)
		case key == "rule":
			class = ""
			err = s.addRule(rest)
		case class != "" && strings.HasSuffix(key, ":"):
			err = s.addWords(class, strings.TrimSuffix(key, ":"), rest)
		case class == "" && key == "why:" && len(s.rules) > 0:
			s.rules[len(s.rules)-1].why = rest
		case class == "" && len(s.rules) > 0:
			err = s.addPattern(line)
		default:
			err = fmt.Errorf("%.80q is neither a class, a rule nor part of one", line)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return nil
}

// classOf returns the set of the one class called name, made if it is new.
func (s *signatureSet) classOf(name string) (classSet, error) {
	n, ok := s.names[name]
	if !ok {
		if n = len(s.names); n == 64 {
			return 0, fmt.Errorf("class %s is one too many; 64 are possible", name)
		}
		s.names[name] = n
	}
	return 1 << n, nil
}

func (s *signatureSet) addWords(class, lang, list string) error {
	set, err := s.classOf(class)
	if err != nil {
		return err
	}
	if s.finals[class] && finalLanguages[lang] {
		final, err := s.classOf(class + "@final")
		if err != nil {
			return err
		}
		set |= final
	}
	for word := range strings.SplitSeq(list, ",") {
		word = foldText(strings.TrimSpace(word))
		switch n := len(wordsOf(word)); {
		case n == 0:
			return fmt.Errorf("class %s, %s: an empty word", class, lang)
		case n > phraseWords:
			return fmt.Errorf("class %s, %s: %.80q has %d words; expected at most %d", class, lang, word, n, phraseWords)
		}
		s.addWord(word, set)
	}
	return nil
}

// addWord adds a folded word, phrase or, with "*" at the end, beginning.
func (s *signatureSet) addWord(word string, set classSet) {
	if r, _ := utf8.DecodeRuneInString(word); spacelessRune(r) {
		for i, w := range s.wide[r] {
			if w.text == word {
				s.wide[r][i].set |= set
				return
			}
		}
		s.wide[r] = append(s.wide[r], wideWord{word, set})
		return
	}
	stem := strings.HasSuffix(word, "*")
	parts := wordsOf(word)
	if len(parts) > 1 {
		p := phrase{stem: stem, set: set}
		for _, w := range parts[1:] {
			p.rest = append(p.rest, hashWord(w))
		}
		first := s.entry(hashWord(parts[0]))
		first.phrases = append(first.phrases, p)
		return
	}
	if stem {
		s.lengths |= 1 << utf8.RuneCountInString(parts[0])
		s.entry(hashWord(parts[0])).stem |= set
		return
	}
	s.entry(hashWord(parts[0])).word |= set
}

// wordsOf returns the words of a folded entry.
func wordsOf(entry string) []string {
	return strings.FieldsFunc(strings.TrimSuffix(entry, "*"), func(r rune) bool { return r == ' ' || r == '-' })
}

func (s *signatureSet) addRule(head string) error {
	f := strings.Fields(head)
	if len(f) < 2 {
		return fmt.Errorf("rule %q: want a name, a category, and flags", head)
	}
	r := sigRule{name: f[0], category: f[1]}
	for _, flag := range f[2:] {
		switch flag {
		case "data":
			r.data = true
		case "far":
			r.far = true
		default:
			return fmt.Errorf("rule %s: unknown flag %q; expected data or far", f[0], flag)
		}
	}
	s.rules = append(s.rules, r)
	return nil
}

// addPattern adds "A ~3 B|C D" to the last rule.
func (s *signatureSet) addPattern(line string) error {
	var p sigPattern
	gap := uint8(0)
	for f := range strings.FieldsSeq(line) {
		if f[0] == '~' {
			if len(f) != 2 || f[1] < '1' || f[1] > '9' {
				return fmt.Errorf("gap %q; expected ~1 to ~9", f)
			}
			gap = f[1] - '0'
			continue
		}
		var any classSet
		for name := range strings.SplitSeq(f, "|") {
			n, ok := s.names[name]
			if !ok {
				return fmt.Errorf("unknown class %q", name)
			}
			any |= 1 << n
		}
		if any&(any-1) == 0 {
			p.needs |= any
		}
		p.any, p.gaps, gap = append(p.any, any), append(p.gaps, gap), 0
	}
	if len(p.any) == 0 || gap != 0 {
		return fmt.Errorf("pattern %.80q; expected classes, and gaps only before them", line)
	}
	r := &s.rules[len(s.rules)-1]
	r.patterns = append(r.patterns, p)
	return nil
}

// index sorts what the matcher looks up.
func (s *signatureSet) index() {
	s.mention, s.mine, s.negation, s.subject = s.named("MENTION"), s.named("MINE"), s.named("NOT"), s.named("WHO")
	s.ignore, s.prompt, s.ai, s.output = s.named("IGNORE"), s.named("SYSPROMPT"), s.named("AINAME"), s.named("OUTPUT")
	s.asks = s.named("SOFT", "SOFT@final", "INSTR", "INSTR@final")
	final := s.named("IGNORE@final")
	for i := range s.rules {
		r := &s.rules[i]
		for j := range r.patterns {
			p := &r.patterns[j]
			p.rule = r
			p.object = p.any[0]&(s.ignore|final) == 0 && slices.ContainsFunc(p.any, func(any classSet) bool { return any&final != 0 })
			r.takes = r.takes || p.object || p.any[0]&s.ignore != 0
			for c := range s.first {
				if p.any[0]&(1<<c) != 0 {
					s.first[c] = append(s.first[c], p)
					s.starts |= 1 << c
				}
			}
		}
	}
	for _, ws := range s.wide {
		sortLongestFirst(ws)
	}
}

// named returns the classes of these names that there are.
func (s *signatureSet) named(names ...string) (set classSet) {
	for _, name := range names {
		if n, ok := s.names[name]; ok {
			set |= 1 << n
		}
	}
	return set
}
