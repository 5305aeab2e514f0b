package normal

import "unicode/utf8"

// Classes of bytes.
const (
	cLetter uint8 = 1 << iota
	cDigit
	cSpace
	cForeign // no ASCII
	cEscape  // begins an escape
	cLeet    // stands for a letter, not a digit
	cDash    // dot or dash of Morse code
	cRun     // base64 in both forms
)

var class = func() (t [256]uint8) {
	for i := 0x80; i < 256; i++ {
		t[i] = cForeign
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-32] = cLetter|cRun, cLetter|cRun
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = cDigit | cRun
	}
	for c, k := range map[byte]uint8{' ': cSpace, '\n': cSpace, '\t': cSpace, '\r': cSpace,
		'&': cEscape, '%': cEscape, '\\': cEscape, '=': cEscape, '@': cLeet, '$': cLeet, '!': cLeet,
		'+': cRun, '/': cRun, '_': cRun | cDash, '-': cRun | cDash, '.': cDash} {
		t[c] |= k
	}
	return t
}()

// hints say which steps can have something to do in a text.
type hints struct {
	foreign  bool // there are characters outside ASCII
	digits   bool
	symbols  bool // '@', '$' or '!'
	escape   bool // '&', '%', '\\' or '='
	longest  int  // longest run of base64 characters
	single   int  // letters standing alone next after one standing alone
	dashes   int  // dots and dashes after dots, dashes or spaces
	numerals int  // numbers of two digits or more
}

// words reports whether folding words can change anything.
func (h *hints) words() bool { return h.foreign || h.digits || h.symbols || h.single >= minJoin-1 }

// What a byte is to the automaton that counts singles, numerals and dashes.
const (
	inOther = iota
	inLetter
	inDigit
	inDash
	inSpace
	inMore // a further byte of a character
	inputs
)

// States: what came last, and for what is no letter whether the last run of
// letters was a single one.
const (
	sLetter  = iota // first letter of a run
	sLetter1        // the same, after a single letter
	sWord           // further letters
	sOther
	sDigit
	sNumber
	sDash // dash or space
	states
	alone1 = states - sOther // added to the last four after a single letter
)

// What a transition counts, in three parts of a word.
const (
	countSingle  = 1
	countNumeral = 1 << 21
	countDash    = 1 << 42
	countMask    = 1<<21 - 1
	lookBlock    = 1 << 20 // bytes after which the parts are emptied
)

const allStates = states + alone1

type move struct {
	count uint64
	next  uint8
}

var input, moves = func() (in [256]uint8, t [16 * 8]move) {
	for i := range in {
		switch c := class[i]; {
		case i >= 0xC0 || c&cLetter != 0:
			in[i] = inLetter
		case i >= 0x80:
			in[i] = inMore
		case c&cDigit != 0:
			in[i] = inDigit
		case c&cDash != 0:
			in[i] = inDash
		case c&cSpace != 0:
			in[i] = inSpace
		}
	}
	for s := range allStates {
		for c := range inputs {
			t[s<<3|c] = step(s, c)
		}
	}
	return in, t
}()

// step is the automaton.
func step(s, c int) (m move) {
	if c == inMore {
		return move{next: uint8(s)}
	}
	after := s >= states || s == sLetter || s == sLetter1 // the last run is a single letter
	if c == inLetter {
		switch {
		case s == sLetter || s == sLetter1 || s == sWord:
			return move{next: sWord}
		case after:
			return move{next: sLetter1}
		}
		return move{next: sLetter}
	}
	if s == sLetter1 {
		m.count += countSingle
	}
	plain := s
	if s >= states {
		plain = s - alone1
	}
	next := sOther
	switch c {
	case inDigit:
		next = sDigit
		if plain == sDigit {
			m.count += countNumeral
			next = sNumber
		} else if plain == sNumber {
			next = sNumber
		}
	case inDash:
		if plain == sDash {
			m.count += countDash
		}
		next = sDash
	case inSpace:
		next = sDash
	}
	if after {
		next += alone1
	}
	m.next = uint8(next)
	return m
}

// foreign reports whether there are characters outside ASCII.
func foreign(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// look passes over a text once.
func look(text string) (h hints) {
	var all uint8
	run, longest := 0, 0
	state := uint8(sOther)
	for len(text) > 0 {
		block := text[:min(len(text), lookBlock)]
		text = text[len(block):]
		var counts uint64
		for i := 0; i < len(block); i++ {
			c := class[block[i]]
			all |= c
			run = (run + 1) & -int(c>>7)
			longest = max(longest, run)
			m := &moves[(state<<3|input[block[i]])&127]
			counts += m.count
			state = m.next
		}
		h.single += int(counts & countMask)
		h.numerals += int(counts / countNumeral & countMask)
		h.dashes += int(counts / countDash & countMask)
	}
	if state == sLetter1 {
		h.single++
	}
	h.longest = longest
	h.foreign, h.digits, h.symbols, h.escape = all&cForeign != 0, all&cDigit != 0, all&cLeet != 0, all&cEscape != 0
	return h
}
