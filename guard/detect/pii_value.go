package detect

import "warder.example/guard"

// numberAt tries the recognisers of values that begin with a digit, at the
// word that begins at w, from the strictest form to the loosest.
func (s *piiScan) numberAt(lo, w int) (m match, start int, out outcome) {
	start = candidateStart(s.text, lo, w)
	plus := start < w && s.text[w-1] == '+'
	if !plus && !numberBegins(s.text, w) {
		return match{}, w, outNone
	}
	r := &s.run
	if open := readRun(r, s.text, w); !s.end && (open || r.tailOpen()) {
		return match{}, start, outMore
	}
	if r.n < 7 && r.ng < 4 || r.ng > 1 && r.g[0].digits == 1 && r.g[1].digits == 1 && r.g[1].sep == ' ' {
		return match{}, w, outNone
	}
	r.hints, r.hintAt = &s.hints, start
	if plus {
		m, out = phoneAt(r, start, s.end)
		return m, start, out
	}
	if m, ok := ipv4(r); ok {
		return m, w, outHit
	}
	if m, ok := cardAt(r); ok {
		return m, w, outHit
	}
	if m, ok := nationalIDAt(r); ok {
		return m, w, outHit
	}
	m, out = nationalPhoneAt(r, start, s.end)
	return m, start, out
}

// tailOpen reports whether a letter or hyphen ends the text right after the run,
// so that what it belongs to is not known yet.
func (r *numberRun) tailOpen() bool {
	at := r.g[r.ng-1].end
	return len(r.text)-at <= 2 && (len(r.text) == at || r.text[at] == '-' || classes[r.text[at]]&classLetter != 0)
}

// numberBegins reports whether a number can begin at w: it is not the rest of a
// decimal, a date, a sum of money or a longer identifier.
func numberBegins(text string, w int) bool {
	if w == 0 {
		return true
	}
	switch text[w-1] {
	case '.', ',', ':', '/', '\'':
		return w < 2 || classes[text[w-2]]&classDigit == 0
	case '-':
		for i := w - 2; i >= 0 && i >= w-contextBytes && classes[text[i]]&classAlnum != 0; i-- {
			if classes[text[i]]&classDigit != 0 {
				return false
			}
		}
	case '$', '#', '_', '=':
		return text[w-1] == '='
	case 0xA3, 0xA5: // pound and yen signs end so
		return w < 2 || text[w-2] != 0xC2
	case 0xAC: // and the euro sign
		return w < 3 || text[w-3:w-1] != "\xE2\x82"
	}
	return true
}

// letteredAt tries the recognisers of values that begin with a letter, at the
// whole word text[w:we].
func (s *piiScan) letteredAt(w, we int) (match, outcome) {
	text, end := s.text, s.end
	if we-w == 2 || hasDigit(text[w:min(we, w+18)]) {
		if m, out := iban(text, w, end); out != outNone {
			return m, out
		}
		if m, out := nino(text, w, end); out != outNone {
			return m, out
		}
		if m := letteredIDAt(text, w, we, &s.hints); m.category != "" {
			return m, outHit
		}
	}
	return match{}, outNone
}

func hasDigit(s string) bool {
	for i := range len(s) {
		if classes[s[i]]&classDigit != 0 {
			return true
		}
	}
	return false
}

// hit makes a match of full score.
func hit(category, rule string, start, end int, why string) match {
	return match{Span: guard.Span{Start: start, End: end}, next: end, category: category, rule: rule, score: 1, why: why}
}
