package detect

import "strings"

// linkScan looks for addresses in one text.
type linkScan struct {
	d      *Links
	text   string
	end    bool
	blanks bool // only addresses with blanks to fill are reported
}

// linkStart marks the bytes at which an address, or the markup around one, can
// begin.
var linkStart = func() (t [256]bool) {
	for _, b := range []byte("!<]hHfFwWjJvVdDuU") {
		t[b] = true
	}
	return t
}()

// linkSchemes begin an address in running text.
var linkSchemes = []string{"http:", "https:", "ftp:", "ws:", "wss:", "javascript:", "vbscript:", "data:"}

// find implements [finder].
func (s *linkScan) find(from int) (match, int, bool) {
	for i := from; i < len(s.text); {
		if !linkStart[s.text[i]] {
			i++
			continue
		}
		m, next, out := s.at(i)
		switch out {
		case outHit:
			return m, 0, true
		case outMore:
			return match{}, i, false
		}
		i = next
	}
	return match{}, len(s.text), false
}

// at tries the forms that begin at i; without one, next is where to go on.
func (s *linkScan) at(i int) (m match, next int, out outcome) {
	switch s.text[i] {
	case '!':
		return s.markdownImage(i)
	case '<':
		return s.element(i)
	case ']':
		return s.destination(i)
	}
	if i > 0 && classes[s.text[i-1]]&classWord != 0 {
		return match{}, i + 1, outNone
	}
	if s.text[i]|0x20 == 'u' {
		return s.cssURL(i)
	}
	return s.bare(i)
}

// starts reports whether prefix, lower case, begins at i: outMore when the text
// ends before that is clear.
func (s *linkScan) starts(i int, prefix string) outcome {
	n := foldedPrefix(s.text[i:], prefix)
	if n == len(prefix) {
		return outHit
	}
	if i+n == len(s.text) && !s.end {
		return outMore
	}
	return outNone
}

// bare reads an address in running text.
func (s *linkScan) bare(i int) (match, int, outcome) {
	for _, scheme := range linkSchemes {
		switch s.starts(i, scheme) {
		case outMore:
			return match{}, i, outMore
		case outHit:
			stop, out := s.upto(i, func(b byte) bool { return b <= ' ' || strings.IndexByte("\"'`<>|)", b) >= 0 })
			if out == outMore {
				return match{}, i, outMore
			}
			return s.verdict(i, stop, i, stop, false)
		}
	}
	return match{}, i + 1, outNone
}

// upto returns the end of the address at i: the first byte for which stops is
// true, or the bound of an address.
func (s *linkScan) upto(i int, stops func(byte) bool) (int, outcome) {
	limit := min(len(s.text), i+urlBytes+1)
	for j := i; j < limit; j++ {
		if stops(s.text[j]) {
			return j, outHit
		}
	}
	if limit == len(s.text) && limit <= i+urlBytes && !s.end {
		return limit, outMore
	}
	return runeStart(s.text, limit), outHit
}

// runeStart moves i back to where a rune begins.
func runeStart(text string, i int) int {
	for i < len(text) && i > 0 && text[i]&0xC0 == 0x80 {
		i--
	}
	return i
}

// verdict judges the address text[from:to] and makes the finding text[start:end].
func (s *linkScan) verdict(from, to, start, end int, loads bool) (match, int, outcome) {
	v := s.d.judge(s.text[from:to], loads, s.blanks)
	if v.rule == "" {
		return match{}, end, outNone
	}
	m := hit("exfiltration.link", v.rule, start, end, v.why)
	if loads {
		m.category = "exfiltration.image"
	}
	m.score = v.score
	return m, end, outHit
}

// markdownImage reads ![text](address "title").
func (s *linkScan) markdownImage(i int) (match, int, outcome) {
	if s.starts(i, "![") != outHit {
		return match{}, i + 1, s.starts(i, "![")
	}
	limit := min(len(s.text), i+altBytes)
	for j := i + 2; j < limit; j++ {
		switch {
		case s.text[j] == ']':
			if j+1 == len(s.text) && !s.end {
				return match{}, i, outMore
			}
			if j+1 < len(s.text) && s.text[j+1] == '(' {
				return s.parenthesised(j+2, i, true)
			}
			if j+1 < len(s.text) && s.text[j+1] == ']' {
				continue
			}
			return match{}, j, outNone
		case s.text[j] == '\n' && j+1 < limit && s.text[j+1] == '\n':
			return match{}, i + 2, outNone
		}
	}
	if limit == len(s.text) && limit < i+altBytes && !s.end {
		return match{}, i, outMore
	}
	return match{}, i + 2, outNone
}

// destination reads the address of a link or of an image with a long text,
// "](address)", and of a reference, "]: address".
func (s *linkScan) destination(i int) (match, int, outcome) {
	if i+1 == len(s.text) {
		return match{}, i + 1, openOutcome(s.end)
	}
	switch s.text[i+1] {
	case '(':
		return s.parenthesised(i+2, i+2, false)
	case ':':
		return s.reference(i + 2)
	}
	return match{}, i + 1, outNone
}

// parenthesised reads an address up to its closing bracket. Line breaks and
// spaces before a title do not end it; start is where the finding begins.
func (s *linkScan) parenthesised(i, start int, loads bool) (match, int, outcome) {
	depth := 0
	stop, out := s.upto(i, func(b byte) bool {
		switch b {
		case '(':
			depth++
		case ')':
			depth--
		}
		return depth < 0
	})
	if out == outMore {
		return match{}, start, outMore
	}
	to := i + titleAt(s.text[i:stop])
	end := stop
	if loads {
		end = min(stop+1, len(s.text))
	}
	if stop-i >= urlBytes {
		end = stop // no bracket: what follows may be anything
	}
	if !loads {
		end = to
	}
	m, next, out := s.verdict(i, to, start, end, loads)
	if out == outNone && !loads {
		next = max(i, to)
	}
	return m, next, out
}

// titleAt returns where the title of a link begins, or the length of s.
func titleAt(s string) int {
	for _, q := range []string{` "`, ` '`, "\n\"", " ="} {
		if i := strings.Index(s, q); i > 0 {
			s = s[:i]
		}
	}
	return len(s)
}

// reference reads the address of "[id]: address", which an image may use.
func (s *linkScan) reference(i int) (match, int, outcome) {
	j := i
	for j < len(s.text) && j < i+8 && (s.text[j] == ' ' || s.text[j] == '<' || s.text[j] == '\n') {
		j++
	}
	stop, out := s.upto(j, func(b byte) bool { return b <= ' ' || b == '>' })
	if out == outMore {
		return match{}, i, outMore
	}
	m, next, out := s.verdict(j, stop, j, stop, true)
	if out == outNone {
		next = i
	}
	return m, next, out
}

// cssURL reads url(address).
func (s *linkScan) cssURL(i int) (match, int, outcome) {
	switch s.starts(i, "url(") {
	case outMore:
		return match{}, i, outMore
	case outNone:
		return match{}, i + 1, outNone
	}
	nested := 0
	stop, out := s.upto(i+4, func(b byte) bool {
		if b == '(' {
			nested++
		}
		return b == ')' || b == ';' || b == '\n' || nested > 2
	})
	if out == outMore {
		return match{}, i, outMore
	}
	m, _, out := s.verdict(i+4, stop, i+4, stop, true)
	if m.Start == m.End {
		return match{}, i + 4, outNone
	}
	return m, i + 4, out
}
