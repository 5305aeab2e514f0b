package detect

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// quoteBytes is how much behind a match is read for the mark that closes a quotation
// and for what is said of it.
const quoteBytes = 192

// quoteLead is how much may stand in a quotation before the match: a phrase is asked
// about, a speech is recited.
const quoteLead = 48

// quoteClosers holds the marks that may close a quotation, by the one that opens it.
var quoteClosers = map[rune]string{
	'"': "\"”", '\'': "'’", '`': "`´", '“': "”“\"", '”': "”\"", '„': "“”\"", '‘': "’‘'", '’': "’", '‚': "‘’'",
	'«': "»", '»': "«»", '‹': "›", '›': "‹›", '「': "」", '『': "』", '《': "》",
}

// quoteMarks are all of them.
const quoteMarks = "\"'`´“”„‘’‚«»‹›「」『』《》"

// quotedWhole reports whether the match text[start:end] lies within one pair of
// quotation marks, which open at from and whose closing mark ends at to. What begins
// more than quoteLead before the match or ends more than quoteBytes behind it is no
// quotation, and neither is a string of a JSON, CSV or markup document.
func (s *sigScan) quotedWhole(start, end int) (from, to int, ok bool) {
	from, mark := s.quoteOpens(start)
	if mark == 0 || inStructure(s.text[max(0, start-contextBytes):from]) {
		return 0, 0, false
	}
	limit := min(len(s.text), end+quoteBytes)
	end -= len(s.text[start:end]) - len(strings.TrimRight(s.text[start:end], "'’")) // words may end with a mark
	after := s.text[end:limit]
	if cut := strings.Index(after, "\n\n"); cut >= 0 {
		after = after[:cut]
	}
	for i, r := range after {
		if !strings.ContainsRune(quoteClosers[mark], r) {
			continue
		}
		size := utf8.RuneLen(r)
		next, _ := utf8.DecodeRuneInString(after[i+size:])
		if (r == '\'' || r == '’') && unicode.IsLetter(next) {
			continue // don't
		}
		return from, end + i + size, true
	}
	return 0, 0, false
}

// quoteOpens returns the mark that opens the quotation in which text[:start] ends and
// where it stands, 0 if there is none.
func (s *sigScan) quoteOpens(start int) (at int, mark rune) {
	low := max(0, start-quoteLead)
	next, _ := utf8.DecodeRuneInString(s.text[start:])
	newline := false
	for i := start; i > low; {
		r, size := utf8.DecodeLastRuneInString(s.text[low:i])
		i -= size
		prev, _ := utf8.DecodeLastRuneInString(s.text[low:i])
		switch {
		case r == '\n' && newline:
			return 0, 0
		case !strings.ContainsRune(quoteMarks, r):
		case opensQuote(r, prev, next):
			return i, r
		case (r == '\'' || r == '’') && unicode.IsLetter(prev): // don't
		default:
			return 0, 0 // a quotation that ended
		}
		newline = r == '\n'
		next = r
	}
	return 0, 0
}

// opensQuote reports whether r, between prev and next, opens a quotation: several
// marks close one in other languages.
func opensQuote(r, prev, next rune) bool {
	switch r {
	case '„', '‚', '「', '『', '《', '‹':
		return true
	case '“', '‘':
		return unicode.IsLetter(next) || unicode.IsDigit(next)
	case '«':
		return !unicode.IsLetter(prev)
	case '"', '\'', '`', '”', '’', '»', '›':
		return !unicode.In(prev, unicode.L, unicode.N) && !unicode.IsSpace(next) && !strings.ContainsRune(",.;:!?)]}", next) ||
			(r == '"' || r == '\'') && spacelessRune(prev) && spacelessRune(next)
	}
	return false
}

// inStructure reports whether a quotation mark behind before delimits a string of
// some notation.
func inStructure(before string) bool {
	tight := strings.HasSuffix(before, ",") || strings.HasSuffix(before, "=")
	before = strings.TrimRight(before, " \t\r\n")
	if tight || strings.HasSuffix(before, "{") || strings.HasSuffix(before, "[") || strings.HasSuffix(before, "=") {
		return true
	}
	key := strings.TrimRight(strings.TrimRight(before, ":,"), " ")
	return len(key) < len(before) && (strings.HasSuffix(key, `"`) || strings.HasSuffix(key, `'`))
}

// asked says of a match text[start:end] that is quoted as a whole whether the text
// around asks about it or sets a task about it, and whether the text behind orders to
// do what it says, which makes the marks a disguise.
func (s *sigScan) asked(start, end int) (asked, ordered bool) {
	from, to, ok := s.quotedWhole(start, end)
	if !ok {
		return false, false
	}
	a := loadAround()
	low := max(0, start-contextBytes)
	for low < from && !utf8.RuneStart(s.text[low]) {
		low++
	}
	high := min(len(s.text), end+quoteBytes)
	for high > to && high < len(s.text) && !utf8.RuneStart(s.text[high]) {
		high--
	}
	behind := a.classesIn(s.text[to:high])
	ordered = behind&a.do != 0
	return !ordered && (a.classesIn(s.text[low:from])|behind)&a.ask != 0, ordered
}
