package lexicon

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/guard/textmodel"
	"warder.example/internal/learn"
)

// Problem is something wrong with a line of a lexicon.
type Problem struct {
	Line int `json:"line"` // from 1
	// Warning says that the line does what it says, but maybe not what was
	// meant.
	Warning bool   `json:"warning,omitempty"`
	Text    string `json:"text"`
}

// Summary says what was checked.
type Summary struct {
	Entries   int `json:"entries"`
	Concepts  int `json:"concepts"`
	Languages int `json:"languages"`
}

// shortPrefix is the number of letters below which the beginning of a word is tried
// on honest texts.
const shortPrefix = 4

// Of honest texts, how many kinds and different words a short prefix may match.
const (
	manyKinds = 8
	manyWords = 5
)

// language is the form of a language tag: two or three letters, perhaps a script.
var language = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?$`)

// innerStar is a star that was meant as one at the end.
var innerStar = regexp.MustCompile(`\pL\*`)

// Check finds what is wrong with a lexicon: lines that are no entries, concepts that
// are not known, repetitions, expressions that match nothing or that another entry
// makes needless, and short prefixes that match many words of honest texts. Problems
// are in the order of lines. Check takes any bytes; a file that is larger than a
// lexicon may be has one problem, on line 1.
func Check(file []byte, known map[string]bool, honest []learn.Row) ([]Problem, Summary) {
	if len(file) > textmodel.MaxLexicon {
		return []Problem{{Line: 1, Text: fmt.Sprintf("the file is too large; at most %d bytes are read", textmodel.MaxLexicon)}}, Summary{}
	}
	c := &checker{known: known, first: map[textmodel.Entry]int{}, prefix: map[[2]string]int{}}
	for line := range bytes.Lines(file) {
		c.line(strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"))
	}
	c.needless()
	c.matching(honest)
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return c.problems, c.summary()
}

// checker is the state of a check.
type checker struct {
	known    map[string]bool
	n        int // lines so far
	problems []Problem
	entries  []numbered
	first    map[textmodel.Entry]int // line of each entry, without its spelling
	prefix   map[[2]string]int       // line of each prefix, by concept and folded form
	good     bytes.Buffer            // the lines of entries
}

// numbered is an entry and its line.
type numbered struct {
	textmodel.Entry
	line int
}

func (c *checker) fault(line int, format string, args ...any) {
	c.problems = append(c.problems, Problem{Line: line, Text: fmt.Sprintf(format, args...)})
}

func (c *checker) warn(line int, format string, args ...any) {
	c.problems = append(c.problems, Problem{Line: line, Warning: true, Text: fmt.Sprintf(format, args...)})
}

// line checks a line by itself.
func (c *checker) line(text string) {
	c.n++
	if text == "" || text[0] == '#' {
		return
	}
	e, err := textmodel.ParseEntry(text)
	if err != nil {
		c.fault(c.n, "%v", err)
		return
	}
	if c.known != nil && !c.known[e.Concept] {
		c.fault(c.n, "concept %.60q is not in concepts.tsv", e.Concept)
	}
	if !language.MatchString(e.Language) {
		c.fault(c.n, "language %.40q; expected a tag such as en, de or hi-Latn", e.Language)
	}
	if innerStar.MatchString(e.Folded) {
		c.fault(c.n, "expression %.80q: the star behind a word in it is read as a star; only one at the end stands for any letters", e.Expression)
	}
	key := e
	key.Expression = ""
	if at := c.first[key]; at > 0 {
		c.fault(c.n, "expression %.80q repeats line %d", e.Expression, at)
		return
	}
	c.first[key] = c.n
	if p := [2]string{e.Concept, e.Folded}; e.Prefix && c.prefix[p] == 0 {
		c.prefix[p] = c.n
	}
	c.entries = append(c.entries, numbered{e, c.n})
	c.good.WriteString(text + "\n")
}

// needless warns of entries wherever a shorter prefix of their concept matches.
func (c *checker) needless() {
	for i := range c.entries {
		e := &c.entries[i]
		for end := range e.Folded {
			if at := c.prefix[[2]string{e.Concept, e.Folded[:end]}]; at > 0 {
				c.warn(e.line, "expression %.80q: line %d (%s*) matches wherever it does", e.Expression, at, shown(e.Folded[:end]))
				break
			}
		}
		if at := c.prefix[[2]string{e.Concept, e.Folded}]; at > 0 && !e.Prefix {
			c.warn(e.line, "expression %.80q: line %d has it with a star", e.Expression, at)
		}
	}
}

// matching reports what matches nothing, not even itself, and what matches too much.
func (c *checker) matching(honest []learn.Row) {
	t, err := textmodel.NewTrial(c.good.Bytes())
	if err != nil { // only lines that were read one by one are in it
		c.fault(1, "%v", err)
		return
	}
	number := map[[2]string]int{} // of an entry of the trial, by concept and form
	for i, e := range t.Entries() {
		number[[2]string{e.Concept, formOf(&e.Entry)}] = i
	}
	short := map[int]*uses{}
	for i := range c.entries {
		e := &c.entries[i]
		at := number[[2]string{e.Concept, formOf(&e.Entry)}]
		if !slices.ContainsFunc(t.Find(e.Expression, guard.OriginUser), func(m textmodel.Match) bool { return m.Entry == at && m.Span.Start == 0 }) {
			c.fault(e.line, "expression %.80q matches nothing, not even itself: it must begin with a letter or a digit", e.Expression)
		}
		if e.Prefix && letters(e.Folded) < shortPrefix {
			short[at] = &uses{entry: e, kinds: map[string]bool{}, words: map[string]int{}}
		}
	}
	if len(short) > 0 {
		c.short(t, short, honest)
	}
}

func formOf(e *textmodel.Entry) string {
	if e.Prefix {
		return e.Folded + "*"
	}
	return e.Folded
}

// letters counts the characters of a folded expression.
func letters(s string) int { return utf8.RuneCountInString(s) }

// uses are the words of honest texts that an entry matches.
type uses struct {
	entry *numbered
	kinds map[string]bool
	words map[string]int
}

// short warns of short prefixes that match words of many kinds of honest text.
func (c *checker) short(t *textmodel.Trial, short map[int]*uses, honest []learn.Row) {
	for i := range honest {
		r := &honest[i]
		for _, m := range t.Find(r.Text, r.Origin) {
			u := short[m.Entry]
			if u == nil {
				continue
			}
			u.kinds[r.Source] = true
			end := m.Span.End
			for end < len(r.Text) {
				x, size := utf8.DecodeRuneInString(r.Text[end:])
				if !unicode.IsLetter(x) && !unicode.IsMark(x) {
					break
				}
				end += size
			}
			u.words[strings.ToLower(r.Text[m.Span.Start:end])]++
		}
	}
	for _, u := range short {
		if len(u.kinds) >= manyKinds && len(u.words) >= manyWords {
			c.warn(u.entry.line, "prefix %s* matches %d words of %d kinds of honest texts: %s", shown(u.entry.Expression), len(u.words), len(u.kinds), u.examples())
		}
	}
}

// examples names the words that are matched most.
func (u *uses) examples() string {
	words := make([]string, 0, len(u.words))
	for w := range u.words {
		words = append(words, w)
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(u.words[b], u.words[a]), strings.Compare(a, b)) })
	words = words[:min(len(words), 5)]
	for i, w := range words {
		words[i] = shown(w)
	}
	return strings.Join(words, ", ")
}

func (c *checker) summary() Summary {
	concepts, languages := map[string]bool{}, map[string]bool{}
	for i := range c.entries {
		concepts[c.entries[i].Concept], languages[c.entries[i].Language] = true, true
	}
	return Summary{Entries: len(c.entries), Concepts: len(concepts), Languages: len(languages)}
}
