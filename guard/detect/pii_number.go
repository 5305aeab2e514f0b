package detect

import "strings"

// Bounds of a run of digits: nothing that is looked for is longer.
const (
	runDigits = 20
	runGroups = 12
)

// numberRun is a run of digit groups with separators between them:
// "+44 (0)20 7946 0958", "000.000.000-00".
type numberRun struct {
	text  string
	start int             // offset of the first digit
	n     int             // digits read
	d     [runDigits]byte // their values
	g     [runGroups]numberGroup
	ng    int
	long  bool // the last group goes on past runDigits

	hints  *hintWindow
	hintAt int // where the number begins, with "+" and "("
}

// hint returns what the words before the number speak of.
func (r *numberRun) hint() hint { return r.hints.before(r.text, r.hintAt) }

// numberGroup is one group of digits.
type numberGroup struct {
	sep    byte  // separator before it: ' ' (any space), '-' (any hyphen), '.', '/', '(' (brackets), 0 for the first
	digits uint8 // digits in this group
	sum    uint8 // digits up to and with this group
	start  int
	end    int // offset after the last digit
}

// readRun reads the run at w, where a digit stands, into r. open says that the
// run reaches the end of the text.
func readRun(r *numberRun, text string, w int) (open bool) {
	r.text, r.start, r.n, r.ng, r.long = text, w, 0, 0, false
	sep, i := byte(0), w
	for {
		g := numberGroup{sep: sep, start: i}
		for i < len(text) && classes[text[i]]&classDigit != 0 {
			if r.n == runDigits {
				g.sum, g.end = uint8(r.n), i
				r.g[r.ng] = g
				r.ng++
				r.long = true
				return false
			}
			r.d[r.n] = text[i] - '0'
			r.n++
			g.digits++
			i++
		}
		g.sum, g.end = uint8(r.n), i
		r.g[r.ng] = g
		r.ng++
		if i == len(text) {
			return true
		}
		if r.ng == runGroups || r.n == runDigits {
			return false
		}
		var size int
		if sep, size, open = readSeparator(text[i:]); sep == 0 {
			return open
		}
		i += size
	}
}

// readSeparator reads what stands between two groups of digits and says how
// long it is, 0 when no digit follows it. open says that the text ends before
// that is clear.
func readSeparator(s string) (sep byte, size int, open bool) {
	plain := true // one separator, no brackets
	for size < len(s) && size < 6 {
		switch c := s[size]; {
		case c == ' ' || c == '-' || c == '.' || c == '/':
			plain = plain && sep == 0
			sep, size = c, size+1
		case c == '(' || c == ')':
			plain = false
			sep, size = '(', size+1
		case classes[c]&classDigit != 0:
			if size == 0 || !plain && !strings.ContainsAny(s[:size], "()") || !plain && strings.ContainsAny(s[:size], "./") {
				return 0, 0, false
			}
			if !plain {
				sep = '('
			}
			return sep, size, false
		case c >= 0x80:
			w, to, more := wideSeparator(s[size:])
			if w == 0 {
				return 0, 0, more
			}
			plain = plain && sep == 0
			sep, size = to, size+w
		default:
			return 0, 0, false
		}
	}
	return 0, 0, size == len(s)
}

// wideSeparator reads a no-break space, or a hyphen or dash beyond ASCII.
func wideSeparator(s string) (size int, sep byte, open bool) {
	for _, w := range [...]struct {
		s   string
		sep byte
	}{{"\u00a0", ' '}, {"\u202f", ' '}, {"\u2009", ' '}, {"\u2010", '-'}, {"\u2011", '-'}, {"\u2012", '-'}, {"\u2013", '-'}} {
		if strings.HasPrefix(s, w.s) {
			return len(w.s), w.sep, false
		}
	}
	return 0, 0, false
}

// groupAt returns the group that ends with the n-th digit; nil if none does.
func (r *numberRun) groupAt(n int) *numberGroup {
	for i := range r.g[:r.ng] {
		if int(r.g[i].sum) == n {
			if i == r.ng-1 && r.long {
				return nil
			}
			return &r.g[i]
		}
	}
	return nil
}

// bounded reports whether a number that ends with the i-th group ends there for
// a reader too: no letter, no decimals, no further group by a tight separator.
func (r *numberRun) bounded(i int) bool {
	if i+1 < r.ng {
		return r.g[i+1].sep == ' ' || r.g[i+1].sep == '('
	}
	end := r.g[i].end
	if r.long {
		return false
	}
	return end == len(r.text) || classes[r.text[end]]&classWord == 0
}

// tail returns the letter that follows the i-th group directly or after one
// hyphen, upper-cased, with the offset after it; 0 if there is none, or if more
// letters or digits follow.
func (r *numberRun) tail(i int) (letter byte, end int) {
	at := r.g[i].end
	if i+1 != r.ng || r.long {
		return 0, 0
	}
	if at+1 < len(r.text) && r.text[at] == '-' {
		at++
	}
	if at == len(r.text) || classes[r.text[at]]&classLetter == 0 {
		return 0, 0
	}
	if at+1 < len(r.text) && classes[r.text[at+1]]&classWord != 0 {
		return 0, 0
	}
	return r.text[at] &^ 0x20, at + 1
}
