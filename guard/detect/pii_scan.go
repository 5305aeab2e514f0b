package detect

import "sync"

// outcome is what a recogniser says of one position.
type outcome uint8

const (
	outNone outcome = iota // certainly not here
	outMore                // cannot say before more text comes
	outHit                 // certainly here
)

// Bytes that a token is made of. A token holds every place where a value of
// personal data can begin: e-mail local parts, words with digits, "+" and "(".
var piiToken = func() (t [256]bool) {
	for b := range t {
		t[b] = classes[b]&(classWord|classHigh) != 0
	}
	for _, b := range []byte("+-.%('") {
		t[b] = true
	}
	return t
}()

// localBytes is the longest local part of an e-mail address (RFC 5321, 4.5.3.1.1).
const localBytes = 64

// piiWord is longer than the longest run of letters and digits in what is looked
// for, the 34 characters of an IBAN (ISO 13616) and an e-mail address apart.
const piiWord = 64

// findPII is the finder of [PII]. It walks token by token; only tokens with a
// digit, or before "@" or ":", cost more than a table look-up a byte.
func findPII(text string, from int, end bool) (match, int, bool) {
	var s *piiScan // made when a token asks for it: it is large
	for i := from; i < len(text); {
		if !piiToken[text[i]] {
			i++
			continue
		}
		j, digit := i, false
		for j < len(text) && piiToken[text[j]] {
			digit = digit || classes[text[j]]&classDigit != 0
			j++
		}
		if !digit && j < len(text) && text[j] != '@' && text[j] != ':' && !ninoBegins(text, i, j) {
			i = j
			continue
		}
		if s == nil {
			s = piiScans.Get().(*piiScan)
			defer s.done()
			s.text, s.end = text, end
		}
		m, live, out := s.findInToken(i, j, digit)
		switch out {
		case outHit:
			return m, 0, true
		case outMore:
			return match{}, live, false
		}
		i = j
	}
	return match{}, len(text), false
}

var piiScans = sync.Pool{New: func() any { return new(piiScan) }}

// done gives the scan back, without the text.
func (s *piiScan) done() {
	*s = piiScan{}
	piiScans.Put(s)
}

// piiScan is what the recognisers of one call share.
type piiScan struct {
	text  string
	end   bool // no more text will come
	hints hintWindow
	run   numberRun
}

// findInToken looks at every position of the token text[i:j]. Of two
// candidates the one that begins first wins, then the e-mail address.
func (s *piiScan) findInToken(i, j int, digit bool) (m match, live int, out outcome) {
	text, end := s.text, s.end
	mail := j // where an e-mail address begins, or may turn out to begin
	var address match
	var state outcome
	switch {
	case j == len(text):
		if !end {
			mail = candidateStart(text, i, localStart(text, max(i, j-localBytes), j))
			if mail < j {
				state = outMore
			}
		}
	case text[j] == '@':
		address, state = email(text, i, j, end)
		if state != outNone {
			mail = address.Start
		}
	}
	if digit || j < len(text) && text[j] == ':' || ninoBegins(text, i, j) {
		for w := i; w < mail; {
			if classes[text[w]]&classAlnum == 0 {
				w++
				continue
			}
			we := wordEnd(text, w, j)
			m, start, out := s.wordAt(i, w, we)
			if out == outHit {
				return m, 0, outHit
			}
			if out == outMore {
				return match{}, start, outMore
			}
			w = we
		}
	}
	return address, mail, state
}

// wordEnd returns the end of the run of ASCII letters and digits at w.
func wordEnd(text string, w, limit int) int {
	for w < limit && classes[text[w]]&classAlnum != 0 {
		w++
	}
	return w
}

// wordAt tries every recogniser that begins at the word text[w:we]. lo is the
// least offset at which a match may begin. start is where the candidate begins
// when more text is needed.
func (s *piiScan) wordAt(lo, w, we int) (m match, start int, out outcome) {
	text, end := s.text, s.end
	// A look behind lo too: in a stream the search may go on within a word.
	if w > 0 && classes[text[w-1]]&classAlnum != 0 {
		return match{}, w, outNone // the rest of a word
	}
	if we-w > piiWord {
		return match{}, w, outNone
	}
	if we == len(text) && !end {
		return match{}, candidateStart(text, lo, w), outMore
	}
	if m, out := hexAddress(text, w, we, end); out != outNone {
		return m, w, out
	}
	if classes[text[w]]&classDigit != 0 {
		return s.numberAt(lo, w)
	}
	m, out = s.letteredAt(w, we)
	return m, w, out
}

// candidateStart moves w back over the "+" and "(" that a number may have.
func candidateStart(text string, lo, w int) int {
	for n := 0; n < 2 && w > lo && (text[w-1] == '+' || text[w-1] == '('); n++ {
		w--
	}
	return w
}
